//! Rules for services: policy, reasons, paths, idempotency, paging, watching.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, MessageDescriptor, MethodDescriptor};

use super::Findings;
use crate::contract::{
    HttpBinding, Idempotency, RpcContract, fault_kind, http_bindings, idempotency, rpc_contract,
};
use crate::rules::FieldRules;
use crate::schema::{Schema, is_own};

/// Judges every rpc and every enum of reasons.
pub fn check(schema: &Schema, found: &mut Findings) {
    let reasons = Reasons::of(schema);
    let mut paths = BTreeMap::new();
    let mut declared = BTreeSet::new();
    for method in schema.own_methods() {
        policy(&method, found);
        let known = reasons.names(method.parent_service().package_name());
        declared_reasons(&method, &known, &mut declared, found);
        http(&method, &mut paths, found);
        shape(&method, found);
    }
    reasons.check(&declared, found);
}

fn policy(method: &MethodDescriptor, found: &mut Findings) {
    let name = method.full_name();
    let Some(contract) = rpc_contract(method) else {
        found.add(name, "policy", "lacks option (retail.common.v1.rpc)");
        return;
    };
    if contract.public != contract.permission.is_empty() {
        found.add(name, "policy", "names either a permission or public: true");
    }
    if contract.public != contract.scope.ends_with("UNSPECIFIED") {
        found.add(name, "policy", "names a scope, unless it is public");
    }
    if !contract.public && !is_permission(&contract.permission) {
        found.add(
            name,
            "policy",
            "writes its permission as <noun>.<act> in lower case",
        );
    }
    if contract.priority.ends_with("UNSPECIFIED") {
        found.add(name, "policy", "names a priority");
    }
    if !(50..=60_000).contains(&contract.deadline_ms) {
        found.add(name, "policy", "names deadline_ms from 50 to 60000");
    }
    scope_field(method, &contract, found);
}

fn scope_field(method: &MethodDescriptor, contract: &RpcContract, found: &mut Findings) {
    let needed = matches!(contract.scope.as_str(), "SCOPE_OWN" | "SCOPE_LOCATION");
    let allowed = needed || contract.scope == "SCOPE_SELF";
    if (needed && contract.scope_field.is_empty()) || !(allowed || contract.scope_field.is_empty())
    {
        found.add(
            method.full_name(),
            "scope",
            "names scope_field for OWN and LOCATION, else only for SELF",
        );
    }
    if contract.scope_field.is_empty() {
        return;
    }
    let (root, path) = match contract.scope_field.split_once('.') {
        Some(("request", path)) => (method.input(), path),
        Some(("response", path)) => (method.output(), path),
        _ => {
            found.add(
                method.full_name(),
                "scope",
                "begins scope_field with request. or response.",
            );
            return;
        }
    };
    if !path_exists(&root, path) {
        let text = format!(
            "scope_field names {}, which does not exist",
            contract.scope_field
        );
        found.add(method.full_name(), "scope", text);
    }
}

/// Whether a path of fields exists, through singular messages, lists only as the first list of
/// a response or as the leaf.
fn path_exists(root: &MessageDescriptor, path: &str) -> bool {
    let mut message = Some(root.clone());
    for step in path.split('.') {
        let field = message
            .as_ref()
            .and_then(|message| message.get_field_by_name(step));
        let Some(field) = field else { return false };
        message = field.kind().as_message().cloned();
    }
    true
}

fn is_permission(text: &str) -> bool {
    let word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    text.split('.').count() == 2 && text.split('.').all(word)
}

fn declared_reasons(
    method: &MethodDescriptor,
    known: &BTreeSet<String>,
    declared: &mut BTreeSet<String>,
    found: &mut Findings,
) {
    let Some(contract) = rpc_contract(method) else {
        return;
    };
    let package = method.parent_service().package_name().to_owned();
    let mut seen = BTreeSet::new();
    for reason in contract.reasons {
        if !known.contains(&reason) {
            let text = format!("declares {reason}, which is not in its context's enum of reasons");
            found.add(method.full_name(), "reasons", text);
        }
        if !seen.insert(reason.clone()) {
            found.add(
                method.full_name(),
                "reasons",
                format!("declares {reason} twice"),
            );
        }
        declared.insert(format!("{package}/{reason}"));
    }
}

struct Reasons(Vec<EnumDescriptor>);

impl Reasons {
    fn of(schema: &Schema) -> Self {
        let enums = schema.pool.all_enums();
        Self(
            enums
                .filter(|it| is_own(it.package_name()) && it.name().ends_with("ErrorReason"))
                .collect(),
        )
    }

    fn names(&self, package: &str) -> BTreeSet<String> {
        let own = self.0.iter().filter(|it| it.package_name() == package);
        own.flat_map(values_without_prefix)
            .map(|(name, _)| name)
            .collect()
    }

    fn check(&self, declared: &BTreeSet<String>, found: &mut Findings) {
        for reasons in &self.0 {
            for (name, kind) in values_without_prefix(reasons) {
                let element = format!("{}.{name}", reasons.full_name());
                if kind.is_none() {
                    found.add(&element, "reasons", "names its FaultKind");
                }
                let common = reasons.package_name() == "retail.common.v1";
                let key = format!("{}/{name}", reasons.package_name());
                if !common && !declared.contains(&key) {
                    found.add(&element, "reasons", "is declared by no rpc");
                }
            }
        }
    }
}

/// The values of an enum of reasons but for UNSPECIFIED, with their kind of fault.
pub fn values_without_prefix(reasons: &EnumDescriptor) -> Vec<(String, Option<String>)> {
    let prefix = screaming(reasons.name());
    reasons
        .values()
        .filter(|value| value.number() != 0)
        .map(|value| {
            let name = value.name().strip_prefix(&prefix).unwrap_or(value.name());
            (name.trim_start_matches('_').to_owned(), fault_kind(&value))
        })
        .collect()
}

/// `OrderErrorReason` as `ORDER_ERROR_REASON`.
pub fn screaming(camel: &str) -> String {
    let mut out = String::with_capacity(camel.len() + 8);
    for (place, letter) in camel.char_indices() {
        if letter.is_uppercase() && place > 0 {
            out.push('_');
        }
        out.extend(letter.to_uppercase());
    }
    out
}

fn http(method: &MethodDescriptor, paths: &mut BTreeMap<String, String>, found: &mut Findings) {
    let bindings = http_bindings(method);
    if bindings.is_empty() != method.is_client_streaming() {
        found.add(
            method.full_name(),
            "http",
            "has a path, unless it is client streaming",
        );
    }
    for binding in bindings {
        let template = format!("{} {}", binding.verb, without_names(&binding.path));
        if let Some(other) = paths.insert(template.clone(), method.full_name().to_owned()) {
            found.add(
                method.full_name(),
                "http",
                format!("takes {template} from {other}"),
            );
        }
        http_binding(method, &binding, found);
    }
}

fn http_binding(method: &MethodDescriptor, binding: &HttpBinding, found: &mut Findings) {
    let name = method.full_name();
    if !binding.path.starts_with("/api/v1/") {
        found.add(
            name,
            "http",
            format!("{} lies outside /api/v1/", binding.path),
        );
    }
    for variable in path_variables(&binding.path) {
        if !path_exists(&method.input(), &variable) {
            found.add(
                name,
                "http",
                format!("{} is no field of the request", variable),
            );
        }
    }
    let body = binding.body.as_str();
    if !body.is_empty() && body != "*" && method.input().get_field_by_name(body).is_none() {
        found.add(
            name,
            "http",
            format!("body {body} is no field of the request"),
        );
    }
    let unwrapped = binding.response_body.as_str();
    if !unwrapped.is_empty() && method.output().get_field_by_name(unwrapped).is_none() {
        found.add(
            name,
            "http",
            format!("response_body {unwrapped} is no field of the response"),
        );
    }
    if (binding.verb == "GET") != (idempotency(method) == Idempotency::NoSideEffects)
        && binding.verb != "POST"
    {
        found.add(
            name,
            "http",
            "GET belongs to NO_SIDE_EFFECTS and the other way round",
        );
    }
    if matches!(binding.verb.as_str(), "GET" | "DELETE") != body.is_empty() {
        found.add(
            name,
            "http",
            "GET and DELETE have no body, the others have one",
        );
    }
}

/// The names of a path template's variables.
pub fn path_variables(path: &str) -> Vec<String> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.split('=').next().unwrap_or(name).to_owned())
        .collect()
}

fn without_names(path: &str) -> String {
    path_variables(path)
        .iter()
        .fold(path.to_owned(), |path, name| {
            path.replacen(&format!("{{{name}}}"), "{}", 1)
        })
}

fn shape(method: &MethodDescriptor, found: &mut Findings) {
    let name = method.full_name();
    let (input, output) = (method.input(), method.output());
    let has = |message: &MessageDescriptor, field| message.get_field_by_name(field).is_some();
    let reads = idempotency(method) == Idempotency::NoSideEffects;
    let public = rpc_contract(method).is_some_and(|contract| contract.public);
    if method.name().starts_with("List")
        && !(has(&input, "page_size")
            && has(&input, "page_token")
            && has(&output, "next_page_token"))
    {
        found.add(
            name,
            "paging",
            "has page_size, page_token and next_page_token",
        );
    }
    if method.is_server_streaming()
        && !(has(&input, "resume_token")
            && has(&output, "resume_token")
            && has(&output, "bookmark"))
    {
        found.add(
            name,
            "watch",
            "has resume_token in request and response, and a bookmark",
        );
    }
    if method.is_client_streaming() {
        if !has(&input, "sequence") || !has(&output, "last_sequence") {
            found.add(
                name,
                "ingest",
                "has sequence in the request, last_sequence in the response",
            );
        }
        return;
    }
    if reads == has(&input, "request_id") && !public {
        found.add(name, "request_id", "writes carry request_id, reads do not");
    }
    let required = input
        .get_field_by_name("request_id")
        .is_some_and(|field| FieldRules::of(&field).is_some_and(|rules| rules.required));
    if required != (idempotency(method) == Idempotency::Idempotent) {
        found.add(
            name,
            "request_id",
            "is IDEMPOTENT where request_id is required, only there",
        );
    }
}
