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

/// Listens before it returns, so that no signal is missed. The first signal asks for the shutdown,
/// and what is returned tells of the second.
#[cfg(unix)]
pub(super) fn listen_to_signals(tasks: &Tasks) -> std::io::Result<Shutdown> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (asking, again) = (tasks.clone(), CancellationToken::new());
    let hurry = Shutdown::new(again.clone());
    let mut once = Some(async move {
        let mut heard = async || {
            tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            }
        };
        let signal = heard().await;
        tracing::info!(signal, "shutdown requested");
        asking.request_shutdown();
        let signal = heard().await;
        tracing::warn!(signal, "shutdown cut short");
        again.cancel();
    });
    // It goes on listening while the others end.
    tasks.spawn("signals", OnFailure::Fatal, OnShutdown::Drain, move |_| {
        let listening = once.take();
        async move {
            if let Some(listening) = listening {
                listening.await;
            }
            Ok(())
        }
    });
    Ok(hurry)
}
