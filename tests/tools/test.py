#!/usr/bin/env python3
"""Runs every test and ends with one line that counts them all. Called by `make test`."""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")


def main():
    """Streams the output of cargo and adds up what each test binary reports."""
    command = [os.environ.get("CARGO", "cargo"), "test", "--locked", "--workspace"]
    command += ["--all-features", "--no-fail-fast", *sys.argv[1:]]
    total = [0, 0, 0]
    run = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        print(line, end="", flush=True)
        if found := RESULT.match(line):
            total = [so_far + int(more) for so_far, more in zip(total, found.groups())]
    failed = run.wait() != 0 or total[1] > 0 or total[0] == 0
    print(f"total: {total[0]} passed, {max(total[1], int(failed))} failed, {total[2]} skipped")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
