# Retail Mesh. `make` alone prints this list.
SHELL := /bin/sh
BUF := .tools/venv/bin/buf
CARGO ?= cargo
export CARGO
# Where cargo puts what `make up` builds.
RETAIL := $(or $(CARGO_TARGET_DIR),target)/debug/retail
GENERATOR := $(CARGO) run --quiet --locked --package generator --

.PHONY: help up down ps logs restart doctor token call verify traces
.PHONY: tools gen golden lint fmt test clients check surface-accept bench

help: ## what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: machine tools build ## start everything on this machine and wait until it is ready
	@$(RETAIL) up $(if $(REPLICAS),REPLICAS=$(REPLICAS))

down: $(RETAIL) ## end it; the data stays
	@$(RETAIL) down

ps: $(RETAIL) ## what runs, and how it is; exit code 3 if anything is down
	@$(RETAIL) ps

logs: $(RETAIL) ## the lines of all parts: make logs S=nats F=1 T=<trace id>
	@$(RETAIL) logs $(S) $(if $(F),--follow) $(if $(T),--trace $(T))

restart: build ## build anew and restart one service: make restart S=catalog
	@$(RETAIL) restart $(S)

doctor: machine build ## what is missing, and the one command that mends it
	@$(RETAIL) doctor

token: $(RETAIL) ## a token of development: make -s token ROLE=shopper TENANT=demo
	@$(RETAIL) token $(if $(ROLE),--role $(ROLE)) $(if $(TENANT),--tenant $(TENANT))

call: $(RETAIL) ## call an rpc: make call M=package.Service/Method D='{…}' ROLE=shopper
	@$(RETAIL) call $(if $(ROLE),--token "$$($(RETAIL) token --role $(ROLE))") $(M) $${D:+"$$D"}

verify: $(RETAIL) ## fold every stream anew and compare; exit code 1 on any difference
	@$(RETAIL) verify $(S)

traces: $(RETAIL) ## where the traces are shown
	@$(RETAIL) traces

.PHONY: machine build
machine:
	@deploy/machine.sh

build:
	@[ -x $(RETAIL) ] || echo "building retail: at first some 280 crates, minutes on two cores" >&2
	@$(CARGO) build --locked --package retail --package traces

$(RETAIL):
	@$(MAKE) --no-print-directory build

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

bench: tools ## limits, usual service and ours in one table; QUICK=1, OVERLOAD=1 or PROFILE=1
	@$(CARGO) run --quiet --locked --release --package bench -- \
		$(if $(QUICK),--quick) $(if $(OVERLOAD),--overload) $(if $(PROFILE),--profile)
