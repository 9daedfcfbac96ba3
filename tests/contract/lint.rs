//! Gate: our own rules for protos. Each rule is also shown a proto that breaks it.

use generator::lint::{Finding, findings};
use generator::schema::Schema;

#[test]
fn the_contracts_obey_our_own_rules() {
    let found: Vec<String> = findings(&crate::compiled::SCHEMA)
        .iter()
        .map(Finding::to_string)
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// A context as it should be, of which every test spoils one thing.
const SOUND: &str = include_str!("sound.proto");

/// Judges the sound context with one part replaced.
fn judge(part: &str, instead: &str) -> Vec<Finding> {
    assert!(SOUND.contains(part), "the sound context has no {part:?}");
    let text = SOUND.replacen(part, instead, 1);
    let name = "retail/sound/v1/sound.proto";
    let schema = Schema::compile_text(&mesh::root(), name, &text).expect("it compiles");
    let mut found = findings(&schema);
    found.retain(|it| it.element.contains("retail.sound.v1"));
    found
}

/// Asserts that spoiling one thing breaks just one rule.
fn breaks(rule: &str, part: &str, instead: &str) {
    let found = judge(part, instead);
    let rules: Vec<_> = found.iter().map(|it| it.rule).collect();
    assert!(rules.contains(&rule), "{part:?} as {instead:?}: {found:#?}");
}

#[test]
fn a_sound_context_has_no_findings() {
    assert_eq!(judge("package", "package"), []);
}

#[test]
fn every_rpc_has_a_complete_policy() {
    breaks("policy", "permission: \"thing.read\"", "");
    breaks(
        "policy",
        "permission: \"thing.read\"",
        "permission: \"Thing.Read\"",
    );
    breaks(
        "policy",
        "permission: \"thing.read\"",
        "permission: \"thing\"",
    );
    breaks("policy", "permission: \"thing.read\"", "public: true");
    breaks("policy", "scope: SCOPE_TENANT", "");
    breaks("policy", "priority: PRIORITY_BROWSE", "");
    breaks("policy", "deadline_ms: 1000", "deadline_ms: 70000");
    breaks(
        "policy",
        "option (retail.common.v1.rpc) = {public",
        "option deprecated = true; // {public",
    );
}

#[test]
fn a_scope_names_a_field_that_exists() {
    breaks("scope", "scope_field: \"request.customer_id\"", "");
    breaks("scope", "\"request.customer_id\"", "\"customer_id\"");
    breaks("scope", "\"request.customer_id\"", "\"request.client_id\"");
    breaks(
        "scope",
        "scope: SCOPE_TENANT",
        "scope: SCOPE_TENANT scope_field: \"request.thing_id\"",
    );
}

#[test]
fn reasons_are_a_closed_list_that_somebody_returns() {
    breaks(
        "reasons",
        "reasons: [\"TOO_LATE\"]",
        "reasons: [\"TOO_EARLY\"]",
    );
    breaks(
        "reasons",
        "reasons: [\"TOO_LATE\"]",
        "reasons: [\"TOO_LATE\", \"TOO_LATE\"]",
    );
    breaks("reasons", "reasons: [\"TOO_LATE\"]", "");
    breaks(
        "reasons",
        " [(retail.common.v1.fault) = FAULT_KIND_REFUSED]",
        "",
    );
}

#[test]
fn http_paths_are_sound_and_nobody_elses() {
    breaks(
        "http",
        "get: \"/api/v1/things/{thing_id}\"",
        "get: \"/things/{thing_id}\"",
    );
    breaks(
        "http",
        "get: \"/api/v1/things/{thing_id}\"",
        "get: \"/api/v1/things/{id}\"",
    );
    breaks(
        "http",
        "get: \"/api/v1/things/{thing_id}\"",
        "get: \"/api/v1/things\"",
    );
    breaks(
        "http",
        "response_body: \"thing\"",
        "response_body: \"item\"",
    );
    breaks("http", "body: \"*\"", "body: \"item\"");
    breaks(
        "http",
        "delete: \"/api/v1/things/{thing_id}\"",
        "get: \"/api/v1/gone/{thing_id}\"",
    );
}

#[test]
fn lists_watches_and_writes_have_their_usual_fields() {
    breaks(
        "paging",
        "string next_page_token = 2;",
        "string further = 2;",
    );
    breaks(
        "watch",
        "retail.common.v1.Bookmark bookmark = 3;",
        "retail.common.v1.Bookmark mark = 3;",
    );
    breaks("ingest", "int64 last_sequence = 1;", "int64 count = 1;");
    breaks(
        "request_id",
        "string request_id = 2 [",
        "string attempt = 2 [",
    );
    breaks("request_id", "option idempotency_level = IDEMPOTENT;", "");
}

#[test]
fn an_update_is_judged_after_the_merge_and_names_its_resource() {
    breaks(
        "update",
        "(buf.validate.field).ignore = IGNORE_ALWAYS",
        "(buf.validate.field).required = true",
    );
    breaks(
        "update",
        "id: \"update.id_required\"",
        "id: \"update.other\"",
    );
}

#[test]
fn required_is_said_where_it_is_meant() {
    const REQUIRED: &str = "(buf.validate.field).required = true";
    const LINE: &str = "(buf.validate.field).string.(retail.common.v1.line)";
    const TEXT: &str = "(buf.validate.field).string.(retail.common.v1.text)";
    const OPTIONAL: &str = "(google.api.field_behavior) = OPTIONAL";
    let pair = |first: &str, second: &str| format!("{first},\n    {second}");
    breaks("behaviour", &pair(REQUIRED, LINE), LINE);
    breaks("behaviour", &pair(OPTIONAL, TEXT), TEXT);
    breaks(
        "behaviour",
        &pair(OPTIONAL, TEXT),
        &pair(OPTIONAL, &pair(REQUIRED, TEXT)),
    );
}

#[test]
fn every_input_is_bounded() {
    breaks(
        "bounds",
        "(buf.validate.field).string.(retail.common.v1.text) = 400",
        "(buf.validate.field).string.max_len = 400",
    );
    breaks("bounds", "lte: 1000000000", "");
    breaks("bounds", "max_items: 20", "unique: true");
    breaks("bounds", "max_pairs: 20", "min_pairs: 0");
    breaks(
        "bounds",
        "(buf.validate.field).bytes.max_len = 64",
        "(buf.validate.field).bytes.min_len = 0",
    );
    breaks(
        "bounds",
        "(buf.validate.field).enum.defined_only = true",
        "(buf.validate.field).enum.not_in = 0",
    );
    breaks(
        "bounds",
        "(buf.validate.field).timestamp.(retail.common.v1.era) = true",
        "(buf.validate.field).timestamp.gt = {}",
    );
    breaks("bounds", "lte: {seconds: 60}", "");
    breaks("bounds", "id: \"struct.size\"", "id: \"struct.other\"");
    breaks("bounds", "[retail.common.v1.key]: true", "min_len: 1");
    breaks(
        "bounds",
        "(buf.validate.field).field_mask.(retail.common.v1.paths_max) = 64",
        "deprecated = false",
    );
}

#[test]
fn an_id_carries_its_prefix() {
    breaks(
        "id",
        "(buf.validate.field).string.(retail.common.v1.id_prefix) = \"cus\"",
        "(buf.validate.field).string.(retail.common.v1.line) = 30",
    );
    breaks(
        "id",
        " = 9 [(buf.validate.field).string.(retail.common.v1.id_prefix) = \"prd\"];",
        " = 9;",
    );
}

#[test]
fn an_event_has_its_envelope_and_its_token() {
    breaks(
        "event",
        "metadata = 1 [(buf.validate.field).required = true]",
        "metadata = 1",
    );
    breaks("event", "option (buf.validate.oneof).required = true;", "");
    breaks(
        "event",
        "ThingMade thing_made = 10;",
        "ThingMade thing_made = 2;",
    );
    breaks("event", "token: \"thing_made\"", "token: \"made\"");
    breaks(
        "event",
        "ThingLost thing_lost = 11;",
        "ThingMade thing_lost = 11;",
    );
}

#[test]
fn nothing_personal_or_secret_is_part_of_an_event() {
    breaks(
        "personal",
        "string colour = 2;",
        "string email = 2 [debug_redact = true];",
    );
    breaks(
        "personal",
        "string colour = 2;",
        "string colour = 2 [debug_redact = true];",
    );
    breaks(
        "personal",
        "string colour = 2;",
        "retail.common.v1.ContactAddress to = 2;",
    );
    breaks("personal", "string title = 2 [", "string recipient = 2 [");
}

#[test]
fn a_comment_says_more_than_the_name() {
    breaks(
        "comment",
        "// What people call it, never empty.",
        "// The title of this thing.",
    );
    breaks("comment", "// What people call it, never empty.\n", "");
    breaks(
        "comment",
        "// It came into the world.",
        "// ThingMade message.",
    );
    breaks("comment", "// Nobody needs it after noon.", "// TOO_LATE.");
    let long = format!("// What people call it, {}.", "never empty ".repeat(9));
    breaks("comment", "// What people call it, never empty.", &long);
}
