//! Lists what callers rely on and buf does not guard: one line each, sorted.
//!
//! A committed line may never change or vanish without a decision; new lines may come. Everything
//! that can tighten stands on one line with what it tightens, so that tightening changes a line.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, MethodDescriptor, Value};

use crate::code::validators;
use crate::contract::{
    event_token, http_bindings, idempotency, is_output_only, oneof_required, rpc_contract,
};
use crate::lint::{input_messages, refuses_absence};
use crate::rules::{FieldRules, message_cels};
use crate::schema::Schema;

/// Where the accepted surface lies.
pub const LOCK: &str = "gen/surface.txt";

/// The surface as sorted lines.
pub fn lines(schema: &Schema) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for method in schema.own_methods() {
        rpc(&method, &mut lines);
    }
    for message in validators::judged(schema) {
        message_rules(&message, &mut lines);
    }
    for message in input_messages(schema) {
        lines.insert(format!(
            "needs {} {}",
            message.full_name(),
            needed(&message)
        ));
    }
    for message in schema.own_messages() {
        if let Some(token) = event_token(&message) {
            lines.insert(format!("event {} {token}", message.full_name()));
        }
    }
    lines
}

/// The surface as a file.
pub fn text(schema: &Schema) -> String {
    lines(schema)
        .into_iter()
        .fold(String::new(), |text, line| text + &line + "\n")
}

fn rpc(method: &MethodDescriptor, lines: &mut BTreeSet<String>) {
    let (service, name) = (method.parent_service(), method.name());
    let name = format!("{}/{name}", service.full_name());
    let stream = |streams: bool| if streams { "stream " } else { "" };
    lines.insert(format!(
        "rpc {name} {}{} -> {}{}",
        stream(method.is_client_streaming()),
        method.input().full_name(),
        stream(method.is_server_streaming()),
        method.output().full_name()
    ));
    lines.insert(format!("idempotency {name} {}", idempotency(method).name()));
    for it in http_bindings(method) {
        let (body, unwrapped) = (or_dash(&it.body), or_dash(&it.response_body));
        lines.insert(format!(
            "http {} {} {name} body={body} response_body={unwrapped}",
            it.verb, it.path
        ));
    }
    let Some(contract) = rpc_contract(method) else {
        return;
    };
    let access = match contract.public {
        true => "public".to_owned(),
        false => format!("{} {}", contract.permission, contract.scope),
    };
    lines.insert(format!(
        "policy {name} {access} {}",
        or_dash(&contract.scope_field)
    ));
    for reason in contract.reasons {
        lines.insert(format!("reason {name} {reason}"));
    }
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

fn message_rules(message: &MessageDescriptor, lines: &mut BTreeSet<String>) {
    let cels: Vec<_> = message_cels(message).into_iter().map(|it| it.id).collect();
    let oneofs = message
        .oneofs()
        .filter(oneof_required)
        .map(|it| it.name().to_owned());
    let oneofs: Vec<_> = oneofs.collect();
    let (cels, oneofs) = (cels.join(","), oneofs.join(","));
    let name = message.full_name();
    lines.insert(format!(
        "rules {name} cel={} oneofs={}",
        or_dash(&cels),
        or_dash(&oneofs)
    ));
    for field in message.fields().filter(|field| !is_output_only(field)) {
        lines.insert(format!(
            "rules {} {}",
            field.full_name(),
            field_rules(&field)
        ));
    }
}

fn field_rules(field: &FieldDescriptor) -> String {
    FieldRules::of(field)
        .map(|rules| message_text(&rules.raw))
        .unwrap_or_else(|| "-".to_owned())
}

/// The required fields of a message: a new one breaks callers although its own line is new.
fn needed(message: &MessageDescriptor) -> String {
    let fields = message.fields().filter(|field| {
        let rules = FieldRules::of(field);
        !is_output_only(field) && rules.is_some_and(|rules| refuses_absence(field, &rules))
    });
    let names: Vec<_> = fields.map(|field| field.name().to_owned()).collect();
    or_dash(&names.join(",")).to_owned()
}

fn message_text(message: &DynamicMessage) -> String {
    let mut parts: Vec<String> = message
        .fields()
        .filter(|(field, _)| field.name() != "message")
        .map(|(field, value)| format!("{}={}", field.name(), value_text(value)))
        .chain(
            message
                .extensions()
                .map(|(extension, value)| format!("({})={}", extension.name(), value_text(value))),
        )
        .collect();
    parts.sort();
    parts.join(" ")
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Message(message) => format!("{{{}}}", message_text(message)),
        Value::List(list) => {
            let items: Vec<_> = list.iter().map(value_text).collect();
            format!("[{}]", items.join(","))
        }
        Value::String(text) => format!("{text:?}"),
        Value::Bytes(bytes) => format!("{bytes:?}"),
        Value::Bool(it) => it.to_string(),
        Value::I32(it) | Value::EnumNumber(it) => it.to_string(),
        Value::I64(it) => it.to_string(),
        Value::U32(it) => it.to_string(),
        Value::U64(it) => it.to_string(),
        Value::F32(it) => it.to_string(),
        Value::F64(it) => it.to_string(),
        Value::Map(_) => "map".to_owned(),
    }
}

/// What the lock holds: accepted lines, and the decisions that accepted changes.
pub struct Lock {
    decisions: Vec<String>,
    lines: BTreeSet<String>,
}

impl Lock {
    /// Reads the committed lock; an absent one is empty.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(LOCK);
        let text = if path.exists() {
            std::fs::read_to_string(&path)?
        } else {
            String::new()
        };
        let (decisions, lines): (Vec<_>, Vec<_>) = text
            .lines()
            .map(str::to_owned)
            .partition(|line| line.starts_with("# "));
        Ok(Self {
            decisions,
            lines: lines.into_iter().collect(),
        })
    }

    /// Accepted lines that the surface no longer has.
    pub fn lost(&self, surface: &BTreeSet<String>) -> Vec<String> {
        self.lines.difference(surface).cloned().collect()
    }

    /// Lines of the surface that are not recorded yet.
    pub fn added(&self, surface: &BTreeSet<String>) -> Vec<String> {
        surface.difference(&self.lines).cloned().collect()
    }

    fn write(&self, root: &Path) -> Result<()> {
        let mut text = String::new();
        for line in self.decisions.iter().chain(&self.lines) {
            writeln!(text, "{line}")?;
        }
        std::fs::write(root.join(LOCK), text).context("cannot write the surface lock")
    }
}

/// Records new lines; refuses when an accepted one was lost.
pub fn add(root: &Path, schema: &Schema) -> Result<()> {
    let mut lock = Lock::read(root)?;
    let surface = lines(schema);
    let lost = lock.lost(&surface);
    if !lost.is_empty() {
        bail!(
            "the contract lost or changed what callers rely on; see `make surface-accept`:\n  {}",
            lost.join("\n  ")
        );
    }
    lock.lines = surface;
    lock.write(root)
}

/// Accepts lost lines, on the strength of a decision record.
pub fn accept(root: &Path, decision: &str, schema: &Schema) -> Result<()> {
    let mut lock = Lock::read(root)?;
    let record = root.join(decision);
    let name = record
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
        .to_owned();
    if !decision.starts_with("services/decisions/") || !record.is_file() {
        bail!("name the decision record: make surface-accept D=services/decisions/0001-….md");
    }
    let entry = format!("# accepted by {name}");
    if lock.decisions.contains(&entry) {
        bail!("{name} has accepted a change before: write a record of its own");
    }
    lock.decisions.push(entry);
    lock.lines = lines(schema);
    lock.write(root)?;
    crate::code::write_baseline(root, schema)
}
