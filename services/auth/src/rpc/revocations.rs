//! Withdrawn tokens, listed and watched: every one that may still concern a living token, then each
//! as it is committed, whether there is a broker or not.

use bus::watch::{Changes, Sealer, Step};
use bus::{Recorded, Watch, Watched};
use chassis::call::Call;
use chassis::fault::Fault;
use chassis::pages::{self, Page};
use contracts::auth as pb;
use contracts::auth::watch_revocations_response::Update;
use contracts::common::{ActorType, Bookmark};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt};
use tonic::Status;
use vocab::TenantId;

use super::Rpc;
use super::convert::{self, revocation};
use crate::app::{App, Revocation, Target};
use crate::db::RevokedCursor;

/// The full name of the rpc, to which its tokens are bound.
const RPC: &str = "retail.auth.v1.SessionService/WatchRevocations";
/// How many facts are read at once for a snapshot.
const AT_ONCE: i64 = 1_000;

/// What one watcher hears of.
struct Window {
    app: App,
    /// Whose, and those of nobody; everybody's for a service.
    tenant: Option<TenantId>,
}

/// A service of the mesh hears of all tenants, everybody else of their own.
fn scope(call: &Call) -> Option<TenantId> {
    (call.caller.kind != ActorType::Service).then_some(call.tenant)
}

impl Rpc {
    pub(super) async fn revocations(
        &self,
        call: &Call,
        request: pb::ListRevocationsRequest,
    ) -> Result<pb::ListRevocationsResponse, Fault> {
        let filters = pb::ListRevocationsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request
        };
        let page = Page::of(&self.pages, call, &filters);
        let size = pages::size(request.page_size);
        let since = convert::read_time("since_time", request.since_time.as_ref())?;
        let after = page.open(&request.page_token)?;
        let tenant = scope(call);
        let mut facts = self
            .app
            .list_revoked(tenant, since, after, size + 1)
            .await?;
        let mut last = pages::cut(&mut facts, size).map(place);
        let (mut told, most) = (Vec::new(), usize::try_from(size).unwrap_or(usize::MAX));
        let mut before = None;
        for fact in &facts {
            let withdrawn = self.app.withdrawn_by(fact).await?;
            if !told.is_empty() && told.len() + withdrawn.len() > most {
                last = before;
                break;
            }
            told.extend(withdrawn);
            before = Some(place(fact));
        }
        Ok(pb::ListRevocationsResponse {
            revocations: folded(told, most)
                .iter()
                .map(revocation::revocation)
                .collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn watch_revoked(
        &self,
        call: Call,
        request: pb::WatchRevocationsRequest,
    ) -> Result<BoxStream<'static, Result<pb::WatchRevocationsResponse, Status>>, Fault> {
        let tenant = scope(&call);
        let bound = tenant.map(|it| it.to_string()).unwrap_or_default();
        let sealer = Sealer::new(self.pages.clone(), call.tenant, RPC, bound.into_bytes());
        let window = Window {
            app: self.app.clone(),
            tenant,
        };
        let token = request.resume_token;
        let watch = Watch::begin(&self.follower, window, sealer, &token).await?;
        let messages = watch.into_stream().map(|step| match step {
            Ok(step) => Ok(response(step)),
            Err(fault) => Err(Status::from(fault)),
        });
        Ok(messages.boxed())
    }
}

/// Where a fact stands in the list.
fn place(fact: &Recorded) -> RevokedCursor {
    RevokedCursor(fact.recorded_at, fact.position)
}

/// What one fact withdrew stays together: if that is more than a page holds, it becomes one entry
/// that withdraws more.
fn folded(mut told: Vec<Revocation>, most: usize) -> Vec<Revocation> {
    if told.len() > most
        && let Some(first) = told.first_mut()
        && first.tenant.is_some()
    {
        first.target = Target::Tenant;
        told.truncate(1);
    }
    told
}

impl Watched for Window {
    type Item = pb::Revocation;

    fn snapshot(&self) -> BoxFuture<'_, Result<Vec<pb::Revocation>, Fault>> {
        async move {
            let (mut all, mut after) = (Vec::new(), None);
            loop {
                let facts = self
                    .app
                    .list_revoked(self.tenant, None, after, AT_ONCE)
                    .await?;
                let full = i64::try_from(facts.len()).is_ok_and(|it| it >= AT_ONCE);
                after = facts.last().map(place);
                for fact in &facts {
                    all.extend(self.app.withdrawn_by(fact).await?);
                }
                if !full {
                    break;
                }
            }
            Ok(all.iter().map(revocation::revocation).collect())
        }
        .boxed()
    }

    fn change(&self, _recorded: &Recorded) -> Option<pb::Revocation> {
        None
    }

    /// One fact may withdraw the tokens of several keys.
    fn changes<'a>(&'a self, facts: &'a [Recorded]) -> Changes<'a, pb::Revocation> {
        async move {
            let mut changes = Vec::new();
            for (at, fact) in facts.iter().enumerate() {
                let nobodys = fact.kind == "signing_key_rotated";
                if self.tenant.is_some_and(|it| it != fact.tenant) && !nobodys {
                    continue;
                }
                for told in self.app.withdrawn_by(fact).await? {
                    changes.push((at, revocation::revocation(&told)));
                }
            }
            Ok(changes)
        }
        .boxed()
    }
}

fn response(step: Step<pb::Revocation>) -> pb::WatchRevocationsResponse {
    match step {
        Step::Item { token, item } => pb::WatchRevocationsResponse {
            resume_token: token,
            update: Some(Update::Revocation(item)),
        },
        Step::Bookmark {
            token,
            snapshot_complete,
        } => pb::WatchRevocationsResponse {
            resume_token: token,
            update: Some(Update::Bookmark(Bookmark { snapshot_complete })),
        },
    }
}
