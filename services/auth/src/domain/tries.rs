//! Tries to sign in, counted for one account or one address, and how long to wait after them.
//!
//! Every try is counted before it is judged, so that many at once gain nothing; one that proves
//! right is taken back.

use std::time::Duration;

use vocab::Moment;

use super::after;

/// The longest wait.
const WAIT_MAX: u64 = 3_600;
/// Tries are forgotten so many seconds after the last.
const FORGOTTEN_AFTER: u64 = 86_400;

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How often, since one was right.
    pub count: i64,
    /// When it was tried last.
    pub last_at: Moment,
    /// Until when nothing is tried.
    pub blocked_until: Moment,
}

/// How many tries are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// For an account.
    Account,
    /// For an address, behind which many may sit.
    Address,
}

impl Threshold {
    /// Tries without any wait.
    pub const fn free(self) -> i64 {
        match self {
            Self::Account => 5,
            Self::Address => 50,
        }
    }
}

impl Tries {
    /// Nothing was tried yet.
    pub const NONE: Self = Self {
        count: 0,
        last_at: Moment::FIRST,
        blocked_until: Moment::FIRST,
    };

    /// When nothing of it matters any more.
    pub fn forgotten_at(&self) -> Moment {
        after(self.last_at, FORGOTTEN_AFTER).max(self.blocked_until)
    }

    /// Counts a try, or says how long to wait.
    pub(super) fn counted(&self, threshold: Threshold, now: Moment) -> Result<Self, Duration> {
        if now < self.blocked_until {
            let micros = self.blocked_until.micros().abs_diff(now.micros());
            return Err(Duration::from_micros(micros));
        }
        let forgotten = self.forgotten_at() <= now;
        let count = if forgotten { 0 } else { self.count };
        let count = count.saturating_add(1);
        Ok(Self {
            count,
            last_at: now,
            blocked_until: after(now, wait(count - threshold.free())),
        })
    }

    /// Takes back a try that proved right: of an account all are forgotten.
    #[must_use]
    pub(super) fn proved(&self, threshold: Threshold) -> Self {
        match threshold {
            Threshold::Account => Self {
                last_at: self.last_at,
                ..Self::NONE
            },
            Threshold::Address => {
                let count = self.count.saturating_sub(1).max(0);
                let free = count < threshold.free();
                let blocked_until = if free {
                    Moment::FIRST
                } else {
                    self.blocked_until
                };
                Self {
                    count,
                    blocked_until,
                    ..*self
                }
            }
        }
    }
}

/// The wait after so many tries too many: a second, doubled each time.
fn wait(over: i64) -> u64 {
    match u32::try_from(over) {
        Ok(over @ 0..) => {
            let doubled = 1_u64.checked_shl(over);
            doubled.map_or(WAIT_MAX, |it| it.min(WAIT_MAX))
        }
        Err(_) => 0,
    }
}
