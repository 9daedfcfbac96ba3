#!/usr/bin/env python3
"""Runs every test and ends with one line that counts them all. Called by `make test`.

A run of everything also compares the reasons that rpcs declare with those that any process under
test refused with: what nothing provokes stands in tests/unprovoked.txt, and nothing else does.
Reasons that depend on what else runs at that moment may stand there although a run provokes them.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULT = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored")
UNPROVOKED = ROOT / "tests/unprovoked.txt"
# Tests of the edge serve real contracts with handlers that refuse with anything.
MADE_UP = re.compile(r"^chassis-")
# Whether these meet anybody is decided by load and by who comes first, not by a test alone.
BY_CHANCE = re.compile(
    r" (OVERLOADED|DEADLINE_\w+|\w+_(BUSY|RUNNING|TOO_RECENT))$"
)


def provoked(folder):
    """Every rpc with a reason that a real handler refused with."""
    files = [it for it in folder.iterdir() if it.name != "declared"]
    real = [it for it in files if not MADE_UP.match(it.name)]
    return {line for it in real for line in it.read_text().splitlines()}


def coverage(folder):
    """Compares, and returns what the list of the unprovoked says wrongly."""
    declared = set((folder / "declared").read_text().splitlines())
    listed = set(UNPROVOKED.read_text().splitlines())
    found = provoked(folder)
    missed = declared - found - listed
    over = {it for it in listed & found if not BY_CHANCE.search(it)}
    wrong = [f"no test provokes it, and it is not listed: {it}" for it in sorted(missed)]
    wrong += [f"it is provoked by now, take it off the list: {it}" for it in sorted(over)]
    for line in wrong:
        print(f"tests/unprovoked.txt: {line}")
    print(f"reasons: {len(declared & found)} of {len(declared)} provoked")
    return len(wrong)


def main():
    """Streams the output of cargo and adds up what each test binary reports."""
    command = [os.environ.get("CARGO", "cargo"), "test", "--locked", "--workspace"]
    command += ["--all-features", "--no-fail-fast", *sys.argv[1:]]
    total = [0, 0, 0]
    with tempfile.TemporaryDirectory(prefix="reasons-") as folder:
        environment = {**os.environ, "PROVOKED_REASONS_FOLDER": folder}
        os.chmod(folder, 0o777)
        run = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
        )
        for line in run.stdout:
            print(line, end="", flush=True)
            if found := RESULT.match(line):
                total = [so_far + int(more) for so_far, more in zip(total, found.groups())]
        failed = run.wait() != 0 or total[1] > 0 or total[0] == 0
        if not sys.argv[1:] and (pathlib.Path(folder) / "declared").exists():
            failed = coverage(pathlib.Path(folder)) > 0 or failed
    print(f"total: {total[0]} passed, {max(total[1], int(failed))} failed, {total[2]} skipped")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
