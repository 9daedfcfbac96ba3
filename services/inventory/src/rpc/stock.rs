//! What happens to goods.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::inventory as pb;
use journal::Recorded;

use super::convert::position::Shown;
use super::convert::{entry, goods};
use super::{Rpc, Told};
use crate::domain::position::Position;

impl Rpc {
    pub(super) async fn receive_stock(
        &self,
        call: &Call,
        request: pb::ReceiveStockRequest,
    ) -> Told<pb::ReceiveStockResponse> {
        let entries = self.app.receive(call, goods::receive(&request)?).await?;
        let transactions = entries.iter().map(shown);
        Ok(pb::ReceiveStockResponse {
            transactions: transactions.collect::<Result<_, _>>()?,
        })
    }

    pub(super) async fn adjust_stock(
        &self,
        call: &Call,
        request: pb::AdjustStockRequest,
    ) -> Told<pb::AdjustStockResponse> {
        let (position, entry) = self.app.adjust(call, goods::adjust(&request)?).await?;
        Ok(pb::AdjustStockResponse {
            position: Some(after(&position, &entry)),
            transaction: Some(shown(&entry)?),
        })
    }

    pub(super) async fn move_stock(
        &self,
        call: &Call,
        request: pb::MoveStockRequest,
    ) -> Told<pb::MoveStockResponse> {
        let command = goods::move_units(&request)?;
        let (position, entry) = self.app.move_units(call, command).await?;
        Ok(pb::MoveStockResponse {
            position: Some(after(&position, &entry)),
            transaction: Some(shown(&entry)?),
        })
    }
}

/// A position as an entry left it.
fn after(position: &Position, recorded: &Recorded) -> pb::StockPosition {
    let at = recorded.recorded_at;
    Shown::of(recorded.tenant, position, recorded.version, Some(at)).on(at.utc_date())
}

/// Writes an entry that moved something.
pub(super) fn shown(recorded: &Recorded) -> Result<pb::StockTransaction, Fault> {
    let fact = entry::read(recorded)?;
    let entry = entry::entry(recorded, &fact);
    entry.ok_or_else(|| Fault::bug("an entry of the ledger moved nothing"))
}
