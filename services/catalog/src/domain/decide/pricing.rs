//! Prices: set at once or for later, cancelled, and put in force when their time has come.
//!
//! **Invariant:** prices take effect in the order of their times. So whatever is due comes in force
//! first, before a price that is set now; else the late one would overwrite the newer one.

use vocab::{Currency, Moment, PriceId};

use super::draft::Draft;
use crate::domain::Refusal;
use crate::domain::answer::{Answer, Decision};
use crate::domain::command::{OnSnapshot, PriceCancelling, PriceSetting, Revision};
use crate::domain::fact::{PriceChange, ProductChange};
use crate::domain::key::{self, Key, State, View};
use crate::domain::price::{
    Actor, Current, Move, Offer, PriceEntry, PriceState, SCHEDULED_MAX, Scheduled,
};

/// Sets a price in one currency, at once or from a future instant on.
pub(super) fn set(
    view: &dyn View,
    setting: &PriceSetting,
    now: Moment,
) -> Result<Decision, Refusal> {
    setting.offer.agrees()?;
    let mut draft = Draft::on(view, &setting.on, now)?;
    draft.alive()?;
    bring_in_force(&mut draft, now);
    let at = setting.at.filter(|at| *at > draft.at);
    let (state, start) = match at {
        Some(at) => (PriceState::Scheduled, at),
        None => (PriceState::Current, draft.at),
    };
    let entry = PriceEntry {
        id: setting.id,
        product: draft.product.id,
        offer: setting.offer,
        start,
        end: None,
        state,
        actor: setting.actor.clone(),
        created_at: draft.at,
        cancelled_at: None,
    };
    match at {
        Some(_) => schedule(&mut draft, &entry)?,
        None => take_effect(&mut draft, &entry, None),
    }
    let product = Box::new(draft.product.clone());
    Ok(draft.answer(Answer::Priced(product, Box::new(entry))))
}

fn schedule(draft: &mut Draft<'_>, entry: &PriceEntry) -> Result<(), Refusal> {
    let same =
        |it: &&Scheduled| it.at == entry.start && it.offer.currency() == entry.offer.currency();
    let replaced = draft.product.prices.scheduled.iter().find(same).copied();
    match replaced {
        Some(replaced) => call_off(draft, replaced.id, Some(entry.id)),
        None if draft.product.prices.scheduled.len() >= SCHEDULED_MAX => {
            return Err(Refusal::ScheduleFull);
        }
        None => {}
    }
    draft.record(ProductChange::PriceScheduled(entry.clone()));
    write(draft, entry.clone());
    Ok(())
}

/// Cancels a price that waits. Cancelling it again changes nothing.
pub(super) fn cancel(
    view: &dyn View,
    cancelling: &PriceCancelling,
    now: Moment,
) -> Result<Decision, Refusal> {
    let etag = cancelling.etag.as_deref();
    let mut draft = Draft::open(view, cancelling.product, etag, now)?;
    let entry = key::price(view, cancelling.price);
    let entry = entry.filter(|it| it.product == cancelling.product);
    let entry = entry.ok_or(Refusal::PriceMissing(cancelling.price))?;
    match entry.state {
        PriceState::Scheduled => call_off(&mut draft, entry.id, None),
        PriceState::Cancelled => {}
        PriceState::Current | PriceState::Past => {
            return Err(Refusal::PriceNotScheduled(entry.state));
        }
    }
    let cancelled = written(&draft, entry.id).cloned();
    let cancelled = cancelled.unwrap_or_else(|| entry.clone());
    Ok(draft.answer(Answer::Price(Box::new(cancelled))))
}

fn call_off(draft: &mut Draft<'_>, id: PriceId, by: Option<PriceId>) {
    let Some(entry) = written(draft, id) else {
        return;
    };
    let cancelled = PriceEntry {
        state: PriceState::Cancelled,
        cancelled_at: Some(draft.at),
        ..entry.clone()
    };
    draft.record(ProductChange::PriceCancelled(cancelled.clone(), by));
    write(draft, cancelled);
}

/// Puts in force what is due. Nothing due changes nothing.
pub(super) fn enforce(view: &dyn View, on: &OnSnapshot, now: Moment) -> Result<Decision, Refusal> {
    let mut draft = Draft::on(view, on, now)?;
    bring_in_force(&mut draft, now);
    Ok(draft.finish())
}

fn bring_in_force(draft: &mut Draft<'_>, now: Moment) {
    let due = |it: &&Scheduled| it.at <= now;
    while let Some(next) = draft.product.prices.scheduled.first().filter(due).copied() {
        match written(draft, next.id).cloned() {
            Some(entry) => take_effect(draft, &entry, Some(next.at)),
            // Every scheduled price has its entry: they are written together.
            None => return,
        }
    }
}

/// Applies the price changes of an update, all at once.
pub(super) fn apply(draft: &mut Draft<'_>, revision: &Revision) {
    let main = revision.main.currency();
    if revision.moves.is_empty() && draft.product.prices.main == main {
        return;
    }
    bring_in_force(draft, draft.at);
    make_main(draft, main, revision);
    for step in &revision.moves {
        match *step {
            Move::Set(id, offer) if offer.currency() != main => {
                set_now(draft, id, offer, &revision.actor);
            }
            Move::Set(..) => {}
            Move::Cease(currency) => cease(draft, currency),
        }
    }
}

/// The main price goes first, so that the product has one at every moment.
fn make_main(draft: &mut Draft<'_>, main: Currency, revision: &Revision) {
    let set = revision.moves.iter().find_map(|step| match *step {
        Move::Set(id, offer) if offer.currency() == main => Some((id, offer)),
        Move::Set(..) | Move::Cease(_) => None,
    });
    let changes = draft.product.prices.main != main;
    draft.product.prices.main = main;
    match (set, draft.product.prices.current.get(&main).copied()) {
        (Some((id, offer)), _) => set_now(draft, id, offer, &revision.actor),
        (None, Some(held)) if changes => draft.record(ProductChange::PriceChanged(PriceChange {
            currency: main,
            old: Some(held.offer.price),
            new: Some(held),
            main: true,
        })),
        (None, _) => {}
    }
}

fn set_now(draft: &mut Draft<'_>, id: PriceId, offer: Offer, actor: &Actor) {
    let entry = PriceEntry {
        id,
        product: draft.product.id,
        offer,
        start: draft.at,
        end: None,
        state: PriceState::Current,
        actor: actor.clone(),
        created_at: draft.at,
        cancelled_at: None,
    };
    take_effect(draft, &entry, None);
}

fn take_effect(draft: &mut Draft<'_>, entry: &PriceEntry, planned: Option<Moment>) {
    let currency = entry.offer.currency();
    let old = draft.product.prices.current.get(&currency).copied();
    if let Some(old) = old {
        end(draft, old, entry.start);
    }
    let current = Current {
        id: entry.id,
        offer: entry.offer,
        since: entry.start,
    };
    let change = PriceChange {
        currency,
        old: old.map(|it| it.offer.price),
        new: Some(current),
        main: draft.product.prices.main == currency,
    };
    draft.record_since(ProductChange::PriceChanged(change), planned);
    let in_force = PriceEntry {
        state: PriceState::Current,
        ..entry.clone()
    };
    write(draft, in_force);
}

fn cease(draft: &mut Draft<'_>, currency: Currency) {
    let Some(old) = draft.product.prices.current.get(&currency).copied() else {
        return;
    };
    end(draft, old, draft.at);
    draft.record(ProductChange::PriceChanged(PriceChange {
        currency,
        old: Some(old.offer.price),
        new: None,
        main: false,
    }));
}

/// A price ends when the next one begins, and never before it began.
fn end(draft: &mut Draft<'_>, old: Current, at: Moment) {
    let Some(entry) = written(draft, old.id) else {
        return;
    };
    let past = PriceEntry {
        state: PriceState::Past,
        end: Some(at.max(old.since)),
        ..entry.clone()
    };
    write(draft, past);
}

fn written<'a>(draft: &'a Draft<'_>, id: PriceId) -> Option<&'a PriceEntry> {
    match draft.state(&Key::Price(id)) {
        Some(State::Price(entry)) => Some(entry),
        _ => None,
    }
}

fn write(draft: &mut Draft<'_>, entry: PriceEntry) {
    let key = Key::Price(entry.id);
    draft.put(key, State::Price(Box::new(entry)));
}
