//! Why a command is refused. Each variant states the fact that stands in its way.

use thiserror::Error;
use vocab::{LocationId, Moment, ProductId, ReservationId, TransferId};

use super::import::RowFailure;
use super::levels::Bucket;
use super::reservation::Shortage;
use super::transfer::TransferState;

/// Why nothing happened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Nothing could be held.
    #[error(transparent)]
    NotHeld(#[from] NotHeld),
    /// There is no such hold.
    #[error("there is no such hold")]
    ReservationMissing(ReservationId),
    /// What the command rests on has changed since it was read; its caller reads again.
    #[error("the state has changed since it was read")]
    Outrun,
    /// The caller's etag is not the present one.
    #[error("the resource has changed since it was read")]
    EtagMismatch,
    /// The hold was released before it came.
    #[error("the hold was released before it came")]
    HoldRevoked,
    /// A later attempt of the same order was seen.
    #[error("a later attempt of the same order was seen already")]
    HoldSuperseded(i32),
    /// The order asked for something else before.
    #[error("the order's hold was asked for with another content before")]
    FingerprintMismatch,
    /// A part names more than its line still has.
    #[error("the line has less than that")]
    QuantityExceeded {
        /// The line.
        line: i32,
        /// What it still has.
        remaining: i64,
    },
    /// A part names a line that there is not.
    #[error("there is no such line")]
    LineUnknown(i32),
    /// More would be taken than the bucket has.
    #[error("the bucket has less than that")]
    StockWouldBeNegative {
        /// The bucket.
        bucket: Bucket,
        /// What it has.
        quantity: i64,
    },
    /// What is said to have happened lies ahead.
    #[error("the effective time lies ahead")]
    EffectiveTimeAhead,
    /// Serial numbers are given, twice or in another number than the quantity.
    #[error("there are not as many serial numbers as units")]
    SerialCountMismatch(i32),
    /// There is no such transfer.
    #[error("there is no such transfer")]
    TransferMissing(TransferId),
    /// The transfer's state does not allow it.
    #[error("the transfer's state does not allow it")]
    TransferNotOpen(TransferState),
    /// Another content was told under the same key of the same document.
    #[error("the fact was told with another content before")]
    FactConflict(String),
    /// The import takes no rows: its caller ended it, or it was given up.
    #[error("the import takes no new rows")]
    ImportEnded(bool),
    /// Rows do not fit what is there; their caller says so and comes again.
    #[error("rows do not fit what is there")]
    RowsUnfit(Vec<RowFailure>),
}

/// Why a hold was not granted. An order's hold remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotHeld {
    /// Less can be promised than was asked for.
    #[error("there is not enough stock")]
    Insufficient(Vec<Shortage>),
    /// There is no such location.
    #[error("the location is not known")]
    LocationUnknown(LocationId),
    /// The location is closed.
    #[error("the location is closed")]
    LocationClosed(LocationId),
    /// There is no such product.
    #[error("the product is not known")]
    ProductUnknown(ProductId),
    /// A line names no location, and nobody may choose one.
    #[error("the line names no location")]
    LocationMissing(i32),
    /// There is no such lot.
    #[error("the lot is not known")]
    LotUnknown(ProductId, String),
    /// The timed hold to take over is over.
    #[error("the hold has expired")]
    Expired(Moment),
    /// The hold has ended.
    #[error("the hold has ended")]
    NotActive(String),
    /// The hold was extended since.
    #[error("the hold was extended since its epoch was read")]
    EpochStale(i64),
    /// The hold belongs to a document, which alone may act on it.
    #[error("the hold is a document's own")]
    Firm,
}

impl NotHeld {
    /// Its reason in the contract.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Insufficient(_) => "INSUFFICIENT_STOCK",
            Self::LocationUnknown(_) => "LOCATION_UNKNOWN",
            Self::LocationClosed(_) => "LOCATION_CLOSED",
            Self::ProductUnknown(_) => "PRODUCT_UNKNOWN",
            Self::LocationMissing(_) => "LOCATION_MISSING",
            Self::LotUnknown(..) => "LOT_UNKNOWN",
            Self::Expired(_) => "RESERVATION_EXPIRED",
            Self::NotActive(_) => "RESERVATION_NOT_ACTIVE",
            Self::EpochStale(_) => "RESERVATION_EPOCH_STALE",
            Self::Firm => "RESERVATION_FIRM",
        }
    }

    /// What was short.
    pub fn shortages(&self) -> &[Shortage] {
        match self {
            Self::Insufficient(shortages) => shortages,
            _ => &[],
        }
    }
}
