//! What each refusal of the domain is to a caller: kind, reason and metadata of the contract.

use chassis::fault::{Fault, Kind, Reason};

use super::convert::hold::shortage;
use journal::OUTRUN;

use crate::app::Unfit;
use crate::db::bucket_name;
use crate::domain::Refusal;
use crate::domain::refusal::NotHeld;

const RESERVATION: &str = "retail.inventory.v1.Reservation";
const TRANSFER: &str = "retail.inventory.v1.Transfer";
const SHORTAGE: &str = "retail.inventory.v1.Shortage";
/// The most shortages that a refusal lists.
const SHORTAGES_MAX: usize = 20;

const fn refused(name: &'static str) -> Reason {
    Reason::new(Kind::Refused, "retail.inventory", name)
}

const fn invalid(name: &'static str) -> Reason {
    Reason::new(Kind::Invalid, "retail.inventory", name)
}

const fn raced(name: &'static str) -> Reason {
    Reason::new(Kind::Raced, "retail.inventory", name)
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.to_string();
        let no = |name| Self::new(refused(name), text.clone());
        let never = |name| Self::new(invalid(name), text.clone());
        match refusal {
            Refusal::NotHeld(why) => why.into(),
            Refusal::ReservationMissing(id) => Self::missing(RESERVATION, id.to_string()),
            Refusal::Outrun => Self::new(OUTRUN, text),
            Refusal::EtagMismatch => Self::etag_mismatch(),
            Refusal::HoldRevoked => no("HOLD_REVOKED"),
            Refusal::HoldSuperseded(ordinal) => {
                no("HOLD_SUPERSEDED").with("ordinal", ordinal.to_string())
            }
            Refusal::FingerprintMismatch => never("HOLD_FINGERPRINT_MISMATCH"),
            Refusal::QuantityExceeded { line, remaining } => no("QUANTITY_EXCEEDED")
                .with("line_number", line.to_string())
                .with("remaining", remaining.to_string()),
            Refusal::LineUnknown(line) => {
                never("LINE_UNKNOWN").with("line_number", line.to_string())
            }
            Refusal::StockWouldBeNegative { bucket, quantity } => no("STOCK_WOULD_BE_NEGATIVE")
                .with("bucket", bucket_name(bucket))
                .with("quantity", quantity.to_string()),
            Refusal::EffectiveTimeAhead => no("EFFECTIVE_TIME_AHEAD"),
            Refusal::SerialCountMismatch(line) => {
                never("SERIAL_COUNT_MISMATCH").with("line_number", line.to_string())
            }
            Refusal::TransferMissing(id) => Self::missing(TRANSFER, id.to_string()),
            Refusal::TransferNotOpen(state) => no("TRANSFER_NOT_OPEN").with("state", state.name()),
            Refusal::FactConflict(key) => never("FACT_CONFLICT").with("fact_key", key),
            Refusal::ImportEnded(ended) => {
                let state = if ended { "COMPLETED" } else { "ABANDONED" };
                no("IMPORT_ENDED").with("state", state)
            }
            Refusal::RowsUnfit(rows) => Self::new(OUTRUN, text).because(Unfit(rows)),
        }
    }
}

impl From<NotHeld> for Fault {
    fn from(why: NotHeld) -> Self {
        let text = why.to_string();
        let fault = |reason: fn(&'static str) -> Reason| Self::new(reason(why.reason()), text);
        match &why {
            NotHeld::Insufficient(shortages) => {
                let told = shortages.iter().take(SHORTAGES_MAX).map(shortage);
                told.fold(fault(refused), |fault, it| fault.detail(SHORTAGE, &it))
            }
            NotHeld::LocationUnknown(id) | NotHeld::LocationClosed(id) => {
                fault(refused).with("location_id", id.to_string())
            }
            NotHeld::ProductUnknown(id) => fault(refused).with("product_id", id.to_string()),
            NotHeld::LocationMissing(line) => fault(invalid).with("line_number", line.to_string()),
            NotHeld::LotUnknown(product, lot) => fault(refused)
                .with("product_id", product.to_string())
                .with("lot_number", lot.clone()),
            NotHeld::Expired(at) => fault(refused).with("expire_time", at.to_string()),
            NotHeld::NotActive(state) => fault(refused).with("state", state.clone()),
            NotHeld::EpochStale(epoch) => fault(raced).with("epoch", epoch.to_string()),
            NotHeld::Firm => fault(refused),
        }
    }
}
