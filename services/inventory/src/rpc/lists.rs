//! Lists: positions, entries of the ledger, and the facts of one position.

use std::collections::BTreeSet;

use chassis::call::Call;
use chassis::fault::Fault;
use chassis::pages::{Page, cut, size};
use contracts::common;
use contracts::inventory as pb;
use contracts::validate::Path;
use vocab::{Period, ProductId};

use super::convert::{entry, event, own_id, unfit};
use super::reads::{locations, place, products};
use super::{Rpc, Told};
use crate::db::{Condition, EntryList, PositionList, PositionOrder};
use crate::domain::fact::{PositionChange, PositionFact};

impl Rpc {
    pub(super) async fn list_stock_positions(
        &self,
        call: &Call,
        request: pb::ListStockPositionsRequest,
    ) -> Told<pb::ListStockPositionsResponse> {
        let filters = pb::ListStockPositionsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let mut conditions: Vec<Condition> = request.conditions().filter_map(condition).collect();
        if request.low_stock_only {
            conditions.push(Condition::Low);
        }
        let order = order(&request.order_by);
        let list = PositionList {
            products: products(&request.product_ids)?,
            locations: locations(&request.location_ids)?,
            conditions,
            order,
            after: page.open(&request.page_token)?,
            limit: size(request.page_size) + 1,
        };
        let mut found = self.app.list_positions(call, list).await?;
        let last = cut(&mut found, size(request.page_size)).map(|it| order.cursor(it));
        let products: Vec<ProductId> = found.iter().map(|it| it.position.place.product).collect();
        let units = self.app.units(call, products).await?;
        let positions = found.iter().map(|it| {
            let unit = units.get(&it.position.place.product);
            pb::StockPosition {
                unit_of_measure: unit.copied().unwrap_or_default(),
                ..self.shown(call, it)
            }
        });
        Ok(pb::ListStockPositionsResponse {
            positions: positions.collect(),
            next_page_token: page.seal(last.as_ref())?,
        })
    }

    pub(super) async fn list_stock_transactions(
        &self,
        call: &Call,
        request: pb::ListStockTransactionsRequest,
    ) -> Told<pb::ListStockTransactionsResponse> {
        let filters = pb::ListStockTransactionsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let types: BTreeSet<pb::TransactionType> = request.types().collect();
        let list = EntryList {
            places: Vec::new(),
            kinds: kinds(&types),
            effective: period("period", request.period.as_ref())?,
            recorded: period("record_period", request.record_period.as_ref())?,
            after: page.open(&request.page_token)?,
            limit: size(request.page_size),
        };
        let product = own_id("product_id", &request.product_id)?;
        let of = (product, locations(&request.location_ids)?);
        let fits = |fact: &PositionFact| fits(&request, &types, fact);
        let (found, next) = self.app.list_entries(call, of, (list, fits)).await?;
        let entries = found.iter().filter_map(|it| entry::entry(&it.0, &it.1));
        Ok(pb::ListStockTransactionsResponse {
            transactions: entries.collect(),
            next_page_token: page.seal(next.as_ref())?,
        })
    }

    pub(super) async fn list_stock_events(
        &self,
        call: &Call,
        request: pb::ListStockEventsRequest,
    ) -> Told<pb::ListStockEventsResponse> {
        let filters = pb::ListStockEventsRequest {
            page_size: 0,
            page_token: String::new(),
            ..request.clone()
        };
        let page = Page::of(&self.pages, call, &filters);
        let place = place(&request.product_id, &request.location_id)?;
        let goes_on: Option<(i64, i64)> = page.open(&request.page_token)?;
        let after = goes_on.map_or(request.after_version, |it| it.0);
        let limit = size(request.page_size);
        let mut found = self.app.facts(call, place, (after, limit + 1)).await?;
        let last = cut(&mut found, limit).map(|it| (it.version, 0));
        let history = self.app.history(call).await?;
        let events = found.iter().map(|it| event::event(it, history));
        Ok(pb::ListStockEventsResponse {
            events: events.collect::<Result<_, _>>()?,
            next_page_token: page.seal(last.as_ref())?,
        })
    }
}

fn condition(wire: pb::StockCondition) -> Option<Condition> {
    Some(match wire {
        pb::StockCondition::Unspecified => return None,
        pb::StockCondition::OutOfStock => Condition::OutOfStock,
        pb::StockCondition::Backordered => Condition::Backordered,
        pb::StockCondition::Shortfall => Condition::Shortfall,
        pb::StockCondition::Discrepancy => Condition::Discrepancy,
        pb::StockCondition::Damaged => Condition::Damaged,
        pb::StockCondition::Quarantined => Condition::Quarantined,
        pb::StockCondition::Inbound => Condition::Inbound,
    })
}

fn order(asked: &str) -> PositionOrder {
    match asked {
        "available" => PositionOrder::Available,
        "available desc" => PositionOrder::MostAvailable,
        "update_time desc" => PositionOrder::Updated,
        _ => PositionOrder::Place,
    }
}

fn period(name: &'static str, wire: Option<&common::Period>) -> Result<Option<Period>, Fault> {
    let root = Path::Root;
    let read = wire.map(Period::try_from).transpose();
    let text = "start_time must lie before end_time";
    read.map_err(|_| unfit(&root.field(name), "period.order", text))
}

/// The kinds of facts that entries of some types are stored as.
fn kinds(types: &BTreeSet<pb::TransactionType>) -> Vec<&'static str> {
    use pb::TransactionType as Type;
    let kinds = types.iter().filter_map(|it| match it {
        Type::Unspecified => None,
        Type::Receipt | Type::Opening => Some("stock_added"),
        Type::Sale => Some("stock_sold"),
        Type::Return => Some("stock_returned"),
        Type::TransferOut => Some("stock_transferred_out"),
        Type::TransferIn => Some("stock_transferred_in"),
        Type::Adjustment => Some("stock_adjusted"),
        Type::Reservation => Some("stock_reserved"),
        Type::Release => Some("stock_released"),
        Type::Commit => Some("stock_committed"),
        Type::Damage | Type::Quarantine | Type::Restore => Some("stock_moved"),
        Type::Inbound => Some("stock_inbound_changed"),
    });
    let kinds: BTreeSet<&'static str> = kinds.collect();
    kinds.into_iter().collect()
}

/// Whether an entry is asked for, as far as the kind of its fact does not say so.
fn fits(
    request: &pb::ListStockTransactionsRequest,
    types: &BTreeSet<pb::TransactionType>,
    fact: &PositionFact,
) -> bool {
    let kind = entry::kind(&fact.what);
    let typed = types.is_empty() || kind.is_some_and(|it| types.contains(&it));
    let (lot, serial) = (&request.lot_number, &request.serial_number);
    let (reference, goods) = (event::document(&fact.what), event::goods(&fact.what));
    let lotted = lot.is_empty() || goods.is_some_and(|it| it.lot == *lot);
    let taken = match &fact.what {
        PositionChange::Committed(_, serials) => serials.as_slice(),
        _ => goods.map_or(&[][..], |it| &it.serials),
    };
    let itemed = serial.is_empty() || taken.contains(serial);
    let wanted = request.reference_id.as_str();
    let held = || {
        let mut holds = fact.holds().iter();
        holds.any(|it| it.reservation.to_string() == wanted)
    };
    let referred = wanted.is_empty() || reference.is_some_and(|it| it == wanted) || held();
    typed && lotted && itemed && referred
}
