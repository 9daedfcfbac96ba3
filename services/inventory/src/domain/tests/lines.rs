//! Demand for one product is summed over all lines, and divided among places.

use super::*;
use crate::domain::refusal::NotHeld;
use crate::domain::reservation::Shortage;

fn choosing(lines: &[(i64, &[Place])]) -> Wanted {
    let lines = (1..).zip(lines).map(|(number, (quantity, places))| Demand {
        number,
        product: places[0].product,
        quantity: *quantity,
        given: None,
        places: places.to_vec(),
    });
    Wanted {
        lines: lines.collect(),
        stock_only: false,
        partial: false,
    }
}

#[test]
fn duplicate_lines_are_one_demand() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    let refused = shop.reserve(1, &[(here, 3), (here, 3)]).unwrap_err();
    let short = Shortage {
        product: here.product,
        location: Some(here.location),
        requested: 6,
        available: 5,
    };
    assert_eq!(refused, NotHeld::Insufficient(vec![short]).into());
    shop.reserve(2, &[(here, 3), (here, 2)]).unwrap();
    let entry = shop
        .log
        .iter()
        .filter(|it| it.fact.subject() == Key::Position(here));
    assert_eq!(entry.count(), 2, "a receipt and one entry for both lines");
    assert_eq!(shop.position(here).levels.reserved, 5);
}

#[test]
fn one_missing_line_holds_nothing_at_all() {
    let (mut shop, one, two) = (Shop::default(), place(1, 1), place(2, 1));
    shop.receive(one, 5);
    shop.receive(two, 1);
    assert!(shop.reserve(1, &[(one, 2), (two, 2)]).is_err());
    assert_eq!(shop.position(one).levels.reserved, 0);
}

#[test]
fn a_partial_hold_takes_what_there_is_and_lists_the_rest() {
    let (mut shop, one, two) = (Shop::default(), place(1, 1), place(2, 1));
    shop.receive(one, 5);
    shop.receive(two, 1);
    let partial = Wanted {
        partial: true,
        ..wanted(&[(one, 2), (two, 3)])
    };
    shop.submit(&reserve(1, partial.clone())).unwrap();
    let hold = shop.hold(rsv(1));
    assert_eq!(hold.shortages.len(), 1);
    assert_eq!(
        (hold.shortages[0].requested, hold.shortages[0].available),
        (3, 1)
    );
    assert_eq!(
        hold.lines.iter().map(|it| it.quantity).collect::<Vec<_>>(),
        [2, 1]
    );
    let nothing = Wanted {
        partial: true,
        ..wanted(&[(two, 1)])
    };
    assert!(shop.submit(&reserve(2, nothing)).is_err(), "nothing at all");
}

/// Five units, three here and nine there: the second place serves the rest of the line, not all
/// of it again.
#[test]
fn a_split_line_asks_each_place_for_the_remainder() {
    let (mut shop, here, there) = (Shop::default(), place(1, 1), place(1, 2));
    shop.receive(here, 3);
    shop.receive(there, 9);
    shop.submit(&reserve(1, choosing(&[(5, &[here, there])])))
        .unwrap();
    assert_eq!(shop.position(here).levels.reserved, 3);
    assert_eq!(shop.position(there).levels.reserved, 2);
    let line = &shop.hold(rsv(1)).lines[0];
    let sum: i64 = line.allocations.iter().map(|it| it.quantity).sum();
    assert_eq!((line.quantity, sum), (5, 5));
}

#[test]
fn a_line_that_may_choose_leaves_the_place_that_another_must_have() {
    let (mut shop, here, there) = (Shop::default(), place(1, 1), place(1, 2));
    shop.receive(here, 2);
    shop.receive(there, 2);
    let mut lines = choosing(&[(2, &[here, there]), (2, &[here])]);
    lines.lines[1].given = Some(here.location);
    shop.submit(&reserve(1, lines)).unwrap();
    assert_eq!(shop.position(there).levels.reserved, 2);
}

#[test]
fn promises_reach_as_far_beyond_the_goods_as_the_cap_and_no_farther() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 2);
    if let Some(State::Position(it)) = shop.states.get_mut(&Key::Position(here)) {
        it.policy.backorder_cap = 3;
    }
    shop.reserve(1, &[(here, 4)]).unwrap();
    assert_eq!(shop.position(here).levels.backordered, 2);
    assert_eq!(shop.hold(rsv(1)).lines[0].allocations[0].backordered, 2);
    assert!(shop.reserve(2, &[(here, 2)]).is_err());
    let stock_only = Wanted {
        stock_only: true,
        ..wanted(&[(here, 1)])
    };
    assert!(shop.submit(&reserve(3, stock_only)).is_err());
    shop.reserve(4, &[(here, 1)]).unwrap();
    shop.receive(here, 5);
    let levels = shop.position(here).levels;
    assert_eq!((levels.backordered, levels.available()), (0, 2));
}
