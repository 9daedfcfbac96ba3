//! A projection applies each event exactly once, is rebuilt beside itself, says where it failed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

use bus::projector::{ApplyError, Copy, projection_status, request_rebuild};
use bus::{Nudged, Projection, Projector};
use chassis::tasks::{Ending, OnFailure, OnShutdown, Tasks};
use futures_util::future::BoxFuture;
use journal::Recorded;
use sqlx::{Executor, PgConnection};
use testbed::eventually;

use crate::SOON;
use crate::bed::{Bed, Fact, fact, tenant, write};

/// Counts the notes of each stream: applied twice, it counts too much.
struct Counts {
    version: AtomicI32,
    cured: AtomicBool,
}

impl Counts {
    fn new(version: i32) -> Arc<Self> {
        Arc::new(Self {
            version: AtomicI32::new(version),
            cured: AtomicBool::new(false),
        })
    }
}

const TABLE: &str = "
    CREATE TABLE note_counts (
      copy smallint, tenant_id uuid, stream text, notes bigint NOT NULL,
      PRIMARY KEY (copy, tenant_id, stream)
    );
    ALTER TABLE note_counts ENABLE ROW LEVEL SECURITY;
    CREATE POLICY announced ON note_counts TO retail_service
      USING (tenant_id = ANY ((SELECT string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])::uuid[]));
    GRANT SELECT, INSERT, UPDATE, DELETE ON note_counts TO retail_service";

impl Projection for Counts {
    fn name(&self) -> &'static str {
        "note_counts"
    }

    fn version(&self) -> i32 {
        self.version.load(Ordering::Relaxed)
    }

    fn apply<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
        events: &'c [Recorded],
    ) -> BoxFuture<'c, Result<(), ApplyError>> {
        Box::pin(async move {
            for event in events {
                if event.stream_id == "bad" && !self.cured.load(Ordering::Relaxed) {
                    return Err(ApplyError::Inapplicable {
                        event: event.event_id,
                        why: "it is bad".to_owned(),
                    });
                }
                let sql = "INSERT INTO note_counts AS c VALUES ($1, $2, $3, 1)
                    ON CONFLICT (copy, tenant_id, stream) DO UPDATE SET notes = c.notes + 1";
                sqlx::query(sql)
                    .bind(copy.number())
                    .bind(event.tenant.uuid())
                    .bind(&event.stream_id)
                    .execute(&mut *connection)
                    .await?;
            }
            Ok(())
        })
    }

    fn clear<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move {
            let delete = sqlx::query("DELETE FROM note_counts WHERE copy = $1");
            let deleted = delete.bind(copy.number()).execute(connection).await;
            deleted.map(|_| ())
        })
    }
}

async fn bed(context: &'static str) -> Bed {
    let bed = Bed::shared(context).await;
    bed.admin().await.execute(TABLE).await.unwrap();
    bed
}

fn start(bed: &Bed, tasks: &Tasks, projection: Arc<Counts>) {
    let service = bed.role("retail_service", &bed.database.url());
    let projector = Projector::new(projection, bed.log(), service, Nudged::default(), "replica");
    let run = move |shutdown| projector.clone().run(shutdown);
    tasks.spawn("projector", OnFailure::Fatal, OnShutdown::Abort, run);
}

/// Waits until the served copy counts so many notes of each of some streams.
async fn counted(bed: &Bed, expected: &[(&str, i64)]) {
    let expected: Vec<(String, i64)> = expected
        .iter()
        .map(|(stream, it)| ((*stream).to_owned(), *it))
        .collect();
    let there = async || {
        let sql = "SELECT c.stream, c.notes FROM note_counts c
            JOIN projection_cursors p ON p.served_copy = c.copy ORDER BY c.stream, c.notes";
        let mut admin = bed.admin().await;
        let found: Vec<(String, i64)> = sqlx::query_as(sql).fetch_all(&mut admin).await.unwrap();
        if found == expected {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    };
    eventually(SOON, "the notes are counted", there)
        .await
        .unwrap();
}

#[tokio::test]
async fn each_event_is_applied_exactly_once_whoever_leads() {
    let bed = bed("project_once").await;
    let first = Tasks::default();
    start(&bed, &first, Counts::new(1));
    let mut admin = bed.admin().await;
    for version in 1..=7 {
        write(&mut admin, &fact("a", version)).await;
    }
    let other = Fact {
        tenant: tenant(2),
        ..fact("a", 1)
    };
    write(&mut admin, &other).await;
    counted(&bed, &[("a", 1), ("a", 7)]).await;
    first.end(&Ending::within(Duration::from_secs(5))).await;
    start(&bed, &bed.tasks, Counts::new(1));
    write(&mut admin, &fact("a", 8)).await;
    counted(&bed, &[("a", 1), ("a", 8)]).await;
    let status = projection_status(&mut admin, "note_counts")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (status.state.as_str(), status.lag, status.position),
        ("live", 0, 9)
    );
}

#[tokio::test]
async fn a_build_that_projects_otherwise_fills_a_second_copy() {
    let bed = bed("project_newer").await;
    let first = Tasks::default();
    start(&bed, &first, Counts::new(1));
    let mut admin = bed.admin().await;
    for version in 1..=5 {
        write(&mut admin, &fact("a", version)).await;
    }
    counted(&bed, &[("a", 5)]).await;
    first.end(&Ending::within(Duration::from_secs(5))).await;
    start(&bed, &bed.tasks, Counts::new(2));
    served(&bed, 1, 2).await;
    counted(&bed, &[("a", 5)]).await;
    write(&mut admin, &fact("a", 6)).await;
    counted(&bed, &[("a", 6)]).await;
    // On command it goes back to the first copy, which is emptied before.
    assert!(
        request_rebuild(&mut admin, "note_counts", (1, "usr"))
            .await
            .unwrap()
    );
    served(&bed, 0, 2).await;
    counted(&bed, &[("a", 6)]).await;
}

async fn served(bed: &Bed, copy: i16, version: i32) {
    let exchanged = async || {
        let mut admin = bed.admin().await;
        let sql = "SELECT served_copy, projector_version FROM projection_cursors";
        let found: (i16, i32) = sqlx::query_as(sql).fetch_one(&mut admin).await.unwrap();
        if found == (copy, version) {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    };
    eventually(SOON, "the copies are exchanged", exchanged)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_projection_stands_still_at_what_it_cannot_apply_until_it_is_rebuilt() {
    let bed = bed("project_failed").await;
    let counts = Counts::new(1);
    start(&bed, &bed.tasks, counts.clone());
    let mut admin = bed.admin().await;
    write(&mut admin, &fact("a", 1)).await;
    counted(&bed, &[("a", 1)]).await;
    write(&mut admin, &fact("bad", 1)).await;
    let failed = async || {
        let status = projection_status(&mut admin, "note_counts")
            .await
            .unwrap()
            .unwrap();
        status.state == "failed" && status.failed_event.is_some() && status.lag == 1
    };
    eventually(SOON, "it has failed", failed).await.unwrap();
    counted(&bed, &[("a", 1)]).await;
    counts.cured.store(true, Ordering::Relaxed);
    let mut admin = bed.admin().await;
    assert!(
        request_rebuild(&mut admin, "note_counts", (1, "usr"))
            .await
            .unwrap()
    );
    counted(&bed, &[("a", 1), ("bad", 1)]).await;
}
