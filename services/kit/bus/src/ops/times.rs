//! Times of the database on the wire.

use prost_types::{Duration, Timestamp};
use time::OffsetDateTime;

/// A time, if there is one.
pub(super) fn timestamp(at: Option<OffsetDateTime>) -> Option<Timestamp> {
    at.map(|at| Timestamp {
        seconds: at.unix_timestamp(),
        nanos: i32::try_from(at.nanosecond()).unwrap_or_default(),
    })
}

/// A time in nanoseconds since 1970.
pub(super) fn timestamp_ns(at: Option<i64>) -> Option<Timestamp> {
    const SECOND: i64 = 1_000_000_000;
    at.map(|at| Timestamp {
        seconds: at.div_euclid(SECOND),
        nanos: i32::try_from(at.rem_euclid(SECOND)).unwrap_or_default(),
    })
}

/// How long ago something was, by the clock of the database.
pub(super) fn age(of: Option<OffsetDateTime>, now: OffsetDateTime) -> Option<Duration> {
    let age = now - of?;
    Some(Duration {
        seconds: age.whole_seconds().max(0),
        nanos: age.subsec_nanoseconds().max(0),
    })
}
