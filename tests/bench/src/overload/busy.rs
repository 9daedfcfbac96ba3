//! Who was busy, and how much: whether it is the service that was at its end, and not its callers.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::processor::{Used, used_by};

/// A time in which processors are watched.
pub struct Watched {
    service: u32,
    postmaster: Option<u32>,
    began: Instant,
    first: (Used, Duration),
}

/// How much of one processor was used, in hundredths.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    callers: u128,
    service: u128,
    postgres: u128,
}

impl Watched {
    /// Begins to watch.
    pub fn begin(service: u32, postmaster: Option<u32>) -> Self {
        Self {
            service,
            postmaster,
            began: Instant::now(),
            first: (Used::now(postmaster), used_by(service)),
        }
    }

    /// What was used since.
    pub fn busy(&self) -> Busy {
        let elapsed = self.began.elapsed().as_millis().max(1);
        let share = |used: Duration| used.as_millis() * 100 / elapsed;
        let (first, first_service) = self.first;
        let used = Used::now(self.postmaster).since(first);
        let service = used_by(self.service).saturating_sub(first_service);
        Busy {
            callers: share(used.ours),
            service: share(service),
            postgres: share(used.postgres),
        }
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            callers,
            service,
            postgres,
        } = self;
        write!(
            f,
            "callers used {callers} % of a processor, service {service} %, Postgres {postgres} %"
        )
    }
}
