"""Holds this package against ../vectors.json, which the clients in every language are checked with.

Run it from gen/python: `PYTHONPATH=src python -m unittest discover tests`.
"""

import importlib
import json
import pathlib
import unittest
import uuid

import grpc
from google.protobuf import duration_pb2, field_mask_pb2, json_format, timestamp_pb2
from google.rpc import status_pb2

from retail import ids, refusals
from retail.common.v1 import common_pb2

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = json.loads((HERE.parents[1] / "vectors.json").read_text(encoding="utf-8"))
SOURCES = HERE.parent / "src"
KINDS = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        common_pb2.Actor,
        common_pb2.EventMetadata,
        common_pb2.Money,
        common_pb2.Period,
        common_pb2.PostalAddress,
        common_pb2.Sealed,
        duration_pb2.Duration,
        field_mask_pb2.FieldMask,
        timestamp_pb2.Timestamp,
    )
}


class FailedCall(grpc.RpcError):
    """A failed call, as gRPC raises one."""

    def __init__(self, status):
        self.status = status

    def trailing_metadata(self):
        return (("date", "today"), ("grpc-status-details-bin", self.status.SerializeToString()))


class Vectors(unittest.TestCase):
    def test_messages_keep_their_bytes_and_their_json(self):
        for vector in VECTORS["money"] + VECTORS["timestamps"] + VECTORS["messages"]:
            with self.subTest(vector["name"]):
                self.check_message(vector)

    def check_message(self, vector):
        decoded = decode(vector, "hex")
        self.assertEqual(json.loads(json_format.MessageToJson(decoded)), vector["json"])
        self.assertEqual(decoded.SerializeToString().hex(), vector["hex"])
        for accepted in [vector["json"], *vector.get("accepts", [])]:
            self.assertEqual(parse(vector, accepted).SerializeToString().hex(), vector["hex"])
        for rejected in vector.get("rejects", []):
            with self.assertRaises(json_format.ParseError, msg=rejected):
                parse(vector, rejected)
        if "newerHex" in vector:
            newer = json_format.MessageToJson(decode(vector, "newerHex"))
            self.assertEqual(json.loads(newer), vector["json"])

    def test_money_has_its_fields(self):
        for vector in VECTORS["money"]:
            money = decode(vector, "hex")
            found = {
                "currency": money.currency_code,
                "units": str(money.units),
                "nanos": money.nanos,
            }
            self.assertEqual(found, vector["fields"], vector["name"])

    def test_timestamps_have_their_fields(self):
        for vector in VECTORS["timestamps"]:
            stamp = decode(vector, "hex")
            found = {"seconds": str(stamp.seconds), "nanos": stamp.nanos}
            self.assertEqual(found, vector["fields"], vector["name"])

    def test_ids_are_read_and_written(self):
        for vector in VECTORS["ids"]["valid"]:
            value = uuid.UUID(vector["uuid"])
            self.assertEqual(ids.parse(vector["prefix"], vector["text"]), value)
            self.assertEqual(ids.format(vector["prefix"], value), vector["text"])

    def test_what_is_no_id_is_refused_with_its_problem(self):
        for vector in VECTORS["ids"]["invalid"]:
            with self.subTest(vector["name"]), self.assertRaises(ids.IdError) as refused:
                ids.parse(vector["prefix"], vector["text"])
            self.assertEqual(refused.exception.problem.name, vector["problem"])

    def test_refusals_are_read_from_statuses(self):
        for vector in VECTORS["statuses"]:
            with self.subTest(vector["name"]):
                status = status_pb2.Status.FromString(bytes.fromhex(vector["hex"]))
                self.assertEqual((status.code, status.message), (vector["code"], vector["message"]))
                self.assertEqual(refusals.of(FailedCall(status)), expected_refusal(vector))

    def test_every_generated_module_loads(self):
        modules = sorted(SOURCES.glob("retail/*/v*/*_pb2*.py"))
        self.assertGreater(len(modules), 20)
        for path in modules:
            importlib.import_module(".".join(path.relative_to(SOURCES).with_suffix("").parts))


def decode(vector, key):
    return KINDS[vector["type"]].FromString(bytes.fromhex(vector[key]))


def parse(vector, value):
    return json_format.Parse(json.dumps(value), KINDS[vector["type"]]())


def expected_refusal(vector):
    wanted = vector["refusal"]
    if wanted is None:
        return None
    violations = [refusals.Violation(**violation) for violation in wanted["violations"]]
    return refusals.Refusal(**wanted | {"message": vector["message"], "violations": violations})


if __name__ == "__main__":
    unittest.main()
