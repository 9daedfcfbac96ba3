//! What the page of the UI is told about where it is and what there is.
//!
//! Its makers left lines in it for servers to replace; beyond those only one style is added.

use serde_json::{Value as Json, json};

use crate::shape::FOLLOWED_BY;

const BASE: &str = "<base href=\"/\"";
const CONFIG: &str = "const JAEGER_CONFIG = DEFAULT_CONFIG;";
const VERSION: &str = "const JAEGER_VERSION = DEFAULT_VERSION;";
const END: &str = "</head>";
/// The UI calls every trace incomplete whose first span links to another trace, as most do here
/// that a message or a batch begins. A span whose parent is really missing has a warning instead.
const NOT_INCOMPLETE: &str = "<style>.TracePageHeader--incompleteTag, \
    .ant-tag:has(.ResultItem--warningIcon) { display: none; }</style>";

pub(super) fn adapted(html: &str, base: &str) -> String {
    let version = json!({
        "gitCommit": "",
        "gitVersion": concat!("in memory, retail-traces ", env!("CARGO_PKG_VERSION")),
        "buildDate": "",
    });
    html.replacen(BASE, &format!("<base href=\"{base}\""), 1)
        .replacen(
            CONFIG,
            &format!("const JAEGER_CONFIG = {};", config(base)),
            1,
        )
        .replacen(VERSION, &format!("const JAEGER_VERSION = {version};"), 1)
        .replacen(END, &format!("{NOT_INCOMPLETE}{END}"), 1)
}

/// Switches off what needs more than memory: the archive and the monitor.
fn config(base: &str) -> Json {
    let patterns: Vec<Json> = FOLLOWED_BY.iter().map(|key| pattern(base, key)).collect();
    json!({
        "archiveEnabled": false,
        "monitor": { "menuEnabled": false },
        "linkPatterns": patterns,
    })
}

/// Makes the tags that name a trace which follows lead to it.
fn pattern(base: &str, key: &str) -> Json {
    json!({
        "type": "tags",
        "key": key,
        "url": format!("{base}trace/#{{{key}}}"),
        "text": format!("Open the trace that follows: #{{{key}}}"),
    })
}
