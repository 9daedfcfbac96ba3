//! What holds after every step of every history.

use proptest::prelude::*;

use super::firm::{firm, free, ship};
use super::goods::{adjust, moved};
use super::holds::{extend, give, part, take};
use super::*;
use crate::domain::levels::Levels;
use crate::domain::{merge, merges};

/// Holds that a history may speak of: timed below this number, firm from it on.
const FIRM: u8 = 6;
const HOLDS: u8 = 10;
/// How far holds may go beyond the goods at the places of the first product.
const CAP: i64 = 4;

/// One step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Receive(Place, i64, Bucket, u64),
    Adjust(Place, i64, bool, u64),
    Move(Place, i64, Bucket, Bucket),
    Reserve(u8, Vec<(Place, i64)>, bool),
    Extend(u8, i64),
    Commit(u8, i64, Option<i64>),
    Release(u8, Option<i64>),
    Expire(u8),
    Firm(u8, i32, Vec<(Place, i64)>, Option<u8>),
    Ship(u8, u8, Option<i64>),
    Free(u8, u8, Option<i64>),
    Wait(u64),
}

fn places() -> impl Strategy<Value = Place> {
    (1..=2_u8, 1..=2_u8).prop_map(|(product, location)| place(product, location))
}

fn buckets() -> impl Strategy<Value = Bucket> {
    prop_oneof![
        3 => Just(Bucket::Sellable),
        1 => Just(Bucket::Damaged),
        1 => Just(Bucket::Quarantined)
    ]
}

fn lines() -> impl Strategy<Value = Vec<(Place, i64)>> {
    prop::collection::vec((places(), 1..=4_i64), 1..=3)
}

fn some() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(1..=3_i64)
}

pub(crate) fn steps() -> impl Strategy<Value = Step> {
    let (timed, firm) = (0..FIRM, FIRM..HOLDS);
    prop_oneof![
        3 => (places(), 1..=6_i64, buckets(), 0..=3_u64)
            .prop_map(|(at, count, bucket, late)| Step::Receive(at, count, bucket, late)),
        2 => (places(), -5..=5_i64, any::<bool>(), 0..=3_u64)
            .prop_map(|(at, count, strict, late)| Step::Adjust(at, count, strict, late)),
        2 => (places(), 1..=4_i64, buckets(), buckets())
            .prop_map(|(at, count, from, to)| Step::Move(at, count, from, to)),
        5 => (timed.clone(), lines(), any::<bool>())
            .prop_map(|(id, lines, partial)| Step::Reserve(id, lines, partial)),
        1 => (timed.clone(), 1..=2_i64).prop_map(|(id, epoch)| Step::Extend(id, epoch)),
        3 => (timed.clone(), 1..=2_i64, some())
            .prop_map(|(id, epoch, count)| Step::Commit(id, epoch, count)),
        2 => (timed.clone(), some()).prop_map(|(id, count)| Step::Release(id, count)),
        2 => (0..HOLDS).prop_map(Step::Expire),
        3 => (firm.clone(), 1..=3_i32, lines(), prop::option::of(timed))
            .prop_map(|(id, ordinal, lines, adopt)| Step::Firm(id, ordinal, lines, adopt)),
        2 => (firm.clone(), 0..=2_u8, some())
            .prop_map(|(id, key, count)| Step::Ship(id, key, count)),
        2 => (firm, 0..=2_u8, some()).prop_map(|(id, key, count)| Step::Free(id, key, count)),
        1 => (1..=40_u64).prop_map(Step::Wait),
    ]
}

/// A shop with rules: the first product may be promised beyond the goods.
pub(crate) fn ruled() -> Shop {
    let mut shop = Shop::default();
    for product in 1..=2 {
        for location in 1..=2 {
            let mut position = Position::untouched(place(product, location));
            position.policy.low_stock_threshold = Some(1);
            position.policy.backorder_cap = if product == 1 { CAP } else { 0 };
            position.policy.revision = 1;
            position.policy.updated_at = Some(start());
            let key = Key::Position(position.place);
            shop.states.insert(key, State::Position(Box::new(position)));
        }
    }
    shop
}

fn some_of(count: Option<i64>) -> Vec<crate::domain::command::Part> {
    count.map(|it| part(1, it)).into_iter().collect()
}

/// Takes one step. Whatever is refused changes nothing.
pub(crate) fn step(shop: &mut Shop, step: &Step) {
    let late = |hours: u64| match hours {
        0 => None,
        hours => shop.now().minus(Duration::from_secs(hours * 3_600)).ok(),
    };
    let command = match step {
        Step::Receive(at, count, bucket, hours) => Command::Receive(Box::new(Receive {
            lines: vec![(*at, receipt(*count, *bucket))],
            effective_at: late(*hours),
        })),
        Step::Adjust(at, count, strict, hours) => {
            let mut command = adjust(*at, *count, *strict);
            command.effective_at = late(*hours);
            Command::Adjust(Box::new(command))
        }
        Step::Move(_, _, from, to) if from == to => return,
        Step::Move(at, count, from, to) => Command::Move(Box::new(moved(*at, *count, *from, *to))),
        Step::Reserve(id, lines, partial) => {
            let mut lines = wanted(lines);
            lines.partial = *partial;
            reserve(*id, lines)
        }
        Step::Extend(id, epoch) => extend(*id, *epoch),
        Step::Commit(id, epoch, count) => take(shop.on(rsv(*id)), *epoch, some_of(*count)),
        Step::Release(id, count) => give(shop.on(rsv(*id)), some_of(*count)),
        Step::Expire(id) => Command::Expire(shop.on(rsv(*id))),
        Step::Firm(id, ordinal, lines, adopt) => {
            let mut order = firm(*id, *ordinal, wanted(lines));
            let adopt = adopt.filter(|it| shop.states.contains_key(&Key::Reservation(rsv(*it))));
            order.adopt = adopt.map(|it| (shop.on(rsv(it)), 1));
            Command::HoldFirm(Box::new(order))
        }
        Step::Ship(id, key, count) => ship(
            shop.on(rsv(*id)),
            &vocab::FulfillmentId::at(1, [*key; 10]).to_string(),
            some_of(*count),
        ),
        Step::Free(id, key, count) => free(shop.on(rsv(*id)), &key.to_string(), some_of(*count)),
        Step::Wait(seconds) => return shop.wait(Duration::from_secs(*seconds)),
    };
    // Accepted or refused, the shop must be sound; refusals are what some steps are for.
    drop(shop.submit(&command));
}

/// What is wrong with a shop, if anything is.
fn judged(shop: &Shop) -> Result<(), TestCaseError> {
    let mut held: BTreeMap<Place, i64> = BTreeMap::new();
    for state in shop.states.values() {
        let State::Reservation(hold) = state else {
            continue;
        };
        prop_assert_eq!(hold.is_active(), hold.held() > 0);
        for line in &hold.lines {
            let here: i64 = line.allocations.iter().map(|it| it.quantity).sum();
            prop_assert_eq!(here, line.held(), "a line is where its units are");
            let gone: i64 = line.allocations.iter().map(|it| it.committed).sum();
            prop_assert_eq!(gone, line.committed);
            for it in &line.allocations {
                prop_assert!(it.quantity >= 0 && it.backordered >= 0);
                *held.entry(it.place()).or_default() += it.quantity;
            }
        }
    }
    for state in shop.states.values() {
        let State::Position(position) = state else {
            continue;
        };
        let levels = &position.levels;
        prop_assert!(levels.are_sound(), "{levels:?}");
        let live = held.get(&position.place).copied().unwrap_or_default();
        prop_assert_eq!(levels.reserved, live, "Σ live holds");
        let room = levels.sellable() + position.policy.backorder_cap + levels.open_shortfall;
        prop_assert!(levels.reserved <= room, "{levels:?}");
        let open = levels.open_shortfall > 0;
        prop_assert_eq!(position.shortfall.is_some(), open);
    }
    Ok(())
}

/// The facts of a history as the journal writes them when a commit takes in several commands:
/// neighbours about one position are merged.
fn written(log: &[Logged], batch: usize) -> Vec<Fact> {
    let mut facts: Vec<(Fact, bool, usize)> = Vec::new();
    for it in log {
        let commit = it.commit / batch.max(1);
        let subject = it.fact.subject();
        let last = facts
            .iter_mut()
            .rev()
            .find(|(fact, ..)| fact.subject() == subject);
        let open = merges(&it.fact);
        let joined = last.is_some_and(|(fact, willing, at)| {
            *willing && open && *at == commit && merge(fact, &it.fact)
        });
        if !joined {
            facts.push((it.fact.clone(), open, commit));
        }
    }
    facts.into_iter().map(|it| it.0).collect()
}

fn replayed(facts: impl IntoIterator<Item = Fact>) -> Result<BTreeMap<Key, State>, TestCaseError> {
    let mut states = ruled().states;
    for fact in facts {
        let key = fact.subject();
        let after = evolve(states.remove(&key), &fact);
        prop_assert!(agrees(&fact, &after), "{fact:?} led to {after:?}");
        states.insert(key, after);
    }
    Ok(states)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn every_history_leaves_a_sound_shop(history in prop::collection::vec(steps(), 1..60)) {
        let mut shop = ruled();
        for it in &history {
            step(&mut shop, it);
            judged(&shop)?;
        }
    }

    #[test]
    fn replay_is_the_state_and_merged_facts_replay_like_unmerged_ones(
        history in prop::collection::vec(steps(), 1..60),
        batch in 1..8_usize,
    ) {
        let mut shop = ruled();
        history.iter().for_each(|it| step(&mut shop, it));
        let all = shop.log.iter().map(|it| it.fact.clone());
        prop_assert_eq!(&replayed(all)?, &shop.states);
        prop_assert_eq!(&replayed(written(&shop.log, batch))?, &shop.states);
    }

    /// The numbers as of a time are the sum of what had happened by then; what was known by a
    /// time is the fold of what was recorded by then.
    #[test]
    fn the_past_is_a_sum_by_one_clock_and_a_fold_by_the_other(
        history in prop::collection::vec(steps(), 1..40),
        cut in 0..40_usize,
    ) {
        let mut shop = ruled();
        let mut then = None;
        for (at, it) in history.iter().enumerate() {
            step(&mut shop, it);
            if at == cut {
                then = Some((shop.now(), shop.states.clone()));
                shop.wait(Duration::from_micros(1));
            }
        }
        let (time, known) = then.unwrap_or_else(|| (shop.now(), shop.states.clone()));
        let by_then = shop.log.iter().filter(|it| it.recorded_at <= time);
        prop_assert_eq!(replayed(by_then.map(|it| it.fact.clone()))?, known);
        let mut sums: BTreeMap<Place, Levels> = BTreeMap::new();
        for it in shop.log.iter().filter(|it| it.effective_at <= shop.now()) {
            if let Fact::Position(fact) = &it.fact {
                *sums.entry(fact.place).or_default() += fact.deltas;
            }
        }
        for (place, sum) in sums {
            prop_assert_eq!(sum, shop.position(place).levels);
        }
    }
}
