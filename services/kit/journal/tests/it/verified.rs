//! Whatever is changed behind the journal's back is found.

use contracts::ops::DifferenceKind;
use journal::{Derived, Value, Verify};
use vocab::TenantId;

use crate::bed::{assert_whole, connect, database, execute, hold, number, process, tenant, verify};
use crate::stockroom::{Command, Key, State, Stockroom};

async fn stocked() -> testbed::Database {
    let database = database().await;
    let process = process(&database);
    for it in [1, 2] {
        process.stock(tenant(it), "pen", 5).await;
        process.stock(tenant(it), "ink", 5).await;
        let lines = [("pen", 1), ("ink", 2)];
        process.run(tenant(it), hold(1, &lines)).await.unwrap();
    }
    process.end().await;
    assert_whole(&database).await;
    database
}

#[tokio::test]
async fn a_row_or_a_fact_changed_behind_its_back_is_found() {
    let of = |it: &str| format!("WHERE tenant_id = '{}' AND {it}", tenant(1).uuid());
    let spoiled = [
        (
            format!("UPDATE shelf SET on_hand = 6 {}", of("sku = 'pen'")),
            DifferenceKind::StateDiffers,
        ),
        (
            format!("UPDATE shelf SET note = NULL {}", of("sku = 'pen'")),
            DifferenceKind::StateDiffers,
        ),
        (
            format!("UPDATE hold SET is_open = false {}", of("true")),
            DifferenceKind::StateDiffers,
        ),
        (
            format!("UPDATE shelf SET version = 9 {}", of("sku = 'pen'")),
            DifferenceKind::StateDiffers,
        ),
        (
            format!("DELETE FROM shelf {}", of("sku = 'pen'")),
            DifferenceKind::StateMissing,
        ),
        (
            "INSERT INTO shelf VALUES (gen_random_uuid(), 'new', 1, now(), 0, 0, NULL)".to_owned(),
            DifferenceKind::StateUnfounded,
        ),
        (
            format!(
                "UPDATE events SET version = 7 {}",
                of("stream_id = 'pen' AND version = 2")
            ),
            DifferenceKind::VersionGap,
        ),
        (
            format!(
                "UPDATE events SET payload = 'x' {}",
                of("stream_id = 'pen' AND version = 1")
            ),
            DifferenceKind::FactUnreadable,
        ),
        (
            format!(
                "UPDATE events SET payload = replace(encode(payload, 'escape'), 'pen 1', 'pen 3')\
                 ::bytea {}",
                of("kind = 'held' AND stream_id = 'pen'")
            ),
            DifferenceKind::FactDiffers,
        ),
    ];
    for (spoil, kind) in spoiled {
        let database = stocked().await;
        execute(&database, &spoil).await;
        let report = verify(&database).await;
        let found = report.differences.iter().any(|it| it.kind == kind);
        assert!(found, "{spoil}: {:?}", report.differences);
        assert!(report.found <= 2, "{spoil}: {:?}", report.differences);
        assert_eq!((report.streams, report.facts), (6, 10));
    }
}

/// Says that every open hold has a claim on its own name.
struct Claims(Vec<(TenantId, Key, State)>);

impl Derived<Stockroom> for Claims {
    fn tables(&self) -> &'static [(usize, DifferenceKind)] {
        &[(2, DifferenceKind::ClaimDiffers)]
    }

    fn see(&mut self, tenant: TenantId, key: &Key, state: &State) {
        if let (Key::Shelf(sku), State::Shelf(_)) = (key, state) {
            let claimed = State::Claim(Some("shelf".to_owned()));
            self.0.push((tenant, Key::Claim(sku.clone()), claimed));
        }
    }

    fn rows(&mut self) -> Vec<(TenantId, Key, State)> {
        std::mem::take(&mut self.0)
    }

    fn is_empty(&self, _table: usize, state: &[Value]) -> bool {
        state == [Value::Null]
    }
}

#[tokio::test]
async fn claims_are_recomputed_from_the_aggregates() {
    let database = database().await;
    let process = process(&database);
    for sku in ["pen", "ink", "cap"] {
        process.stock(tenant(1), sku, 5).await;
    }
    for (sku, holder) in [("pen", "shelf"), ("ink", "other"), ("hat", "shelf")] {
        let claim = Command::Claim(sku.to_owned(), holder.to_owned());
        process.run(tenant(1), claim).await.unwrap();
    }
    let empty = format!(
        "INSERT INTO claim VALUES ('{}', 'free', NULL)",
        tenant(1).uuid()
    );
    execute(&database, &empty).await;
    let mut log = connect(&database.log_url()).await;
    let mut claims = Claims(Vec::new());
    let mut told = 0;
    let mut progress = |report: &journal::Report| told = report.facts;
    let report = Verify::new(&Stockroom, &Stockroom)
        .unwrap()
        .derived(&mut claims)
        .progress(&mut progress)
        .run(&mut log)
        .await
        .unwrap();
    assert_eq!(told, 3);
    let mut wrong: Vec<&str> = report.differences.iter().map(|it| it.id.as_str()).collect();
    wrong.sort_unstable();
    assert_eq!(wrong, ["cap", "hat", "ink"]);
    assert!(
        report
            .differences
            .iter()
            .all(|it| it.kind == DifferenceKind::ClaimDiffers)
    );
}

#[tokio::test]
async fn differences_are_told_of_one_aggregate_alone_with_what_its_column_holds() {
    let database = stocked().await;
    execute(&database, "UPDATE shelf SET on_hand = 6").await;
    assert_eq!(verify(&database).await.found, 4);
    let mut log = connect(&database.log_url()).await;
    let verify = Verify::new(&Stockroom, &Stockroom).unwrap();
    let report = verify.only("shelf", "ink").run(&mut log).await.unwrap();
    assert_eq!(report.found, 2, "{:?}", report.differences);
    let last = number(&database, "SELECT max(position) FROM events").await;
    assert_eq!(report.position, last);
    for difference in report.differences {
        let column = difference.column.unwrap();
        assert_eq!(difference.id, "ink");
        assert_eq!((column.name, column.stored.as_str()), ("on_hand", "6"));
        assert_ne!(column.folded, "6");
    }
}
