//! Ends the parts of a stack in order: services first, Postgres last, and nothing else at all.

use std::time::Duration;

use rustix::process::Signal;
use tokio::time::{Instant, sleep};

use crate::machine::process::Process;
use crate::machine::stack::{Member, POSTGRES, SUPERVISOR};
use crate::nats::NATS;
use crate::part::group;
use crate::traces::TRACES;

/// How often we look whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a killed process may take to be gone.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// How a kind of part is asked to end, and how long it may take until it is killed.
struct Manner {
    /// Lower ones end first.
    turn: u8,
    signal: Signal,
    patience: Duration,
}

fn manner(part: &str) -> Manner {
    let (turn, signal, patience_s) = match group(part) {
        // A fast shutdown: connections are broken, all is written.
        POSTGRES => (3, Signal::INT, 30),
        NATS => (2, Signal::TERM, 15),
        TRACES => (1, Signal::TERM, 5),
        // A service drains its calls and flushes its spans.
        _ => (0, Signal::TERM, 20),
    };
    Manner {
        turn,
        signal,
        patience: Duration::from_secs(patience_s),
    }
}

/// Ends these parts, whoever their parent is, and tells the name of each that has ended.
pub async fn end(members: &[Member], mut tell: impl FnMut(&str)) {
    let parts = members.iter().filter(|it| it.part != SUPERVISOR);
    let mut parts: Vec<(&Member, Manner)> = parts.map(|it| (it, manner(&it.part))).collect();
    parts.sort_by_key(|(_, manner)| manner.turn);
    for turn in parts.chunk_by(|(_, one), (_, other)| one.turn == other.turn) {
        for (member, manner) in turn {
            // One that has ended meanwhile needs no signal.
            member.process.signal(manner.signal);
        }
        for (member, manner) in turn {
            end_one(member.process, manner.patience).await;
            tell(&member.part);
        }
    }
}

/// Waits for a process that was asked to end, and kills it if it does not.
pub async fn end_one(process: Process, patience: Duration) {
    if !is_gone(process, patience).await {
        process.signal(Signal::KILL);
        is_gone(process, KILLED_WITHIN).await;
    }
}

/// Waits until a process has ended; false if it has not in time.
pub async fn is_gone(process: Process, within: Duration) -> bool {
    let until = Instant::now() + within;
    while process.is_alive() {
        if Instant::now() >= until {
            return false;
        }
        sleep(LOOK_EVERY).await;
    }
    true
}
