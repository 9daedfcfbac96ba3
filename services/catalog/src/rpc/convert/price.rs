//! Prices: offers, entries of the history and their states.

use chassis::fault::Fault;
use contracts::catalog as pb;
use contracts::common::{self, ActorType};
use contracts::validate::Path;
use vocab::Moment;

use super::{money, time, unfit};
use crate::domain::price::{Actor, ActorKind, Offer, PriceEntry, PriceState};

/// Reads the offer of a price to set.
pub fn set(price: Option<&common::Money>, beside: Option<&common::Money>) -> Result<Offer, Fault> {
    offer(&Path::Root, price, beside)
}

/// Reads an offer from a price and what is shown beside it.
pub fn offer(
    at: &Path<'_>,
    price: Option<&common::Money>,
    beside: Option<&common::Money>,
) -> Result<Offer, Fault> {
    let here = at.field("price");
    let price = price.ok_or_else(|| unfit(&here, "required", "must be set"))?;
    let compare_at = beside.map(|it| money(&at.field("compare_at_price"), it));
    Ok(Offer {
        price: money(&here, price)?,
        compare_at: compare_at.transpose()?,
    })
}

/// When a price is to take effect, if that was said.
pub fn effective(wire: Option<&prost_types::Timestamp>) -> Result<Option<Moment>, Fault> {
    let at = Path::Root;
    let at = at.field("effective_time");
    let moment = wire.map(contracts::convert::moment).transpose();
    moment.map_err(|_| unfit(&at, "timestamp.era", "must lie between 1970 and 2200"))
}

/// Writes an entry of the price history.
pub fn entry(it: &PriceEntry) -> pb::PriceChange {
    pb::PriceChange {
        price_change_id: it.id.to_string(),
        product_id: it.product.to_string(),
        price: Some(it.offer.price.into()),
        compare_at_price: it.offer.compare_at.map(Into::into),
        effective_period: Some(common::Period {
            start_time: time(it.start),
            end_time: it.end.and_then(time),
        }),
        state: state(it.state).into(),
        actor: Some(actor(&it.actor)),
        create_time: time(it.created_at),
        cancel_time: it.cancelled_at.and_then(time),
    }
}

/// Writes the state of an entry.
pub fn state(state: PriceState) -> pb::PriceChangeState {
    match state {
        PriceState::Scheduled => pb::PriceChangeState::Scheduled,
        PriceState::Current => pb::PriceChangeState::Current,
        PriceState::Past => pb::PriceChangeState::Past,
        PriceState::Cancelled => pb::PriceChangeState::Cancelled,
    }
}

/// The stored names of the states that a filter allows.
pub fn states(wire: &[i32]) -> Vec<&'static str> {
    let states = [
        PriceState::Scheduled,
        PriceState::Current,
        PriceState::Past,
        PriceState::Cancelled,
    ];
    let asked = states
        .into_iter()
        .filter(|it| wire.contains(&state(*it).into()));
    asked.map(PriceState::name).collect()
}

fn actor(actor: &Actor) -> common::Actor {
    let kind = match actor.kind {
        ActorKind::User => ActorType::User,
        ActorKind::Customer => ActorType::Customer,
        ActorKind::Service => ActorType::Service,
        ActorKind::System => ActorType::System,
        ActorKind::ApiKey => ActorType::ApiKey,
        ActorKind::ServiceAccount => ActorType::ServiceAccount,
    };
    common::Actor {
        r#type: kind.into(),
        actor_id: actor.id.clone(),
    }
}
