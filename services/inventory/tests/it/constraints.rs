//! The rules of decisions stand in the tables too: each constraint refuses what breaks it.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testbed::eventually;

use crate::SOON;
use crate::bed::*;

/// What must not be, and the name of what refuses it.
const BROKEN: &[(&str, &str)] = &[
    (
        "positions SET on_hand = -1, reserved = 0, backordered = 0",
        "positions_on_hand_not_negative",
    ),
    (
        "positions SET reserved = -1, backordered = 0",
        "positions_reserved_not_negative",
    ),
    (
        "positions SET damaged = -1, quarantined = 0",
        "positions_conditions_not_negative",
    ),
    (
        "positions SET damaged = 3, quarantined = 3",
        "positions_conditions_are_on_hand",
    ),
    (
        "positions SET on_order = -1",
        "positions_inbound_not_negative",
    ),
    (
        "positions SET backordered = -1, open_shortfall = 1",
        "positions_beyond_not_negative",
    ),
    (
        "positions SET reserved = 6",
        "positions_promise_what_is_there",
    ),
    (
        "positions SET on_hand = 3",
        "positions_promise_what_is_there",
    ),
    (
        "positions SET discrepancy = -1",
        "positions_discrepancy_not_negative",
    ),
    (
        "positions SET shortfall_id = gen_random_uuid()",
        "positions_name_their_shortfall",
    ),
    (
        "positions SET reserved = 6, open_shortfall = 1, shortfall_id = gen_random_uuid()",
        "positions_shortfall_has_a_peak",
    ),
    (
        "positions SET backorder_cap = -1",
        "positions_rules_not_negative",
    ),
    (
        "positions SET policy_revision = 1",
        "positions_rules_have_a_time",
    ),
    (
        "reservations SET facts = 9",
        "reservations_count_their_facts",
    ),
    (
        "reservations SET state = 'LOST', held = 0",
        "reservations_state_is_known",
    ),
    (
        "reservations SET held = 0",
        "reservations_hold_while_active",
    ),
    (
        "reservations SET state = 'EXPIRED', held = -1",
        "reservations_held_not_negative",
    ),
    (
        "reservations SET epoch = 0",
        "reservations_timed_have_a_fence",
    ),
    (
        "reservations SET state = 'REFUSED', held = 0",
        "reservations_timed_are_never_refused",
    ),
    (
        "reservations SET state = 'EXPIRED', held = 0, expires_at = NULL, epoch = 0",
        "reservations_firm_never_expire",
    ),
    (
        "reservations SET ordinal = -1",
        "reservations_ordinal_not_negative",
    ),
    (
        "reservations SET updated_at = created_at - interval '1 s'",
        "reservations_times_in_sequence",
    ),
    (
        "shortfalls SET open_quantity = -1, closing_id = NULL, closed_at = NULL",
        "shortfalls_open_not_negative",
    ),
    (
        "shortfalls SET open_quantity = 0",
        "shortfalls_close_when_nothing_is_open",
    ),
    (
        "discrepancies SET quantity = 0",
        "discrepancies_are_of_something",
    ),
    (
        "known_products SET unit = -1",
        "known_products_unit_is_a_number",
    ),
    (
        "known_locations SET priority = -1",
        "known_locations_priority_not_negative",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn no_row_can_hold_what_no_decision_makes() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    receive(&mut staff, &[(1, 5)], 1).await.unwrap();
    reserve(&mut staff, &[(1, 5)]).await.unwrap();
    receive(&mut staff, &[(2, 5)], 1).await.unwrap();
    reserve(&mut staff, &[(2, 4)]).await.unwrap();
    adjust(&mut staff, adjusting(2, 1, -7)).await.unwrap();
    let mut admin = bed.admin().await;
    let url = bed.database.admin_url();
    let is_told = async || {
        let mut admin = PgConnection::connect(&url).await.unwrap();
        let sql = "SELECT count(*) FROM shortfalls, discrepancies";
        let told: i64 = sqlx::query_scalar(sql).fetch_one(&mut admin).await.unwrap();
        told > 0
    };
    eventually(SOON, "the troubles are told", is_told)
        .await
        .unwrap();
    for (change, constraint) in BROKEN {
        admin.execute("BEGIN").await.unwrap();
        alone(&mut admin, change.split(' ').next().unwrap(), constraint).await;
        let error = admin
            .execute(AssertSqlSafe(format!("UPDATE {change}")))
            .await
            .expect_err(change);
        let found = error.as_database_error().and_then(|it| it.constraint());
        assert_eq!(found, Some(*constraint), "{change}");
        admin.execute("ROLLBACK").await.unwrap();
    }
    let sql = "SELECT conname FROM pg_constraint
        WHERE contype = 'c' AND conrelid::regclass::text
            IN ('positions', 'reservations', 'known_products', 'known_locations',
                'shortfalls', 'discrepancies')";
    let all: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut admin).await.unwrap();
    for name in all {
        assert!(
            BROKEN.iter().any(|it| it.1 == name),
            "{name} is never broken"
        );
    }
}

/// Takes the other constraints of a table away, so that one is shown to be needed by itself.
async fn alone(admin: &mut PgConnection, table: &str, constraint: &str) {
    let sql = "SELECT conname FROM pg_constraint
        WHERE contype = 'c' AND conrelid = $1::regclass AND conname <> $2";
    let query = sqlx::query_scalar(sql).bind(table).bind(constraint);
    let others: Vec<String> = query.fetch_all(&mut *admin).await.unwrap();
    for other in others {
        let drop = format!("ALTER TABLE {table} DROP CONSTRAINT {other}");
        admin.execute(AssertSqlSafe(drop)).await.unwrap();
    }
}
