//! Gate: Rust reads and writes `gen/vectors.json` just as the clients in other languages do.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use contracts::DESCRIPTOR_IMAGE;
use contracts::common::Money;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde::Deserialize;
use serde_json::{Value, json};
use tonic_types::pb;
use vocab::{Id, IdError, Kind, kind};

#[derive(Deserialize)]
struct Vectors {
    money: Vec<Vector>,
    timestamps: Vec<Vector>,
    messages: Vec<Vector>,
    ids: Ids,
    statuses: Vec<StatusVector>,
}

/// A message as bytes and as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    name: String,
    r#type: String,
    json: Value,
    hex: String,
    #[serde(default)]
    accepts: Vec<Value>,
    #[serde(default)]
    rejects: Vec<Value>,
    newer_hex: Option<String>,
    #[serde(default)]
    fields: Value,
    #[serde(default)]
    minor: String,
}

#[derive(Deserialize)]
struct Ids {
    valid: Vec<ValidId>,
    invalid: Vec<InvalidId>,
}

#[derive(Deserialize)]
struct ValidId {
    prefix: String,
    text: String,
    uuid: String,
}

#[derive(Deserialize)]
struct InvalidId {
    name: String,
    prefix: String,
    text: String,
    problem: String,
}

#[derive(Deserialize)]
struct StatusVector {
    name: String,
    hex: String,
    code: i32,
    message: String,
    refusal: Value,
}

#[test]
fn messages_keep_their_bytes_and_their_json() -> Result<()> {
    let pool = pool()?;
    let all = vectors()?;
    for vector in all.money.iter().chain(&all.timestamps).chain(&all.messages) {
        let kind = pool
            .get_message_by_name(&vector.r#type)
            .context(vector.name.clone())?;
        let decoded = decode(&kind, &vector.hex)?;
        assert_eq!(json_of(&decoded)?, vector.json, "{}", vector.name);
        assert_eq!(hex(&decoded), vector.hex, "{}", vector.name);
        for accepted in vector.accepts.iter().chain([&vector.json]) {
            let parsed = DynamicMessage::deserialize(kind.clone(), accepted)?;
            assert_eq!(hex(&parsed), vector.hex, "{}: {accepted}", vector.name);
        }
        for rejected in &vector.rejects {
            let parsed = DynamicMessage::deserialize(kind.clone(), rejected);
            assert!(parsed.is_err(), "{}: {rejected}", vector.name);
        }
        if let Some(newer_hex) = &vector.newer_hex {
            let from_newer = decode(&kind, newer_hex)?;
            assert_eq!(json_of(&from_newer)?, vector.json, "{}", vector.name);
        }
    }
    Ok(())
}

#[test]
fn money_has_its_fields_and_is_what_the_services_reckon_with() -> Result<()> {
    for vector in vectors()?.money {
        let money = Money::decode(bytes(&vector.hex)?.as_slice())?;
        let found = json!({
            "currency": money.currency_code,
            "units": money.units.to_string(),
            "nanos": money.nanos,
        });
        assert_eq!(found, vector.fields, "{}", vector.name);
        let minor = vector.minor.parse()?;
        let reckoned = vocab::Money::new(minor, money.currency_code.parse()?);
        let sent = (money.units, money.nanos);
        assert_eq!(reckoned.to_units_nanos(), sent, "{}", vector.name);
    }
    Ok(())
}

#[test]
fn timestamps_have_their_fields() -> Result<()> {
    let pool = pool()?;
    for vector in vectors()?.timestamps {
        let kind = pool
            .get_message_by_name(&vector.r#type)
            .context(vector.name.clone())?;
        let stamp = decode(&kind, &vector.hex)?;
        let seconds = stamp
            .get_field_by_name("seconds")
            .context("a count of seconds")?;
        let nanos = stamp
            .get_field_by_name("nanos")
            .context("a count of nanoseconds")?;
        let found = json!({
            "seconds": seconds.as_i64().unwrap_or_default().to_string(),
            "nanos": nanos.as_i32(),
        });
        assert_eq!(found, vector.fields, "{}", vector.name);
    }
    Ok(())
}

#[test]
fn ids_are_read_and_written() -> Result<()> {
    for ValidId { prefix, text, uuid } in vectors()?.ids.valid {
        assert_eq!(read(&prefix, &text), Ok((uuid, text)));
    }
    Ok(())
}

#[test]
fn what_is_no_id_is_refused_with_its_problem() -> Result<()> {
    for vector in vectors()?.ids.invalid {
        let problem = read(&vector.prefix, &vector.text).map_err(name_of);
        assert_eq!(problem, Err(vector.problem.as_str()), "{}", vector.name);
    }
    Ok(())
}

#[test]
fn refusals_are_read_from_statuses() -> Result<()> {
    for vector in vectors()?.statuses {
        let status = pb::Status::decode(bytes(&vector.hex)?.as_slice())?;
        assert_eq!(
            (status.code, &status.message),
            (vector.code, &vector.message)
        );
        assert_eq!(refusal(&status)?, vector.refusal, "{}", vector.name);
    }
    Ok(())
}

fn pool() -> Result<DescriptorPool> {
    Ok(DescriptorPool::decode(DESCRIPTOR_IMAGE)?)
}

fn vectors() -> Result<Vectors> {
    Ok(serde_json::from_str(include_str!(
        "../../gen/vectors.json"
    ))?)
}

/// The UUID and the text of the id that a text is read as.
fn read(prefix: &str, text: &str) -> Result<(String, String), IdError> {
    match prefix {
        "cus" => read_as::<kind::Customer>(text),
        "evt" => read_as::<kind::Event>(text),
        "loc" => read_as::<kind::Location>(text),
        "ord" => read_as::<kind::Order>(text),
        "pay" => read_as::<kind::Payment>(text),
        "prd" => read_as::<kind::Product>(text),
        _ => unreachable!("the vectors use another prefix: {prefix}"),
    }
}

fn read_as<K: Kind>(text: &str) -> Result<(String, String), IdError> {
    let id: Id<K> = text.parse()?;
    Ok((id.uuid().to_string(), id.to_string()))
}

/// What the vectors call a problem. Clients know no list of kinds, so two are one to them.
fn name_of(error: IdError) -> &'static str {
    match error {
        IdError::WrongKind { .. } | IdError::UnknownKind { .. } => "WRONG_PREFIX",
        IdError::WrongLength { .. } => "WRONG_LENGTH",
        IdError::WrongCharacter { .. } => "WRONG_CHARACTER",
        IdError::TooLarge => "TOO_LARGE",
    }
}

/// The refusal that a status carries, in the words of the vectors, or null.
fn refusal(status: &pb::Status) -> Result<Value> {
    let Some(info) = detail::<pb::ErrorInfo>(status, "google.rpc.ErrorInfo")? else {
        return Ok(Value::Null);
    };
    let metadata: BTreeMap<_, _> = info.metadata.into_iter().collect();
    let request = detail::<pb::BadRequest>(status, "google.rpc.BadRequest")?.unwrap_or_default();
    let mut violations = Vec::new();
    for it in request.field_violations {
        let (rule, description) = (it.reason, it.description);
        violations.push(json!({ "field": it.field, "rule": rule, "description": description }));
    }
    Ok(json!({
        "reason": info.reason,
        "domain": info.domain,
        "metadata": metadata,
        "violations": violations,
    }))
}

fn detail<M: Message + Default>(status: &pb::Status, name: &str) -> Result<Option<M>> {
    let url = format!("type.googleapis.com/{name}");
    let any = status.details.iter().find(|any| any.type_url == url);
    Ok(any.map(|any| M::decode(any.value.as_slice())).transpose()?)
}

fn decode(kind: &MessageDescriptor, hex: &str) -> Result<DynamicMessage> {
    Ok(DynamicMessage::decode(
        kind.clone(),
        bytes(hex)?.as_slice(),
    )?)
}

fn json_of(message: &DynamicMessage) -> Result<Value> {
    Ok(serde_json::to_value(message)?)
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let starts = (0..hex.len()).step_by(2);
    starts
        .map(|at| Ok(u8::from_str_radix(&hex[at..at + 2], 16)?))
        .collect()
}

fn hex(message: &DynamicMessage) -> String {
    message
        .encode_to_vec()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
