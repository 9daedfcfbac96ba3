//! Processor time and memory of this process and of Postgres, as the kernel counts them.

use std::fs;
use std::time::Duration;

/// The kernel's tick in these files, a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Processor time so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Used {
    /// Of this process: load generator, client and service.
    pub ours: Duration,
    /// Of the server with its children that run.
    pub postgres: Duration,
}

impl Used {
    /// Reads it. `postmaster` is the first process of the server.
    pub fn now(postmaster: Option<u32>) -> Self {
        let ours = fields("self").map(|it| it.own).unwrap_or_default();
        let Some(postmaster) = postmaster else {
            return Self {
                ours,
                postgres: Duration::ZERO,
            };
        };
        let mut postgres = Duration::ZERO;
        for process in processes() {
            let Some(fields) = fields(&process.to_string()) else {
                continue;
            };
            if process == postmaster {
                // What its ended children used is counted there.
                postgres += fields.own + fields.children;
            } else if fields.parent == postmaster {
                postgres += fields.own;
            }
        }
        Self { ours, postgres }
    }

    /// What was used since an earlier time.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            ours: self.ours.saturating_sub(earlier.ours),
            postgres: self.postgres.saturating_sub(earlier.postgres),
        }
    }
}

/// Memory of a process that is in use, in bytes.
pub fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// A server and its children that run.
pub fn family(postmaster: u32) -> Vec<u32> {
    let is_child = |it: &u32| {
        let fields = fields(&it.to_string());
        fields.is_some_and(|it| it.parent == postmaster)
    };
    let children = processes().into_iter().filter(is_child);
    children.chain([postmaster]).collect()
}

/// Processor time of one process so far.
pub fn used_by(process: u32) -> Duration {
    let fields = fields(&process.to_string());
    fields.map(|it| it.own).unwrap_or_default()
}

struct Fields {
    parent: u32,
    own: Duration,
    children: Duration,
}

fn processes() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|it| it.file_name().to_str()?.parse().ok());
    numbers.collect()
}

fn fields(process: &str) -> Option<Fields> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name stands in brackets and may hold spaces; the fields behind it are numbers.
    let (_, rest) = text.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| words.get(at)?.parse::<u32>().ok().map(|it| TICK * it);
    Some(Fields {
        parent: words.get(1)?.parse().ok()?,
        own: ticks(11)? + ticks(12)?,
        children: ticks(13)? + ticks(14)?,
    })
}
