//! Decisions held against a small journal: what is named is all that is seen, and facts are folded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use vocab::{CategoryId, Currency, Id, Kind, Moment, Money, PriceId, ProductId};

use super::category::{CategoryContent, Lineage};
use super::command::*;
use super::price::*;
use super::product::*;
use super::*;

mod categories;
mod families;
mod lifecycle;
mod prices;
mod products;
mod properties;

const SECOND: i64 = 1_000_000;

/// One tenant's catalog: states, and every fact that led to them.
#[derive(Clone, Default)]
struct Shop {
    states: BTreeMap<Key, State>,
    facts: Vec<Fact>,
    seconds: i64,
    drawn: u64,
}

/// What a command may see: a look at anything that it did not name is a defect.
struct Named<'a> {
    keys: BTreeSet<Key>,
    states: &'a BTreeMap<Key, State>,
}

impl View for Named<'_> {
    fn state(&self, key: &Key) -> Option<&State> {
        assert!(self.keys.contains(key), "{key:?} was not named");
        self.states.get(key)
    }
}

impl Shop {
    fn now(&self) -> Moment {
        at(self.seconds)
    }

    fn draw<K: Kind>(&mut self) -> Id<K> {
        self.drawn += 1;
        Id::derive(Some(self.drawn), &[])
    }

    /// Decides, and applies what was decided as the journal does.
    fn run(&mut self, command: &Command) -> Result<Answer, Refusal> {
        let keys = command.keys();
        assert!(keys.is_sorted(), "{keys:?}");
        let view = Named {
            keys: keys.iter().cloned().collect(),
            states: &self.states,
        };
        let decision = decide(&view, command, self.now())?;
        for Noted { fact, .. } in decision.facts {
            let key = fact.subject();
            assert!(
                keys.contains(&key),
                "a fact about {key:?}, which was not named"
            );
            let before = self.states.remove(&key);
            let after = evolve(before.clone(), &fact);
            assert_eq!(version(&after), before.as_ref().map_or(0, version) + 1);
            assert!(
                agrees(&fact, &after),
                "{fact:?} does not agree with {after:?}"
            );
            self.states.insert(key, after);
            self.facts.push(fact);
        }
        for (key, state) in decision.plain {
            assert!(keys.contains(&key), "{key:?} is written and was not named");
            self.states.insert(key, state);
        }
        for key in keys {
            assert!(
                self.states.contains_key(&key),
                "{key:?} was absent and is not written"
            );
        }
        Ok(decision.answer)
    }

    fn product(&self, id: ProductId) -> &Product {
        match &self.states[&Key::Product(id)] {
            State::Product(product) => product,
            other => panic!("{other:?}"),
        }
    }

    fn on(&self, id: ProductId) -> OnSnapshot {
        OnSnapshot {
            snapshot: Arc::new(self.product(id).clone()),
            etag: None,
        }
    }

    fn entry(&self, id: PriceId) -> &PriceEntry {
        match &self.states[&Key::Price(id)] {
            State::Price(entry) => entry,
            other => panic!("{other:?}"),
        }
    }

    /// Creates a product, after `change` has had its way with it.
    fn create(
        &mut self,
        sku: &str,
        change: impl FnOnce(&mut NewProduct),
    ) -> Result<ProductId, Refusal> {
        let id = self.draw();
        let mut new = NewProduct {
            id,
            unit: Unit::Each,
            content: content(sku),
            prices: Wanted {
                main: eur(1_000),
                others: Vec::new(),
            },
            price_ids: Vec::new(),
            actor: somebody(),
        };
        change(&mut new);
        new.price_ids = (0..=new.prices.others.len()).map(|_| self.draw()).collect();
        self.run(&Command::CreateProduct(Box::new(new))).map(|_| id)
    }

    fn made(&mut self, sku: &str) -> ProductId {
        self.create(sku, |_| {}).unwrap()
    }

    /// Revises a product: its content and all its prices, as `change` leaves them.
    fn revise(
        &mut self,
        id: ProductId,
        change: impl FnOnce(&mut Content, &mut Wanted),
    ) -> Result<(), Refusal> {
        let on = self.on(id);
        let mut content = on.snapshot.content.clone();
        let mut wanted = Wanted {
            main: on.snapshot.prices.main_offer().unwrap(),
            others: on.snapshot.prices.other_offers().collect(),
        };
        change(&mut content, &mut wanted);
        let moves = wanted.moves(&on.snapshot.prices, || self.draw())?;
        let revision = Revision {
            on,
            content,
            main: wanted.main,
            moves,
            actor: somebody(),
        };
        self.run(&Command::ReviseProduct(Box::new(revision)))
            .map(|_| ())
    }

    fn step(&mut self, product: ProductId, step: Step) -> Result<(), Refusal> {
        let transition = Transition {
            product,
            etag: None,
            step,
        };
        self.run(&Command::MoveProduct(transition)).map(|_| ())
    }

    fn delete(&mut self, id: ProductId) -> Result<(), Refusal> {
        self.run(&Command::DeleteProduct(self.on(id))).map(|_| ())
    }

    fn undelete(&mut self, id: ProductId) -> Result<(), Refusal> {
        self.run(&Command::UndeleteProduct(self.on(id))).map(|_| ())
    }

    fn set_price(
        &mut self,
        product: ProductId,
        offer: Offer,
        at: Option<Moment>,
    ) -> Result<PriceId, Refusal> {
        let id = self.draw();
        let setting = PriceSetting {
            on: self.on(product),
            id,
            offer,
            at,
            actor: somebody(),
        };
        self.run(&Command::SetPrice(Box::new(setting))).map(|_| id)
    }

    fn cancel(&mut self, product: ProductId, price: PriceId) -> Result<(), Refusal> {
        let cancelling = PriceCancelling {
            product,
            price,
            etag: None,
        };
        self.run(&Command::CancelPrice(cancelling)).map(|_| ())
    }

    fn enforce(&mut self, id: ProductId) {
        self.run(&Command::EnforcePrices(self.on(id))).unwrap();
    }

    fn category(&self, id: CategoryId) -> Option<&category::Category> {
        match self.states.get(&Key::Category(id))? {
            State::Category(category) => Some(category)
                .filter(|it| it.deleted_at.is_none())
                .map(|it| &**it),
            other => panic!("{other:?}"),
        }
    }

    /// A category and all above it, as a read finds them.
    fn above(&self, parent: Option<CategoryId>) -> Vec<CategoryId> {
        let mut above: Vec<CategoryId> = parent.into_iter().collect();
        while let Some(next) = above
            .last()
            .and_then(|it| self.category(*it)?.content.parent)
        {
            above.push(next);
        }
        above
    }

    fn height(&self, id: CategoryId) -> usize {
        let below = self.states.values().filter_map(|state| match state {
            State::Category(it) if it.deleted_at.is_none() && it.content.parent == Some(id) => {
                Some(it.id)
            }
            _ => None,
        });
        below.map(|it| self.height(it) + 1).max().unwrap_or(0)
    }

    fn create_category(
        &mut self,
        slug: &str,
        parent: Option<CategoryId>,
    ) -> Result<CategoryId, Refusal> {
        let id = self.draw();
        let new = NewCategory {
            id,
            content: named(slug, parent),
            above: self.above(parent),
        };
        self.run(&Command::CreateCategory(Box::new(new)))
            .map(|_| id)
    }

    fn revision_of(
        &self,
        id: CategoryId,
        change: impl FnOnce(&mut CategoryContent),
    ) -> CategoryRevision {
        let present = self.category(id).unwrap();
        let mut new = present.content.clone();
        change(&mut new);
        let revision = match self.states.get(&Key::Tree) {
            Some(State::Tree(tree)) => tree.revision,
            _ => 0,
        };
        CategoryRevision {
            id,
            version: present.version,
            old: present.content.clone(),
            above: self.above(new.parent),
            new,
            revision,
            height: self.height(id),
            etag: None,
        }
    }

    fn revise_category(
        &mut self,
        id: CategoryId,
        change: impl FnOnce(&mut CategoryContent),
    ) -> Result<Answer, Refusal> {
        let revision = self.revision_of(id, change);
        self.run(&Command::ReviseCategory(Box::new(revision)))
    }

    fn delete_category(&mut self, id: CategoryId) -> Result<Answer, Refusal> {
        let content = self.category(id).unwrap().content.clone();
        self.run(&Command::DeleteCategory(CategoryRemoval {
            id,
            parent: content.parent,
            slug: content.slug,
            etag: None,
        }))
    }

    fn occupancy(&self, id: CategoryId) -> Occupancy {
        match self.states[&Key::Occupancy(id)] {
            State::Occupancy(occupancy) => occupancy,
            ref other => panic!("{other:?}"),
        }
    }
}

fn version(state: &State) -> i64 {
    match state {
        State::Product(product) => product.version,
        State::Category(category) => category.version,
        other => panic!("{other:?}"),
    }
}

fn at(seconds: i64) -> Moment {
    Moment::from_micros(1_700_000_000 * SECOND + seconds * SECOND).unwrap()
}

fn somebody() -> Actor {
    Actor {
        kind: ActorKind::User,
        id: "usr_x".to_owned(),
    }
}

fn eur(minor: i64) -> Offer {
    Offer {
        price: Money::new(minor, Currency::EUR),
        compare_at: None,
    }
}

fn usd(minor: i64) -> Offer {
    Offer {
        price: Money::new(minor, Currency::USD),
        compare_at: None,
    }
}

fn content(sku: &str) -> Content {
    Content {
        sku: sku.parse().unwrap(),
        title: format!("Product {sku}"),
        description: String::new(),
        brand: String::new(),
        category_ids: Vec::new(),
        tax_class: String::new(),
        climate: None,
        weight_grams: 0,
        dimensions: None,
        lot_tracked: false,
        serial_tracked: false,
        shelf_life_days: 0,
        barcodes: Vec::new(),
        kinship: Kinship::default(),
        image_uris: Vec::new(),
        localized_texts: BTreeMap::new(),
        attributes: String::new(),
    }
}

fn named(slug: &str, parent: Option<CategoryId>) -> CategoryContent {
    CategoryContent {
        parent,
        slug: slug.to_owned(),
        display_name: slug.to_owned(),
        localized_names: BTreeMap::new(),
        description: String::new(),
        position: 0,
        schema: None,
    }
}

/// A variant with something in every field.
fn full_variant(shop: &mut Shop, garden: CategoryId, family: ProductId) -> ProductId {
    let made = shop.create("V", |new| {
        new.content.category_ids = vec![garden];
        new.content.kinship.family = Some(family);
        new.content.kinship.options = [("size".to_owned(), "XL".to_owned())].into();
        new.content.climate = Some(Climate::Frozen);
        new.content.dimensions = Some(Dimensions {
            length: 3,
            width: 2,
            height: 1,
        });
        new.content.barcodes = vec!["123".to_owned()];
        new.content.attributes = "{\"a\":[1,true,\"x\"]}".to_owned();
        let text = LocalizedText {
            title: "V".to_owned(),
            description: String::new(),
        };
        new.content.localized_texts.insert("de".to_owned(), text);
        new.prices.main.compare_at = Some(Money::new(1_500, Currency::EUR));
    });
    made.unwrap()
}

/// A catalog in which everything happened that can, and what its callers heard.
pub(crate) fn story() -> (Vec<Fact>, BTreeMap<Key, State>, Vec<Answer>) {
    let mut shop = Shop::default();
    let garden = shop.create_category("garden", None).unwrap();
    let tools = shop.create_category("tools", Some(garden)).unwrap();
    let moved = shop.revise_category(tools, |it| {
        it.parent = None;
        it.localized_names
            .insert("de".to_owned(), "Werkzeug".to_owned());
    });
    let gone = shop.create_category("gone", Some(tools)).unwrap();
    let done = shop.delete_category(gone);
    let family = shop
        .create("F", |new| {
            new.content.kinship.axes = vec!["size".to_owned()]
        })
        .unwrap();
    let id = full_variant(&mut shop, garden, family);
    shop.seconds = 1;
    shop.revise(id, |content, prices| {
        content.title = "New".to_owned();
        prices.others = vec![usd(700)];
    })
    .unwrap();
    shop.revise(id, |_, prices| prices.others.clear()).unwrap();
    let waiting = shop.set_price(id, eur(900), Some(at(10))).unwrap();
    shop.set_price(id, eur(800), Some(at(10))).unwrap();
    let kept = shop.set_price(id, usd(600), Some(at(90))).unwrap();
    shop.cancel(id, kept).unwrap();
    shop.seconds = 11;
    shop.enforce(id);
    for step in [Step::Publish, Step::Unpublish, Step::Archive] {
        shop.step(id, step).unwrap();
    }
    shop.delete(id).unwrap();
    shop.undelete(id).unwrap();
    shop.set_price(id, eur(500), Some(at(99))).unwrap();
    let product = Box::new(shop.product(id).clone());
    let entry = Box::new(shop.entry(waiting).clone());
    let answers = vec![
        moved.unwrap(),
        done.unwrap(),
        Answer::Product(product.clone()),
        Answer::Priced(product, entry.clone()),
        Answer::Price(entry),
    ];
    (shop.facts, shop.states, answers)
}

/// The names of a product's facts, in order.
fn facts_of(shop: &Shop, id: ProductId) -> Vec<String> {
    let own = shop.facts.iter().filter_map(|fact| match fact {
        Fact::Product(fact) if fact.product == id => Some(format!("{:?}", fact.what)),
        Fact::Product(_) | Fact::Category(_) => None,
    });
    own.map(|text| text.split(['(', ' ']).next().unwrap_or_default().to_owned())
        .collect()
}

fn place(answer: Answer) -> Lineage {
    match answer {
        Answer::Category(_, lineage) => lineage,
        other => panic!("{other:?}"),
    }
}
