//! From stored facts to the events of the contract. Pure: the same fact gives the same events.
//!
//! A position's version is told as it is after it, then its entry, then what else it meant.

use bus::{Message, Publish, Recorded, Unpublishable};
use contracts::inventory as pb;
use contracts::inventory::inventory_event::Event;

use super::holds::hold_message;
use super::transfers::{allocation_message, transfer_message};
use crate::db::read_fact;
use crate::domain::Fact;
use crate::domain::fact::PositionFact;
use crate::rpc::convert::position::{Shown, policy};
use crate::rpc::convert::{entry, time};

const ENVELOPE: &str = "retail.inventory.v1.InventoryEvent";

/// The events of this context.
#[derive(Clone, Copy, Debug, Default)]
pub struct InventoryEvents;

impl Publish for InventoryEvents {
    fn context(&self) -> &'static str {
        "inventory"
    }

    fn publish(&self, recorded: &Recorded) -> Result<Vec<Message>, Unpublishable> {
        let fact = read_fact(&recorded.kind, &recorded.payload)
            .map_err(|error| Unpublishable::Unreadable(error.to_string()))?;
        Ok(match &fact {
            Fact::Position(fact) => position_messages(recorded, fact),
            Fact::Reservation(fact) => vec![hold_message(recorded.tenant, fact)],
            Fact::Transfer(fact) => vec![transfer_message(recorded.tenant, fact)],
            Fact::Allocation(fact) => vec![allocation_message(recorded.tenant, fact)],
        })
    }
}

fn position_messages(recorded: &Recorded, fact: &PositionFact) -> Vec<Message> {
    let mut messages = vec![changed(recorded, fact)];
    messages.extend(created(recorded, fact));
    messages.extend(threshold(recorded, fact));
    messages.extend(shortfall(recorded, fact));
    messages.extend(discrepancy(recorded, fact));
    messages
}

fn message(event_type: &'static str, token: &'static str, event: Event) -> Message {
    let event = pb::InventoryEvent {
        metadata: None,
        event: Some(event),
    };
    Message::new(event_type, ENVELOPE, token, &event)
}

fn position(recorded: &Recorded, fact: &PositionFact) -> Option<pb::StockPosition> {
    let shown = Shown {
        tenant: recorded.tenant,
        place: fact.place,
        levels: &fact.after,
        policy: &fact.policy,
        version: recorded.version,
        at: Some(recorded.recorded_at),
    };
    Some(shown.on(recorded.recorded_at.utc_date()))
}

fn changed(recorded: &Recorded, fact: &PositionFact) -> Message {
    let moved = entry::kind(&fact.what).map(|_| entry::name(recorded).to_string());
    let event = Event::InventoryChanged(pb::InventoryChanged {
        position: position(recorded, fact),
        transaction_id: moved.unwrap_or_default(),
    });
    message(
        "retail.inventory.v1.InventoryChanged",
        "inventory_changed",
        event,
    )
}

fn created(recorded: &Recorded, fact: &PositionFact) -> Option<Message> {
    let transaction = Some(entry::entry(recorded, fact)?);
    let event = Event::InventoryTransactionCreated(pb::InventoryTransactionCreated { transaction });
    Some(message(
        "retail.inventory.v1.InventoryTransactionCreated",
        "inventory_transaction_created",
        event,
    ))
}

fn threshold(recorded: &Recorded, fact: &PositionFact) -> Option<Message> {
    if !fact.crossed {
        return None;
    }
    let event = Event::InventoryThresholdReached(pb::InventoryThresholdReached {
        position: position(recorded, fact),
        policy: Some(policy(fact.place, &fact.policy)),
        product: None,
    });
    Some(message(
        "retail.inventory.v1.InventoryThresholdReached",
        "inventory_threshold_reached",
        event,
    ))
}

fn shortfall(recorded: &Recorded, fact: &PositionFact) -> Option<Message> {
    let mark = fact.shortfall?;
    let open = fact.after.open_shortfall;
    let mut shortfall = pb::Shortfall {
        shortfall_id: mark.id.to_string(),
        tenant_id: recorded.tenant.to_string(),
        product_id: fact.place.product.to_string(),
        location_id: fact.place.location.to_string(),
        state: pb::ShortfallState::Open.into(),
        open_quantity: open,
        peak_quantity: mark.peak,
        ..pb::Shortfall::default()
    };
    if mark.opened {
        shortfall.opening_transaction_id = entry::name(recorded).to_string();
        shortfall.open_time = time(recorded.recorded_at);
        let event = Event::ShortfallOpened(pb::ShortfallOpened {
            shortfall: Some(shortfall),
            product: None,
        });
        let kind = "retail.inventory.v1.ShortfallOpened";
        return Some(message(kind, "shortfall_opened", event));
    }
    if open > 0 {
        return None;
    }
    shortfall.state = pb::ShortfallState::Closed.into();
    shortfall.closing_transaction_id = entry::name(recorded).to_string();
    shortfall.close_time = time(recorded.recorded_at);
    let event = Event::ShortfallClosed(pb::ShortfallClosed {
        shortfall: Some(shortfall),
    });
    let kind = "retail.inventory.v1.ShortfallClosed";
    Some(message(kind, "shortfall_closed", event))
}

fn discrepancy(recorded: &Recorded, fact: &PositionFact) -> Option<Message> {
    let id = fact.discrepancy?;
    let discrepancy = pb::Discrepancy {
        discrepancy_id: id.to_string(),
        tenant_id: recorded.tenant.to_string(),
        product_id: fact.place.product.to_string(),
        location_id: fact.place.location.to_string(),
        state: pb::DiscrepancyState::Open.into(),
        quantity: fact.deltas.discrepancy,
        transaction_id: entry::name(recorded).to_string(),
        open_time: time(recorded.recorded_at),
        ..pb::Discrepancy::default()
    };
    let event = Event::DiscrepancyOpened(pb::DiscrepancyOpened {
        discrepancy: Some(discrepancy),
    });
    let kind = "retail.inventory.v1.DiscrepancyOpened";
    Some(message(kind, "discrepancy_opened", event))
}

#[cfg(test)]
mod tests;
