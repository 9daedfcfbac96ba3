//! Negative controls: each gate is shown the change that it is there for, and must turn red.

use std::path::{Path, PathBuf};

use generator::code;
use generator::lint::findings;
use generator::schema::{Schema, collect_protos, third_party_image};
use generator::surface::{Lock, lines};

use crate::breaking::breaking;

/// A copy of the contracts in which one thing is changed.
struct Changed {
    folder: PathBuf,
    schema: Schema,
}

impl Changed {
    /// Replaces text in every file of the order context.
    fn order(name: &str, changes: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("retail-{name}-{}", std::process::id()));
        let (from, to) = (mesh::root().join("proto"), folder.join("proto"));
        let mut files = Vec::new();
        collect_protos(&from, Path::new(""), &mut files).unwrap();
        let mut hits = 0;
        for file in files {
            let mut text = std::fs::read_to_string(from.join(&file)).unwrap();
            if file.starts_with("retail/order") {
                for (old, new) in changes {
                    hits += text.matches(old).count();
                    text = text.replace(old, new);
                }
            }
            std::fs::create_dir_all(to.join(&file).parent().unwrap()).unwrap();
            std::fs::write(to.join(&file), text).unwrap();
        }
        assert!(hits > 0, "the change {changes:?} changes nothing");
        let image = third_party_image(&folder);
        std::fs::create_dir_all(image.parent().unwrap()).unwrap();
        std::fs::copy(third_party_image(&mesh::root()), image).unwrap();
        let schema = Schema::compile(&folder).expect("the changed contracts compile");
        Self { folder, schema }
    }

    /// What `buf breaking` says of it.
    fn breaks(&self) -> String {
        let image = self.folder.join("changed.binpb");
        std::fs::write(&image, code::comparable_image(&self.schema).unwrap()).unwrap();
        breaking(&image, &mesh::root().join(code::BASELINE))
    }

    /// What the surface lock says of it.
    fn loses(&self) -> String {
        Lock::read(&mesh::root())
            .unwrap()
            .lost(&lines(&self.schema))
            .join("\n")
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // The folder lies among temporary files; a failure to remove it harms nobody.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

#[test]
fn deleting_a_field_turns_buf_breaking_red() {
    let field = "retail.common.v1.Money captured_amount = 42 \
                 [(google.api.field_behavior) = OUTPUT_ONLY];";
    let found = Changed::order("deleted", &[(field, "")]).breaks();
    assert!(
        found.contains("\"captured_amount\" on message \"Order\" was deleted"),
        "{found}"
    );
}

#[test]
fn renaming_an_event_turns_buf_breaking_and_the_surface_lock_red() {
    let renamed = [
        ("OrderConfirmed", "OrderAccepted"),
        ("order_confirmed", "order_accepted"),
    ];
    let changed = Changed::order("renamed", &renamed);
    assert!(
        changed.breaks().contains("OrderConfirmed"),
        "{}",
        changed.breaks()
    );
    let lost = changed.loses();
    assert!(
        lost.contains("event retail.order.v1.OrderConfirmed order_confirmed"),
        "{lost}"
    );
}

#[test]
fn changing_an_http_path_turns_the_surface_lock_red_where_buf_is_silent() {
    let changed = Changed::order(
        "moved",
        &[("post: \"/api/v1/orders\"", "post: \"/api/v1/buys\"")],
    );
    assert_eq!(changed.breaks(), "");
    let lost = changed.loses();
    assert!(
        lost.contains("http POST /api/v1/orders retail.order.v1.OrderService"),
        "{lost}"
    );
}

#[test]
fn dropping_a_permission_turns_lint_and_the_surface_lock_red_where_buf_is_silent() {
    let changed = Changed::order("open", &[("permission: \"order.place\"", "")]);
    assert_eq!(changed.breaks(), "");
    let lost = changed.loses();
    assert!(
        lost.contains("OrderService/CreateOrder order.place SCOPE_OWN"),
        "{lost}"
    );
    assert!(
        findings(&changed.schema)
            .iter()
            .any(|it| it.rule == "policy")
    );
}

#[test]
fn tightening_a_rule_turns_the_surface_lock_red_where_buf_is_silent() {
    let changed = Changed::order("tight", &[("max_items: 200", "max_items: 100")]);
    assert_eq!(changed.breaks(), "");
    let lost = changed.loses();
    assert!(lost.contains("rules retail.order.v1.Order.lines"), "{lost}");
}

#[test]
fn requiring_what_was_optional_turns_the_surface_lock_red() {
    let field = "(buf.validate.field).repeated = {max_items: 10}";
    let required = "(buf.validate.field).repeated = {max_items: 10 min_items: 1}";
    let lost = Changed::order("required", &[(field, required)]).loses();
    assert!(lost.contains("needs retail.order.v1.Order "), "{lost}");
}

#[test]
fn a_new_field_that_must_be_filled_turns_the_surface_lock_red() {
    let old = "message AdoptedHold {";
    let new = "message AdoptedHold {
  // Why.
  int64 weight = 99 [
    (google.api.field_behavior) = REQUIRED,
    (buf.validate.field).int64 = {gt: 0 lte: 9}
  ];";
    let changed = Changed::order("needed", &[(old, new)]);
    assert_eq!(changed.breaks(), "");
    assert!(
        changed
            .loses()
            .contains("needs retail.order.v1.AdoptedHold "),
        "{}",
        changed.loses()
    );
}
