//! What is told to the audit trail beside facts: sign-ins, refusals, reads of personal data.
//!
//! It costs its call no time: it is put aside and recorded in a moment. What does not fit is
//! counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chassis::call::ActorType;
use chassis::call::Call;
use chassis::deadline::Deadline;
use chassis::fault::Fault;
use chassis::trust::Refused;
use journal::Submission;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use vocab::TenantId;

use super::App;
use crate::domain::{Act, Command, Outcome};

/// How many acts wait at most.
const WAITING_MAX: usize = 10_000;
/// How many are recorded at once.
const AT_ONCE: usize = 500;
/// How long recording may take.
const BUDGET: Duration = Duration::from_secs(5);
/// As what it appears in facts.
const METHOD: &str = "retail.auth.v1.jobs/Witness";

/// Acts on their way to the trail. Clones share them.
#[derive(Clone)]
pub struct Witness {
    acts: Sender<(TenantId, Act)>,
    seen: Arc<Mutex<Receiver<(TenantId, Act)>>>,
    dropped: Arc<AtomicU64>,
}

impl Witness {
    /// Nothing was seen yet.
    pub fn new() -> Self {
        let (acts, seen) = channel(WAITING_MAX);
        Self {
            acts,
            seen: Arc::new(Mutex::new(seen)),
            dropped: Arc::default(),
        }
    }

    fn put(&self, tenant: TenantId, act: Act) {
        if self.acts.try_send((tenant, act)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl App {
    /// Tells that somebody who proved to be a user or machine signed in, or did not.
    pub(super) fn saw(
        &self,
        call: &Call,
        (tenant, actor): (TenantId, (ActorType, String)),
        outcome: Outcome,
        reason: &str,
    ) {
        if let Ok(mut act) = self.act(call, actor) {
            act.outcome = outcome;
            act.reason = reason.to_owned();
            self.0.witness.put(tenant, act);
        }
    }

    /// Tells that somebody tried to get in who is not known.
    pub(super) fn saw_stranger(&self, call: &Call, tenant: TenantId, reason: &str) {
        let system = (ActorType::System, "system".to_owned());
        self.saw(call, (tenant, system), Outcome::Denied, reason);
    }

    /// Tells that somebody read what is personal.
    pub(super) fn saw_read(&self, call: &Call, (kind, id): (&str, String)) {
        let actor = (call.caller.kind, call.caller.id.clone());
        if let Ok(mut act) = self.act(call, actor) {
            act.on = (kind.to_owned(), id, 0);
            act.session = session_of(&call.caller.session);
            self.0.witness.put(call.tenant, act);
        }
    }

    /// Records what was seen, until the process ends.
    pub async fn record_seen(&self) {
        let mut seen = self.0.witness.seen.lock().await;
        let mut first = seen.recv().await;
        while let Some((tenant, act)) = first.take() {
            let mut acts = vec![act];
            // Those of one tenant are recorded together.
            while acts.len() < AT_ONCE {
                match seen.try_recv() {
                    Ok((of, act)) if of == tenant => acts.push(act),
                    Ok(other) => {
                        first = Some(other);
                        break;
                    }
                    Err(_) => break,
                }
            }
            self.record_acts(tenant, acts).await;
            if first.is_none() {
                first = seen.recv().await;
            }
        }
    }

    /// Records whom this service refused itself.
    pub async fn record_refused(&self, refused: Vec<Refused>) {
        let Some(tenant) = refused.first().map(|it| it.tenant) else {
            return;
        };
        let mut acts = Vec::with_capacity(refused.len());
        for it in refused {
            let actor = it.actor.r#type();
            let Ok(id) = self.draw().map(|mut it| it.id()) else {
                continue;
            };
            acts.push(Act {
                id,
                actor: (
                    i16::try_from(i32::from(actor)).unwrap_or_default(),
                    it.actor.actor_id,
                ),
                method: it.method.to_string(),
                outcome: Outcome::Denied,
                reason: it.reason,
                permission: it.permission,
                on: (String::new(), String::new(), 0),
                event: None,
                correlation: it.correlation,
                request_id: String::new(),
                trace_id: it.trace_id,
                session: session_of(&it.session),
                at: it.at,
            });
        }
        self.record_acts(tenant, acts).await;
    }

    async fn record_acts(&self, tenant: TenantId, acts: Vec<Act>) {
        let deadline = Deadline::within(BUDGET);
        let submission = Submission::of_service("auth", tenant, METHOD, deadline);
        if let Err(fault) = self.submit(submission, Command::Record(acts)).await {
            let error = chassis::fault::chain(&fault);
            tracing::error!(error, "acts not recorded");
        }
    }

    fn act(&self, call: &Call, (kind, id): (ActorType, String)) -> Result<Act, Fault> {
        let trace = call.trace.as_ref().map(|it| it.trace_id());
        Ok(Act {
            id: self.draw()?.id(),
            actor: (i16::try_from(i32::from(kind)).unwrap_or_default(), id),
            method: call.method.to_string(),
            outcome: Outcome::Allowed,
            reason: String::new(),
            permission: String::new(),
            on: (String::new(), String::new(), 0),
            event: None,
            correlation: call.correlation.clone(),
            request_id: String::new(),
            trace_id: trace.unwrap_or_default(),
            session: String::new(),
            at: self.0.clock.now(),
        })
    }
}

/// The session of a token, where it is one that somebody began.
fn session_of(text: &str) -> String {
    let id = text.parse::<vocab::SessionId>();
    id.map(|it| it.to_string()).unwrap_or_default()
}
