//! Creating products, and changing what their owners write about them.

use std::collections::BTreeMap;

use vocab::Moment;

use super::draft::Draft;
use super::{families, pricing};
use crate::domain::Refusal;
use crate::domain::answer::Decision;
use crate::domain::command::{NewProduct, Revision};
use crate::domain::fact::ProductChange;
use crate::domain::key::{Claim, Key, State, View};
use crate::domain::price::{Current, Offer, PriceEntry, PriceState, Prices};
use crate::domain::product::{Content, Product, ProductState};

/// Creates a product as DRAFT, with its first prices in force.
pub(super) fn create(view: &dyn View, new: &NewProduct, now: Moment) -> Result<Decision, Refusal> {
    let offers = new.prices.offers()?;
    let product = Product {
        id: new.id,
        version: 1,
        unit: new.unit,
        content: new.content.clone(),
        prices: opening(new, &offers, now),
        state: ProductState::Draft,
        created_at: now,
        updated_at: now,
        published_at: None,
        deleted_at: None,
    };
    let mut draft = Draft::born(view, product);
    claim_numbers(&mut draft, &new.content)?;
    for category in &new.content.category_ids {
        draft.enter(*category)?;
        draft.place(*category, true);
    }
    families::join(&mut draft, &new.content.kinship)?;
    for (id, offer) in new.price_ids.iter().zip(offers) {
        let entry = PriceEntry {
            id: *id,
            product: new.id,
            offer,
            start: now,
            end: None,
            state: PriceState::Current,
            actor: new.actor.clone(),
            created_at: now,
            cancelled_at: None,
        };
        draft.put(Key::Price(*id), State::Price(Box::new(entry)));
    }
    Ok(draft.finish())
}

fn opening(new: &NewProduct, offers: &[Offer], now: Moment) -> Prices {
    let mut current = BTreeMap::new();
    for (id, offer) in new.price_ids.iter().zip(offers) {
        let price = Current {
            id: *id,
            offer: *offer,
            since: now,
        };
        current.insert(offer.currency(), price);
    }
    Prices {
        main: new.prices.main.currency(),
        current,
        scheduled: Vec::new(),
    }
}

fn claim_numbers(draft: &mut Draft<'_>, content: &Content) -> Result<(), Refusal> {
    let sku = content.sku.clone();
    let claimed = draft.claim(Claim::Sku(sku.clone()));
    claimed.map_err(|other| Refusal::SkuExists(sku, other))?;
    for code in &content.barcodes {
        let claimed = draft.claim(Claim::Barcode(code.clone()));
        claimed.map_err(|other| Refusal::BarcodeExists(code.clone(), other))?;
    }
    Ok(())
}

/// Replaces the content, then changes the prices; what does not differ leaves no fact.
pub(super) fn revise(
    view: &dyn View,
    revision: &Revision,
    now: Moment,
) -> Result<Decision, Refusal> {
    let mut draft = Draft::on(view, &revision.on, now)?;
    draft.alive()?;
    let old = draft.product.content.clone();
    let new = &revision.content;
    let changed = new.changed_from(&old);
    if !changed.is_empty() {
        move_numbers(&mut draft, &old, new)?;
        move_places(&mut draft, &old, new)?;
        move_family(&mut draft, &old, new)?;
        let after = Product {
            content: new.clone(),
            ..draft.product.clone()
        };
        draft.record(ProductChange::Updated(Box::new(after), changed));
    }
    pricing::apply(&mut draft, revision);
    Ok(draft.finish())
}

fn move_numbers(draft: &mut Draft<'_>, old: &Content, new: &Content) -> Result<(), Refusal> {
    if old.sku != new.sku {
        draft.free(Claim::Sku(old.sku.clone()));
        let claimed = draft.claim(Claim::Sku(new.sku.clone()));
        claimed.map_err(|other| Refusal::SkuExists(new.sku.clone(), other))?;
    }
    for code in old.barcodes.iter().filter(|it| !new.barcodes.contains(it)) {
        draft.free(Claim::Barcode(code.clone()));
    }
    for code in new.barcodes.iter().filter(|it| !old.barcodes.contains(it)) {
        let claimed = draft.claim(Claim::Barcode(code.clone()));
        claimed.map_err(|other| Refusal::BarcodeExists(code.clone(), other))?;
    }
    Ok(())
}

fn move_places(draft: &mut Draft<'_>, old: &Content, new: &Content) -> Result<(), Refusal> {
    let (from, to) = (&old.category_ids, &new.category_ids);
    for category in from.iter().filter(|it| !to.contains(it)) {
        draft.leave(*category);
        draft.place(*category, false);
    }
    for category in to.iter().filter(|it| !from.contains(it)) {
        draft.enter(*category)?;
        draft.place(*category, true);
    }
    Ok(())
}

fn move_family(draft: &mut Draft<'_>, old: &Content, new: &Content) -> Result<(), Refusal> {
    let (old, new) = (&old.kinship, &new.kinship);
    if old == new {
        return Ok(());
    }
    if old.axes != new.axes {
        families::childless(draft)?;
    }
    families::part(draft, old);
    families::join(draft, new)
}
