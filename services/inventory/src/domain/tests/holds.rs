//! Timed holds: their fence, their end, their parts.

use super::*;
use crate::domain::command::{Extend, Part, Release, Take};
use crate::domain::refusal::NotHeld;
use crate::domain::reservation::HoldState;

pub(crate) fn take(on: OnHold, epoch: i64, parts: Vec<Part>) -> Command {
    Command::Commit(Box::new(Take {
        on,
        epoch,
        parts,
        etag: None,
    }))
}

pub(crate) fn give(on: OnHold, parts: Vec<Part>) -> Command {
    Command::Release(Box::new(Release {
        on,
        tombstone: None,
        epoch: None,
        parts,
        reason: "CART_EMPTIED".to_owned(),
        etag: None,
    }))
}

pub(crate) fn part(line: i32, quantity: i64) -> Part {
    Part {
        line,
        quantity,
        location: None,
        serials: Vec::new(),
    }
}

pub(crate) fn extend(id: u8, epoch: i64) -> Command {
    Command::Extend(Extend {
        id: rsv(id),
        ttl: Duration::from_secs(60),
        epoch,
        etag: None,
    })
}

fn held() -> (Shop, Place) {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 10);
    shop.reserve(1, &[(here, 4)]).unwrap();
    (shop, here)
}

#[test]
fn a_hold_at_its_end_is_never_committed_extended_or_adopted() {
    let (mut shop, here) = held();
    let end = shop.now().plus(Duration::from_secs(60)).unwrap();
    shop.wait(Duration::from_micros(59_999_999));
    shop.clone()
        .submit(&take(shop.on(rsv(1)), 1, vec![]))
        .unwrap();
    shop.wait(Duration::from_micros(1));
    let refused = Refusal::from(NotHeld::Expired(end));
    assert_eq!(
        shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap_err(),
        refused
    );
    assert_eq!(shop.submit(&extend(1, 1)).unwrap_err(), refused);
    shop.wait(Duration::from_millis(1));
    assert_eq!(
        shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap_err(),
        refused
    );
    assert_eq!(
        shop.position(here).levels.reserved,
        4,
        "until somebody ends it"
    );
    shop.submit(&Command::Expire(shop.on(rsv(1)))).unwrap();
    assert_eq!(shop.position(here).levels.reserved, 0, "its units are back");
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Expired);
    assert_eq!(
        shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap_err(),
        refused
    );
}

#[test]
fn a_hold_that_is_not_over_is_left_alone_by_the_clean_up() {
    let (mut shop, here) = held();
    let facts = shop.log.len();
    shop.submit(&Command::Expire(shop.on(rsv(1)))).unwrap();
    assert_eq!(
        (shop.log.len(), shop.position(here).levels.reserved),
        (facts, 4)
    );
}

#[test]
fn an_extension_raises_the_fence() {
    let (mut shop, _) = held();
    shop.submit(&extend(1, 1)).unwrap();
    let stale = Refusal::from(NotHeld::EpochStale(2));
    assert_eq!(
        shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap_err(),
        stale
    );
    assert_eq!(shop.submit(&extend(1, 1)).unwrap_err(), stale);
    shop.submit(&take(shop.on(rsv(1)), 2, vec![])).unwrap();
}

#[test]
fn parts_leave_and_the_last_one_ends_the_hold() {
    let (mut shop, here) = held();
    shop.submit(&take(shop.on(rsv(1)), 1, vec![part(1, 3)]))
        .unwrap();
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Active);
    let levels = shop.position(here).levels;
    assert_eq!((levels.on_hand, levels.reserved), (7, 1));
    let much = shop.submit(&take(shop.on(rsv(1)), 1, vec![part(1, 2)]));
    assert_eq!(
        much.unwrap_err(),
        Refusal::QuantityExceeded {
            line: 1,
            remaining: 1
        }
    );
    let other = shop.submit(&take(shop.on(rsv(1)), 1, vec![part(2, 1)]));
    assert_eq!(other.unwrap_err(), Refusal::LineUnknown(2));
    shop.submit(&give(shop.on(rsv(1)), vec![part(1, 1)]))
        .unwrap();
    let hold = shop.hold(rsv(1));
    assert_eq!(hold.state, HoldState::Committed, "a part was committed");
    assert_eq!((hold.lines[0].committed, hold.lines[0].released), (3, 1));
    assert_eq!(shop.position(here).levels.reserved, 0);
}

/// A released hold that is confirmed later was never confirmed.
#[test]
fn what_was_released_is_not_committed_afterwards() {
    let (mut shop, here) = held();
    shop.submit(&give(shop.on(rsv(1)), vec![])).unwrap();
    let refused = shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap_err();
    assert_eq!(refused, NotHeld::NotActive("RELEASED".to_owned()).into());
    assert_eq!(shop.position(here).levels.on_hand, 10);
}

#[test]
fn releasing_twice_gives_back_once() {
    let (mut shop, here) = held();
    shop.submit(&give(shop.on(rsv(1)), vec![])).unwrap();
    shop.submit(&give(shop.on(rsv(1)), vec![])).unwrap();
    let levels = shop.position(here).levels;
    assert_eq!((levels.reserved, levels.available()), (0, 10));
}

#[test]
fn a_release_before_the_hold_refuses_it_for_ever() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 10);
    let release = Release {
        on: shop.on(rsv(1)),
        tombstone: Some(document("lost")),
        epoch: None,
        parts: vec![],
        reason: "ANSWER_LOST".to_owned(),
        etag: None,
    };
    let release = Command::Release(Box::new(release));
    shop.submit(&release).unwrap();
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Revoked);
    assert_eq!(
        shop.reserve(1, &[(here, 1)]).unwrap_err(),
        Refusal::HoldRevoked
    );
    shop.submit(&release).unwrap();
    assert_eq!(shop.position(here).levels.reserved, 0);
}

#[test]
fn the_same_hold_is_granted_once() {
    let (mut shop, here) = held();
    let again = shop.reserve(1, &[(here, 4)]).unwrap();
    assert_eq!(again, Answer::Reservation(Box::new(shop.hold(rsv(1)))));
    assert_eq!(shop.position(here).levels.reserved, 4);
}

#[test]
fn a_commit_beyond_what_is_on_hand_is_booked_and_not_refused() {
    let (mut shop, here) = held();
    shop.adjust(super::goods::adjust(here, -9, false)).unwrap();
    assert_eq!(shop.position(here).levels.open_shortfall, 3);
    shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap();
    let position = shop.position(here);
    let levels = position.levels;
    assert_eq!(
        (levels.on_hand, levels.reserved, levels.discrepancy),
        (0, 0, 3)
    );
    assert_eq!((levels.open_shortfall, position.shortfall), (0, None));
}

#[test]
fn a_hold_that_was_moved_meanwhile_is_read_anew() {
    let (mut shop, _) = held();
    let elsewhere = OnHold {
        id: rsv(1),
        places: vec![],
    };
    assert_eq!(
        shop.submit(&take(elsewhere, 1, vec![])).unwrap_err(),
        Refusal::Outrun
    );
}
