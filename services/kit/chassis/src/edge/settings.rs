//! The limits of an edge, as the settings of its service say them.

use std::time::Duration;

use crate::settings::{Profile, Reader};

const STRICT: &str = "RETAIL_STRICT_REASONS";

/// How much an edge lets through.
///
/// | variable | form | default |
/// |---|---|---|
/// | `…_CALLS_PER_CALLER` | calls a second of one caller; twice as many at once | 200 |
/// | `…_CALLS_PER_TENANT` | calls a second of one tenant, services not counted | 5000 |
/// | `…_READS_IN_FLIGHT` | reads at a time | 64 |
/// | `…_WRITES_IN_FLIGHT` | writes at a time, which the journal batches | 1024 |
/// | `…_WAITING_MAX` | calls that wait for one of either | 64 |
/// | `…_WAIT_MAX` | how long they wait | `50ms` |
/// | `…_WRITE_WAIT_MAX` | the longest wait in the journal that a write is let into | `300ms` |
/// | `RETAIL_STRICT_REASONS` | a reason that is not declared fails the call | dev: true |
#[derive(Clone, Debug)]
pub struct EdgeSettings {
    /// Calls a second of one caller.
    pub calls_per_caller: u32,
    /// Calls a second of one tenant.
    pub calls_per_tenant: u32,
    /// Reads at a time.
    pub reads_in_flight: usize,
    /// Writes at a time.
    pub writes_in_flight: usize,
    /// Calls that wait for a place among either.
    pub waiting_max: usize,
    /// How long they wait.
    pub wait_max: Duration,
    /// The longest wait behind the gate that the most urgent writes are let into; others turn away
    /// sooner.
    pub write_wait_max: Duration,
    /// Whether a reason that is not declared makes the call fail, or is counted.
    pub strict: bool,
}

impl EdgeSettings {
    /// Reads them.
    pub fn read(reader: &mut Reader<'_>, profile: Profile) -> Option<Self> {
        let calls_per_caller = reader.bounded("CALLS_PER_CALLER", 1..=1_000_000, 200);
        let calls_per_tenant = reader.bounded("CALLS_PER_TENANT", 1..=10_000_000, 5_000);
        let reads_in_flight = reader.bounded("READS_IN_FLIGHT", 2..=10_000, 64);
        let writes_in_flight = reader.bounded("WRITES_IN_FLIGHT", 2..=10_000, 1_024);
        let waiting_max = reader.bounded("WAITING_MAX", 0..=10_000, 64);
        let waits = Duration::ZERO..=Duration::from_secs(5);
        let wait_max = reader.bounded("WAIT_MAX", waits, Duration::from_millis(50));
        let waits = Duration::from_millis(1)..=Duration::from_secs(60);
        let write_wait_max = reader.bounded("WRITE_WAIT_MAX", waits, Duration::from_millis(300));
        let strict = reader.shared(STRICT, Some(profile == Profile::Development));
        Some(Self {
            calls_per_caller: calls_per_caller?,
            calls_per_tenant: calls_per_tenant?,
            reads_in_flight: reads_in_flight?,
            writes_in_flight: writes_in_flight?,
            waiting_max: waiting_max?,
            wait_max: wait_max?,
            write_wait_max: write_wait_max?,
            strict: strict?,
        })
    }
}
