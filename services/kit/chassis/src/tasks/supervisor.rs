//! The life of one task: run, fail, pause, run again, end.

use std::any::Any;
use std::future::Future;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use tracing::instrument::WithSubscriber;

use super::counts::{Counters, Running, count};
use super::{OnFailure, OnShutdown, Shutdown, TaskResult, Tasks};
use crate::fault;

pub(super) struct Supervisor {
    pub name: &'static str,
    pub on_failure: OnFailure,
    pub on_shutdown: OnShutdown,
    pub tasks: Tasks,
    pub counters: Arc<Counters>,
}

/// How the work ended: as it should, or why it did not.
type Outcome = Result<(), String>;

impl Supervisor {
    pub(super) async fn run<W, F>(self, work: W)
    where
        W: FnMut(Shutdown) -> F + Send,
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let _running = Running::new(&self.counters);
        tracing::debug!(task.name = self.name, "task started");
        tokio::select! {
            () = self.lives(work) => tracing::debug!(task.name = self.name, "task ended"),
            () = self.aborted() => tracing::debug!(task.name = self.name, "task aborted"),
        }
    }

    /// Waits until the task has to go, whatever it is doing.
    async fn aborted(&self) {
        match self.on_shutdown {
            OnShutdown::Drain => self.tasks.0.cut.cancelled().await,
            OnShutdown::Abort => self.tasks.0.shutdown.cancelled().await,
        }
    }

    async fn lives<W, F>(&self, mut work: W)
    where
        W: FnMut(Shutdown) -> F + Send,
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let mut pause = None;
        loop {
            let began = Instant::now();
            count(&self.counters.starts);
            let outcome = self.attempt(&mut work).await;
            let Err(why) = outcome else { return };
            count(&self.counters.failures);
            if self
                .failed(why, began.elapsed(), &mut pause)
                .await
                .is_break()
            {
                return;
            }
        }
    }

    /// Works once. Making the future may panic as well as running it.
    async fn attempt<W, F>(&self, work: &mut W) -> Outcome
    where
        W: FnMut(Shutdown) -> F + Send,
        F: Future<Output = TaskResult> + Send + 'static,
    {
        let begin = AssertUnwindSafe(|| work(self.tasks.shutdown()));
        let future = catch_unwind(begin).map_err(|payload| self.panicked(&*payload))?;
        let running = AbortOnDropHandle::new(tokio::spawn(future.with_current_subscriber()));
        match running.await.map_err(JoinError::try_into_panic) {
            Ok(result) => result.map_err(|error| fault::chain(error.as_ref())),
            Err(Ok(payload)) => Err(self.panicked(&*payload)),
            Err(Err(_)) => Err("aborted from outside".to_owned()),
        }
    }

    /// Counts a panic and returns its text.
    fn panicked(&self, payload: &(dyn Any + Send)) -> String {
        count(&self.counters.panics);
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        format!("panic: {}", text.unwrap_or("without a text"))
    }

    /// Pauses before the next start, or breaks if there is none.
    async fn failed(
        &self,
        why: String,
        ran: Duration,
        pause: &mut Option<Duration>,
    ) -> ControlFlow<()> {
        let name = self.name;
        let OnFailure::Restart {
            pause: first,
            pause_max,
        } = self.on_failure
        else {
            tracing::error!(
                task.name = name,
                error = why,
                "task failed and ends the process"
            );
            self.tasks.fail(name, why);
            return ControlFlow::Break(());
        };
        let next = pause
            .filter(|_| ran <= pause_max)
            .unwrap_or(first)
            .min(pause_max);
        *pause = Some(next.saturating_mul(2));
        tracing::warn!(
            task.name = name,
            error = why,
            pause_ms = next.as_millis(),
            "task failed"
        );
        tokio::select! {
            () = tokio::time::sleep(next) => ControlFlow::Continue(()),
            () = self.tasks.0.shutdown.cancelled() => ControlFlow::Break(()),
        }
    }
}
