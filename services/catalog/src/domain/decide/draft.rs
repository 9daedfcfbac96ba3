//! A decision on one product in the making: the product as it becomes, fact by fact.

use std::collections::BTreeMap;

use vocab::{CategoryId, Moment, ProductId};

use crate::domain::answer::{Answer, Decision, Noted};
use crate::domain::command::OnSnapshot;
use crate::domain::evolve;
use crate::domain::fact::{Fact, ProductChange, ProductFact};
use crate::domain::key::{self, Claim, Holder, Key, Occupancy, State, View};
use crate::domain::product::Product;
use crate::domain::{Refusal, agree, not_before};

/// The product, and what is decided so far.
pub(super) struct Draft<'a> {
    pub(super) view: &'a dyn View,
    pub(super) product: Product,
    pub(super) at: Moment,
    facts: Vec<Noted>,
    plain: BTreeMap<Key, State>,
}

impl<'a> Draft<'a> {
    /// Begins with the fact that the product came into being.
    pub(super) fn born(view: &'a dyn View, product: Product) -> Self {
        let at = product.created_at;
        let what = ProductChange::Created(Box::new(product.clone()));
        let mut draft = Self {
            view,
            product,
            at,
            facts: Vec::new(),
            plain: BTreeMap::new(),
        };
        draft.note(what, None);
        draft
    }

    /// Begins with a product that exists, as the caller's etag knows it.
    pub(super) fn open(
        view: &'a dyn View,
        id: ProductId,
        etag: Option<&str>,
        now: Moment,
    ) -> Result<Self, Refusal> {
        let product = key::product(view, id).ok_or(Refusal::ProductMissing(id))?;
        agree(&id.to_string(), product.version, etag)?;
        Ok(Self {
            view,
            product: product.clone(),
            at: not_before(now, product.updated_at),
            facts: Vec::new(),
            plain: BTreeMap::new(),
        })
    }

    /// Begins with a product that is still as it was read.
    pub(super) fn on(view: &'a dyn View, on: &OnSnapshot, now: Moment) -> Result<Self, Refusal> {
        let draft = Self::open(view, on.snapshot.id, on.etag.as_deref(), now)?;
        if draft.product.version == on.snapshot.version {
            Ok(draft)
        } else {
            Err(Refusal::Outrun)
        }
    }

    /// Refuses products that are deleted.
    pub(super) fn alive(&self) -> Result<(), Refusal> {
        match self.product.deleted_at {
            Some(_) => Err(self.wrong_state()),
            None => Ok(()),
        }
    }

    /// The refusal of the product's present state.
    pub(super) fn wrong_state(&self) -> Refusal {
        Refusal::ProductStateInvalid {
            state: self.product.state,
            deleted: self.product.deleted_at.is_some(),
        }
    }

    /// Notes a fact and applies it.
    pub(super) fn record(&mut self, what: ProductChange) {
        self.record_since(what, None);
    }

    /// Notes a fact that took effect at a planned instant, and applies it.
    pub(super) fn record_since(&mut self, mut what: ProductChange, effective: Option<Moment>) {
        let fact = ProductFact {
            product: self.product.id,
            at: self.at,
            what: what.clone(),
        };
        evolve::apply(&mut self.product, &fact);
        // A product inside a fact is as it is after it.
        if let ProductChange::Updated(after, _)
        | ProductChange::Undeleted(after)
        | ProductChange::Published(after, _) = &mut what
        {
            after.clone_from(&Box::new(self.product.clone()));
        }
        self.note(what, effective);
    }

    fn note(&mut self, what: ProductChange, effective_at: Option<Moment>) {
        let fact = Fact::Product(ProductFact {
            product: self.product.id,
            at: self.at,
            what,
        });
        self.facts.push(Noted { fact, effective_at });
    }

    /// Writes a plain state.
    pub(super) fn put(&mut self, key: Key, state: State) {
        self.plain.insert(key, state);
    }

    /// The plain state as it is with what was written so far.
    pub(super) fn state(&self, key: &Key) -> Option<&State> {
        self.plain.get(key).or_else(|| self.view.state(key))
    }

    /// Takes a claim, unless somebody else has it; then that one is returned.
    pub(super) fn claim(&mut self, claim: Claim) -> Result<(), Holder> {
        let mine = Holder::Product(self.product.id);
        match key::holder(self.view, &claim) {
            Holder::Nobody => {
                self.put(Key::Claim(claim), State::Claim(mine));
                Ok(())
            }
            other if other == mine => Ok(()),
            other => Err(other),
        }
    }

    /// Gives a claim up.
    pub(super) fn free(&mut self, claim: Claim) {
        self.put(Key::Claim(claim), State::Claim(Holder::Nobody));
    }

    /// Counts the product in a category, which must exist.
    pub(super) fn enter(&mut self, category: CategoryId) -> Result<(), Refusal> {
        let present = key::occupancy(self.view, category);
        let present = present.ok_or(Refusal::CategoryUnknown(category))?;
        let products = present.products.saturating_add(1);
        let entered = Occupancy {
            products,
            ..present
        };
        self.put(Key::Occupancy(category), State::Occupancy(entered));
        Ok(())
    }

    /// Counts the product out of a category.
    pub(super) fn leave(&mut self, category: CategoryId) {
        if let Some(present) = key::occupancy(self.view, category) {
            let products = present.products.saturating_sub(1);
            let left = Occupancy {
                products,
                ..present
            };
            self.put(Key::Occupancy(category), State::Occupancy(left));
        }
    }

    /// Notes whether the product stands in a category.
    pub(super) fn place(&mut self, category: CategoryId, stands: bool) {
        let key = Key::Placement(category, self.product.id);
        self.put(key, State::Placement(stands));
    }

    /// Ends with the product as the answer.
    pub(super) fn finish(self) -> Decision {
        let answer = Answer::Product(Box::new(self.product.clone()));
        self.answer(answer)
    }

    /// Ends with an answer.
    pub(super) fn answer(self, answer: Answer) -> Decision {
        Decision {
            facts: self.facts,
            plain: self.plain.into_iter().collect(),
            answer,
        }
    }
}
