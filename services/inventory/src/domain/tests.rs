//! A shop in memory: commands are decided as the journal would decide them, and held against the
//! rules that the journal and the contract have for every decision.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vocab::{LocationId, Moment, ProductId, ReservationId};

use super::command::{Demand, OnHold, Receive, Reserve, Wanted};
use super::fact::{Fact, Goods, Receipt};
use super::levels::Bucket;
use super::position::Position;
use super::reservation::{Reference, Reservation};
use super::{Answer, Command, Key, Place, Refusal, State, View, agrees, decide, evolve};

mod cells;
mod firm;
mod goods;
mod holds;
mod lines;
pub(crate) mod properties;
pub(crate) mod told;
pub(crate) mod transfers;

/// A shop.
#[derive(Clone, Default)]
pub(crate) struct Shop {
    pub states: BTreeMap<Key, State>,
    pub versions: BTreeMap<Key, i64>,
    pub log: Vec<Logged>,
    pub now: Option<Moment>,
}

/// A fact with its times.
#[derive(Clone)]
pub(crate) struct Logged {
    pub fact: Fact,
    pub effective_at: Moment,
    pub recorded_at: Moment,
    /// Which commit it was in.
    pub commit: usize,
}

/// What a command may look at: the keys that it named, and no others.
struct Named<'a> {
    shop: &'a Shop,
    keys: BTreeSet<Key>,
    strayed: RefCell<Vec<Key>>,
}

impl View for Named<'_> {
    fn state(&self, key: &Key) -> Option<&State> {
        if !self.keys.contains(key) {
            self.strayed.borrow_mut().push(key.clone());
        }
        self.shop.states.get(key)
    }

    fn version(&self, key: &Key) -> i64 {
        self.shop.versions.get(key).copied().unwrap_or_default()
    }
}

pub(crate) fn start() -> Moment {
    Moment::from_micros(1_800_000_000_000_000).unwrap()
}

pub(crate) fn place(product: u8, location: u8) -> Place {
    Place::new(
        ProductId::at(1, [product; 10]),
        LocationId::at(1, [location; 10]),
    )
}

pub(crate) fn rsv(number: u8) -> ReservationId {
    ReservationId::at(1, [number; 10])
}

pub(crate) fn document(id: &str) -> Reference {
    Reference {
        kind: 9,
        id: id.to_owned(),
    }
}

pub(crate) fn receipt(quantity: i64, bucket: Bucket) -> Receipt {
    Receipt {
        quantity,
        reference: document("po-1"),
        bucket,
        goods: Goods::default(),
        opening: false,
        metadata: Vec::new(),
    }
}

pub(crate) fn wanted(lines: &[(Place, i64)]) -> Wanted {
    let lines = (1..).zip(lines).map(|(number, (place, quantity))| Demand {
        number,
        product: place.product,
        quantity: *quantity,
        given: Some(place.location),
        places: vec![*place],
    });
    Wanted {
        lines: lines.collect(),
        stock_only: false,
        partial: false,
    }
}

impl Shop {
    pub fn now(&self) -> Moment {
        self.now.unwrap_or_else(start)
    }

    pub fn wait(&mut self, time: Duration) {
        self.now = Some(self.now().plus(time).unwrap());
    }

    /// Decides a command and applies what it decided, or changes nothing.
    pub fn submit(&mut self, command: &Command) -> Result<Answer, Refusal> {
        let now = self.now();
        let named = Named {
            shop: self,
            keys: command.keys().into_iter().collect(),
            strayed: RefCell::default(),
        };
        let decided = decide(&named, command, now);
        assert_eq!(*named.strayed.borrow(), [], "looked at what was not named");
        let keys = named.keys;
        let decision = decided?;
        let written = decision.facts.iter().map(|it| it.fact.subject());
        let plain = decision.plain.iter().map(|it| it.0.clone());
        let written: BTreeSet<Key> = written.chain(plain).collect();
        for key in &keys {
            let absent = !self.states.contains_key(key);
            assert!(!absent || written.contains(key), "{key:?} stays unwritten");
        }
        assert!(written.is_subset(&keys), "wrote what was not named");
        let commit = self.log.last().map_or(0, |it| it.commit) + 1;
        for noted in decision.facts {
            self.apply(noted.fact, noted.effective_at.unwrap_or(now), commit);
        }
        self.states.extend(decision.plain);
        Ok(decision.answer)
    }

    pub fn apply(&mut self, fact: Fact, effective_at: Moment, commit: usize) {
        let key = fact.subject();
        let before = self.states.remove(&key);
        let after = evolve(before, &fact);
        assert!(agrees(&fact, &after), "{fact:?} led to {after:?}");
        *self.versions.entry(key.clone()).or_default() += 1;
        self.states.insert(key, after);
        self.log.push(Logged {
            fact,
            effective_at,
            recorded_at: self.now(),
            commit,
        });
    }

    pub fn position(&self, place: Place) -> Position {
        match self.states.get(&Key::Position(place)) {
            Some(State::Position(it)) => (**it).clone(),
            _ => Position::untouched(place),
        }
    }

    pub fn hold(&self, id: ReservationId) -> Reservation {
        match self.states.get(&Key::Reservation(id)) {
            Some(State::Reservation(it)) => (**it).clone(),
            other => panic!("{id} is {other:?}"),
        }
    }

    pub fn on(&self, id: ReservationId) -> OnHold {
        let places = match self.states.get(&Key::Reservation(id)) {
            Some(State::Reservation(it)) => it.places(),
            _ => Vec::new(),
        };
        OnHold { id, places }
    }

    pub fn receive(&mut self, place: Place, quantity: i64) {
        let command = Receive {
            lines: vec![(place, receipt(quantity, Bucket::Sellable))],
            effective_at: None,
        };
        self.submit(&Command::Receive(Box::new(command))).unwrap();
    }

    pub fn reserve(&mut self, id: u8, lines: &[(Place, i64)]) -> Result<Answer, Refusal> {
        self.submit(&reserve(id, wanted(lines)))
    }
}

pub(crate) fn reserve(id: u8, wanted: Wanted) -> Command {
    Command::Reserve(Box::new(Reserve {
        id: rsv(id),
        reference: document("cart-1"),
        wanted,
        ttl: Duration::from_secs(60),
    }))
}
