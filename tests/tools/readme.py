#!/usr/bin/env python3
"""Runs the grpcurl lines of the README as they are printed. Called by `make check`.

Lines that set a variable hold for the lines after them in their block. A line that ends with
`# refused: WORD` must fail and say the word; one that ends with `# goes on` need not end by itself.
The stack is started for them, in a folder of its own. The lines that only call make are what CI
runs anyway. grpcurl is built from its pinned source where Go is present, and the lines are skipped
with a word where it is not.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SETS = re.compile(r"^[A-Z]+=")
CALLS = re.compile(r"^(timeout \d+ )?grpcurl ")
# A cold build of the binary on a slow machine.
BUILD_SECONDS_MAX = 2400


def main():
    """Runs every line and counts."""
    lines = list(scripts((ROOT / "README.md").read_text()))
    folder = grpcurl_folder()
    if folder is None:
        print(f"readme: 0 passed, 0 failed, {len(lines)} skipped")
        print("skipped: no go to build grpcurl with")
        return 0
    with tempfile.TemporaryDirectory(prefix="retail-readme-") as home:
        # Postgres does not run as root, and has to reach its data.
        os.chmod(home, 0o755)
        env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "RETAIL_HOME": home}
        if not run("make up", env, BUILD_SECONDS_MAX):
            print("readme: the stack did not start")
            return 1
        try:
            failed = sum(not works(setting, line, env) for setting, line in lines)
        finally:
            stopped = run("make verify && make down", env, 120)
    failed += not stopped
    print(f"readme: {len(lines) - failed} passed, {failed} failed, 0 skipped")
    return int(failed > 0 or not lines)


def scripts(text):
    """Every line that calls grpcurl, with the lines of its block that set what it uses."""
    for block in BLOCK.findall(text):
        setting = []
        for line in block.splitlines():
            if SETS.match(line):
                setting.append(line)
            elif CALLS.match(line):
                yield list(setting), line


def run(command, env, seconds):
    """Whether a command works; what it says is shown if it does not."""
    ran = subprocess.run(["sh", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True,
                         timeout=seconds)
    if ran.returncode != 0:
        print(f"$ {command}\n{ran.stdout}{ran.stderr}")
    return ran.returncode == 0


def grpcurl_folder():
    """Where grpcurl lies; it is built on first use."""
    folder = ROOT / ".tools/bin"
    if not (folder / "grpcurl").exists():
        if shutil.which("go") is None:
            return None
        env = {**os.environ, "GOBIN": str(folder)}
        subprocess.run(["go", "install", GRPCURL], env=env, check=True)
    return folder


def works(setting, line, env):
    """Whether a line does what it says that it does."""
    line, _, promise = line.partition("    # ")
    script = "\n".join([*setting, line])
    ran = subprocess.run(["sh", "-c", script], cwd=ROOT, env=env, capture_output=True, text=True,
                         timeout=60)
    said = ran.stdout + ran.stderr
    if promise.startswith("refused: "):
        kept = ran.returncode != 0 and promise.removeprefix("refused: ") in said
    else:
        kept = bool(ran.stdout.strip()) and (ran.returncode == 0 or promise == "goes on")
    if not kept:
        print(f"$ {line}\n{said}")
    return kept


if __name__ == "__main__":
    sys.exit(main())
