//! Keeps logs small: three files of ten megabytes a part, the newest without a number.
//!
//! A part writes on into the same file, which is copied and emptied. A line written in between is
//! lost; a part that stops because its supervisor is gone would be worse.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use crate::home::Home;

/// A log that has grown to this size is put aside.
const SIZE_MAX: u64 = 10 * 1_024 * 1_024;
/// So many files a part there are at most, the one that grows among them.
const FILES: u32 = 3;

/// Puts aside what has grown too large.
pub fn rotate(home: &Home) {
    let entries = fs::read_dir(home.join("logs"))
        .into_iter()
        .flatten()
        .flatten();
    let paths = entries.map(|it| it.path());
    for log in paths.filter(|it| it.extension().is_some_and(|it| it == "log")) {
        if log.metadata().is_ok_and(|it| it.len() >= SIZE_MAX) {
            // A full disk: it is tried again at the next look.
            put_aside(&log).ok();
        }
    }
}

fn put_aside(log: &Path) -> io::Result<()> {
    let aside = |number: u32| log.with_extension(format!("log.{number}"));
    for number in (1..FILES - 1).rev() {
        if aside(number).exists() {
            fs::rename(aside(number), aside(number + 1))?;
        }
    }
    fs::copy(log, aside(1))?;
    OpenOptions::new().write(true).open(log)?.set_len(0)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::{SIZE_MAX, rotate};
    use crate::home::Home;
    use crate::scratch::Scratch;

    #[test]
    fn three_files_stay_and_the_writer_writes_on() {
        let scratch = Scratch::fresh();
        let home = Home::open(scratch.path()).unwrap();
        let log = home.log("catalog");
        let mut open = fs::OpenOptions::new();
        let mut writer = open.create(true).append(true).open(&log).unwrap();
        for round in 0..4 {
            writeln!(writer, "round {round}").unwrap();
            fs::OpenOptions::new()
                .write(true)
                .open(&log)
                .unwrap()
                .set_len(SIZE_MAX)
                .unwrap();
            rotate(&home);
        }
        writeln!(writer, "after").unwrap();
        assert_eq!(fs::read_to_string(&log).unwrap(), "after\n");
        let first_line = |name: &str| {
            let bytes = fs::read(home.join("logs").join(name)).unwrap();
            String::from_utf8_lossy(&bytes[..7]).into_owned()
        };
        assert_eq!(first_line("catalog.log.1"), "round 3");
        assert_eq!(first_line("catalog.log.2"), "round 2");
        assert!(!home.join("logs/catalog.log.3").exists());
    }
}
