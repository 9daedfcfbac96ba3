//! Which processors callers have, and which the service with its database: a ratio of two loads
//! means something only if whoever asks takes nothing from whoever answers.

use std::fmt;
use std::fs;

use anyhow::Context;
use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

/// The processors of this process, in two halves.
#[derive(Clone, Debug)]
pub struct Cores {
    /// Of those who call.
    pub callers: Vec<usize>,
    /// Of the service and its database.
    pub service: Vec<usize>,
}

impl Cores {
    /// Divides what there is; nothing if there is but one.
    pub fn divide() -> anyhow::Result<Option<Self>> {
        let all = sched_getaffinity(None).context("the system names no processors")?;
        let all: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|it| all.is_set(*it)).collect();
        let (callers, service) = all.split_at(all.len() / 2);
        Ok((!callers.is_empty()).then(|| Self {
            callers: callers.to_vec(),
            service: service.to_vec(),
        }))
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (callers, service) = (&self.callers, &self.service);
        write!(
            f,
            "callers on processors {callers:?}, service and Postgres on {service:?}"
        )
    }
}

/// Gives a process with all its threads these processors; what it starts later has them too.
pub fn give(process: u32, cores: &[usize]) -> anyhow::Result<()> {
    let mut set = CpuSet::new();
    cores.iter().for_each(|it| set.set(*it));
    let folder = format!("/proc/{process}/task");
    for thread in fs::read_dir(folder).context("a process is gone")? {
        let name = thread?.file_name();
        let number = name.to_str().and_then(|it| it.parse().ok());
        // A thread that has just ended needs nothing.
        if let Some(thread) = number.and_then(Pid::from_raw) {
            sched_setaffinity(Some(thread), &set).ok();
        }
    }
    Ok(())
}
