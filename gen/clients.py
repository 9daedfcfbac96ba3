#!/usr/bin/env python3
"""Writes and checks the clients in Go, TypeScript, Python and Java.

    python3 gen/clients.py generate [language...]   sources from proto/ into gen/<language>
    python3 gen/clients.py check [language...]      the same, then compiles and runs its tests

A language whose toolchain is missing or too old is skipped. A check that has passed is not repeated
before something changes that it depends on; the folder $RETAIL_CACHE, by default
~/.cache/retail-mesh/clients, remembers. Package managers fetch what the packages pin, and nothing
once their caches are warm. Needs Python 3.11 or later and `make tools`.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable

ROOT = pathlib.Path(__file__).resolve().parents[1]
GEN = ROOT / "gen"
BUF = ROOT / ".tools/venv/bin/buf"
PYTHON = ".tools/venv/bin/python"
CACHE = pathlib.Path(os.environ.get("RETAIL_CACHE") or "~/.cache/retail-mesh/clients").expanduser()

# What every client depends on, besides the committed files of its own package.
SHARED = [
    "proto",
    "third_party",
    "buf.yaml",
    "buf.gen.yaml",
    "gen/clients.py",
    "gen/vectors.json",
    "tests/tools/requirements.txt",
]


class Failed(Exception):
    """A program failed; the text is what it was and what it printed."""


@dataclasses.dataclass(frozen=True)
class Tool:
    """A program of a toolchain, the oldest version that will do, and how it tells its version."""

    name: str
    oldest: tuple[int, ...]
    question: str = "--version"

    @property
    def program(self) -> str | None:
        """Where it is, or None."""
        return shutil.which(self.name) or shutil.which(ROOT / self.name)


@dataclasses.dataclass(frozen=True)
class Language:
    """What it takes to make one client. Globs are relative to the folder of its package."""

    name: str
    tools: list[Tool]
    # Written anew by each run.
    generated: list[str]
    # Left by package managers and compilers; kept, because that saves time.
    installed: list[str]
    generate: Callable[[], None]
    test: Callable[[], None]

    @property
    def folder(self) -> pathlib.Path:
        return GEN / self.name


def main() -> int:
    """Does what the command line asks for; the result is the exit code."""
    command, *names = sys.argv[1:] or [""]
    unknown = set(names) - {language.name for language in LANGUAGES}
    if command not in ("generate", "check") or unknown:
        sys.exit((__doc__ or "").strip())
    if not BUF.exists():
        sys.exit("clients: run `make tools` first")
    wanted = [language for language in LANGUAGES if not names or language.name in names]
    outcomes = [attend(language, check=command == "check") for language in wanted]
    counts = [f"{outcomes.count(outcome)} {outcome}" for outcome in ("passed", "failed", "skipped")]
    print("clients: " + ", ".join(counts), flush=True)
    return 1 if "failed" in outcomes else 0


def attend(language: Language, check: bool) -> str:
    """Generates or checks one client and prints its line; returns passed, failed or skipped."""
    versions, lack = toolchain(language)
    if lack:
        report(language, f"skipped: {lack}")
        return "skipped"
    # Taken now, so that what changes during the run is checked by the next one.
    state = fingerprint(language, versions)
    stamp = CACHE / f"{language.name}.stamp"
    if check and stamp.exists() and stamp.read_text() == state:
        report(language, "ok (cached)")
        return "passed"
    start = time.monotonic()
    try:
        write_sources(language)
        if check:
            language.test()
    except Failed as failure:
        report(language, f"failed\n{failure}")
        return "failed"
    if check:
        remember(stamp, state)
    what = "ok" if check else f"written to gen/{language.name}"
    report(language, f"{what} ({time.monotonic() - start:.0f} s)")
    return "passed"


def report(language: Language, text: str) -> None:
    """Prints at once, because the next language may take a minute."""
    print(f"{language.name}: {text}", flush=True)


# Toolchains


def toolchain(language: Language) -> tuple[list[str], str]:
    """The versions found, and what is lacking, which is empty when nothing is."""
    versions = []
    for tool in language.tools:
        version = version_of(tool)
        if version is None:
            return versions, f"no {tool.name}"
        if tuple(int(part) for part in version.split(".")) < tool.oldest:
            return versions, f"{tool.name} {version} is older than {dotted(tool.oldest)}"
        versions.append(f"{tool.name} {version}")
    return versions, ""


def version_of(tool: Tool) -> str | None:
    """The version that a program states, or None when there is no such program."""
    if tool.program is None:
        return None
    # Elsewhere than in gen/go, where Go would fetch the version that go.mod asks for.
    command = [tool.program, tool.question]
    answer = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    # Old Java answers on standard error; macOS has a javac that only says that there is none.
    version = re.search(r"\d+(\.\d+)+", answer.stdout + answer.stderr)
    return version.group() if answer.returncode == 0 and version else None


def dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


# The cache


def fingerprint(language: Language, versions: list[str]) -> str:
    """A hash over everything that the outcome of a check depends on."""
    digest = hashlib.sha256("\n".join(versions).encode())
    for path in inputs(language):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def inputs(language: Language) -> list[pathlib.Path]:
    """The shared files and those of the package that are not generated, in a fixed order."""
    shared = [path for name in SHARED for path in files(ROOT / name)]
    left_out = matches(language, language.generated + language.installed)
    own = [path for path in files(language.folder) if not left_out.intersection(path.parents)]
    return sorted([*shared, *own])


def files(path: pathlib.Path) -> list[pathlib.Path]:
    return [path] if path.is_file() else [it for it in path.rglob("*") if it.is_file()]


def matches(language: Language, globs: list[str]) -> set[pathlib.Path]:
    return {path for glob in globs for path in language.folder.glob(glob)}


def remember(stamp: pathlib.Path, text: str) -> None:
    """Writes a stamp. Where none can be written, checks are repeated, which is no failure."""
    with contextlib.suppress(OSError):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(text)


# Generation


def write_sources(language: Language) -> None:
    """Generates into a clean place, so that what has left the protos leaves the client too."""
    for path in matches(language, language.generated):
        shutil.rmtree(path)
    language.generate()


def generate_go() -> None:
    buf_generate("go", "proto")


def generate_typescript() -> None:
    quick = ["--include=dev", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"]
    run(["npm", "ci", *quick], GEN / "typescript")
    buf_generate("typescript", "proto")
    # No proto of ours imports these, but errors carry them.
    buf_generate("typescript", "third_party", "--path", "third_party/google/rpc")
    for folder in (GEN / "typescript/src/retail").glob("*/v*"):
        modules = sorted(path.stem for path in folder.glob("*_pb.ts"))
        lines = [f'export * from "./{module}.js";\n' for module in modules]
        (folder / "index.ts").write_text("".join(lines))
    # The package is its compiled form; a second is not worth a step of its own for users.
    run(["npm", "run", "build"], GEN / "typescript")


def generate_python() -> None:
    own = sorted((ROOT / "proto").rglob("*.proto"))
    names = [path.relative_to(ROOT / "proto").as_posix() for path in own]
    served = [name for name, path in zip(names, own) if b"\nservice " in path.read_bytes()]
    # The rules come along: no package on PyPI has them for this runtime any more.
    grpc_tools(["--python_out=.", "--pyi_out=."], [*names, "buf/validate/validate.proto"])
    grpc_tools(["--grpc_python_out=."], served)
    (GEN / "python/src/buf/py.typed").touch()


def generate_java() -> None:
    maven("dependency:copy@tools")
    for program in (GEN / "java/target/tools").iterdir():
        program.chmod(0o755)
    buf_generate("java", "proto")


def buf_generate(language: str, *source: str) -> None:
    run([str(BUF), "generate", *source, "--template", template(language)], ROOT)


def template(language: str) -> str:
    """buf.gen.yaml without the plugins of other languages, whose toolchains may be missing."""
    start, *plugins = (ROOT / "buf.gen.yaml").read_text("utf-8").split("  - out: gen/")
    kept = [plugin for plugin in plugins if re.match(rf"{language}[/\n]", plugin)]
    return start + "".join(f"  - out: gen/{plugin}" for plugin in kept)


def grpc_tools(outputs: list[str], names: list[str]) -> None:
    protoc = [str(ROOT / PYTHON), "-m", "grpc_tools.protoc"]
    roots = [f"--proto_path={ROOT / name}" for name in ("proto", "third_party")]
    run([*protoc, *roots, *outputs, *names], GEN / "python/src")


# Tests


def test_go() -> None:
    run(["go", "build", "./..."], GEN / "go")
    # Not from Go's own cache, which does not see that files outside of the module have changed.
    run(["go", "test", "-count=1", "./..."], GEN / "go")


def test_typescript() -> None:
    run(["npm", "test"], GEN / "typescript")


def test_python() -> None:
    run([str(ROOT / PYTHON), "-m", "unittest", "discover", "tests"], GEN / "python")


def test_java() -> None:
    maven("test")


def maven(goal: str) -> None:
    run(["mvn", "--batch-mode", "--quiet", "-Dstyle.color=never", goal], GEN / "java")


def run(command: list[str], folder: pathlib.Path) -> None:
    """Runs a program and keeps its output for the case that it fails."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Failed(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        place = folder.relative_to(ROOT).as_posix()
        shown = textwrap.shorten(" ".join(command), 120, placeholder=" …")
        plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        raise Failed(f"in {place}: {shown}\n{plain.rstrip()}")


def environment() -> dict[str, str]:
    """The caller's environment, with Go in no workspace and Python finding gen/python/src."""
    ours = {"GOWORK": "off", "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **ours}


LANGUAGES = [
    Language(
        name="go",
        tools=[Tool("go", (1, 26), "version")],
        generated=["retail"],
        installed=[],
        generate=generate_go,
        test=test_go,
    ),
    Language(
        name="typescript",
        tools=[Tool("node", (20,)), Tool("npm", (9,))],
        generated=["dist", "src/buf", "src/google", "src/retail"],
        installed=["node_modules"],
        generate=generate_typescript,
        test=test_typescript,
    ),
    Language(
        name="python",
        tools=[Tool(PYTHON, (3, 11))],
        generated=["src/buf", "src/retail/*/"],
        installed=["build", "src/*.egg-info", "**/__pycache__"],
        generate=generate_python,
        test=test_python,
    ),
    Language(
        name="java",
        tools=[Tool("javac", (17,), "-version"), Tool("mvn", (3, 8))],
        generated=["src/main/java/io/github/retailmesh/retail", "target/classes"],
        installed=["target"],
        generate=generate_java,
        test=test_java,
    ),
]


if __name__ == "__main__":
    sys.exit(main())
