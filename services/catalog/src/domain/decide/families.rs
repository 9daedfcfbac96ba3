//! Families and their variants: who may join whom, and that no two variants are alike.

use vocab::ProductId;

use super::draft::Draft;
use crate::domain::Refusal;
use crate::domain::key::{self, Key, State};
use crate::domain::product::Kinship;

/// Makes the product a variant of its family, if it has one.
///
/// The family must be there and be one; the options name exactly its axes, as nobody else's do.
pub(super) fn join(draft: &mut Draft<'_>, kin: &Kinship) -> Result<(), Refusal> {
    let Some(id) = kin.family else {
        return match kin.options.is_empty() {
            true => Ok(()),
            false => Err(Refusal::OptionsInvalid(Vec::new())),
        };
    };
    let family = key::product(draft.view, id).filter(|it| it.deleted_at.is_none());
    let family = family.map(|it| it.content.kinship.clone());
    let family = family.filter(|it| it.is_family() && it.family.is_none());
    let family = family.ok_or(Refusal::FamilyInvalid(id))?;
    if kin.is_family() || id == draft.product.id {
        return Err(Refusal::FamilyInvalid(id));
    }
    if !kin.fits(&family.axes) {
        return Err(Refusal::OptionsInvalid(family.axes));
    }
    if let Some(claim) = kin.combination() {
        draft.claim(claim).map_err(Refusal::VariantExists)?;
    }
    count(draft, id, 1);
    Ok(())
}

/// Takes the product out of its family, if it has one.
pub(super) fn part(draft: &mut Draft<'_>, kin: &Kinship) {
    if let Some(claim) = kin.combination() {
        draft.free(claim);
    }
    if let Some(family) = kin.family {
        count(draft, family, -1);
    }
}

/// Refuses a family that has variants.
pub(super) fn childless(draft: &Draft<'_>) -> Result<(), Refusal> {
    match key::variants(draft.view, draft.product.id) {
        0 => Ok(()),
        count => Err(Refusal::ProductHasVariants(count)),
    }
}

fn count(draft: &mut Draft<'_>, family: ProductId, by: i64) {
    let key = Key::Variants(family);
    let present = match draft.state(&key) {
        Some(State::Variants(count)) => *count,
        _ => 0,
    };
    draft.put(key, State::Variants(present.saturating_add(by)));
}
