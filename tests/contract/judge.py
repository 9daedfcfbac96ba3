"""Judges messages with protovalidate's own implementation and reports where it disagrees with ours.

Called by tests/contract/oracle.rs with a folder that holds two descriptor images and `cases`: one
JSON object a line with the message's name, its bytes in hexadecimal and our verdict.
"""

import collections
import concurrent.futures
import json
import pathlib
import re
import sys
import zlib

import protovalidate
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SHARES = 2
SHOWN_MAX = 40
SUBSCRIPT = re.compile(r"\[.*?\]")


def load(folder):
    """A pool of everything in both images; files that both hold are added once."""
    pool, known = descriptor_pool.DescriptorPool(), set()
    for name in ("contracts.binpb", "probe.binpb"):
        image = descriptor_pb2.FileDescriptorSet.FromString((folder / name).read_bytes())
        for file in image.file:
            if file.name not in known:
                pool.Add(file)
                known.add(file.name)
    return pool


def path_text(path):
    """A field path the way our violations write it."""
    text = ""
    for element in path.elements:
        text += ("." if text else "") + element.field_name
        kind = element.WhichOneof("subscript") if hasattr(element, "WhichOneof") else None
        text += subscript(element, kind)
    return text


def subscript(element, kind):
    """The index or key behind a field's name."""
    if kind is None:
        chosen = getattr(element, "subscript", None)
        if chosen is None:
            return ""
        kind, value = chosen.field, chosen.value
    else:
        value = getattr(element, kind)
    return f"[{json.dumps(value, ensure_ascii=False)}]"


def verdict(validator, message):
    """The set of (path, rule) that the reference finds broken."""
    found = set()
    for violation in validator.collect_violations(message):
        proto = violation.proto
        found.add((path_text(proto.field) if proto.field else "", proto.rule_id))
    return found


def judge(folder, share):
    """Judges the cases of every second message type, so that two processes can share the work."""
    pool, validator = load(folder), protovalidate.Validator()
    classes, hits, differences = {}, collections.Counter(), []
    judged = invalid = 0
    for line in (folder / "cases").open():
        case = json.loads(line)
        name = case["name"]
        if zlib.crc32(name.encode()) % SHARES != share:
            continue
        if name not in classes:
            classes[name] = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        theirs = verdict(validator, classes[name].FromString(bytes.fromhex(case["bytes"])))
        ours = {tuple(it) for it in case["found"]}
        judged += 1
        invalid += bool(theirs)
        for path, rule in theirs:
            field = SUBSCRIPT.sub("", path)
            hits[f"{name} {field} {rule}"] += 1
        if ours != theirs and len(differences) < SHOWN_MAX:
            only = f"ours {sorted(ours - theirs)}, theirs {sorted(theirs - ours)}"
            differences.append(f"{name}: {only}; {case['bytes'][:400]}")
    return judged, invalid, differences, hits


def main(folder):
    """Lets two processes judge, and prints one report."""
    with concurrent.futures.ProcessPoolExecutor(SHARES) as workers:
        parts = list(workers.map(judge, [folder] * SHARES, range(SHARES)))
    report = {
        "judged": sum(part[0] for part in parts),
        "invalid": sum(part[1] for part in parts),
        "differences": [it for part in parts for it in part[2]],
        "hits": sum((part[3] for part in parts), collections.Counter()),
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
