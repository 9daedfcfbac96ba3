//! What facts about transfers and about the rules of allocation are told as.

use bus::Message;
use contracts::inventory as pb;
use contracts::inventory::transfer_event::Event;
use vocab::TenantId;

use crate::domain::allocation::AllocationFact;
use crate::domain::transfer::{Arrival, TransferChange, TransferFact};
use crate::rpc::convert::{rules, transfer};

const TRANSFER: &str = "retail.inventory.v1.TransferEvent";
const ALLOCATION: &str = "retail.inventory.v1.AllocationPolicyEvent";

/// What a fact about a transfer is told as.
pub fn transfer_message(tenant: TenantId, fact: &TransferFact) -> Message {
    let (event_type, token, event) = told(tenant, fact);
    let event = pb::TransferEvent {
        metadata: None,
        event: Some(event),
    };
    Message::new(event_type, TRANSFER, token, &event)
}

/// What a change of the rules of allocation is told as.
pub fn allocation_message(tenant: TenantId, fact: &AllocationFact) -> Message {
    use pb::allocation_policy_event::Event;
    let changed = pb::AllocationPolicyChanged {
        policy: Some(rules::allocation(tenant, &fact.after)),
    };
    let event = pb::AllocationPolicyEvent {
        metadata: None,
        event: Some(Event::AllocationPolicyChanged(changed)),
    };
    Message::new(
        "retail.inventory.v1.AllocationPolicyChanged",
        ALLOCATION,
        "allocation_policy_changed",
        &event,
    )
}

type Typed = (&'static str, &'static str, Event);

fn told(tenant: TenantId, fact: &TransferFact) -> Typed {
    let transfer = Some(transfer::transfer(tenant, &fact.after));
    match &fact.what {
        TransferChange::Created => (
            "retail.inventory.v1.TransferCreated",
            "transfer_created",
            Event::TransferCreated(pb::TransferCreated { transfer }),
        ),
        TransferChange::Shipped => (
            "retail.inventory.v1.TransferShipped",
            "transfer_shipped",
            Event::TransferShipped(pb::TransferShipped { transfer }),
        ),
        TransferChange::Received(arrivals) => (
            "retail.inventory.v1.TransferReceived",
            "transfer_received",
            Event::TransferReceived(pb::TransferReceived {
                transfer,
                arrived: arrivals.iter().map(arrived).collect(),
            }),
        ),
        TransferChange::Completed => (
            "retail.inventory.v1.TransferCompleted",
            "transfer_completed",
            Event::TransferCompleted(pb::TransferCompleted { transfer }),
        ),
        TransferChange::Cancelled(reason) => (
            "retail.inventory.v1.TransferCancelled",
            "transfer_cancelled",
            Event::TransferCancelled(pb::TransferCancelled {
                transfer,
                reason: reason.clone(),
            }),
        ),
    }
}

/// The entry of the ledger gets its name when it is recorded, beside this fact.
fn arrived(it: &Arrival) -> pb::ArrivedQuantity {
    pb::ArrivedQuantity {
        line_number: it.line,
        quantity: it.quantity,
        damaged_quantity: it.damaged,
        transaction_id: String::new(),
    }
}
