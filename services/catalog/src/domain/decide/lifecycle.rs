//! Deletion and its undoing, and the steps between DRAFT, ACTIVE and ARCHIVED.

use vocab::Moment;

use super::draft::Draft;
use super::families;
use crate::domain::Refusal;
use crate::domain::answer::Decision;
use crate::domain::command::{OnSnapshot, Step, Transition};
use crate::domain::fact::ProductChange;
use crate::domain::key::{self, View};
use crate::domain::product::{Product, ProductState};

/// Hides a product, in any state. Deleting it again changes nothing.
pub(super) fn delete(view: &dyn View, on: &OnSnapshot, now: Moment) -> Result<Decision, Refusal> {
    let mut draft = Draft::on(view, on, now)?;
    if draft.product.deleted_at.is_some() {
        return Ok(draft.finish());
    }
    let content = draft.product.content.clone();
    if content.kinship.is_family() {
        families::childless(&draft)?;
    }
    for category in &content.category_ids {
        draft.leave(*category);
    }
    families::part(&mut draft, &content.kinship);
    draft.record(ProductChange::Deleted(content.sku));
    Ok(draft.finish())
}

/// Brings a product back as DRAFT, in those of its categories that are still there.
pub(super) fn undelete(view: &dyn View, on: &OnSnapshot, now: Moment) -> Result<Decision, Refusal> {
    let mut draft = Draft::on(view, on, now)?;
    if draft.product.deleted_at.is_none() {
        return Err(Refusal::ProductNotDeleted);
    }
    let mut content = draft.product.content.clone();
    families::join(&mut draft, &content.kinship)?;
    for category in std::mem::take(&mut content.category_ids) {
        match key::occupancy(view, category) {
            Some(_) => {
                draft.enter(category)?;
                content.category_ids.push(category);
            }
            None => draft.place(category, false),
        }
    }
    let after = Product {
        content,
        ..draft.product.clone()
    };
    draft.record(ProductChange::Undeleted(Box::new(after)));
    Ok(draft.finish())
}

/// Moves a product to another state; where it stands there already, nothing changes.
pub(super) fn step(
    view: &dyn View,
    transition: &Transition,
    now: Moment,
) -> Result<Decision, Refusal> {
    let etag = transition.etag.as_deref();
    let mut draft = Draft::open(view, transition.product, etag, now)?;
    draft.alive()?;
    let (old, sku) = (draft.product.state, draft.product.sku().clone());
    let what = match (transition.step, old) {
        (Step::Publish, ProductState::Draft | ProductState::Archived) => Some(
            ProductChange::Published(Box::new(draft.product.clone()), old),
        ),
        (Step::Unpublish, ProductState::Active) => Some(ProductChange::Unpublished(sku)),
        (Step::Archive, ProductState::Draft | ProductState::Active) => {
            Some(ProductChange::Archived(sku, old))
        }
        (Step::Publish, ProductState::Active)
        | (Step::Unpublish, ProductState::Draft)
        | (Step::Archive, ProductState::Archived) => None,
        (Step::Unpublish, ProductState::Archived) => return Err(draft.wrong_state()),
    };
    if let Some(what) = what {
        draft.record(what);
    }
    Ok(draft.finish())
}
