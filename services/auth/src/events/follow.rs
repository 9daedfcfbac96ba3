//! Keeps what this process has in memory in step with the log, whoever wrote it: the keys that sign
//! and the tokens that are withdrawn.

use bus::{Follower, Recorded};
use chassis::fault::Fault;
use chassis::tasks::{Shutdown, TaskResult};
use chassis::token::{Revocation as Refused, Revocations};
use chassis::trust::revocation as refused;

use crate::app::App;
use crate::db::RevokedCursor;
use crate::rpc::convert::revocation;

/// How many facts are read at once.
const AT_ONCE: i64 = 1_000;

/// Follows the log until the process ends. Whoever missed something begins again with all there is.
pub async fn keep_current(
    follower: Follower,
    app: App,
    revocations: Revocations,
    shutdown: Shutdown,
) -> TaskResult {
    let mut subscription = follower.subscribe().await?;
    app.take_keys().await?;
    load(&app, &revocations).await?;
    loop {
        let told = tokio::select! {
            told = subscription.next() => told,
            () = shutdown.requested() => return Ok(()),
        };
        let delta = told?;
        for fact in delta.facts.iter() {
            if fact.kind == "signing_key_rotated" {
                app.take_keys().await?;
            }
            withdraw(&app, &revocations, fact).await?;
        }
    }
}

async fn load(app: &App, revocations: &Revocations) -> Result<(), Fault> {
    let mut after = None;
    loop {
        let facts = app.list_revoked(None, None, after, AT_ONCE).await?;
        for fact in &facts {
            withdraw(app, revocations, fact).await?;
        }
        let full = i64::try_from(facts.len()).is_ok_and(|it| it >= AT_ONCE);
        after = facts
            .last()
            .map(|it| RevokedCursor(it.recorded_at, it.position));
        if !full {
            return Ok(());
        }
    }
}

async fn withdraw(app: &App, revocations: &Revocations, fact: &Recorded) -> Result<(), Fault> {
    for told in app.withdrawn_by(fact).await? {
        let told: Refused = refused(&revocation::revocation(&told));
        revocations.add(told, app.now());
    }
    Ok(())
}
