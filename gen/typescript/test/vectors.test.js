// Holds this package, as its users import it, against ../vectors.json, which the clients in every
// language are checked with.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createRegistry, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import { DurationSchema, FieldMaskSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError } from "@connectrpc/connect";
import { formatId, IdError, parseId, refusalOf } from "@retail-mesh/client";
import { file_retail_common_v1_common } from "@retail-mesh/client/common/v1";
import { StatusSchema } from "@retail-mesh/client/google/rpc/status";

const vectors = JSON.parse(readFileSync(new URL("../../vectors.json", import.meta.url), "utf8"));
const schemas = createRegistry(
  file_retail_common_v1_common,
  DurationSchema,
  FieldMaskSchema,
  TimestampSchema,
);

for (const vector of [...vectors.money, ...vectors.timestamps, ...vectors.messages]) {
  test(`bytes and JSON: ${vector.name}`, () => {
    const schema = schemas.getMessage(vector.type);
    const decoded = fromBinary(schema, fromHex(vector.hex));
    assert.deepEqual(toJson(schema, decoded), vector.json);
    assert.equal(toHex(toBinary(schema, decoded)), vector.hex);
    for (const accepted of [vector.json, ...(vector.accepts ?? [])]) {
      assert.equal(toHex(toBinary(schema, fromJson(schema, accepted))), vector.hex);
    }
    for (const rejected of vector.rejects ?? []) {
      assert.throws(() => fromJson(schema, rejected), JSON.stringify(rejected));
    }
    if (vector.newerHex !== undefined) {
      const fromNewer = fromBinary(schema, fromHex(vector.newerHex));
      assert.deepEqual(toJson(schema, fromNewer), vector.json);
    }
  });
}

test("money has its fields", () => {
  for (const { type, hex, fields } of vectors.money) {
    const money = fromBinary(schemas.getMessage(type), fromHex(hex));
    assert.equal(money.currencyCode, fields.currency);
    assert.equal(money.units, BigInt(fields.units));
    assert.equal(money.nanos, fields.nanos);
  }
});

test("timestamps have their fields", () => {
  for (const { hex, fields } of vectors.timestamps) {
    const stamp = fromBinary(TimestampSchema, fromHex(hex));
    assert.equal(stamp.seconds, BigInt(fields.seconds));
    assert.equal(stamp.nanos, fields.nanos);
  }
});

test("ids are read and written", () => {
  for (const { prefix, text, uuid } of vectors.ids.valid) {
    assert.equal(parseId(prefix, text), uuid);
    assert.equal(formatId(prefix, uuid), text);
  }
});

test("what is no id is refused with its problem", () => {
  for (const { name, prefix, text, problem } of vectors.ids.invalid) {
    const isRight = (error) => error instanceof IdError && error.problem === problem;
    assert.throws(() => parseId(prefix, text), isRight, name);
  }
  assert.throws(() => formatId("prd", "01890a5d"), TypeError);
});

test("refusals are read from statuses", () => {
  for (const { name, hex, code, message, refusal } of vectors.statuses) {
    const status = fromBinary(StatusSchema, fromHex(hex));
    assert.equal(status.code, code);
    assert.equal(status.message, message);
    const expected = refusal === null ? undefined : { ...refusal, message };
    assert.deepEqual(refusalOf(errorOf(status)), expected, name);
  }
});

/** The error that a transport makes of a status. */
function errorOf(status) {
  const error = new ConnectError(status.message, status.code);
  error.details = status.details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  return error;
}

function fromHex(text) {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function toHex(bytes) {
  return Buffer.from(bytes).toString("hex");
}
