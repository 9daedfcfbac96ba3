//! Why a delivery was not applied: for its consumer to act on, and never for a caller.

use chassis::fault::{Fault, Kind, Reason};

/// The reasons by which a consumer goes on. They never leave the process.
pub mod reason {
    use super::{Kind, Reason};

    const DOMAIN: &str = "retail.bus";

    /// The version was applied before: nothing is left to do.
    pub const KNOWN: Reason = Reason::new(Kind::Refused, DOMAIN, "DELIVERY_KNOWN");
    /// Versions before it are missing.
    pub const GAP: Reason = Reason::new(Kind::Refused, DOMAIN, "DELIVERY_BEHIND_A_GAP");
    /// The stream stands still.
    pub const PARKED: Reason = Reason::new(Kind::Refused, DOMAIN, "STREAM_PARKED");
    /// The stream does not stand still, or no longer.
    pub const NOT_PARKED: Reason = Reason::new(Kind::Refused, DOMAIN, "STREAM_NOT_PARKED");
    /// The owner was restored to an earlier point.
    pub const HISTORY: Reason = Reason::new(Kind::Refused, DOMAIN, "HISTORY_RAISED");
    /// Something is being done about the dead letter already.
    pub const BUSY: Reason = Reason::new(Kind::Refused, "retail.ops", "DEAD_LETTER_BUSY");
    /// The dead letter was resolved before.
    pub const RESOLVED: Reason = Reason::new(Kind::Refused, "retail.ops", "DEAD_LETTER_RESOLVED");
}

/// Why the answer is no.
#[derive(Clone, Debug)]
pub enum Refused<R> {
    /// The ledger says so.
    Own(R),
    /// The delivery's place or the state of its stream says so.
    Delivery(Reason),
}

impl<R> From<Reason> for Refused<R> {
    fn from(reason: Reason) -> Self {
        Self::Delivery(reason)
    }
}

impl<R: Into<Fault>> From<Refused<R>> for Fault {
    fn from(refused: Refused<R>) -> Self {
        match refused {
            Refused::Own(own) => own.into(),
            Refused::Delivery(reason) => Self::new(reason, "the delivery was not applied"),
        }
    }
}
