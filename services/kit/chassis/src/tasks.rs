//! Named tasks under supervision, and the end of a process in order.
//!
//! Whoever starts a task says what happens if it fails and what happens at shutdown. A panic is
//! caught and counted, and is a failure like any other. **Invariant:** when [`Tasks::end`] returns,
//! no task is waited for any more, and the grace period was kept.

use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::instrument::WithSubscriber;

mod counts;
mod ending;
mod shutdown;
mod supervisor;
#[cfg(test)]
mod tests;

pub use counts::TaskCounts;
pub use ending::Ending;
pub use shutdown::Shutdown;

use counts::Counters;
use supervisor::Supervisor;

/// How a task ends by itself.
pub type TaskResult = Result<(), Box<dyn Error + Send + Sync>>;

/// What happens if a task fails or panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The whole process shuts down.
    Fatal,
    /// It starts again after a pause, which doubles up to a limit while it keeps failing.
    Restart {
        /// The first pause.
        pause: Duration,
        /// The longest pause. A task that ran for longer begins with the first pause again.
        pause_max: Duration,
    },
}

/// What happens to a task at shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnShutdown {
    /// It is told through its [`Shutdown`] and may finish within the grace period.
    Drain,
    /// It is dropped at its next point of waiting.
    Abort,
}

/// A task that failed and took the process with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FatalTask {
    /// Its name.
    pub name: &'static str,
    /// Its error with all causes, or the text of its panic; for our own log.
    pub why: String,
}

/// The tasks of one service. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    tracker: TaskTracker,
    shutdown: CancellationToken,
    /// Ends what did not end by itself.
    cut: CancellationToken,
    counters: Mutex<BTreeMap<&'static str, Arc<Counters>>>,
    fatal: Mutex<Option<FatalTask>>,
}

impl Tasks {
    /// The shutdown of this service, to hand to whatever has to know of it.
    pub fn shutdown(&self) -> Shutdown {
        Shutdown::new(self.0.shutdown.clone())
    }

    /// Asks all tasks to end. [`Tasks::end`] waits for them.
    pub fn request_shutdown(&self) {
        self.0.shutdown.cancel();
    }

    /// Starts a task, watched as the caller is. `work` is called again for each restart.
    pub fn spawn<W, F>(
        &self,
        name: &'static str,
        on_failure: OnFailure,
        on_shutdown: OnShutdown,
        work: W,
    ) where
        W: FnMut(Shutdown) -> F + Send + 'static,
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let supervisor = Supervisor {
            name,
            on_failure,
            on_shutdown,
            tasks: self.clone(),
            counters: self.counters(name),
        };
        let run = supervisor.run(work).with_current_subscriber();
        self.0.tracker.spawn(run);
    }

    /// Asks for shutdown when the system sends SIGTERM or SIGINT. What it returns tells of a second
    /// one: whoever sent it does not want to wait for the end.
    #[cfg(unix)]
    pub fn listen_to_signals(&self) -> std::io::Result<Shutdown> {
        shutdown::listen_to_signals(self)
    }

    /// Ends all tasks within what is left of the grace period. Returns the names of those that had
    /// to be cut off.
    pub async fn end(&self, ending: &Ending) -> Vec<&'static str> {
        self.request_shutdown();
        self.0.tracker.close();
        let drained = ending.step("drain tasks", self.0.tracker.wait()).await;
        let late = if drained.is_some() {
            Vec::new()
        } else {
            self.running()
        };
        for name in &late {
            tracing::warn!(task.name = name, "task cut off");
        }
        self.0.cut.cancel();
        late
    }

    /// The task that failed and took the process with it, if one did.
    pub fn fatal(&self) -> Option<FatalTask> {
        let fatal = self.0.fatal.lock();
        fatal.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What became of each task so far, by name.
    pub fn counts(&self) -> Vec<TaskCounts> {
        let counters = self.0.counters.lock();
        let counters = counters.unwrap_or_else(PoisonError::into_inner);
        counters.iter().map(|(name, it)| it.read(name)).collect()
    }

    fn running(&self) -> Vec<&'static str> {
        let running = self.counts().into_iter().filter(|it| it.running > 0);
        running.map(|it| it.name).collect()
    }

    fn counters(&self, name: &'static str) -> Arc<Counters> {
        let counters = self.0.counters.lock();
        let mut counters = counters.unwrap_or_else(PoisonError::into_inner);
        counters.entry(name).or_default().clone()
    }

    /// Remembers the first fatal failure and begins the shutdown.
    fn fail(&self, name: &'static str, why: String) {
        let fatal = self.0.fatal.lock();
        let mut fatal = fatal.unwrap_or_else(PoisonError::into_inner);
        fatal.get_or_insert(FatalTask { name, why });
        self.request_shutdown();
    }
}
