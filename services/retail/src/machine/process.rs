//! A process, told from a later one with the same number by the time it was started.

use std::fs;

use rustix::io::Errno;
use rustix::process::{PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

/// Ticks in which the kernel tells times of processes: 100 a second on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

/// One life of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// When it was started, in ticks since the machine was.
    pub started: u64,
}

/// A process as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which one.
    pub process: Process,
    /// The number of its parent.
    pub parent: u32,
    /// What it was started with, the program first.
    pub arguments: Vec<String>,
    /// Whether it has ended and waits to be reaped.
    pub ended: bool,
}

/// Lists all processes of the machine.
pub fn all() -> Vec<Seen> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|it| it.file_name().to_str()?.parse().ok());
    pids.filter_map(seen).collect()
}

/// Looks at one process.
pub fn seen(pid: u32) -> Option<Seen> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold some itself; the state follows.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    Some(Seen {
        process: Process {
            pid,
            started: fields.get(19)?.parse().ok()?,
        },
        parent: fields.get(1)?.parse().ok()?,
        arguments: texts(&arguments),
        ended: matches!(*fields.first()?, "Z" | "X"),
    })
}

impl Process {
    /// The living process with a number.
    pub fn of(pid: u32) -> Option<Self> {
        seen(pid).filter(|it| !it.ended).map(|it| it.process)
    }

    /// Says whether it runs still.
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }

    /// Sends a signal to it, and to no other that may have got its number.
    pub fn signal(self, signal: Signal) -> bool {
        let Some(pid) = i32::try_from(self.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        else {
            return false;
        };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => self.is_alive() && pidfd_send_signal(handle, signal).is_ok(),
            // An old kernel or a sandbox: the moment between the look and the signal stays.
            Err(Errno::NOSYS) => self.is_alive() && kill_process(pid, signal).is_ok(),
            Err(_) => false,
        }
    }

    /// For how many seconds it has been running.
    pub fn age_s(self) -> Option<u64> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let now: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let started = std::time::Duration::from_secs_f64(self.started as f64 / TICKS_A_SECOND);
        let now = std::time::Duration::try_from_secs_f64(now).ok()?;
        Some(now.saturating_sub(started).as_secs())
    }

    /// The memory that it takes, each shared page divided by the number of who shares it.
    pub fn own_memory_kb(self) -> Option<u64> {
        memory_kb(self.pid)
    }

    /// The memory that it and its children take.
    pub fn memory_kb(self) -> Option<u64> {
        let all = all();
        let own = memory_kb(self.pid)?;
        let children = all.iter().filter(|it| it.parent == self.pid);
        Some(
            own + children
                .filter_map(|it| memory_kb(it.process.pid))
                .sum::<u64>(),
        )
    }

    /// A value among the variables that it was started with, where we may read them.
    pub fn variable(self, name: &str) -> Option<String> {
        let variables = fs::read(format!("/proc/{}/environ", self.pid)).ok()?;
        let opening = format!("{name}=");
        texts(&variables)
            .iter()
            .find_map(|it| it.strip_prefix(&opening).map(str::to_owned))
    }

    /// Says whether the file of its program was replaced since it was started.
    pub fn is_outdated(self) -> bool {
        let program = fs::read_link(format!("/proc/{}/exe", self.pid));
        program.is_ok_and(|it| it.to_string_lossy().ends_with(" (deleted)"))
    }
}

fn memory_kb(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|it| it.strip_prefix("Pss:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn texts(bytes: &[u8]) -> Vec<String> {
    let texts = bytes.split(|byte| *byte == 0).filter(|it| !it.is_empty());
    texts
        .map(|it| String::from_utf8_lossy(it).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rustix::process::Signal;

    use super::{Process, seen};

    #[test]
    fn a_process_is_seen_with_its_arguments_and_variables_until_it_is_reaped() {
        let mut child = Command::new("/bin/sleep");
        let mut child = child.arg("60").env("MARK", "here").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        // Between fork and exec the child still has the arguments of its parent.
        while seen(child.id()).unwrap().arguments != ["/bin/sleep", "60"] {
            std::thread::yield_now();
        }
        assert_eq!(process.variable("MARK").as_deref(), Some("here"));
        assert_eq!(seen(child.id()).unwrap().parent, std::process::id());
        assert!(process.memory_kb().unwrap() > 0);
        assert!(process.age_s().unwrap() < 60);
        assert!(process.signal(Signal::KILL));
        child.wait().unwrap();
        assert!(!process.is_alive());
        assert!(!process.signal(Signal::KILL));
    }

    #[test]
    fn a_later_process_with_the_same_number_gets_no_signal() {
        let mut child = Command::new("/bin/sleep").arg("60").spawn().unwrap();
        let process = Process::of(child.id()).unwrap();
        let earlier = Process {
            started: process.started - 1,
            ..process
        };
        assert!(!earlier.is_alive());
        assert!(!earlier.signal(Signal::KILL));
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
