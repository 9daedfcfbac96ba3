//! Which processes there are: the children of one, and those that a command line belongs to.

use std::path::Path;
use std::process::Command;

use rustix::process::Pid;

/// One process as the operating system lists it.
struct Entry {
    pid: i32,
    parent: i32,
    command: String,
}

/// Returns the children of a process and theirs, as far as they are known at this moment.
pub fn descendants(ancestor: Pid) -> Vec<Pid> {
    let entries = entries();
    let mut found = vec![ancestor.as_raw_pid()];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(
            entries
                .iter()
                .filter(|it| it.parent == parent)
                .map(|it| it.pid),
        );
        at += 1;
    }
    found
        .into_iter()
        .skip(1)
        .filter_map(Pid::from_raw)
        .collect()
}

/// Returns the processes that were started with a folder in their command line.
pub fn started_with(folder: &Path) -> Vec<Pid> {
    let folder = folder.to_string_lossy();
    let own = entries()
        .into_iter()
        .filter(|it| it.command.contains(&*folder));
    own.filter_map(|it| Pid::from_raw(it.pid)).collect()
}

fn entries() -> Vec<Entry> {
    let listed = std::fs::read_dir("/proc").into_iter().flatten();
    let listed: Vec<Entry> = listed
        .flatten()
        .filter_map(|it| entry(&it.path()))
        .collect();
    if listed.is_empty() { from_ps() } else { listed }
}

/// Reads one folder of `/proc`; none if it is no process, or gone.
fn entry(folder: &Path) -> Option<Entry> {
    let pid = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // The name stands in parentheses and may hold some itself; the state and the parent follow.
    let (_, rest) = stat.rsplit_once(')')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
    let command = std::fs::read(folder.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).into_owned();
    Some(Entry {
        pid,
        parent,
        command,
    })
}

/// Asks `ps` where there is no `/proc`.
fn from_ps() -> Vec<Entry> {
    let listing = Command::new("ps")
        .args(["-A", "-ww", "-o", "pid=,ppid=,command="])
        .output();
    let text = listing.map(|it| it.stdout).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().filter_map(listed).collect()
}

fn listed(line: &str) -> Option<Entry> {
    let (pid, rest) = line.trim_start().split_once(' ')?;
    let (parent, command) = rest.trim_start().split_once(' ')?;
    Some(Entry {
        pid: pid.parse().ok()?,
        parent: parent.parse().ok()?,
        command: command.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use rustix::process::{Pid, getpid};

    use super::{descendants, entries, from_ps, started_with};

    #[test]
    fn a_child_is_found_by_its_parent_and_by_its_command_line() {
        let mark = format!("/mark-of-{}", std::process::id());
        let script = ["-c", "read line", &mark];
        let mut sh = Command::new("/bin/sh");
        let mut child = sh
            .args(script)
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        assert!(descendants(getpid()).contains(&pid));
        assert_eq!(started_with(mark.as_ref()), [pid]);
        drop(child.stdin.take());
        child.wait().unwrap();
        assert!(!descendants(getpid()).contains(&pid));
    }

    #[test]
    fn both_ways_to_list_processes_know_this_one() {
        let own = getpid().as_raw_pid();
        assert!(entries().iter().any(|it| it.pid == own));
        let has_ps = Command::new("ps").output().is_ok();
        assert!(!has_ps || from_ps().iter().any(|it| it.pid == own));
    }
}
