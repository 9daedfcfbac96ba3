//! Transfers in every state, and over random histories.

use proptest::prelude::*;
use vocab::TransferId;

use super::goods::adjust;
use super::*;
use crate::domain::command::{CreateTransfer, OnTransfer, Shipment, Step};
use crate::domain::transfer::{Arrival, Transfer, TransferState};

fn id(number: u8) -> TransferId {
    TransferId::at(1, [number; 10])
}

fn from(product: u8) -> Place {
    place(product, 1)
}

fn to(product: u8) -> Place {
    place(product, 2)
}

fn plan(number: u8, lines: &[(u8, i64)]) -> Command {
    let lines: Vec<(Place, i64)> = lines.iter().map(|it| (from(it.0), it.1)).collect();
    Command::CreateTransfer(Box::new(CreateTransfer {
        id: id(number),
        hold: rsv(100 + number),
        source: from(1).location,
        destination: to(1).location,
        wanted: Wanted {
            stock_only: true,
            ..wanted(&lines)
        },
        note: String::new(),
        expected_at: None,
    }))
}

fn transfer(shop: &Shop, number: u8) -> Option<Transfer> {
    match shop.states.get(&Key::Transfer(id(number))) {
        Some(State::Transfer(it)) => Some((**it).clone()),
        _ => None,
    }
}

/// A step on all positions where the transfer is seen to be, as its caller names them.
fn go(shop: &mut Shop, number: u8, step: Step) -> Result<Answer, Refusal> {
    let seen = transfer(shop, number);
    let lines = seen.iter().flat_map(|it| &it.lines);
    let mut places = Vec::new();
    for line in lines {
        places.push(Place::new(line.product, from(1).location));
        let goes = match &step {
            Step::Ship(it) => it.is_empty() || it.iter().any(|it| it.line == line.number),
            Step::Receive(it) => it.iter().any(|it| it.line == line.number),
            Step::Complete { .. } | Step::Cancel(_) => false,
        };
        if goes || line.shipped > 0 {
            places.push(Place::new(line.product, to(1).location));
        }
    }
    shop.submit(&Command::OnTransfer(Box::new(OnTransfer {
        id: id(number),
        hold: rsv(100 + number),
        places,
        step,
        effective_at: None,
        etag: None,
    })))
}

fn arrival(line: i32, quantity: i64, damaged: i64) -> Arrival {
    Arrival {
        line,
        quantity,
        damaged,
        serials: Vec::new(),
    }
}

fn steps() -> [Step; 4] {
    [
        Step::Ship(Vec::new()),
        Step::Receive(vec![arrival(1, 1, 0)]),
        Step::Complete { lost: false },
        Step::Cancel(String::new()),
    ]
}

/// A shop with one transfer in a state.
fn in_state(state: TransferState) -> Shop {
    let mut shop = Shop::default();
    shop.receive(from(1), 10);
    shop.submit(&plan(1, &[(1, 4)])).unwrap();
    let way: &[Step] = match state {
        TransferState::Open => &[],
        TransferState::InTransit => &[Step::Ship(Vec::new())],
        TransferState::Completed => &[Step::Ship(Vec::new()), Step::Complete { lost: false }],
        TransferState::Cancelled => &[Step::Cancel(String::new())],
    };
    for step in way {
        go(&mut shop, 1, step.clone()).unwrap();
    }
    assert_eq!(transfer(&shop, 1).unwrap().state, state);
    shop
}

#[test]
fn every_step_in_every_state_leads_where_it_should_or_nowhere() {
    use TransferState::{Cancelled, Completed, InTransit, Open};
    let expected = [
        (Open, [Some(InTransit), None, None, Some(Cancelled)]),
        (
            InTransit,
            [None, Some(InTransit), Some(Completed), Some(Cancelled)],
        ),
        (Completed, [None, None, None, None]),
        (Cancelled, [None, None, None, Some(Cancelled)]),
    ];
    for (state, leads) in expected {
        for (step, leads) in steps().into_iter().zip(leads) {
            let mut shop = in_state(state);
            let before = shop.log.len();
            let done = go(&mut shop, 1, step.clone());
            match leads {
                Some(leads) => {
                    assert!(done.is_ok(), "{state:?} {step:?}: {done:?}");
                    assert_eq!(transfer(&shop, 1).unwrap().state, leads);
                }
                None => {
                    assert_eq!(done, Err(Refusal::TransferNotOpen(state)), "{step:?}");
                    assert_eq!(shop.log.len(), before);
                }
            }
        }
    }
}

#[test]
fn a_step_does_not_touch_a_position_that_was_not_named() {
    let mut shop = in_state(TransferState::InTransit);
    let step = Command::OnTransfer(Box::new(OnTransfer {
        id: id(1),
        hold: rsv(101),
        places: vec![from(1)],
        step: Step::Complete { lost: false },
        effective_at: None,
        etag: None,
    }));
    assert_eq!(shop.submit(&step), Err(Refusal::Outrun));
}

#[test]
fn a_twin_of_the_request_finds_the_transfer_that_is_there() {
    let mut shop = in_state(TransferState::InTransit);
    let before = shop.log.len();
    let answer = shop.submit(&plan(1, &[(1, 4)])).unwrap();
    assert_eq!(
        answer,
        Answer::Transfer(Box::new(transfer(&shop, 1).unwrap()))
    );
    assert_eq!(shop.log.len(), before);
}

/// One step of a history.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Receive(u8, i64),
    Lose(u8, i64),
    Plan(u8, Vec<(u8, i64)>),
    Ship(u8, Option<(i32, i64)>),
    Arrive(u8, i32, i64, i64),
    Complete(u8, bool),
    Cancel(u8),
    Reserve(u8, u8, i64),
}

pub(crate) fn moves() -> impl proptest::strategy::Strategy<Value = Move> {
    let which = 1..=3_u8;
    let product = 1..=2_u8;
    prop_oneof![
        3 => (product.clone(), 1..=9_i64).prop_map(|(it, count)| Move::Receive(it, count)),
        1 => (product.clone(), 1..=9_i64).prop_map(|(it, count)| Move::Lose(it, count)),
        3 => (which.clone(), prop::collection::vec((product.clone(), 1..=5_i64), 1..=3))
            .prop_map(|(it, lines)| Move::Plan(it, lines)),
        3 => (which.clone(), prop::option::of((1..=2_i32, 1..=5_i64)))
            .prop_map(|(it, part)| Move::Ship(it, part)),
        3 => (which.clone(), 1..=3_i32, 1..=6_i64, 0..=2_i64)
            .prop_map(|(it, line, count, bad)| Move::Arrive(it, line, count, bad.min(count))),
        1 => (which.clone(), any::<bool>()).prop_map(|(it, lost)| Move::Complete(it, lost)),
        1 => which.prop_map(Move::Cancel),
        1 => (0..=9_u8, product, 1..=4_i64)
            .prop_map(|(id, it, count)| Move::Reserve(id, it, count)),
    ]
}

pub(crate) fn play(shop: &mut Shop, it: Move) {
    // What is refused changes nothing, which is looked at as well.
    let _refused = match it {
        Move::Receive(product, count) => {
            shop.receive(from(product), count);
            return;
        }
        // The same request has the same lines; its twin is met by a test of its own.
        Move::Plan(number, _) if transfer(shop, number).is_some() => return,
        Move::Lose(product, count) => shop.adjust(adjust(from(product), -count, false)).is_err(),
        Move::Plan(number, lines) => {
            // Callers name only positions that were seen to be there.
            let there = |it: &Place| shop.states.contains_key(&Key::Position(*it));
            let mut command = plan(number, &lines);
            if let Command::CreateTransfer(it) = &mut command {
                let lines = it.wanted.lines.iter_mut();
                lines.for_each(|line| line.places.retain(there));
            }
            shop.submit(&command).is_err()
        }
        Move::Ship(number, part) => {
            let shipments = part.iter().map(|(line, quantity)| Shipment {
                line: *line,
                quantity: *quantity,
                serials: Vec::new(),
            });
            go(shop, number, Step::Ship(shipments.collect())).is_err()
        }
        Move::Arrive(number, line, quantity, damaged) => {
            let arrivals = vec![arrival(line, quantity, damaged)];
            go(shop, number, Step::Receive(arrivals)).is_err()
        }
        Move::Complete(number, lost) => go(shop, number, Step::Complete { lost }).is_err(),
        Move::Cancel(number) => go(shop, number, Step::Cancel(String::new())).is_err(),
        Move::Reserve(_, product, _)
            if !shop.states.contains_key(&Key::Position(from(product))) =>
        {
            return;
        }
        Move::Reserve(id, product, count) => shop.reserve(id, &[(from(product), count)]).is_err(),
    };
}

proptest! {
    #[test]
    fn what_is_on_its_way_is_what_the_position_awaits(
        history in prop::collection::vec(moves(), 1..60),
    ) {
        let mut shop = Shop::default();
        for it in history {
            play(&mut shop, it);
            for product in 1..=2_u8 {
                let there = shop.position(to(product)).levels;
                let all = (1..=3).filter_map(|it| transfer(&shop, it));
                let awaited: i64 = all.map(|it| it.awaited(to(product).product)).sum();
                prop_assert_eq!(there.in_transit, awaited);
                let here = shop.position(from(product)).levels;
                prop_assert!(here.are_sound() && there.are_sound());
                let holds = shop.states.values().filter_map(|it| match it {
                    State::Reservation(hold) => Some(hold),
                    _ => None,
                });
                let held: i64 = holds.map(|it| it.held_at(from(product))).sum();
                prop_assert_eq!(here.reserved, held);
            }
        }
    }
}
