//! Facts that were told, rules, and opening stock, as decisions.

use proptest::prelude::*;
use vocab::ImportId;

use super::*;
use crate::domain::Mark;
use crate::domain::allocation::{AllocationPolicy, Strategy as How};
use crate::domain::command::{
    ImportRow, ImportRows, OpeningRow, RecordFacts, SetAllocation, SetPolicy, ToldFact, ToldKind,
};
use crate::domain::fact::Told;
use crate::domain::import::{Import, RowFault, RowReason};
use crate::domain::levels::Levels;
use crate::domain::position::Policy;

fn told(key: u8, kind: ToldKind, quantity: i64) -> Command {
    Command::RecordFacts(Box::new(RecordFacts {
        facts: vec![ToldFact {
            key: Mark([key; 16]),
            content: Mark(u128::from(quantity.unsigned_abs()).to_be_bytes()),
            place: place(1, 1),
            kind,
            told: Told {
                quantity,
                reference: document("sale-1"),
                fact_key: key.to_string(),
                goods: Goods::default(),
                metadata: Vec::new(),
            },
        }],
        effective_at: None,
        lenient: true,
    }))
}

fn kinds() -> impl Strategy<Value = ToldKind> {
    prop_oneof![
        Just(ToldKind::Sale),
        Just(ToldKind::Return(Bucket::Quarantined)),
        Just(ToldKind::Return(Bucket::Sellable)),
        Just(ToldKind::Restock),
        Just(ToldKind::Scrap),
    ]
}

proptest! {
    #[test]
    fn whatever_is_told_is_booked_and_leaves_numbers_that_can_be(
        history in prop::collection::vec((0..20_u8, kinds(), 1..=9_i64), 1..60),
    ) {
        let mut shop = Shop::default();
        let mut first: BTreeMap<u8, (i64, Answer)> = BTreeMap::new();
        for (key, kind, quantity) in history {
            let answer = shop.submit(&told(key, kind, quantity));
            match first.get(&key) {
                Some((same, known)) if *same == quantity => {
                    prop_assert_eq!(answer.as_ref(), Ok(known));
                }
                Some(_) => {
                    let conflict = Refusal::FactConflict(key.to_string());
                    prop_assert_eq!(answer, Err(conflict));
                }
                None => {
                    first.insert(key, (quantity, answer.unwrap()));
                }
            }
            prop_assert!(shop.position(place(1, 1)).levels.are_sound());
        }
        prop_assert_eq!(shop.log.len(), first.len());
    }

    #[test]
    fn a_position_becomes_low_once_for_each_time_that_it_was_above(
        history in prop::collection::vec((any::<bool>(), 0..=8_i64), 1..60),
    ) {
        let mut shop = Shop::default();
        let mut low = false;
        for (rules, number) in history {
            let before = shop.log.len();
            if rules {
                shop.submit(&set(&shop, number)).unwrap();
            } else {
                let kind = if number % 2 == 0 { ToldKind::Sale } else { ToldKind::Restock };
                let key = u8::try_from(before).unwrap();
                shop.submit(&told(key, kind, number + 1)).unwrap();
            }
            let position = shop.position(place(1, 1));
            let is = position.policy.is_low(&position.levels);
            let crossed = shop.log.iter().skip(before).any(|it| match &it.fact {
                Fact::Position(fact) => fact.crossed,
                _ => false,
            });
            prop_assert_eq!(crossed, is && !low);
            low = is;
        }
    }
}

/// Something new: a fact that was told, other rules, another way to allocate, or a row.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Told(u8, ToldKind, i64),
    Rules(i64),
    Allocation(BTreeSet<u8>, bool),
    Row(u8, i64),
}

pub(crate) fn news() -> impl Strategy<Value = News> {
    prop_oneof![
        3 => (0..20_u8, kinds(), 1..=9_i64)
            .prop_map(|(key, kind, count)| News::Told(key, kind, count)),
        1 => (0..9_i64).prop_map(News::Rules),
        1 => (prop::collection::btree_set(1..9_u8, 0..4), any::<bool>())
            .prop_map(|(listed, only)| News::Allocation(listed, only)),
        1 => (5..9_u8, 1..9_i64).prop_map(|(product, count)| News::Row(product, count)),
    ]
}

/// Hears news; what is refused changes nothing.
pub(crate) fn hear(shop: &mut Shop, news: &News) {
    let command = match news {
        News::Told(key, kind, count) => told(*key, *kind, *count),
        News::Rules(threshold) => set(shop, *threshold),
        News::Allocation(listed, only) => Command::SetAllocation(Box::new(SetAllocation {
            policy: AllocationPolicy {
                strategy: only.then_some(How::Priority),
                locations: listed.iter().map(|it| place(1, *it).location).collect(),
                listed_only: *only,
                ttl: only.then_some(Duration::from_millis(61_500)),
                ..AllocationPolicy::default()
            },
            etag: None,
        })),
        News::Row(product, count) => {
            let key = Key::Import(ImportId::at(1, [7; 10]));
            let seen = match shop.states.get(&key) {
                Some(State::Import(it)) => Some(it.last),
                _ => None,
            };
            let next = seen.unwrap_or_default() + 1;
            let good = row(next, place(*product, 1), *count);
            let fault = RowFault::of(RowReason::Invalid, "is wrong").at("on_hand");
            let bad = ImportRow {
                sequence: next + 1,
                row: Err(fault),
            };
            rows(7, seen, vec![good, bad])
        }
    };
    let _answered = shop.submit(&command).is_ok();
}

fn set(shop: &Shop, threshold: i64) -> Command {
    Command::SetPolicy(Box::new(SetPolicy {
        place: place(1, 1),
        policy: Policy {
            low_stock_threshold: Some(threshold),
            ..Policy::default()
        },
        seen: shop.position(place(1, 1)).policy.revision,
        etag: None,
    }))
}

#[test]
fn rules_that_were_made_from_others_are_made_anew() {
    let mut shop = Shop::default();
    let stale = set(&shop, 1);
    shop.submit(&set(&shop, 2)).unwrap();
    assert_eq!(shop.submit(&stale), Err(Refusal::Outrun));
    let before = shop.log.len();
    shop.submit(&set(&shop, 2)).unwrap();
    assert_eq!(shop.log.len(), before, "the same rules are no news");
}

fn row(sequence: i64, at: Place, quantity: i64) -> ImportRow {
    ImportRow {
        sequence,
        row: Ok(Box::new(OpeningRow {
            place: at,
            levels: Levels::incoming(Bucket::Sellable, quantity),
            receipt: Receipt {
                opening: true,
                ..receipt(quantity, Bucket::Sellable)
            },
            effective_at: None,
        })),
    }
}

fn rows(number: u8, seen: Option<i64>, rows: Vec<ImportRow>) -> Command {
    Command::ImportRows(Box::new(ImportRows {
        id: ImportId::at(1, [number; 10]),
        request: Mark([0; 16]),
        actor: (1, "usr".to_owned()),
        seen,
        rows,
        end: false,
    }))
}

fn imported(answer: Result<Answer, Refusal>) -> Import {
    match answer {
        Ok(Answer::Import(it)) => *it,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_position_begins_with_one_import_and_may_have_rules_before() {
    let mut shop = Shop::default();
    shop.submit(&set(&shop, 3)).unwrap();
    let first = vec![row(1, place(1, 1), 5), row(2, place(1, 1), 2)];
    let done = imported(shop.submit(&rows(1, None, first)));
    assert_eq!((done.last, done.applied), (2, 2));
    let more = imported(shop.submit(&rows(1, Some(2), vec![row(3, place(1, 1), 1)])));
    assert_eq!(more.applied, 3);
    let other = shop.submit(&rows(2, None, vec![row(1, place(1, 1), 5)]));
    let Err(Refusal::RowsUnfit(unfit)) = other else {
        panic!("{other:?}");
    };
    assert_eq!(unfit[0].fault.reason, RowReason::PositionNotEmpty);
    shop.submit(&told(1, ToldKind::Sale, 1)).unwrap();
    let late = shop.submit(&rows(1, Some(3), vec![row(4, place(1, 1), 1)]));
    assert!(
        matches!(late, Err(Refusal::RowsUnfit(_))),
        "it has a life of its own by now"
    );
}

#[test]
fn failed_rows_are_counted_and_only_the_first_are_kept() {
    let mut shop = Shop::default();
    let fault = RowFault::of(RowReason::Invalid, "is wrong");
    let broken = (1..=1_500).map(|sequence| ImportRow {
        sequence,
        row: Err(fault.clone()),
    });
    let done = imported(shop.submit(&rows(1, None, broken.collect())));
    assert_eq!((done.failed, done.failures.len()), (1_500, 1_000));
}

#[test]
fn a_week_without_a_row_is_the_end_of_an_import() {
    let mut shop = Shop::default();
    imported(shop.submit(&rows(1, None, vec![row(1, place(1, 1), 5)])));
    shop.wait(Duration::from_secs(7 * 86_400 + 1));
    let late = shop.submit(&rows(1, Some(1), vec![row(2, place(1, 1), 5)]));
    assert_eq!(late, Err(Refusal::ImportEnded(false)));
}
