//! `retail logs`: the lines of all parts in the order of their times, each with its part in front.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::home::Home;
use crate::part::group;
use crate::print::say;
use crate::settings::Settings;

mod time;

/// So many lines of each part are shown, unless a trace is asked for.
const LINES: usize = 200;
/// More of the end of a log is not read: ten megabytes is what one may have.
const BYTES_MAX: u64 = 10 * 1_024 * 1_024;
/// How often we look for new lines.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Which lines are wished for.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// Those of one part or service alone.
    pub part: Option<String>,
    /// Those of one trace alone.
    pub trace: Option<String>,
    /// Those to come too.
    pub follow: bool,
}

/// One log and how far it was read.
struct Tail {
    part: String,
    path: PathBuf,
    offset: u64,
}

/// Prints the lines.
pub async fn run(settings: &Settings, wish: &Wish) -> Result<()> {
    let home = Home::find(&settings.home).context("nothing was ever started here")?;
    let mut tails = tails(&home, wish)?;
    let mut lines = Vec::new();
    for tail in &mut tails {
        let all = tail.read()?;
        let wished = all.iter().filter(|it| is_wished(wish, it)).count();
        let kept = if wish.trace.is_some() {
            usize::MAX
        } else {
            LINES
        };
        let skipped = wished.saturating_sub(kept);
        let wished = all.into_iter().filter(|it| is_wished(wish, it));
        lines.extend(time::stamped(&tail.part, wished.skip(skipped)));
    }
    print(lines)?;
    if !wish.follow {
        return Ok(());
    }
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let mut lines = Vec::new();
        for tail in &mut tails {
            let new = tail.read()?.into_iter().filter(|it| is_wished(wish, it));
            lines.extend(time::stamped(&tail.part, new));
        }
        print(lines)?;
    }
}

fn tails(home: &Home, wish: &Wish) -> Result<Vec<Tail>> {
    let entries = fs::read_dir(home.join("logs")).context("read the folder of logs")?;
    let paths = entries.flatten().map(|it| it.path());
    let mut tails = BTreeMap::new();
    for path in paths.filter(|it| it.extension().is_some_and(|it| it == "log")) {
        let part = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let offset = path
            .metadata()
            .map_or(0, |it| it.len().saturating_sub(BYTES_MAX));
        tails.insert(part.clone(), Tail { part, path, offset });
    }
    let parts: Vec<String> = tails.keys().cloned().collect();
    if let Some(wished) = &wish.part {
        tails.retain(|part, _| part == wished || group(part) == wished);
        if tails.is_empty() {
            bail!("no part is called {wished}; there are {}", parts.join(", "));
        }
    }
    Ok(tails.into_values().collect())
}

fn is_wished(wish: &Wish, line: &str) -> bool {
    wish.trace.as_ref().is_none_or(|trace| line.contains(trace))
}

fn print(mut lines: Vec<time::Line>) -> Result<()> {
    lines.sort_by(|one, other| one.time.cmp(&other.time));
    for line in lines {
        say(&format!("{:<12} {}", line.part, line.text))?;
    }
    Ok(())
}

impl Tail {
    /// Reads the whole lines that are new. A log that became shorter was put aside meanwhile.
    fn read(&mut self) -> Result<Vec<String>> {
        let mut file = File::open(&self.path)?;
        if file.metadata()?.len() < self.offset {
            self.offset = 0;
        }
        file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes)?;
        let whole = bytes
            .iter()
            .rposition(|it| *it == b'\n')
            .map_or(0, |at| at + 1);
        bytes.truncate(whole);
        self.offset += whole as u64;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(str::to_owned).collect())
    }
}
