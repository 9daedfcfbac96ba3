#!/usr/bin/env python3
"""Runs the grpcurl lines of the README as they are printed. Called by `make check`.

The lines that call make are what CI runs anyway. grpcurl is built from its pinned source where Go
is present, and the lines are skipped with a word where it is not.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def main():
    """Runs every line and counts."""
    lines = [line for block in BLOCK.findall((ROOT / "README.md").read_text()) for line in
             block.splitlines() if line.startswith("grpcurl ")]
    folder = grpcurl_folder()
    if folder is None:
        print(f"readme: 0 passed, 0 failed, {len(lines)} skipped")
        print("skipped: no go to build grpcurl with")
        return 0
    failed = sum(not works(line, folder) for line in lines)
    print(f"readme: {len(lines) - failed} passed, {failed} failed, 0 skipped")
    return int(failed > 0 or not lines)


def grpcurl_folder():
    """Where grpcurl lies; it is built on first use."""
    folder = ROOT / ".tools/bin"
    if not (folder / "grpcurl").exists():
        if shutil.which("go") is None:
            return None
        env = {**os.environ, "GOBIN": str(folder)}
        subprocess.run(["go", "install", GRPCURL], env=env, check=True)
    return folder


def works(line, folder):
    """Whether a line exits with success and prints something."""
    env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    run = subprocess.run(["sh", "-c", line], cwd=ROOT, env=env, capture_output=True, text=True)
    if run.returncode == 0 and run.stdout.strip():
        return True
    print(f"$ {line}\n{run.stdout}{run.stderr}")
    return False


if __name__ == "__main__":
    sys.exit(main())
