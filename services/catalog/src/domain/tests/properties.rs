//! Whatever is asked in whatever order: states follow from facts, and counts from states.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Ask {
    Create(u8, Option<u8>, Option<u8>),
    Revise(u8, u8, Option<u8>),
    Delete(u8),
    Undelete(u8),
    Step(u8, u8),
    Price(u8, i64, u8),
    Cancel(u8, u8),
    Wait(u8),
    Grow(u8, Option<u8>),
    Move(u8, Option<u8>),
    Fell(u8),
}

fn ask() -> impl Strategy<Value = Ask> {
    let some = || prop::option::of(any::<u8>());
    prop_oneof![
        3 => (any::<u8>(), some(), some()).prop_map(|(a, b, c)| Ask::Create(a, b, c)),
        2 => (any::<u8>(), any::<u8>(), some()).prop_map(|(a, b, c)| Ask::Revise(a, b, c)),
        1 => any::<u8>().prop_map(Ask::Delete),
        1 => any::<u8>().prop_map(Ask::Undelete),
        1 => (any::<u8>(), 0..3_u8).prop_map(|(a, b)| Ask::Step(a, b)),
        2 => (any::<u8>(), 0..9_i64, 0..20_u8).prop_map(|(a, b, c)| Ask::Price(a, b, c)),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(a, b)| Ask::Cancel(a, b)),
        1 => (0..15_u8).prop_map(Ask::Wait),
        3 => (any::<u8>(), some()).prop_map(|(a, b)| Ask::Grow(a, b)),
        3 => (any::<u8>(), some()).prop_map(|(a, b)| Ask::Move(a, b)),
        1 => any::<u8>().prop_map(Ask::Fell),
    ]
}

fn pick<T: Copy>(from: &[T], at: u8) -> Option<T> {
    let place = usize::from(at).checked_rem(from.len())?;
    from.get(place).copied()
}

fn products(shop: &Shop) -> Vec<ProductId> {
    let ids = shop.states.keys().filter_map(|key| match key {
        Key::Product(id) => Some(*id),
        _ => None,
    });
    ids.collect()
}

fn categories(shop: &Shop) -> Vec<CategoryId> {
    let ids = shop.states.keys().filter_map(|key| match key {
        Key::Category(id) => Some(*id).filter(|id| shop.category(*id).is_some()),
        _ => None,
    });
    ids.collect()
}

/// Asks; whether it is refused does not matter here.
fn put(shop: &mut Shop, ask: &Ask) -> Option<()> {
    let (products, trees) = (products(shop), categories(shop));
    let group = |at: Option<u8>| at.and_then(|at| pick(&trees, at));
    match ask.clone() {
        Ask::Create(sku, category, family) => {
            let family = family.and_then(|at| pick(&products, at));
            let made = shop.create(&format!("S{}", sku % 16), |new| {
                new.content.category_ids = group(category).into_iter().collect();
                match family {
                    Some(family) => {
                        new.content.kinship.family = Some(family);
                        let options = [("size".to_owned(), (sku % 3).to_string())];
                        new.content.kinship.options = options.into();
                    }
                    None if sku % 4 == 0 => new.content.kinship.axes = vec!["size".to_owned()],
                    None => {}
                }
            });
            drop(made);
        }
        Ask::Revise(at, sku, category) => {
            let id = pick(&products, at)?;
            let revised = shop.revise(id, |content, prices| {
                content.sku = format!("S{}", sku % 16).parse().unwrap();
                content.category_ids = group(category).into_iter().collect();
                content.barcodes = vec![format!("B{}", sku % 5)];
                prices.main = eur(i64::from(sku % 3));
                prices.others = (sku % 2 == 0)
                    .then(|| usd(i64::from(sku)))
                    .into_iter()
                    .collect();
            });
            drop(revised);
        }
        Ask::Delete(at) => drop(shop.delete(pick(&products, at)?)),
        Ask::Undelete(at) => drop(shop.undelete(pick(&products, at)?)),
        Ask::Step(at, step) => {
            let steps = [Step::Publish, Step::Unpublish, Step::Archive];
            drop(shop.step(pick(&products, at)?, pick(&steps, step)?));
        }
        Ask::Price(at, minor, later) => {
            let when = (later > 9).then(|| super::at(shop.seconds + i64::from(later)));
            drop(shop.set_price(pick(&products, at)?, eur(minor), when));
        }
        Ask::Cancel(at, price) => {
            let id = pick(&products, at)?;
            let price = pick(&waiting(shop, id), price)?;
            drop(shop.cancel(id, price));
        }
        Ask::Wait(seconds) => {
            shop.seconds += i64::from(seconds);
            products.into_iter().for_each(|id| shop.enforce(id));
        }
        other => return put_category(shop, &other),
    }
    Some(())
}

fn put_category(shop: &mut Shop, ask: &Ask) -> Option<()> {
    let trees = categories(shop);
    match ask.clone() {
        Ask::Grow(slug, parent) => {
            drop(shop.create_category(
                &format!("s{}", slug % 24),
                parent.and_then(|at| pick(&trees, at)),
            ));
        }
        Ask::Move(at, parent) => {
            let (id, parent) = (pick(&trees, at)?, parent.and_then(|at| pick(&trees, at)));
            drop(shop.revise_category(id, |it| it.parent = parent));
        }
        Ask::Fell(at) => drop(shop.delete_category(pick(&trees, at)?)),
        other => panic!("{other:?}"),
    }
    Some(())
}

fn waiting(shop: &Shop, id: ProductId) -> Vec<PriceId> {
    let scheduled = shop.product(id).prices.scheduled.iter();
    scheduled.map(|it| it.id).collect()
}

/// Folds all facts from nothing.
fn replayed(facts: &[Fact]) -> BTreeMap<Key, State> {
    let mut states = BTreeMap::new();
    for fact in facts {
        let key = fact.subject();
        let before = states.remove(&key);
        states.insert(key, evolve(before, fact));
    }
    states
}

fn alive(shop: &Shop) -> impl Iterator<Item = &Product> {
    shop.states.values().filter_map(|state| match state {
        State::Product(product) if product.deleted_at.is_none() => Some(&**product),
        _ => None,
    })
}

fn check(shop: &Shop) {
    let replayed = replayed(&shop.facts);
    for (key, state) in &replayed {
        assert_eq!(shop.states.get(key), Some(state), "replay is not the state");
    }
    let aggregates = shop.states.values();
    let aggregates = aggregates.filter(|it| matches!(it, State::Product(_) | State::Category(_)));
    assert_eq!(aggregates.count(), replayed.len());
    for id in categories(shop) {
        let above = shop.above(Some(id));
        assert!(above.len() <= category::LEVELS_MAX, "too deep");
        let all = categories(shop);
        let children = all
            .iter()
            .filter(|it| shop.category(**it).unwrap().content.parent == Some(id));
        let inside = alive(shop).filter(|it| it.categories().contains(&id));
        let counted = shop.occupancy(id);
        assert_eq!(counted.categories, i64::try_from(children.count()).unwrap());
        assert_eq!(counted.products, i64::try_from(inside.count()).unwrap());
    }
    for (key, state) in &shop.states {
        check_plain(shop, key, state);
    }
    for id in products(shop) {
        check_prices(shop, shop.product(id));
    }
}

fn check_plain(shop: &Shop, key: &Key, state: &State) {
    match (key, state) {
        (Key::Variants(id), State::Variants(count)) => {
            let variants = alive(shop).filter(|it| it.content.kinship.family == Some(*id));
            assert_eq!(*count, i64::try_from(variants.count()).unwrap());
        }
        (Key::Claim(Claim::Sku(sku)), State::Claim(holder)) => {
            let holders = products(shop);
            let holders = holders.iter().filter(|id| shop.product(**id).sku() == sku);
            let holders: Vec<Holder> = holders.map(|id| Holder::Product(*id)).collect();
            let expected = if *holder == Holder::Nobody {
                vec![]
            } else {
                vec![*holder]
            };
            assert_eq!(holders, expected);
        }
        _ => {}
    }
}

/// One current entry for each price in force, a scheduled one for each that waits, ends that meet.
fn check_prices(shop: &Shop, product: &Product) {
    let prices = &product.prices;
    assert!(prices.main_offer().is_some(), "no main price");
    for current in prices.current.values() {
        let entry = shop.entry(current.id);
        assert_eq!(
            (entry.state, entry.offer, entry.start),
            (PriceState::Current, current.offer, current.since)
        );
    }
    let of_product = |state| {
        let entries = shop.states.values().filter(move |it| match it {
            State::Price(entry) => entry.product == product.id && entry.state == state,
            _ => false,
        });
        entries.count()
    };
    assert_eq!(of_product(PriceState::Current), prices.current.len());
    assert_eq!(of_product(PriceState::Scheduled), prices.scheduled.len());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 192,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn states_follow_from_facts_and_counts_from_them(asks in prop::collection::vec(ask(), 1..80)) {
        let mut shop = Shop::default();
        for ask in &asks {
            put(&mut shop, ask);
        }
        check(&shop);
    }
}
