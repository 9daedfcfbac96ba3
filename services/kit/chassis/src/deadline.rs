//! Deadlines: read strictly from a call, carried as a value, and handed on as what is left.
//!
//! A server that ignores a timeout it cannot read works for nobody, so a malformed one is refused.

use std::future::Future;
use std::time::Duration;

use contracts::validate::{Path, Violations};
use http::HeaderMap;
use tokio::time::Instant;
use tonic::metadata::MetadataMap;

use crate::fault::Fault;

#[cfg(test)]
mod tests;

/// The header in which a caller says how long it waits.
pub const GRPC_TIMEOUT: &str = "grpc-timeout";

/// What a call keeps back of its time, to answer after one that it makes itself ran out.
const RESERVE: Duration = Duration::from_millis(5);
/// The most digits of a timeout, as the protocol of gRPC says.
const DIGITS_MAX: usize = 8;
/// Longer than any process lives, and short enough to be added to a time.
const FAR: Duration = Duration::from_secs(100 * 366 * 86_400);

/// The moment after which nobody waits for an answer any more. It lives in the extensions of a
/// request, and every outgoing call takes its timeout from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline that is so far away.
    pub fn within(budget: Duration) -> Self {
        let now = Instant::now();
        Self(now.checked_add(budget.min(FAR)).unwrap_or(now))
    }

    /// What the caller allows, or else what the contract of the rpc does.
    pub fn of_metadata(metadata: &MetadataMap, default: Duration) -> Result<Self, Fault> {
        Self::of_headers(metadata.as_ref(), default)
    }

    /// The same, of the headers that a layer sees.
    pub fn of_headers(headers: &HeaderMap, default: Duration) -> Result<Self, Fault> {
        let mut timeouts = headers.get_all(GRPC_TIMEOUT).iter();
        let timeout = match (timeouts.next(), timeouts.next()) {
            (None, _) => Some(default),
            (Some(only), None) => only.to_str().ok().and_then(parse),
            (Some(_), Some(_)) => None,
        };
        timeout.map(Self::within).ok_or_else(malformed)
    }

    /// How much time is left.
    pub fn left(&self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The timeout of a call made on the way: what is left but for a reserve, and at most `cap`.
    pub fn outgoing(&self, cap: Duration) -> Result<Duration, Fault> {
        let left = self.left().checked_sub(RESERVE);
        let budget = left.filter(|it| !it.is_zero()).ok_or_else(Fault::late)?;
        Ok(budget.min(cap))
    }

    /// Works until the deadline; work that is not done by then is dropped.
    pub async fn bound<T>(&self, work: impl Future<Output = T>) -> Result<T, Fault> {
        let done = tokio::time::timeout_at(self.0, work).await;
        done.map_err(|_| Fault::late())
    }
}

/// Reads one to eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let is_number = digits.bytes().all(|it| it.is_ascii_digit());
    if !is_number || digits.len() > DIGITS_MAX {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number.checked_mul(3_600)?)),
        "M" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

fn malformed() -> Fault {
    let mut found = Violations::default();
    let text = "must be one to eight digits and one of H, M, S, m, u, n";
    found.add(&Path::Root.field(GRPC_TIMEOUT), "header.grpc_timeout", text);
    Fault::invalid(found)
}
