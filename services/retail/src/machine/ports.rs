//! Ports of this machine: which are free, and who holds one that is not.

use std::fmt;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::process;

/// The state `LISTEN` in the tables of the kernel.
const LISTENING: &str = "0A";

/// Who listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name and number, where we may see them.
    process: Option<(String, u32)>,
}

impl Holder {
    /// Its number, where we may see it.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(|(_, pid)| *pid)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.process {
            Some((name, pid)) => write!(f, "{name} (pid {pid})"),
            None => f.write_str("a process of another user"),
        }
    }
}

/// Names who holds a port of the loopback; nothing if it is free.
pub fn holder(port: u16) -> Option<Holder> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if TcpListener::bind(address).is_ok() {
        return None;
    }
    let socket = listening_socket(port);
    let process = socket.and_then(|socket| owner(&format!("socket:[{socket}]")));
    Some(Holder { process })
}

/// Finds the number of the socket that listens on a port.
fn listening_socket(port: u16) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let tables: Vec<String> = tables.into_iter().flatten().collect();
    let ending = format!(":{port:04X}");
    let lines = tables.iter().flat_map(|table| table.lines());
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|it| {
            it.get(1).is_some_and(|local| local.ends_with(&ending)) && it.get(3) == Some(&LISTENING)
        })
        .and_then(|it| it.get(9).map(|socket| (*socket).to_owned()))
}

fn owner(socket: &str) -> Option<(String, u32)> {
    let holds = |pid: u32| {
        let open = fs::read_dir(format!("/proc/{pid}/fd"))
            .into_iter()
            .flatten();
        let mut links = open
            .flatten()
            .filter_map(|it| fs::read_link(it.path()).ok());
        links.any(|it| it.as_os_str() == socket)
    };
    let pids = process::all().into_iter().map(|it| it.process.pid);
    let pid = pids.into_iter().find(|pid| holds(*pid))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some((name.trim().to_owned(), pid))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::holder;

    #[test]
    fn a_taken_port_names_its_holder_and_a_free_one_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let text = holder(port).unwrap().to_string();
        let own = format!("(pid {})", std::process::id());
        assert!(text.ends_with(&own), "{text}");
        drop(listener);
        assert_eq!(holder(port), None);
    }
}
