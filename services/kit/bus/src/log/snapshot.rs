//! A snapshot of Postgres as a value: which transactions it shows.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::LogError;

/// The most open transactions that a snapshot may list: more than any server lets in.
const OPEN_MAX: usize = 100_000;

/// Which transactions are visible: those below `behind` but for the open ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    behind: u64,
    open: Vec<u64>,
}

/// Says that a text is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is no snapshot")]
pub struct Malformed(pub String);

impl From<Malformed> for LogError {
    fn from(error: Malformed) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl Snapshot {
    /// Shows nothing: `1:1:`.
    pub const fn of_nothing() -> Self {
        Self {
            behind: 1,
            open: Vec::new(),
        }
    }

    /// Makes one of the first transaction that it does not show and of those open below.
    pub fn new(behind: u64, mut open: Vec<u64>) -> Self {
        open.retain(|xid| *xid < behind);
        open.sort_unstable();
        open.dedup();
        Self {
            behind: behind.max(1),
            open,
        }
    }

    /// Whether what a transaction wrote is visible.
    pub fn shows(&self, xid: u64) -> bool {
        xid < self.behind && self.open.binary_search(&xid).is_err()
    }

    /// The first transaction behind all that it could show.
    pub fn behind(&self) -> u64 {
        self.behind
    }

    /// The transactions that were open.
    pub fn open(&self) -> &[u64] {
        &self.open
    }

    /// Forgets whatever lies behind the largest transaction that is known to be durable: a crash
    /// of the server hands out the numbers behind it a second time.
    #[must_use]
    pub fn cut(&self, durable: u64) -> Self {
        Self::new(
            self.behind.min(durable.saturating_add(1)),
            self.open.clone(),
        )
    }

    /// The largest transaction that it shows or lists, which is durable if the snapshot was cut.
    pub fn durable(&self) -> u64 {
        self.behind.saturating_sub(1)
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.open.first().copied().unwrap_or(self.behind);
        write!(f, "{first}:{}:", self.behind)?;
        for (at, xid) in self.open.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{xid}")?;
        }
        Ok(())
    }
}

impl FromStr for Snapshot {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed(text.chars().take(80).collect());
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().ok_or_else(malformed);
        let (first, behind, list) = (part()?, part()?, part()?);
        let number = |text: &str| text.parse::<u64>().map_err(|_| malformed());
        let (first, behind) = (number(first)?, number(behind)?);
        let open = list.split(',').filter(|it| !it.is_empty());
        let open: Vec<u64> = open.map(number).collect::<Result<_, _>>()?;
        let sorted = open.is_sorted() && open.iter().all(|it| (first..behind).contains(it));
        if first == 0 || first > behind || !sorted || open.len() > OPEN_MAX {
            return Err(malformed());
        }
        Ok(Self::new(behind, open))
    }
}
