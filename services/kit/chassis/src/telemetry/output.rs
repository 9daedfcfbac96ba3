//! Writes lines on a thread of its own, so that a slow terminal or a full pipe stops no request.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Lines that may wait to be written; more are dropped and counted.
const LINES_MAX: usize = 2_048;

enum Order {
    Line(String),
    Flush(SyncSender<std::io::Result<()>>),
}

/// Takes lines and never waits.
#[derive(Clone)]
pub(super) struct Output {
    orders: SyncSender<Order>,
    dropped: Arc<AtomicU64>,
}

impl Output {
    /// Starts the thread, which ends with the last sender.
    pub(super) fn to(sink: impl Write + Send + 'static) -> std::io::Result<Self> {
        let (orders, received) = sync_channel(LINES_MAX);
        let thread = std::thread::Builder::new().name("log lines".to_owned());
        thread.spawn(move || write_all(&received, sink))?;
        let dropped = Arc::default();
        Ok(Self { orders, dropped })
    }

    pub(super) fn write(&self, line: String) {
        if self.orders.try_send(Order::Line(line)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until what came before is written; false if the limit came first. Blocks for longer
    /// than that if the queue is full and the sink is stuck.
    pub(super) fn flush(&self, limit: Duration) -> bool {
        let (done, written) = sync_channel(1);
        let asked = self.orders.send(Order::Flush(done)).is_ok();
        asked && matches!(written.recv_timeout(limit), Ok(Ok(())))
    }
}

/// A sink that fails loses its lines: there is nowhere to say so.
fn write_all(orders: &Receiver<Order>, mut sink: impl Write) {
    while let Ok(order) = orders.recv() {
        match order {
            Order::Line(line) => drop(sink.write_all(line.as_bytes())),
            Order::Flush(done) => drop(done.try_send(sink.flush())),
        }
    }
}
