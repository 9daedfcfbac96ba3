//! Answers that no decision of this batch gives: repeated ones, and those of defects.

use chassis::fault::Fault;
use contracts::common::ErrorReason;

use super::answers::Remembered;
use crate::item::Reply;
use crate::ledger::Ledger;
use crate::store::Store;

/// Repeats what a request was answered, if it is the same request.
pub(super) fn replay<L: Ledger>(
    store: &dyn Store<L>,
    stored: &Remembered,
    fingerprint: [u8; 32],
) -> Reply<L> {
    if stored.fingerprint != fingerprint {
        return Err(request_id_reused());
    }
    if stored.refused {
        let refusal = store.read_refusal(&stored.answer);
        return Err(refusal.map_or_else(Fault::bug, Into::into));
    }
    store.read_answer(&stored.answer).map_err(Fault::bug)
}

/// The answer to another body under a request id that is taken.
pub(crate) fn request_id_reused() -> Fault {
    let message = "the request_id was used before for another request";
    Fault::shared(ErrorReason::RequestIdReused, message)
}

/// The answer to a command that our own code failed on.
pub(crate) fn defect(what: String) -> Fault {
    Fault::bug(what)
}
