#!/bin/sh
# Says what this machine lacks before anything can be built: all of it at once, each with the one
# command that mends it. Exit code 2 if anything is missing. What a build can find out by itself,
# such as ports that are taken, `retail doctor` says.
missing=0
PYTHON="apt-get install python3 python3-pip python3-venv"

lacks() {
  [ "$missing" -eq 1 ] || echo "  cannot start:" >&2
  missing=1
  printf '    %-10s %-44s %s\n' "$1" "$2" "$3" >&2
}

found() {
  command -v "$1" >/dev/null 2>&1
}

[ -r /proc/self/stat ] ||
  lacks system "there is no /proc" "run it on Linux, or in a container of it"
found "${CARGO:-cargo}" ||
  lacks cargo "not found (Rust 1.95 or later)" "rustup default 1.95"
found cc || found gcc || found clang ||
  lacks cc "not found (a C compiler links)" "apt-get install gcc libc6-dev"
if ! found python3; then
  lacks python3 "not found (pip brings Postgres and NATS)" "$PYTHON"
elif ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  lacks python3 "older than 3.11" "$PYTHON"
elif ! python3 -c 'import ensurepip, venv' >/dev/null 2>&1; then
  lacks python3 "has no venv (pip brings Postgres and NATS)" "apt-get install python3-venv"
fi
[ "$missing" -eq 0 ] || exit 2
