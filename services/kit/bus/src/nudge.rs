//! A knock on the door of whoever reads the log: something was committed here.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Tells readers in this process that a commit has happened. Clones tell the same readers.
///
/// A nudge that comes while a reader works is not lost: it finds it when it waits next. Nothing
/// depends on nudges but speed, because every reader polls as well.
#[derive(Clone, Debug)]
pub struct Nudge(Arc<watch::Sender<u64>>);

/// One reader's ear.
#[derive(Clone, Debug)]
pub struct Nudged(watch::Receiver<u64>);

impl Default for Nudge {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Nudge {
    /// Says that something was committed.
    pub fn committed(&self) {
        self.0.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// A reader's ear, which hears what is said from now on.
    pub fn listen(&self) -> Nudged {
        Nudged(self.0.subscribe())
    }
}

impl From<watch::Receiver<u64>> for Nudged {
    /// Hears what a journal says of its commits.
    fn from(commits: watch::Receiver<u64>) -> Self {
        Self(commits)
    }
}

impl Nudged {
    /// Waits for a nudge, but at most so long.
    pub async fn within(&mut self, poll: Duration) {
        match tokio::time::timeout(poll, self.0.changed()).await {
            Ok(Ok(())) | Err(_) => (),
            // Nobody is left who could nudge: polling it is.
            Ok(Err(_)) => tokio::time::sleep(poll).await,
        }
    }
}
