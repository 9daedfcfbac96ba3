//! Custom attributes: an object on the wire, its JSON text inside.

use chassis::fault::Fault;
use contracts::validate::Path;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::{Map, Number};

use super::unfit;

/// The most bytes of attributes as JSON.
const JSON_BYTES_MAX: usize = 16 * 1_024;
/// Objects and lists inside each other; deeper ones are of no use and cost a stack.
const DEPTH_MAX: usize = 32;

/// Reads attributes. None and an empty object are one.
pub fn read(at: &Path<'_>, wire: Option<&Struct>) -> Result<String, Fault> {
    let Some(wire) = wire.filter(|it| !it.fields.is_empty()) else {
        return Ok(String::new());
    };
    let text = "must be JSON: finite numbers, and at most 32 levels";
    let json = object(wire, DEPTH_MAX).ok_or_else(|| unfit(at, "struct.json", text))?;
    let json = serde_json::Value::Object(json).to_string();
    if json.len() > JSON_BYTES_MAX {
        let text = "must not have more than 16 KiB as JSON";
        return Err(unfit(at, "struct.bytes", text));
    }
    Ok(json)
}

/// Writes attributes.
pub fn write(json: &str) -> Option<Struct> {
    match serde_json::from_str(json) {
        Ok(serde_json::Value::Object(members)) => Some(wire_object(members)),
        _ => None,
    }
}

fn object(wire: &Struct, depth: usize) -> Option<Map<String, serde_json::Value>> {
    let members = wire.fields.iter();
    members
        .map(|(name, it)| Some((name.clone(), value(it, depth.checked_sub(1)?)?)))
        .collect()
}

fn value(wire: &Value, depth: usize) -> Option<serde_json::Value> {
    Some(match wire.kind.as_ref()? {
        Kind::NullValue(_) => serde_json::Value::Null,
        Kind::BoolValue(it) => (*it).into(),
        Kind::NumberValue(it) => number(*it)?,
        Kind::StringValue(it) => it.clone().into(),
        Kind::ListValue(it) => {
            let depth = depth.checked_sub(1)?;
            let items = it.values.iter().map(|it| value(it, depth));
            serde_json::Value::Array(items.collect::<Option<_>>()?)
        }
        Kind::StructValue(it) => serde_json::Value::Object(object(it, depth)?),
    })
}

/// Whole numbers are written without a fraction, as JSON writes them.
fn number(number: f64) -> Option<serde_json::Value> {
    const EXACT: f64 = 9_007_199_254_740_991.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(serde_json::Value::from(number as i64));
    }
    Number::from_f64(number).map(serde_json::Value::Number)
}

fn wire_object(members: Map<String, serde_json::Value>) -> Struct {
    let fields = members.into_iter().map(|(name, it)| (name, wire_value(it)));
    Struct {
        fields: fields.collect(),
    }
}

fn wire_value(json: serde_json::Value) -> Value {
    let kind = match json {
        serde_json::Value::Null => Kind::NullValue(0),
        serde_json::Value::Bool(it) => Kind::BoolValue(it),
        serde_json::Value::Number(it) => Kind::NumberValue(it.as_f64().unwrap_or_default()),
        serde_json::Value::String(it) => Kind::StringValue(it),
        serde_json::Value::Array(items) => Kind::ListValue(ListValue {
            values: items.into_iter().map(wire_value).collect(),
        }),
        serde_json::Value::Object(members) => Kind::StructValue(wire_object(members)),
    };
    Value { kind: Some(kind) }
}
