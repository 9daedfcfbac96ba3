//! Plans of locations: which come first, and that no smaller set would do.

use proptest::prelude::*;

use super::Strategy;
use super::*;

fn product(number: u8) -> ProductId {
    ProductId::at(1, [number; 10])
}

fn location(number: u8) -> LocationId {
    LocationId::at(1, [number; 10])
}

fn need(number: u8, quantity: i64) -> Need {
    Need {
        product: product(number),
        quantity,
        given: None,
    }
}

fn rooms(all: &[(u8, u8, i64)]) -> BTreeMap<Place, i64> {
    let places = all.iter();
    places
        .map(|(p, l, room)| (Place::new(product(*p), location(*l)), *room))
        .collect()
}

fn numbers(places: &[Place]) -> Vec<u8> {
    let which = |it: &Place| (1..=250).find(|n| location(*n) == it.location).unwrap();
    places.iter().map(which).collect()
}

fn plan(
    needs: &[Need],
    rooms: &BTreeMap<Place, i64>,
    (strategy, max): (Strategy, Option<usize>),
) -> Vec<Vec<u8>> {
    let all: BTreeSet<LocationId> = rooms.keys().map(|it| it.location).collect();
    let ranked: Vec<LocationId> = all.into_iter().collect();
    let choice = Choice {
        needs,
        ranked: &ranked,
        rooms,
        strategy,
        max,
    };
    choice.plan().iter().map(|it| numbers(it)).collect()
}

#[test]
fn priority_takes_the_first_location_first() {
    let rooms = rooms(&[(1, 1, 2), (1, 2, 10)]);
    let planned = plan(&[need(1, 5)], &rooms, (Strategy::Priority, None));
    assert_eq!(planned, [[1, 2]]);
}

#[test]
fn one_location_that_has_all_of_it_comes_before_two_that_are_nearer() {
    let rooms = rooms(&[(1, 1, 2), (1, 2, 3), (1, 3, 5)]);
    let planned = plan(&[need(1, 5)], &rooms, (Strategy::FewestSplits, None));
    assert_eq!(planned, [[3, 1, 2]]);
}

#[test]
fn two_lines_go_where_both_are() {
    let rooms = rooms(&[(1, 1, 5), (2, 2, 5), (1, 3, 5), (2, 3, 5)]);
    let needs = [need(1, 1), need(2, 1)];
    let planned = plan(&needs, &rooms, (Strategy::FewestSplits, Some(1)));
    assert_eq!(planned, [[3], [3]]);
}

#[test]
fn a_given_location_counts_among_the_most() {
    let rooms = rooms(&[(1, 1, 5), (2, 1, 1), (2, 2, 5)]);
    let given = Need {
        given: Some(location(1)),
        ..need(1, 1)
    };
    let planned = plan(&[given, need(2, 3)], &rooms, (Strategy::Priority, Some(1)));
    assert_eq!(planned, [[1], [1]]);
}

#[test]
fn many_locations_are_planned_in_bounded_time() {
    let all: Vec<(u8, u8, i64)> = (1..=200).map(|it| (1, it, 1)).collect();
    let planned = plan(
        &[need(1, 120)],
        &rooms(&all),
        (Strategy::FewestSplits, None),
    );
    assert_eq!(planned[0].len(), 200);
}

proptest! {
    #[test]
    fn no_smaller_set_serves_everything(
        held in proptest::collection::vec((1_u8..4, 1_u8..7, 0_i64..6), 1..18),
        wanted in proptest::collection::vec((1_u8..4, 1_i64..8), 1..4),
    ) {
        let rooms = rooms(&held);
        let needs: Vec<Need> = wanted.iter().map(|it| need(it.0, it.1)).collect();
        let all: BTreeSet<LocationId> = rooms.keys().map(|it| it.location).collect();
        let ranked: Vec<LocationId> = all.into_iter().collect();
        let choice = Choice {
            needs: &needs,
            ranked: &ranked,
            rooms: &rooms,
            strategy: Strategy::FewestSplits,
            max: None,
        };
        let chosen = choice.fewest();
        let total: i64 = needs.iter().map(|it| it.quantity).sum();
        let smallest = (0_u32..1 << ranked.len())
            .map(|bits| -> BTreeSet<LocationId> {
                let within = ranked.iter().enumerate();
                within.filter(|(at, _)| bits & (1 << at) != 0).map(|it| *it.1).collect()
            })
            .filter(|set| choice.served(set) >= total)
            .map(|it| it.len())
            .min();
        match smallest {
            Some(smallest) => prop_assert_eq!(chosen.len(), smallest),
            None => prop_assert!(choice.served(&chosen) < total),
        }
    }
}
