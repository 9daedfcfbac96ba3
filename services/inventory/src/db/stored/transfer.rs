//! Transfers and what happens to them.

use journal::Unreadable;

use super::{bytes, id, moment, needed};
use crate::domain::fact::Fact;
use crate::domain::transfer::{
    Arrival, Transfer, TransferChange, TransferFact, TransferLine, TransferState,
};

/// A whole transfer.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredTransfer {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    source: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    destination: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    lines: Vec<StoredTransferLine>,
    #[prost(string, tag = "5")]
    state: String,
    #[prost(bytes = "vec", tag = "6")]
    hold: Vec<u8>,
    #[prost(string, tag = "7")]
    note: String,
    #[prost(int64, optional, tag = "8")]
    expected_at: Option<i64>,
    #[prost(int64, optional, tag = "9")]
    shipped_at: Option<i64>,
    #[prost(int64, optional, tag = "10")]
    ended_at: Option<i64>,
    #[prost(int64, tag = "11")]
    version: i64,
    #[prost(int64, tag = "12")]
    created_at: i64,
    #[prost(int64, tag = "13")]
    updated_at: i64,
}

/// One product of it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredTransferLine {
    #[prost(int32, tag = "1")]
    number: i32,
    #[prost(bytes = "vec", tag = "2")]
    product: Vec<u8>,
    #[prost(int64, tag = "3")]
    quantity: i64,
    #[prost(int64, tag = "4")]
    shipped: i64,
    #[prost(int64, tag = "5")]
    received: i64,
    #[prost(int64, tag = "6")]
    damaged: i64,
}

/// What happened to a transfer. The kind beside it says which parts are read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredTransferFact {
    #[prost(message, optional, tag = "1")]
    after: Option<StoredTransfer>,
    #[prost(message, repeated, tag = "2")]
    arrivals: Vec<StoredArrival>,
    #[prost(string, tag = "3")]
    reason: String,
}

/// Units that arrived.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredArrival {
    #[prost(int32, tag = "1")]
    line: i32,
    #[prost(int64, tag = "2")]
    quantity: i64,
    #[prost(int64, tag = "3")]
    damaged: i64,
    #[prost(string, repeated, tag = "4")]
    serials: Vec<String>,
}

impl From<&Transfer> for StoredTransfer {
    fn from(it: &Transfer) -> Self {
        Self {
            id: bytes(it.id),
            source: bytes(it.source),
            destination: bytes(it.destination),
            lines: it.lines.iter().map(Into::into).collect(),
            state: it.state.name().to_owned(),
            hold: bytes(it.hold),
            note: it.note.clone(),
            expected_at: it.expected_at.map(|it| it.micros()),
            shipped_at: it.shipped_at.map(|it| it.micros()),
            ended_at: it.ended_at.map(|it| it.micros()),
            version: it.version,
            created_at: it.created_at.micros(),
            updated_at: it.updated_at.micros(),
        }
    }
}

impl From<&TransferLine> for StoredTransferLine {
    fn from(it: &TransferLine) -> Self {
        Self {
            number: it.number,
            product: bytes(it.product),
            quantity: it.quantity,
            shipped: it.shipped,
            received: it.received,
            damaged: it.damaged,
        }
    }
}

impl StoredTransfer {
    /// Reads it.
    pub fn read(self) -> Result<Transfer, Unreadable> {
        let lines = self.lines.iter().map(StoredTransferLine::read);
        let unknown = || Unreadable(format!("the state {} is not known", self.state));
        let mut states = TransferState::ALL.into_iter();
        let state = states.find(|it| it.name() == self.state);
        Ok(Transfer {
            id: id(&self.id)?,
            source: id(&self.source)?,
            destination: id(&self.destination)?,
            lines: lines.collect::<Result<_, _>>()?,
            state: state.ok_or_else(unknown)?,
            hold: id(&self.hold)?,
            note: self.note,
            expected_at: self.expected_at.map(moment).transpose()?,
            shipped_at: self.shipped_at.map(moment).transpose()?,
            ended_at: self.ended_at.map(moment).transpose()?,
            version: self.version,
            created_at: moment(self.created_at)?,
            updated_at: moment(self.updated_at)?,
        })
    }
}

impl StoredTransferLine {
    fn read(&self) -> Result<TransferLine, Unreadable> {
        Ok(TransferLine {
            number: self.number,
            product: id(&self.product)?,
            quantity: self.quantity,
            shipped: self.shipped,
            received: self.received,
            damaged: self.damaged,
        })
    }
}

impl StoredTransferFact {
    /// The kind of a fact, and the fact.
    pub fn of(fact: &TransferFact) -> (&'static str, Self) {
        let mut stored = Self {
            after: Some((&fact.after).into()),
            ..Self::default()
        };
        let kind = match &fact.what {
            TransferChange::Created => "transfer_created",
            TransferChange::Shipped => "transfer_shipped",
            TransferChange::Received(arrivals) => {
                stored.arrivals = arrivals.iter().map(Into::into).collect();
                "transfer_received"
            }
            TransferChange::Completed => "transfer_completed",
            TransferChange::Cancelled(reason) => {
                stored.reason.clone_from(reason);
                "transfer_cancelled"
            }
        };
        (kind, stored)
    }

    /// Reads a fact of a kind.
    pub fn read(self, kind: &str) -> Result<Fact, Unreadable> {
        let what = match kind {
            "transfer_created" => TransferChange::Created,
            "transfer_shipped" => TransferChange::Shipped,
            "transfer_received" => {
                TransferChange::Received(self.arrivals.into_iter().map(Into::into).collect())
            }
            "transfer_completed" => TransferChange::Completed,
            "transfer_cancelled" => TransferChange::Cancelled(self.reason),
            other => return Err(Unreadable(format!("the kind {other} is not known"))),
        };
        Ok(Fact::Transfer(Box::new(TransferFact {
            what,
            after: needed(self.after, "the transfer")?.read()?,
        })))
    }
}

impl From<&Arrival> for StoredArrival {
    fn from(it: &Arrival) -> Self {
        Self {
            line: it.line,
            quantity: it.quantity,
            damaged: it.damaged,
            serials: it.serials.clone(),
        }
    }
}

impl From<StoredArrival> for Arrival {
    fn from(it: StoredArrival) -> Self {
        Self {
            line: it.line,
            quantity: it.quantity,
            damaged: it.damaged,
            serials: it.serials,
        }
    }
}
