//! How a fact changes its aggregate. Total: what was once recorded always applies.

use super::category::Category;
use super::fact::{CategoryChange, CategoryFact, Fact, PriceChange, ProductChange, ProductFact};
use super::key::State;
use super::price::Scheduled;
use super::product::{Product, ProductState};

/// Applies one fact to the state of its aggregate.
///
/// A fact that does not belong to the state it meets leaves it as it is, and a history that does
/// not begin with a birth leads to a state of no aggregate: only damaged histories do either, and
/// the comparison of states with histories shows it.
pub fn evolve(state: Option<State>, fact: &Fact) -> State {
    match (state, fact) {
        (None, Fact::Product(fact)) => {
            created_product(fact).map_or(NOTHING, |it| State::Product(Box::new(it)))
        }
        (None, Fact::Category(fact)) => {
            created_category(fact).map_or(NOTHING, |it| State::Category(Box::new(it)))
        }
        (Some(State::Product(mut product)), Fact::Product(fact)) => {
            apply(&mut product, fact);
            State::Product(product)
        }
        (Some(State::Category(mut category)), Fact::Category(fact)) => {
            apply_category(&mut category, fact);
            State::Category(category)
        }
        (Some(state), Fact::Product(_) | Fact::Category(_)) => state,
    }
}

/// What no aggregate is equal to.
const NOTHING: State = State::Placement(false);

fn created_product(fact: &ProductFact) -> Option<Product> {
    match &fact.what {
        ProductChange::Created(product) => Some((**product).clone()),
        ProductChange::Updated(..)
        | ProductChange::PriceChanged(_)
        | ProductChange::PriceScheduled(_)
        | ProductChange::PriceCancelled(..)
        | ProductChange::Deleted(_)
        | ProductChange::Undeleted(_)
        | ProductChange::Published(..)
        | ProductChange::Unpublished(_)
        | ProductChange::Archived(..) => None,
    }
}

/// Applies a fact to a product that is there.
pub(super) fn apply(product: &mut Product, fact: &ProductFact) {
    match &fact.what {
        ProductChange::Created(_) => {}
        ProductChange::Updated(after, _) => product.content.clone_from(&after.content),
        ProductChange::PriceChanged(change) => change_price(product, change),
        ProductChange::PriceScheduled(entry) => product.prices.schedule(Scheduled {
            id: entry.id,
            offer: entry.offer,
            at: entry.start,
        }),
        ProductChange::PriceCancelled(entry, _) => {
            product.prices.scheduled.retain(|it| it.id != entry.id);
        }
        ProductChange::Deleted(_) => product.deleted_at = Some(fact.at),
        ProductChange::Undeleted(after) => {
            let categories = &after.content.category_ids;
            product.content.category_ids.clone_from(categories);
            product.state = ProductState::Draft;
            product.deleted_at = None;
        }
        ProductChange::Published(..) => {
            product.state = ProductState::Active;
            product.published_at = Some(fact.at);
        }
        ProductChange::Unpublished(_) => product.state = ProductState::Draft,
        ProductChange::Archived(..) => product.state = ProductState::Archived,
    }
    product.version = product.version.saturating_add(1);
    product.updated_at = fact.at;
}

fn change_price(product: &mut Product, change: &PriceChange) {
    let prices = &mut product.prices;
    if change.main {
        prices.main = change.currency;
    }
    match change.new {
        Some(current) => {
            prices.current.insert(change.currency, current);
            prices.scheduled.retain(|it| it.id != current.id);
        }
        None => {
            prices.current.remove(&change.currency);
        }
    }
}

fn created_category(fact: &CategoryFact) -> Option<Category> {
    match &fact.what {
        CategoryChange::Created(category, _) => Some((**category).clone()),
        CategoryChange::Updated(..) | CategoryChange::Deleted(_) => None,
    }
}

/// Applies a fact to a category that is there.
pub(super) fn apply_category(category: &mut Category, fact: &CategoryFact) {
    match &fact.what {
        CategoryChange::Created(..) => {}
        CategoryChange::Updated(after, ..) => category.content.clone_from(&after.content),
        CategoryChange::Deleted(_) => category.deleted_at = Some(fact.at),
    }
    category.version = category.version.saturating_add(1);
    category.updated_at = fact.at;
}

/// Says whether the whole product or category that a fact shows is the state that it led to.
pub fn agrees(fact: &Fact, state: &State) -> bool {
    match (fact, state) {
        (Fact::Product(fact), State::Product(state)) => match &fact.what {
            ProductChange::Created(after)
            | ProductChange::Updated(after, _)
            | ProductChange::Undeleted(after)
            | ProductChange::Published(after, _) => after == state,
            ProductChange::PriceChanged(_)
            | ProductChange::PriceScheduled(_)
            | ProductChange::PriceCancelled(..)
            | ProductChange::Deleted(_)
            | ProductChange::Unpublished(_)
            | ProductChange::Archived(..) => true,
        },
        (Fact::Category(fact), State::Category(state)) => match &fact.what {
            CategoryChange::Created(after, _) | CategoryChange::Updated(after, ..) => {
                after == state
            }
            CategoryChange::Deleted(_) => true,
        },
        (Fact::Product(_) | Fact::Category(_), _) => false,
    }
}
