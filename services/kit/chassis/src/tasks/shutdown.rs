//! The shutdown as a value: whoever holds it can ask whether the end has come, or wait for it.

use tokio_util::sync::CancellationToken;

#[cfg(unix)]
use super::{OnFailure, OnShutdown, Tasks};

/// Tells of the shutdown of one service. Clones tell of the same one.
#[derive(Clone, Debug)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    pub(super) fn new(token: CancellationToken) -> Self {
        Self(token)
    }

    /// Waits until the shutdown is requested. Dropping it loses nothing.
    pub async fn requested(&self) {
        self.0.cancelled().await;
    }

    /// Says whether the shutdown is requested.
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// Listens before it returns, so that no signal is missed.
#[cfg(unix)]
pub(super) fn listen_to_signals(tasks: &Tasks) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let asking = tasks.clone();
    let mut once = Some(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!(signal = "SIGTERM", "shutdown requested"),
            _ = interrupt.recv() => tracing::info!(signal = "SIGINT", "shutdown requested"),
        }
        asking.request_shutdown();
    });
    tasks.spawn("signals", OnFailure::Fatal, OnShutdown::Abort, move |_| {
        let listening = once.take();
        async move {
            if let Some(listening) = listening {
                listening.await;
            }
            Ok(())
        }
    });
    Ok(())
}
