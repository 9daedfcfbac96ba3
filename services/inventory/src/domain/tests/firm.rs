//! Firm holds: granted once, refused once, ended by their order alone.

use super::holds::{part, take};
use super::*;
use crate::domain::command::{CommitFirm, HoldFirm, Part, ReleaseFirm};
use crate::domain::refusal::NotHeld;
use crate::domain::reservation::HoldState;

pub(crate) fn firm(id: u8, ordinal: i32, wanted: Wanted) -> HoldFirm {
    HoldFirm {
        id: rsv(id),
        reference: Reference {
            kind: 1,
            id: "ord_01h455vb4pex5vsknk084sn02q".to_owned(),
        },
        ordinal,
        fingerprint: "content".to_owned(),
        wanted: Ok(wanted),
        adopt: None,
    }
}

pub(crate) fn ship(on: OnHold, key: &str, parts: Vec<Part>) -> Command {
    Command::CommitFirm(Box::new(CommitFirm {
        on,
        key: key.to_owned(),
        parts,
        effective_at: None,
    }))
}

pub(crate) fn free(on: OnHold, key: &str, parts: Vec<Part>) -> Command {
    Command::ReleaseFirm(Box::new(ReleaseFirm {
        on,
        reference: document("ord_01h455vb4pex5vsknk084sn02q"),
        key: key.to_owned(),
        parts,
        reason: "PAYMENT_FAILED".to_owned(),
    }))
}

impl Shop {
    pub fn firm(&mut self, command: HoldFirm) -> Result<Answer, Refusal> {
        self.submit(&Command::HoldFirm(Box::new(command)))
    }
}

#[test]
fn a_refusal_is_remembered_until_a_later_attempt() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 1);
    let first = shop.firm(firm(1, 1, wanted(&[(here, 2)]))).unwrap();
    assert!(matches!(first, Answer::NotHeld(NotHeld::Insufficient(_))));
    shop.receive(here, 5);
    let late = shop.firm(firm(1, 1, wanted(&[(here, 2)]))).unwrap();
    assert_eq!(late, first, "a late copy hears what was said");
    assert_eq!(shop.position(here).levels.reserved, 0);
    shop.firm(firm(1, 2, wanted(&[(here, 2)]))).unwrap();
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Active);
    assert_eq!(shop.hold(rsv(1)).version, 2);
    let old = shop.firm(firm(1, 1, wanted(&[(here, 2)]))).unwrap_err();
    assert_eq!(old, Refusal::HoldSuperseded(2));
}

#[test]
fn a_repeated_hold_is_answered_as_it_is_and_never_granted_twice() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.firm(firm(1, 1, wanted(&[(here, 2)]))).unwrap();
    shop.submit(&ship(shop.on(rsv(1)), "ful_1", vec![part(1, 1)]))
        .unwrap();
    for ordinal in [1, 2] {
        let again = shop.firm(firm(1, ordinal, wanted(&[(here, 2)]))).unwrap();
        assert_eq!(again, Answer::Reservation(Box::new(shop.hold(rsv(1)))));
    }
    assert_eq!(shop.position(here).levels.reserved, 1);
    let other = HoldFirm {
        fingerprint: "other".to_owned(),
        ..firm(1, 1, wanted(&[(here, 2)]))
    };
    assert_eq!(shop.firm(other).unwrap_err(), Refusal::FingerprintMismatch);
}

#[test]
fn a_firm_hold_never_expires() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.firm(firm(1, 1, wanted(&[(here, 2)]))).unwrap();
    shop.wait(Duration::from_secs(86_400 * 365));
    shop.submit(&Command::Expire(shop.on(rsv(1)))).unwrap();
    assert_eq!(shop.position(here).levels.reserved, 2);
    let timed = shop.submit(&take(shop.on(rsv(1)), 0, vec![])).unwrap_err();
    assert_eq!(timed, NotHeld::Firm.into(), "only its order acts on it");
    shop.submit(&ship(shop.on(rsv(1)), "ful_1", vec![]))
        .unwrap();
    assert_eq!(shop.position(here).levels.on_hand, 3);
}

#[test]
fn each_step_happens_once_however_often_it_is_told() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 9);
    shop.firm(firm(1, 1, wanted(&[(here, 6)]))).unwrap();
    for _ in 0..3 {
        shop.submit(&ship(shop.on(rsv(1)), "ful_1", vec![part(1, 2)]))
            .unwrap();
        shop.submit(&free(shop.on(rsv(1)), "line-1", vec![part(1, 1)]))
            .unwrap();
    }
    let levels = shop.position(here).levels;
    assert_eq!((levels.on_hand, levels.reserved), (7, 3));
    shop.submit(&free(shop.on(rsv(1)), "all", vec![])).unwrap();
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Committed);
    assert_eq!(shop.position(here).levels.reserved, 0);
}

#[test]
fn a_release_before_the_hold_leaves_a_tombstone_over_every_attempt() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.submit(&free(shop.on(rsv(1)), "undo", vec![])).unwrap();
    for ordinal in 1..4 {
        let late = shop
            .firm(firm(1, ordinal, wanted(&[(here, 1)])))
            .unwrap_err();
        assert_eq!(late, Refusal::HoldRevoked);
    }
    let refused = shop.firm(firm(2, 1, wanted(&[(here, 9)]))).unwrap();
    assert!(matches!(refused, Answer::NotHeld(_)));
    shop.submit(&free(shop.on(rsv(2)), "undo", vec![])).unwrap();
    let late = shop.firm(firm(2, 2, wanted(&[(here, 1)]))).unwrap_err();
    assert_eq!(late, Refusal::HoldRevoked, "a refused hold is closed too");
}

#[test]
fn an_order_takes_a_carts_hold_over_in_one_commit() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.reserve(1, &[(here, 4)]).unwrap();
    let adopt = |shop: &Shop, epoch| HoldFirm {
        adopt: Some((shop.on(rsv(1)), epoch)),
        ..firm(2, 1, wanted(&[(here, 5)]))
    };
    let stale = shop.clone().firm(adopt(&shop, 7)).unwrap();
    assert_eq!(stale, Answer::NotHeld(NotHeld::EpochStale(1)));
    shop.firm(adopt(&shop, 1)).unwrap();
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Adopted);
    assert_eq!(shop.hold(rsv(1)).adopter, Some(rsv(2)));
    assert_eq!(shop.hold(rsv(2)).adopted, Some(rsv(1)));
    assert_eq!(shop.position(here).levels.reserved, 5);
    let late = shop.submit(&take(shop.on(rsv(1)), 1, vec![])).unwrap_err();
    assert_eq!(late, NotHeld::NotActive("ADOPTED".to_owned()).into());
}

#[test]
fn an_adoption_that_does_not_get_enough_leaves_the_carts_hold_alone() {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 5);
    shop.reserve(1, &[(here, 4)]).unwrap();
    let much = HoldFirm {
        adopt: Some((shop.on(rsv(1)), 1)),
        ..firm(2, 1, wanted(&[(here, 6)]))
    };
    assert!(matches!(shop.firm(much).unwrap(), Answer::NotHeld(_)));
    assert_eq!(shop.hold(rsv(1)).state, HoldState::Active);
    assert_eq!(shop.position(here).levels.reserved, 4);
}
