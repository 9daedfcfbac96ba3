//! What happens to goods is never refused for a quantity; corrections and restoring moves are.

use std::time::Duration;

use super::*;
use crate::domain::command::{Adjust, MoveUnits};
use crate::domain::fact::{Adjustment, Move};
use crate::domain::levels::Levels;

pub(crate) fn adjust(place: Place, delta: i64, correction: bool) -> Adjust {
    Adjust {
        place,
        adjustment: Adjustment {
            delta,
            reason: if correction { 5 } else { 3 },
            bucket: Bucket::Sellable,
            goods: Goods::default(),
            note: String::new(),
            reference: None,
            metadata: Vec::new(),
        },
        correction,
        effective_at: None,
        etag: None,
    }
}

pub(crate) fn moved(place: Place, quantity: i64, from: Bucket, to: Bucket) -> MoveUnits {
    MoveUnits {
        place,
        units: Move {
            quantity,
            from,
            to,
            found: 0,
            reason: "WATER".to_owned(),
            goods: Goods::default(),
            note: String::new(),
            reference: None,
            fact_key: String::new(),
        },
        effective_at: None,
        etag: None,
    }
}

impl Shop {
    pub fn adjust(&mut self, command: Adjust) -> Result<Answer, Refusal> {
        self.submit(&Command::Adjust(Box::new(command)))
    }

    pub fn move_units(&mut self, command: MoveUnits) -> Result<Answer, Refusal> {
        self.submit(&Command::Move(Box::new(command)))
    }
}

#[test]
fn theft_beyond_the_records_is_a_discrepancy_and_never_refused() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.adjust(adjust(here, -8, false)).unwrap();
    let levels = shop.position(here).levels;
    assert_eq!((levels.on_hand, levels.discrepancy), (0, 3));
}

#[test]
fn what_a_fact_takes_from_under_promises_is_a_shortfall_and_goods_close_it_first() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 10);
    shop.reserve(1, &[(here, 8)]).unwrap();
    shop.adjust(adjust(here, -5, false)).unwrap();
    let short = shop.position(here);
    assert_eq!(short.levels.open_shortfall, 3);
    assert_eq!(short.shortfall.unwrap().peak, 3);
    assert!(
        shop.reserve(2, &[(here, 1)]).is_err(),
        "nothing new is held"
    );
    shop.receive(here, 2);
    let open = shop.position(here);
    assert_eq!(open.levels.open_shortfall, 1);
    assert_eq!(open.shortfall, short.shortfall, "one shortfall, one name");
    shop.receive(here, 2);
    let closed = shop.position(here);
    assert_eq!((closed.levels.open_shortfall, closed.shortfall), (0, None));
    assert_eq!(closed.levels.available(), 1);
}

#[test]
fn a_second_shortfall_has_a_name_of_its_own() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 4);
    shop.reserve(1, &[(here, 4)]).unwrap();
    shop.adjust(adjust(here, -1, false)).unwrap();
    let first = shop.position(here).shortfall.unwrap().id;
    shop.receive(here, 1);
    shop.adjust(adjust(here, -1, false)).unwrap();
    assert_ne!(shop.position(here).shortfall.unwrap().id, first);
}

#[test]
fn a_correction_is_refused_beyond_what_nobody_was_promised() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.reserve(1, &[(here, 3)]).unwrap();
    assert_eq!(
        shop.adjust(adjust(here, -3, true)).unwrap_err(),
        Refusal::StockWouldBeNegative {
            bucket: Bucket::Sellable,
            quantity: 2
        }
    );
    shop.adjust(adjust(here, -2, true)).unwrap();
    assert_eq!(shop.position(here).levels.on_hand, 3);
}

#[test]
fn units_that_break_but_were_not_on_record_are_found() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 2);
    shop.move_units(moved(here, 5, Bucket::Sellable, Bucket::Damaged))
        .unwrap();
    let levels = shop.position(here).levels;
    assert_eq!(
        (levels.on_hand, levels.damaged, levels.discrepancy),
        (5, 5, 0)
    );
}

#[test]
fn a_restoring_move_is_refused_beyond_what_the_bucket_has() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.move_units(moved(here, 2, Bucket::Sellable, Bucket::Quarantined))
        .unwrap();
    let back = moved(here, 3, Bucket::Quarantined, Bucket::Sellable);
    assert!(matches!(
        shop.move_units(back).unwrap_err(),
        Refusal::StockWouldBeNegative { quantity: 2, .. }
    ));
    shop.move_units(moved(here, 2, Bucket::Quarantined, Bucket::Sellable))
        .unwrap();
    assert_eq!(shop.position(here).levels.available(), 5);
}

#[test]
fn a_stale_etag_changes_nothing() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    let etag = crate::domain::etag_of(here, 1).to_string();
    let first = Adjust {
        etag: Some(etag),
        ..adjust(here, -1, false)
    };
    shop.adjust(first.clone()).unwrap();
    assert_eq!(shop.adjust(first).unwrap_err(), Refusal::EtagMismatch);
    assert_eq!(shop.position(here).levels.on_hand, 4);
}

#[test]
fn what_lies_ahead_has_not_happened_yet() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    let ahead = shop.now().plus(Duration::from_secs(61)).unwrap();
    let early = Adjust {
        effective_at: Some(ahead),
        ..adjust(here, 1, false)
    };
    assert_eq!(shop.adjust(early).unwrap_err(), Refusal::EffectiveTimeAhead);
    let late = shop.now().minus(Duration::from_secs(86_400)).unwrap();
    let told = Adjust {
        effective_at: Some(late),
        ..adjust(here, 1, false)
    };
    shop.adjust(told).unwrap();
    assert_eq!(shop.log.last().unwrap().effective_at, late);
}

#[test]
fn a_receipt_for_a_purchase_order_is_no_longer_awaited() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    let mut position = Position::untouched(here);
    position.levels = Levels {
        on_order: 3,
        ..Levels::default()
    };
    shop.states
        .insert(Key::Position(here), State::Position(Box::new(position)));
    let mut came = receipt(5, Bucket::Sellable);
    came.reference.kind = 3;
    let command = Receive {
        lines: vec![(here, came)],
        effective_at: None,
    };
    shop.submit(&Command::Receive(Box::new(command))).unwrap();
    let levels = shop.position(here).levels;
    assert_eq!((levels.on_hand, levels.on_order), (5, 0));
}

#[test]
fn a_position_becomes_low_once_for_each_crossing() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    if let Some(State::Position(it)) = shop.states.get_mut(&Key::Position(here)) {
        it.policy.low_stock_threshold = Some(2);
        it.policy.revision = 1;
        it.policy.updated_at = Some(start());
    }
    let crossed = |shop: &Shop| match &shop.log.last().unwrap().fact {
        Fact::Position(fact) => fact.crossed,
        other => panic!("the last fact is {other:?}"),
    };
    shop.adjust(adjust(here, -3, false)).unwrap();
    assert!(crossed(&shop));
    shop.adjust(adjust(here, -1, false)).unwrap();
    assert!(!crossed(&shop), "it was low already");
    shop.receive(here, 5);
    assert!(!crossed(&shop));
    shop.adjust(adjust(here, -4, false)).unwrap();
    assert!(crossed(&shop));
}
