# Retail Mesh. `make` alone prints this list.
SHELL := /bin/sh
BUF := .tools/venv/bin/buf
CARGO ?= cargo
export CARGO
GENERATOR := $(CARGO) run --quiet --locked --package generator --

.PHONY: help tools gen golden lint fmt test clients check surface-accept

help: ## what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

tools: ## fetch pinned tools, servers, Jaeger UI, protos of others (PyPI, Rust registry; by hash)
	@python3 tests/tools/fetch.py

gen: tools ## write everything that is generated from proto/
	@$(GENERATOR) third-party
	@$(GENERATOR) write
	@$(GENERATOR) surface-add

golden: ## write golden files for events that have none yet
	@$(GENERATOR) golden

lint: tools ## style and contracts: buf, rustfmt, clippy, our own contract lint
	@$(BUF) lint
	@$(BUF) format --diff --exit-code proto
	@$(CARGO) fmt --all --check
	@$(GENERATOR) lint
	@$(CARGO) clippy --quiet --locked --workspace --all-targets --all-features -- -D warnings

fmt: tools ## format protos and Rust
	@$(BUF) format --write proto
	@$(CARGO) fmt --all

test: tools ## everything a contributor must pass; ends with one total line
	@python3 tests/tools/test.py

clients: tools ## clients in Go, TypeScript, Python and Java from the protos, into gen/<language>
	@python3 gen/clients.py generate

check: lint test ## what CI runs: lint, test, and the clients where their toolchain is present
	@python3 tests/tools/readme.py
	@python3 gen/clients.py check

surface-accept: ## accept a changed contract: make surface-accept D=services/decisions/0001-….md
	@$(GENERATOR) surface-accept "$(D)"
