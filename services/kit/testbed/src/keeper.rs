//! Ends a server when the process that started it is gone, however it went: by its end, by a
//! panic, by an abort or by `kill -9`.
//!
//! A keeper is a small shell that reads from a pipe. The kernel closes the pipe with the process;
//! then the keeper ends the server by its pid and removes its folder.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

use crate::error::{Error, Trying};

/// Each line names the server that is to be ended; an empty line, that there is none. A stopped
/// server is woken so that it can end. Postgres ends its own children on QUIT, hence the wait.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
server=
while read -r line; do server=$line; done
if [ -n "$server" ]; then
  kill -QUIT "$server"
  kill -CONT "$server"
  asked=0
  while kill -0 "$server" && [ "$asked" -lt 80 ]; do
    asked=$((asked + 1))
    sleep 0.1
  done
  kill -KILL "$server"
fi
rm -rf -- "$1"
"#;

/// The keeper of one folder and of the server in it.
pub struct Keeper {
    shell: Child,
}

impl Keeper {
    /// Starts a keeper in a process group of its own, which no signal of a terminal reaches.
    pub fn of(folder: &Path) -> Result<Self, Error> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "keeper"])
            .arg(folder)
            .process_group(0)
            .current_dir("/");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let shell = command.spawn().trying(|| "start /bin/sh".to_owned())?;
        Ok(Self { shell })
    }

    /// Makes it end this server, and none that it was told of before.
    pub fn keep(&mut self, server: Pid) -> Result<(), Error> {
        self.tell(&server.as_raw_pid().to_string())
    }

    /// Makes it end no server: this one was ended and its pid may be given to another.
    pub fn forget(&mut self) -> Result<(), Error> {
        self.tell("")
    }

    fn tell(&mut self, line: &str) -> Result<(), Error> {
        let pipe = self.shell.stdin.as_mut();
        let told = pipe.map_or(Ok(()), |pipe| writeln!(pipe, "{line}"));
        told.trying(|| "speak to the keeper".to_owned())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // Nobody is left to tell, and the next run cleans what stays.
        self.shell.wait().ok();
    }
}
