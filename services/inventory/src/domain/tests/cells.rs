//! Every state of a hold met by every command: one written outcome for each cell.

use super::firm::{firm, free, ship};
use super::holds::{extend, give, part, take};
use super::*;
use crate::domain::refusal::NotHeld;

/// What became of a command: `ok`, `same` where nothing changed, or the refusal.
fn outcome(shop: &Shop, command: &Command) -> String {
    let mut shop = shop.clone();
    let facts = shop.log.len();
    match shop.submit(command) {
        Ok(_) if shop.log.len() > facts => "ok".to_owned(),
        Ok(_) => "same".to_owned(),
        Err(Refusal::NotHeld(why)) => why.reason().replace("RESERVATION_", ""),
        Err(Refusal::ReservationMissing(_)) => "MISSING".to_owned(),
        Err(Refusal::HoldRevoked) => "REVOKED".to_owned(),
        Err(other) => format!("{other:?}"),
    }
}

fn stocked() -> (Shop, Place) {
    let (mut shop, here) = (Shop::default(), place(1, 1));
    shop.receive(here, 100);
    (shop, here)
}

fn tombstone(shop: &Shop) -> Command {
    let Command::Release(mut release) = give(shop.on(rsv(1)), vec![]) else {
        panic!("a release is another command");
    };
    release.tombstone = Some(document("lost"));
    Command::Release(release)
}

/// Each state of a timed hold, with what becomes of each command.
const TIMED: &[(&str, &str)] = &[
    (
        "absent",
        "ok MISSING MISSING MISSING MISSING MISSING MISSING",
    ),
    ("active", "same ok ok ok ok ok same"),
    ("over", "same EXPIRED EXPIRED EXPIRED same NOT_ACTIVE ok"),
    (
        "committed",
        "same NOT_ACTIVE NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE same",
    ),
    (
        "released",
        "same NOT_ACTIVE NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE same",
    ),
    (
        "expired",
        "same EXPIRED EXPIRED EXPIRED same NOT_ACTIVE same",
    ),
    (
        "adopted",
        "same NOT_ACTIVE NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE same",
    ),
    (
        "revoked",
        "REVOKED NOT_ACTIVE NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE same",
    ),
];

/// The same for firm holds.
const FIRM: &[(&str, &str)] = &[
    (
        "absent",
        "ok ok MISSING MISSING ok MISSING MISSING MISSING MISSING",
    ),
    ("active", "same same ok ok ok ok FIRM FIRM same"),
    (
        "committed",
        "same same NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE FIRM FIRM same",
    ),
    (
        "released",
        "same same NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE FIRM FIRM same",
    ),
    (
        "refused",
        "same ok NOT_ACTIVE NOT_ACTIVE ok NOT_ACTIVE FIRM FIRM same",
    ),
    (
        "revoked",
        "REVOKED REVOKED NOT_ACTIVE NOT_ACTIVE same NOT_ACTIVE FIRM FIRM same",
    ),
];

#[test]
fn every_state_of_a_timed_hold_answers_every_command() {
    for (state, expected) in TIMED {
        let (mut shop, here) = stocked();
        if !["absent", "revoked"].contains(state) {
            shop.reserve(1, &[(here, 4)]).unwrap();
        }
        let reach = match *state {
            "over" | "expired" => {
                shop.wait(Duration::from_secs(60));
                (*state == "expired").then(|| Command::Expire(shop.on(rsv(1))))
            }
            "committed" => Some(take(shop.on(rsv(1)), 1, vec![])),
            "released" => Some(give(shop.on(rsv(1)), vec![])),
            "revoked" => Some(tombstone(&shop)),
            "adopted" => {
                let mut order = firm(2, 1, wanted(&[(here, 4)]));
                order.adopt = Some((shop.on(rsv(1)), 1));
                Some(Command::HoldFirm(Box::new(order)))
            }
            _ => None,
        };
        if let Some(command) = reach {
            shop.submit(&command).unwrap();
        }
        let on = || shop.on(rsv(1));
        let commands = [
            reserve(1, wanted(&[(here, 4)])),
            extend(1, 1),
            take(on(), 1, vec![]),
            take(on(), 1, vec![part(1, 1)]),
            give(on(), vec![]),
            give(on(), vec![part(1, 1)]),
            Command::Expire(on()),
        ];
        let outcomes = commands.iter().map(|it| outcome(&shop, it));
        let found: Vec<String> = outcomes.collect();
        assert_eq!(found.join(" "), *expected, "{state}");
    }
}

#[test]
fn every_state_of_a_firm_hold_answers_every_command() {
    for (state, expected) in FIRM {
        let (mut shop, here) = stocked();
        if ["active", "committed", "released"].contains(state) {
            shop.firm(firm(1, 1, wanted(&[(here, 4)]))).unwrap();
        }
        match *state {
            "committed" => drop(
                shop.submit(&ship(shop.on(rsv(1)), "ful_0", vec![]))
                    .unwrap(),
            ),
            "released" | "revoked" => {
                shop.submit(&free(shop.on(rsv(1)), "all", vec![])).unwrap();
            }
            "refused" => {
                let why = NotHeld::ProductUnknown(here.product);
                let mut order = firm(1, 1, wanted(&[]));
                order.wanted = Err(why);
                shop.firm(order).unwrap();
            }
            _ => {}
        }
        let on = || shop.on(rsv(1));
        let hold = |ordinal| Command::HoldFirm(Box::new(firm(1, ordinal, wanted(&[(here, 4)]))));
        let commands = [
            hold(1),
            hold(2),
            ship(on(), "ful_1", vec![]),
            ship(on(), "ful_1", vec![part(1, 1)]),
            free(on(), "undo", vec![]),
            free(on(), "undo", vec![part(1, 1)]),
            extend(1, 1),
            take(on(), 1, vec![]),
            Command::Expire(on()),
        ];
        let outcomes = commands.iter().map(|it| outcome(&shop, it));
        let found: Vec<String> = outcomes.collect();
        assert_eq!(found.join(" "), *expected, "{state}");
    }
}
