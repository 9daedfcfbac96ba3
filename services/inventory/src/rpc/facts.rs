//! What others tell has happened to goods.

use chassis::call::Call;
use chassis::fault::Fault;
use contracts::inventory as pb;
use contracts::validate::Path;

use super::convert::{effective, goods, hold, id, own_id, unfit};
use super::{Rpc, Told};
use crate::app::told_fact;
use crate::domain::Place;
use crate::domain::command::{RecordFacts, ToldFact, ToldKind};
use crate::domain::fact;
use crate::domain::levels::Bucket;

impl Rpc {
    pub(super) async fn record_stock_facts(
        &self,
        call: &Call,
        request: pb::RecordStockFactsRequest,
    ) -> Told<pb::RecordStockFactsResponse> {
        let facts = (1..).zip(&request.facts);
        let facts = facts.map(|(number, it)| told(&request, number, it));
        let command = RecordFacts {
            facts: facts.collect::<Result<_, _>>()?,
            effective_at: effective(request.effective_time.as_ref())?,
            lenient: false,
        };
        let entries = self.app.record_facts(call, command).await?;
        let transactions = entries.iter().map(super::stock::shown);
        Ok(pb::RecordStockFactsResponse {
            transactions: transactions.collect::<Result<_, _>>()?,
        })
    }
}

fn told(
    request: &pb::RecordStockFactsRequest,
    number: i32,
    wire: &pb::StockFact,
) -> Result<ToldFact, Fault> {
    let root = Path::Root;
    let at = root.field("facts");
    let product = id(&at.field("product_id"), &wire.product_id)?;
    let location = own_id("location_id", &request.location_id)?;
    let kind = match wire.r#type() {
        pb::StockFactType::Sale => ToldKind::Sale,
        pb::StockFactType::Return => ToldKind::Return(Bucket::Quarantined),
        pb::StockFactType::Restock => ToldKind::Restock,
        pb::StockFactType::Scrap => ToldKind::Scrap,
        pb::StockFactType::Unspecified => {
            return Err(unfit(&at.field("type"), "enum.not_in", "must be set"));
        }
    };
    let lot = (wire.lot_number.as_str(), None);
    let goods = goods::goods(lot, wire.unit_cost.as_ref(), &wire.serial_numbers)?;
    goods::counted(number, &goods, wire.quantity)?;
    let reference = request.reference.as_ref().map(hold::reference_of);
    let told = fact::Told {
        quantity: wire.quantity,
        reference: reference.unwrap_or_default(),
        fact_key: wire.fact_key.clone(),
        goods,
        metadata: goods::attached(request.metadata.as_ref()),
    };
    Ok(told_fact(Place::new(product, location), kind, told))
}
