#!/usr/bin/env python3
"""Fetches what the gates use: pinned tools into .tools, pinned third-party protos into third_party.

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


def main():
    if sys.version_info < (3, 11):
        sys.exit("make tools: Python 3.11 or later is needed, this is " + sys.version.split()[0])
    fetch_tools()
    fetch_protos()


def fetch_tools():
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = TOOLS / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(TOOLS, ignore_errors=True)
    try:
        venv.create(TOOLS / "venv", with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("make tools: Python cannot make a venv; on Debian: apt-get install python3-venv")
    pip = [TOOLS / "venv/bin/python", "-m", "pip", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--quiet", "--require-hashes", "-r", REQUIREMENTS], check=True)
    stamp.write_text(wanted)


def fetch_protos():
    target = ROOT / "third_party"
    [site] = (TOOLS / "venv/lib").glob("python3*/site-packages")
    for name in FROM_PYPI:
        copy(site / name, target / name)
    folders = crate_folders()
    for crate, (inside, name) in FROM_CRATES.items():
        [source] = (folders[crate] / inside).rglob(pathlib.PurePath(name).name)
        copy(source, target / name)


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
