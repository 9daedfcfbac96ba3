//! What a follower tells, and the ear of one listener.

use std::sync::Arc;

use journal::Recorded;
use thiserror::Error;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Heard;
use crate::log::{Place, Snapshot};

/// Facts that became visible together, in order of position.
#[derive(Clone, Debug)]
pub struct Delta {
    /// Whose log it is.
    pub place: Place,
    /// What was heard before.
    pub old: Snapshot,
    /// What was heard when these were.
    pub new: Snapshot,
    /// What became visible between the two.
    pub facts: Arc<[Recorded]>,
    /// Whether facts are left out: too many at once, or the database is another one.
    pub(super) missed: bool,
}

impl Delta {
    pub(super) fn missed(place: Place, at: Snapshot) -> Self {
        Self {
            place,
            old: at.clone(),
            new: at,
            facts: Arc::new([]),
            missed: true,
        }
    }
}

/// Says that a listener did not hear everything and has to load anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Missed {
    /// It was too slow, and fell out of the buffer.
    #[error("the listener was too slow")]
    TooSlow,
    /// The log was restored to an earlier point, or jumped.
    #[error("the log is not the one that was followed")]
    Jumped,
    /// The follower has ended.
    #[error("the follower has ended")]
    Ended,
}

/// One listener.
pub struct Subscription {
    receiver: broadcast::Receiver<Arc<Delta>>,
    from: Heard,
}

impl Subscription {
    pub(super) fn new(receiver: broadcast::Receiver<Arc<Delta>>, from: Heard) -> Self {
        Self { receiver, from }
    }

    /// The snapshot that it began with: what this shows is not told.
    pub fn from(&self) -> &Snapshot {
        &self.from.snapshot
    }

    /// The log that it began with.
    pub fn place(&self) -> &Place {
        &self.from.place
    }

    /// Waits for the next facts. Dropping the wait loses nothing.
    pub async fn next(&mut self) -> Result<Arc<Delta>, Missed> {
        loop {
            let delta = self.receiver.recv().await.map_err(|error| match error {
                RecvError::Lagged(_) => Missed::TooSlow,
                RecvError::Closed => Missed::Ended,
            })?;
            let same = delta.place == self.from.place;
            // Told between the ear and the place: known already.
            if same && delta.missed && delta.new == self.from.snapshot {
                continue;
            }
            if delta.missed || !same {
                return Err(Missed::Jumped);
            }
            if delta
                .facts
                .iter()
                .all(|it| self.from.snapshot.shows(it.xid))
            {
                continue;
            }
            return Ok(delta);
        }
    }
}
