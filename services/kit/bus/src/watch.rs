//! Watches: a snapshot, a bookmark, then changes as they are committed, with tokens to go on from.
//!
//! A token names a place in the owner's log, never one at the broker, so it stays good whatever
//! becomes of that. **Invariant:** between two tokens of one watch nothing is left out; what a
//! break makes uncertain is told again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use chassis::fault::Fault;
use contracts::common::ErrorReason;
use futures_util::future::BoxFuture;
use futures_util::{Stream, stream};
use journal::Recorded;
use tokio::time::Instant;

use crate::follower::{FACTS_MAX, Follower, Missed, Subscription};
use crate::log::{Log, LogError, Snapshot};

mod token;

pub use token::{Sealer, Token};

/// How long a watcher waits for a sign of life.
const BOOKMARK_EVERY: Duration = Duration::from_secs(15);

/// What facts mean to a watcher, each with the number of its fact.
pub type Changes<'a, T> = BoxFuture<'a, Result<Vec<(usize, T)>, Fault>>;

/// What is watched: its present state, and how facts change it.
pub trait Watched: Send + Sync + 'static {
    /// What a watcher gets.
    type Item: Send + 'static;

    /// Loads the present state as the caller may see it. Called after listening began.
    fn snapshot(&self) -> BoxFuture<'_, Result<Vec<Self::Item>, Fault>>;

    /// What a fact means to this watcher; nothing where its filter leaves it out.
    fn change(&self, recorded: &Recorded) -> Option<Self::Item>;

    /// Looks up what changes mean, where the facts alone do not say it.
    fn changes<'a>(&'a self, facts: &'a [Recorded]) -> Changes<'a, Self::Item> {
        let changes = facts.iter().enumerate();
        let changes = changes.filter_map(|(at, it)| Some((at, self.change(it)?)));
        let changes = changes.collect();
        Box::pin(async move { Ok(changes) })
    }
}

/// One message of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// A part of the snapshot, or a change.
    Item {
        /// To go on behind it; empty while the snapshot is sent.
        token: String,
        /// What it is.
        item: T,
    },
    /// Progress without a change.
    Bookmark {
        /// To go on from here.
        token: String,
        /// Whether the snapshot has been sent.
        snapshot_complete: bool,
    },
}

/// A watch under way.
pub struct Watch<W: Watched> {
    watched: W,
    sealer: Sealer,
    subscription: Subscription,
    /// What the watcher has been told of.
    told: Snapshot,
    ready: VecDeque<Step<W::Item>>,
    bookmark_at: Instant,
}

impl<W: Watched> Watch<W> {
    /// Begins with the present state, or behind the token that a broken watch ended with.
    pub async fn begin(
        follower: &Follower,
        watched: W,
        sealer: Sealer,
        resume: &str,
    ) -> Result<Self, Fault> {
        let subscription = follower.subscribe().await?;
        let mut watch = Self {
            told: subscription.from().clone(),
            watched,
            sealer,
            subscription,
            ready: VecDeque::new(),
            bookmark_at: Instant::now() + BOOKMARK_EVERY,
        };
        if resume.is_empty() {
            for item in watch.watched.snapshot().await? {
                let token = String::new();
                watch.ready.push_back(Step::Item { token, item });
            }
        } else {
            let token = watch.sealer.open(resume)?;
            watch.catch_up(follower, token).await?;
        }
        watch.bookmark();
        Ok(watch)
    }

    /// The messages as a stream that ends with its first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Step<W::Item>, Fault>> + Send {
        stream::try_unfold(self, |mut watch| async {
            let step = watch.next().await?;
            Ok(Some((step, watch)))
        })
    }

    /// Waits for the next message.
    pub async fn next(&mut self) -> Result<Step<W::Item>, Fault> {
        loop {
            if let Some(step) = self.ready.pop_front() {
                self.bookmark_at = Instant::now() + BOOKMARK_EVERY;
                return Ok(step);
            }
            match tokio::time::timeout_at(self.bookmark_at, self.subscription.next()).await {
                Err(_) => self.bookmark(),
                Ok(Err(missed)) => return Err(fault_of(missed)),
                Ok(Ok(delta)) => {
                    let (old, new) = (delta.old.clone(), delta.new.clone());
                    self.tell(&delta.facts, &old, &new).await?;
                }
            }
        }
    }

    /// Reads what was committed between the token and what the follower tells of.
    async fn catch_up(&mut self, follower: &Follower, token: Token) -> Result<(), Fault> {
        if token.place != *self.subscription.place() {
            return Err(expired());
        }
        let mut log = Log::open(follower.log()).await.map_err(log_fault)?;
        if let Some((old, position)) = &token.within {
            let facts = read(&mut log, old, &token.snapshot).await?;
            let rest: Vec<Recorded> = facts
                .into_iter()
                .filter(|it| it.position > *position)
                .collect();
            self.told = old.clone();
            self.tell_all(&rest, old, &token.snapshot).await?;
        }
        let until = self.subscription.from().clone();
        let facts = read(&mut log, &token.snapshot, &until).await?;
        self.told = token.snapshot.clone();
        self.tell_all(&facts, &token.snapshot, &until).await?;
        // A token of a replica that was ahead of this one knows more than the follower told.
        if token.snapshot.behind() < until.behind() {
            self.told = until;
        }
        Ok(())
    }

    /// Tells of facts, but for those that the watcher has been told of.
    async fn tell(
        &mut self,
        facts: &Arc<[Recorded]>,
        old: &Snapshot,
        new: &Snapshot,
    ) -> Result<(), Fault> {
        let known = facts.iter().any(|it| self.told.shows(it.xid));
        if !known {
            self.tell_all(facts, old, new).await?;
        } else {
            let told = &self.told;
            let unknown = facts.iter().filter(|it| !told.shows(it.xid));
            let unknown: Vec<Recorded> = unknown.cloned().collect();
            self.tell_all(&unknown, old, new).await?;
        }
        if new.behind() >= self.told.behind() {
            self.told = new.clone();
        }
        Ok(())
    }

    async fn tell_all(
        &mut self,
        facts: &[Recorded],
        old: &Snapshot,
        new: &Snapshot,
    ) -> Result<(), Fault> {
        let place = self.subscription.place().clone();
        let last = facts.len().saturating_sub(1);
        let changes = self.watched.changes(facts).await?;
        for (at, item) in changes {
            let position = facts.get(at).map(|it| it.position).unwrap_or_default();
            let within = (at < last).then(|| (old.clone(), position));
            let token = Token {
                place: place.clone(),
                snapshot: new.clone(),
                within,
            };
            let token = self.sealer.seal(&token)?;
            self.ready.push_back(Step::Item { token, item });
        }
        Ok(())
    }

    fn bookmark(&mut self) {
        let token = Token {
            place: self.subscription.place().clone(),
            snapshot: self.told.clone(),
            within: None,
        };
        // A token that does not fit is left out; the watch goes on without it.
        let token = self.sealer.seal(&token).unwrap_or_default();
        self.ready.push_back(Step::Bookmark {
            token,
            snapshot_complete: true,
        });
    }
}

/// Reads a bounded difference; more than that is no resumption but a new watch.
async fn read(log: &mut Log, old: &Snapshot, new: &Snapshot) -> Result<Vec<Recorded>, Fault> {
    let mut pass = log.between(old, new).await.map_err(log_fault)?;
    let mut facts = Vec::new();
    while let Some(chunk) = pass.next().await.map_err(log_fault)? {
        facts.extend(chunk);
        if pass.read() > FACTS_MAX {
            pass.give_up().await.map_err(log_fault)?;
            return Err(expired());
        }
    }
    pass.end().await.map_err(log_fault)?;
    Ok(facts)
}

fn expired() -> Fault {
    let message = "the resume token points behind what is kept";
    Fault::shared(ErrorReason::ResumeTokenExpired, message)
}

fn fault_of(missed: Missed) -> Fault {
    match missed {
        Missed::TooSlow => {
            let message = "the watcher read too slowly";
            Fault::shared(ErrorReason::WatcherTooSlow, message)
        }
        Missed::Jumped => expired(),
        Missed::Ended => Fault::unavailable("log"),
    }
}

/// What an error of the log means to a caller.
pub(crate) fn log_fault(error: LogError) -> Fault {
    match error {
        LogError::Database(error) => journal::fault(error),
        LogError::Late | LogError::Standby => Fault::unavailable("database").because(error),
        LogError::Damaged(_) => Fault::bug(error),
    }
}
