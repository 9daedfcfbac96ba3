//! Verifications: runs that refold every stream and compare, begun, watched and cancelled.
//!
//! **Invariant:** one runs at a time in a service; one whose process died is told of as FAILED.

use chassis::fault::Fault;
use chassis::tasks::{OnFailure, OnShutdown};
use contracts::common::Actor;
use contracts::ops as pb;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;
use vocab::{Id, TenantId, VerificationId};

use super::once::{Begun, Once};
use super::projections::judged;
use super::refold::Scope;
use super::times::timestamp;
use super::{Asker, Ops, VERIFICATION_ENDED, VERIFICATION_RUNNING, damaged, page_size};

mod rows;
mod run;

use rows::{End, Run, Wanted};
use run::{Job, Turn, clear, settle};

const START: &str = "retail.ops.v1.OpsService/StartVerification";
/// How many differences are shown with a run itself.
const SHOWN: i64 = 20;

impl Ops {
    /// Starts a run, which goes on in this process.
    pub async fn start_verification(
        &self,
        asker: &Asker,
        message: pb::StartVerificationRequest,
    ) -> Result<pb::StartVerificationResponse, Fault> {
        self.here(&message.service)?;
        let mut once = match self.once(asker, START).await? {
            Begun::Known(answer) => return Ok(answer),
            Begun::First(once) => once,
        };
        let turn = self.turn(&mut once).await?;
        let scope = Scope {
            aggregate_type: message.aggregate_type,
            aggregate_id: message.aggregate_id,
        };
        let run = self.begun(&mut once, asker, &scope).await?;
        let job = Job {
            id: Id::from_uuid(run.verification_id),
            scope,
            turn,
            refold: self.parts().refold.clone(),
            pool: self.parts().log.clone(),
        };
        let verification = Some(self.verification(run, Vec::new()));
        let answer = pb::StartVerificationResponse { verification };
        let answer = once.keep(answer).await?;
        self.spawn(job);
        Ok(answer)
    }

    async fn turn(&self, once: &mut Once) -> Result<Turn, Fault> {
        let parts = self.parts();
        let options = parts.follower.log();
        let taken = Turn::take(options, parts.service, once.connection()).await?;
        taken.map_err(|running| {
            let id: VerificationId = Id::from_uuid(running.verification_id);
            let message = "another verification of this service is running";
            let fault = Fault::new(VERIFICATION_RUNNING, message);
            fault.with("verification_id", id.to_string())
        })
    }

    async fn begun(&self, once: &mut Once, asker: &Asker, scope: &Scope) -> Result<Run, Fault> {
        clear(once.connection()).await?;
        let kind: i32 = asker.actor.kind.into();
        let actor = (
            i16::try_from(kind).unwrap_or_default(),
            asker.actor.id.as_str(),
        );
        let inserted = rows::insert(once.connection(), scope, actor).await;
        let id = inserted.map_err(journal::fault)?;
        let run = rows::find(once.connection(), id).await;
        let run = run.map_err(journal::fault)?;
        run.ok_or_else(|| damaged("a verification that was just begun"))
    }

    /// A run is begun once: one whose code fails is not begun again, but found without its lock.
    fn spawn(&self, job: Job) {
        let mut job = Some(job);
        let once = OnFailure::Restart {
            pause: std::time::Duration::from_secs(1),
            pause_max: std::time::Duration::from_secs(1),
        };
        let tasks = &self.parts().tasks;
        tasks.spawn("verification", once, OnShutdown::Abort, move |_| {
            let job = job.take();
            async move {
                match job {
                    Some(job) => job.run().await,
                    None => Ok(()),
                }
            }
        });
    }

    /// Returns a run and how far it has come.
    pub async fn find_verification(
        &self,
        message: pb::GetVerificationRequest,
    ) -> Result<pb::GetVerificationResponse, Fault> {
        self.here(&message.service)?;
        self.settled().await?;
        let verification = Some(self.shown(&message.verification_id).await?);
        Ok(pb::GetVerificationResponse { verification })
    }

    /// Lists the runs of the last 30 days, newest first.
    pub async fn list_verifications(
        &self,
        asker: &Asker,
        message: pb::ListVerificationsRequest,
    ) -> Result<pb::ListVerificationsResponse, Fault> {
        self.here(&message.service)?;
        let list = "ListVerifications";
        let before = self.opened(asker, list, &message.page_token)?;
        let before = before.as_deref().and_then(place_of);
        self.settled().await?;
        let size = page_size(message.page_size);
        let mut connection = self.of_log().await?;
        let runs = rows::list(&mut connection, before, most(size)).await;
        let mut runs = runs.map_err(journal::fault)?;
        let more = runs.len() > size;
        runs.truncate(size);
        let next_page_token = match runs.last().filter(|_| more) {
            Some(last) => self.sealed(asker, list, &place(last))?,
            None => String::new(),
        };
        let runs = runs.into_iter();
        Ok(pb::ListVerificationsResponse {
            verifications: runs.map(|it| self.verification(it, Vec::new())).collect(),
            next_page_token,
        })
    }

    /// Lists what a run found, as far as it has come.
    pub async fn list_verification_differences(
        &self,
        asker: &Asker,
        message: pb::ListVerificationDifferencesRequest,
    ) -> Result<pb::ListVerificationDifferencesResponse, Fault> {
        self.here(&message.service)?;
        let list = format!(
            "ListVerificationDifferences {} {}",
            message.verification_id, message.kind
        );
        let after = self.opened(asker, &list, &message.page_token)?;
        let size = page_size(message.page_size);
        let mut connection = self.of_log().await?;
        let run = run_of(&mut connection, &message.verification_id).await?;
        let wanted = Wanted {
            verification: Id::from_uuid(run.verification_id),
            kind: message.kind,
            after: after.and_then(|it| it.parse().ok()).unwrap_or(0),
            most: most(size),
        };
        let found = rows::differences(&mut connection, &wanted).await;
        let mut found = found.map_err(journal::fault)?;
        let more = found.len() > size;
        found.truncate(size);
        let next_page_token = match found.last().filter(|_| more) {
            Some(last) => self.sealed(asker, &list, &last.number.to_string())?,
            None => String::new(),
        };
        Ok(pb::ListVerificationDifferencesResponse {
            differences: found.into_iter().map(difference).collect(),
            next_page_token,
        })
    }

    /// Ends a run; whoever runs it sees that within half a second and lets go of its snapshot.
    pub async fn cancel_verification(
        &self,
        message: pb::CancelVerificationRequest,
    ) -> Result<pb::CancelVerificationResponse, Fault> {
        self.here(&message.service)?;
        self.settled().await?;
        let mut connection = self.of_log().await?;
        let run = run_of(&mut connection, &message.verification_id).await?;
        let cancelled = End {
            state: "cancelled",
            error: "",
        };
        let id = Id::from_uuid(run.verification_id);
        let ended = rows::end(&mut connection, id, cancelled).await;
        ended.map_err(journal::fault)?;
        drop(connection);
        let verification = self.shown(&message.verification_id).await?;
        if verification.state() != pb::VerificationState::Cancelled {
            let state = verification.state().as_str_name();
            let fault = Fault::new(VERIFICATION_ENDED, "the verification has ended");
            return Err(fault.with("state", state));
        }
        let verification = Some(verification);
        Ok(pb::CancelVerificationResponse { verification })
    }

    async fn settled(&self) -> Result<(), Fault> {
        let parts = self.parts();
        settle(&parts.log, parts.service).await
    }

    /// A run with its first differences.
    async fn shown(&self, text: &str) -> Result<pb::Verification, Fault> {
        let mut connection = self.of_log().await?;
        let run = run_of(&mut connection, text).await?;
        let wanted = Wanted {
            verification: Id::from_uuid(run.verification_id),
            kind: 0,
            after: 0,
            most: SHOWN,
        };
        let found = rows::differences(&mut connection, &wanted).await;
        let found = found.map_err(journal::fault)?;
        Ok(self.verification(run, found.into_iter().map(difference).collect()))
    }

    fn verification(
        &self,
        run: Run,
        differences: Vec<pb::VerificationDifference>,
    ) -> pb::Verification {
        let id: VerificationId = Id::from_uuid(run.verification_id);
        pb::Verification {
            verification_id: id.to_string(),
            service: self.parts().service.to_owned(),
            state: state_of(&run.state).into(),
            aggregate_type: run.aggregate_type,
            aggregate_id: run.aggregate_id,
            stream_count: run.stream_count,
            event_count: run.event_count,
            difference_count: run.difference_count,
            differences,
            position: run.position,
            error: run.error,
            actor: Some(Actor {
                r#type: run.actor_type.into(),
                actor_id: run.actor_id,
            }),
            start_time: timestamp(Some(run.started_at)),
            end_time: timestamp(run.ended_at),
        }
    }
}

async fn run_of(connection: &mut PgConnection, text: &str) -> Result<Run, Fault> {
    let missing = || Fault::missing("verification", text);
    let id: VerificationId = judged(text).ok_or_else(missing)?;
    let run = rows::find(connection, id).await.map_err(journal::fault)?;
    run.ok_or_else(missing)
}

fn state_of(word: &str) -> pb::VerificationState {
    match word {
        "running" => pb::VerificationState::Running,
        "clean" => pb::VerificationState::Clean,
        "different" => pb::VerificationState::Different,
        "cancelled" => pb::VerificationState::Cancelled,
        _ => pb::VerificationState::Failed,
    }
}

fn difference(row: rows::Row) -> pb::VerificationDifference {
    let tenant: TenantId = Id::from_uuid(row.tenant_id);
    pb::VerificationDifference {
        kind: row.kind,
        tenant_id: tenant.to_string(),
        aggregate_type: row.aggregate_type,
        aggregate_id: row.aggregate_id,
        version: row.version,
        field: row.field,
        stored_value: row.stored_value,
        folded_value: row.folded_value,
    }
}

/// One more than a page, to see whether there is another.
fn most(size: usize) -> i64 {
    i64::try_from(size + 1).unwrap_or(i64::MAX)
}

/// Where a page ended, to the microsecond that the database keeps.
fn place(run: &Run) -> String {
    let since = run.started_at - OffsetDateTime::UNIX_EPOCH;
    format!("{} {}", since.whole_microseconds(), run.verification_id)
}

fn place_of(text: &str) -> Option<(i64, Uuid)> {
    let (micros, id) = text.split_once(' ')?;
    Some((micros.parse().ok()?, id.parse().ok()?))
}
