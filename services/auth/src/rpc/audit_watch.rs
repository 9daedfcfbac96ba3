//! Watching the audit trail: each entry once it is visible, in the order of recording, with the
//! place as the token to go on from.

use std::collections::VecDeque;
use std::time::Duration;

use chassis::call::Call;
use chassis::fault::Fault;
use chassis::pages::Page;
use contracts::auth as pb;
use contracts::auth::watch_audit_entries_response::Update;
use contracts::common::Bookmark;
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, try_unfold};
use tokio::time::{Instant, sleep};
use tonic::Status;

use super::Rpc;
use super::audit::numbers;
use super::convert::audit;
use crate::db::AuditPlace;
use crate::domain::Audited;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long a watcher waits for a sign of life.
const BOOKMARK_EVERY: Duration = Duration::from_secs(15);

type Message = pb::WatchAuditEntriesResponse;

/// One watch under way.
struct Watching {
    rpc: Rpc,
    call: Call,
    wanted: pb::WatchAuditEntriesRequest,
    outcomes: Vec<i16>,
    place: AuditPlace,
    ready: VecDeque<Message>,
    bookmark_at: Instant,
}

impl Rpc {
    pub(super) async fn watch_audit(
        &self,
        call: Call,
        request: pb::WatchAuditEntriesRequest,
    ) -> Result<BoxStream<'static, Result<Message, Status>>, Fault> {
        let wanted = pb::WatchAuditEntriesRequest {
            resume_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, &call, &wanted);
        let place = match page.open(&request.resume_token)? {
            Some(place) => place,
            None => self.app.audit_now().await?,
        };
        let mut watching = Watching {
            rpc: self.clone(),
            outcomes: numbers(&wanted.outcomes),
            call,
            wanted,
            place,
            ready: VecDeque::new(),
            bookmark_at: Instant::now() + BOOKMARK_EVERY,
        };
        watching.bookmark()?;
        let messages = try_unfold(watching, |mut watching| async {
            let message = watching.next().await.map_err(Status::from)?;
            Ok(Some((message, watching)))
        });
        Ok(messages.boxed())
    }
}

impl Watching {
    async fn next(&mut self) -> Result<Message, Fault> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                self.bookmark_at = Instant::now() + BOOKMARK_EVERY;
                return Ok(message);
            }
            let from = self.place.clone();
            let (entries, behind) = self.rpc.app.audit_behind(&self.call, from).await?;
            for (it, place) in entries {
                self.place = place;
                if self.wants(&it) {
                    let entry = audit::entry(self.call.tenant, &it);
                    self.put(Some(Update::Entry(entry)))?;
                }
            }
            self.place = behind;
            if self.ready.is_empty() && Instant::now() >= self.bookmark_at {
                self.bookmark()?;
            } else if self.ready.is_empty() {
                sleep(LOOK_EVERY).await;
            }
        }
    }

    fn wants(&self, it: &Audited) -> bool {
        let (actor, thing) = (&self.wanted.actor_id, &self.wanted.aggregate_id);
        let outcome = it.act.outcome.number();
        (actor.is_empty() || *actor == it.act.actor.1)
            && (thing.is_empty() || *thing == it.act.on.1)
            && (self.outcomes.is_empty() || self.outcomes.contains(&outcome))
    }

    fn bookmark(&mut self) -> Result<(), Fault> {
        self.put(Some(Update::Bookmark(Bookmark {
            snapshot_complete: true,
        })))
    }

    fn put(&mut self, update: Option<Update>) -> Result<(), Fault> {
        let page = Page::of(&self.rpc.pages, &self.call, &self.wanted);
        let resume_token = page.seal(Some(&self.place))?;
        self.ready.push_back(Message {
            resume_token,
            update,
        });
        Ok(())
    }
}
