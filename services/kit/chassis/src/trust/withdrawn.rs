//! Which tokens were withdrawn, watched, and asked for in case the watch has gone quiet.

use std::time::Duration;

use contracts::auth as pb;
use contracts::auth::revocation::Target;
use contracts::auth::session_service_client::SessionServiceClient;
use contracts::auth::watch_revocations_response::Update;
use contracts::convert::{moment, timestamp};
use tokio::time::{sleep, timeout};
use vocab::Moment;

use super::{PATIENCE, Trust};
use crate::client::Onward;
use crate::fault;
use crate::tasks::TaskResult;
use crate::token::{Revocation, Withdrawn};

/// A watch tells at least this often that it lives.
const QUIET_MAX: Duration = Duration::from_secs(40);
/// How soon a watch begins again.
const AGAIN: Duration = Duration::from_millis(250);
/// How often the list is asked for.
const POLL: Duration = Duration::from_secs(25);
/// How soon it is asked for again after it failed.
const POLL_AGAIN: Duration = Duration::from_secs(1);
/// How much of the list is asked for again each time: clocks differ, and commits take time.
const OVERLAP: Duration = Duration::from_secs(120);
/// The size of a page.
const PAGE: i32 = 1_000;
/// The most pages of one list.
const PAGES_MAX: usize = 1_000;

/// Watches for ever.
pub(super) async fn watch(trust: Trust) -> TaskResult {
    let mut resume = String::new();
    loop {
        if let Err(error) = watched(&trust, &mut resume).await {
            // A place that is gone is begun anew; the whole list comes first then.
            resume.clear();
            tracing::debug!(
                error = fault::chain(&error),
                "watch of withdrawn tokens ended"
            );
        }
        sleep(AGAIN).await;
    }
}

async fn watched(trust: &Trust, resume: &mut String) -> Result<(), tonic::Status> {
    let channel = trust.auth.for_call(Onward::within(PATIENCE));
    let request = pb::WatchRevocationsRequest {
        resume_token: resume.clone(),
    };
    let mut client = SessionServiceClient::new(channel);
    let mut watch = client.watch_revocations(request).await?.into_inner();
    loop {
        let next = timeout(QUIET_MAX, watch.message()).await;
        let Some(message) = next.map_err(|_| tonic::Status::unavailable("quiet"))?? else {
            return Ok(());
        };
        if let Some(Update::Revocation(told)) = &message.update {
            trust.revocations.add(revocation(told), trust.clock.now());
        }
        if !message.resume_token.is_empty() {
            *resume = message.resume_token;
        }
    }
}

/// Asks for ever.
pub(super) async fn poll(trust: Trust) -> TaskResult {
    let mut since = None;
    loop {
        let began = trust.clock.now();
        match listed(&trust, since).await {
            Ok(()) => {
                let micros = i64::try_from(OVERLAP.as_micros()).unwrap_or(i64::MAX);
                since = Moment::from_micros(began.micros().saturating_sub(micros)).ok();
                sleep(POLL).await;
            }
            Err(error) => {
                tracing::debug!(error = fault::chain(&error), "withdrawn tokens not asked");
                sleep(POLL_AGAIN).await;
            }
        }
    }
}

async fn listed(trust: &Trust, since: Option<Moment>) -> Result<(), tonic::Status> {
    let mut page_token = String::new();
    for _ in 0..PAGES_MAX {
        let channel = trust.auth.for_call(Onward::within(PATIENCE));
        let request = pb::ListRevocationsRequest {
            since_time: since.map(timestamp),
            page_size: PAGE,
            page_token,
        };
        let mut client = SessionServiceClient::new(channel);
        let page = client.list_revocations(request).await?.into_inner();
        for told in &page.revocations {
            trust.revocations.add(revocation(told), trust.clock.now());
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    Ok(())
}

/// What auth tells, as it is kept. A kind that is not known concerns the whole tenant, or every
/// tenant where none is named.
pub fn revocation(told: &pb::Revocation) -> Revocation {
    let time =
        |it: &Option<_>, absent| it.as_ref().and_then(|it| moment(it).ok()).unwrap_or(absent);
    let cutoff = time(&told.cutoff_time, Moment::LAST);
    let expires = time(&told.expire_time, Moment::LAST);
    let what = match &told.target {
        Some(Target::Kid(kid)) => {
            let kid = kid.clone();
            return Revocation::Key { kid, expires };
        }
        Some(Target::SessionId(id)) => Withdrawn::Session(id.clone()),
        Some(
            Target::UserId(id)
            | Target::CustomerId(id)
            | Target::ApiKeyId(id)
            | Target::ServiceAccountId(id),
        ) => Withdrawn::Subject(id.clone()),
        Some(Target::WholeTenant(_)) | None => Withdrawn::Tenant,
    };
    match told.tenant_id.parse() {
        Ok(tenant) => Revocation::Tokens {
            tenant,
            what,
            cutoff,
            expires,
        },
        Err(_) => Revocation::All { cutoff, expires },
    }
}
