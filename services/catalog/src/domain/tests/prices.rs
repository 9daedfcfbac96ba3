//! Prices at once, later, cancelled and in the order of their times.

use super::*;

fn states(shop: &Shop, ids: &[PriceId]) -> Vec<PriceState> {
    ids.iter().map(|id| shop.entry(*id).state).collect()
}

fn first_price(shop: &Shop, id: ProductId) -> PriceId {
    shop.product(id).prices.current[&Currency::EUR].id
}

#[test]
fn a_price_set_now_ends_the_one_before() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let first = first_price(&shop, id);
    shop.seconds = 3;
    let second = shop.set_price(id, eur(900), None).unwrap();
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(900)));
    assert_eq!(
        states(&shop, &[first, second]),
        [PriceState::Past, PriceState::Current]
    );
    assert_eq!(
        (shop.entry(first).start, shop.entry(first).end),
        (at(0), Some(at(3)))
    );
    assert_eq!(
        (shop.entry(second).start, shop.entry(second).end),
        (at(3), None)
    );
}

#[test]
fn a_time_that_is_past_means_now() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    shop.seconds = 10;
    let price = shop.set_price(id, eur(900), Some(at(4))).unwrap();
    assert_eq!(shop.entry(price).start, at(10));
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(900)));
}

#[test]
fn a_scheduled_price_waits_and_then_holds_from_the_planned_instant() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let first = first_price(&shop, id);
    let later = shop.set_price(id, eur(800), Some(at(60))).unwrap();
    assert_eq!(shop.product(id).prices.next_at(), Some(at(60)));
    shop.seconds = 59;
    shop.enforce(id);
    assert_eq!(
        states(&shop, &[first, later]),
        [PriceState::Current, PriceState::Scheduled]
    );
    shop.seconds = 61;
    shop.enforce(id);
    assert_eq!(
        states(&shop, &[first, later]),
        [PriceState::Past, PriceState::Current]
    );
    assert_eq!(shop.entry(first).end, Some(at(60)));
    assert_eq!(shop.product(id).prices.next_at(), None);
    let version = shop.product(id).version;
    shop.enforce(id);
    assert_eq!(
        shop.product(id).version,
        version,
        "nothing due changes nothing"
    );
}

#[test]
fn a_late_price_never_overwrites_a_newer_one() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let due = shop.set_price(id, eur(800), Some(at(60))).unwrap();
    shop.seconds = 61;
    // The job has not come by yet.
    let newer = shop.set_price(id, eur(700), None).unwrap();
    shop.enforce(id);
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(700)));
    assert_eq!(
        states(&shop, &[due, newer]),
        [PriceState::Past, PriceState::Current]
    );
    assert_eq!(
        (shop.entry(due).start, shop.entry(due).end),
        (at(60), Some(at(61)))
    );
}

#[test]
fn several_due_prices_take_effect_in_the_order_of_their_times() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let last = shop.set_price(id, eur(700), Some(at(20))).unwrap();
    let first = shop.set_price(id, eur(800), Some(at(10))).unwrap();
    shop.seconds = 30;
    shop.enforce(id);
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(700)));
    assert_eq!(shop.entry(first).end, Some(at(20)));
    assert_eq!(
        states(&shop, &[first, last]),
        [PriceState::Past, PriceState::Current]
    );
}

#[test]
fn another_price_for_the_same_instant_replaces_the_first() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let first = shop.set_price(id, eur(800), Some(at(60))).unwrap();
    let other = shop.set_price(id, usd(900), Some(at(60))).unwrap();
    let second = shop.set_price(id, eur(700), Some(at(60))).unwrap();
    use PriceState::*;
    assert_eq!(
        states(&shop, &[first, other, second]),
        [Cancelled, Scheduled, Scheduled]
    );
    let names = facts_of(&shop, id);
    assert_eq!(
        names[names.len() - 2..],
        ["PriceCancelled", "PriceScheduled"]
    );
    shop.cancel(id, first).unwrap();
    assert_eq!(
        facts_of(&shop, id).len(),
        names.len(),
        "cancelling a replaced one changes nothing"
    );
}

#[test]
fn only_waiting_prices_are_cancelled() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let (first, second) = (
        first_price(&shop, id),
        shop.set_price(id, eur(900), None).unwrap(),
    );
    let refused = |state| Err(Refusal::PriceNotScheduled(state));
    assert_eq!(shop.cancel(id, first), refused(PriceState::Past));
    assert_eq!(shop.cancel(id, second), refused(PriceState::Current));
    let waiting = shop.set_price(id, eur(800), Some(at(60))).unwrap();
    shop.seconds = 2;
    shop.cancel(id, waiting).unwrap();
    assert_eq!(shop.entry(waiting).cancelled_at, Some(at(2)));
    shop.seconds = 70;
    shop.enforce(id);
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(900)));
}

#[test]
fn a_price_of_another_product_is_missing() {
    let mut shop = Shop::default();
    let (one, other) = (shop.made("A-1"), shop.made("A-2"));
    let waiting = shop.set_price(one, eur(800), Some(at(60))).unwrap();
    assert_eq!(
        shop.cancel(other, waiting),
        Err(Refusal::PriceMissing(waiting))
    );
    let never = shop.draw();
    assert_eq!(shop.cancel(one, never), Err(Refusal::PriceMissing(never)));
}

#[test]
fn a_hundred_prices_wait_and_no_more() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    for second in 1..=100 {
        shop.set_price(id, eur(second), Some(at(second))).unwrap();
    }
    let full = shop.set_price(id, eur(1), Some(at(101))).map(|_| ());
    assert_eq!(full, Err(Refusal::ScheduleFull));
    shop.set_price(id, eur(1), Some(at(100))).unwrap();
    shop.seconds = 1;
    shop.set_price(id, eur(1), Some(at(101))).unwrap();
}

#[test]
fn amounts_of_one_offer_are_in_one_currency() {
    let mut shop = Shop::default();
    let mixed = Offer {
        compare_at: Some(Money::new(1, Currency::USD)),
        ..eur(1)
    };
    let refused = Refusal::CurrencyMismatch(Currency::USD);
    let created = shop.create("A-1", |new| new.prices.main = mixed);
    assert_eq!(created, Err(refused.clone()));
    let twice = shop.create("A-1", |new| new.prices.others = vec![usd(1), usd(2)]);
    assert_eq!(twice, Err(refused.clone()));
    let id = shop.made("A-1");
    assert_eq!(shop.set_price(id, mixed, None), Err(refused));
}

#[test]
fn an_update_tells_content_first_and_then_each_price() {
    let mut shop = Shop::default();
    let id = shop
        .create("A-1", |new| new.prices.others = vec![usd(1_100)])
        .unwrap();
    let changed = shop.revise(id, |content, prices| {
        content.title = "New".to_owned();
        prices.main = eur(1_200);
        prices.others.clear();
    });
    changed.unwrap();
    assert_eq!(
        facts_of(&shop, id),
        ["Created", "Updated", "PriceChanged", "PriceChanged"]
    );
    let Some(Fact::Product(updated)) = shop.facts.get(1) else {
        panic!()
    };
    let fact::ProductChange::Updated(after, mask) = &updated.what else {
        panic!()
    };
    assert_eq!(mask, &["title"]);
    assert_eq!(
        after.prices.main_offer(),
        Some(eur(1_000)),
        "prices still stand as they were"
    );
    assert_eq!(shop.product(id).prices.current.len(), 1);
}

#[test]
fn the_main_currency_moves_with_a_price_event() {
    let mut shop = Shop::default();
    let id = shop
        .create("A-1", |new| new.prices.others = vec![usd(1_100)])
        .unwrap();
    let swapped = shop.revise(id, |_, prices| {
        prices.main = usd(1_100);
        prices.others = vec![eur(1_000)];
    });
    swapped.unwrap();
    assert_eq!(facts_of(&shop, id), ["Created", "PriceChanged"]);
    assert_eq!(shop.product(id).prices.main, Currency::USD);
    assert_eq!(shop.product(id).prices.current.len(), 2);
}

#[test]
fn an_update_that_changes_nothing_leaves_no_fact() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    shop.revise(id, |_, _| {}).unwrap();
    assert_eq!(facts_of(&shop, id), ["Created"]);
}

#[test]
fn an_update_of_texts_leaves_due_prices_alone() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    shop.set_price(id, eur(800), Some(at(10))).unwrap();
    shop.seconds = 20;
    shop.revise(id, |content, _| content.title = "New".to_owned())
        .unwrap();
    shop.enforce(id);
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(800)));
}
