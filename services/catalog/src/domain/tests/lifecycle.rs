//! Every cell of state and command.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Now {
    Draft,
    Active,
    Archived,
    Deleted,
}

fn shop_in(now: Now) -> (Shop, ProductId) {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    match now {
        Now::Draft => {}
        Now::Active => shop.step(id, Step::Publish).unwrap(),
        Now::Archived => shop.step(id, Step::Archive).unwrap(),
        Now::Deleted => {
            shop.step(id, Step::Publish).unwrap();
            shop.delete(id).unwrap();
        }
    }
    (shop, id)
}

fn state_of(shop: &Shop, id: ProductId) -> Now {
    let product = shop.product(id);
    match (product.deleted_at, product.state) {
        (Some(_), _) => Now::Deleted,
        (None, ProductState::Draft) => Now::Draft,
        (None, ProductState::Active) => Now::Active,
        (None, ProductState::Archived) => Now::Archived,
    }
}

fn wrong(state: ProductState, deleted: bool) -> Refusal {
    Refusal::ProductStateInvalid { state, deleted }
}

#[test]
fn each_step_from_each_state() {
    use Now::*;
    let hidden = || Err(wrong(ProductState::Active, true));
    let cells = [
        (Draft, Step::Publish, Ok(Active), 1),
        (Draft, Step::Unpublish, Ok(Draft), 0),
        (Draft, Step::Archive, Ok(Archived), 1),
        (Active, Step::Publish, Ok(Active), 0),
        (Active, Step::Unpublish, Ok(Draft), 1),
        (Active, Step::Archive, Ok(Archived), 1),
        (Archived, Step::Publish, Ok(Active), 1),
        (
            Archived,
            Step::Unpublish,
            Err(wrong(ProductState::Archived, false)),
            0,
        ),
        (Archived, Step::Archive, Ok(Archived), 0),
        (Deleted, Step::Publish, hidden(), 0),
        (Deleted, Step::Unpublish, hidden(), 0),
        (Deleted, Step::Archive, hidden(), 0),
    ];
    for (from, step, to, facts) in cells {
        let (mut shop, id) = shop_in(from);
        let before = shop.facts.len();
        let came = shop.step(id, step).map(|()| state_of(&shop, id));
        assert_eq!(came, to, "{from:?} {step:?}");
        assert_eq!(shop.facts.len() - before, facts, "{from:?} {step:?}");
    }
}

#[test]
fn deletion_and_its_undoing_from_each_state() {
    use Now::*;
    for from in [Draft, Active, Archived, Deleted] {
        let (mut shop, id) = shop_in(from);
        let before = shop.facts.len();
        shop.delete(id).unwrap();
        assert_eq!(state_of(&shop, id), Deleted);
        assert_eq!(shop.facts.len() - before, usize::from(from != Deleted));
        shop.undelete(id).unwrap();
        assert_eq!(state_of(&shop, id), Draft, "after {from:?}");
        assert_eq!(shop.undelete(id), Err(Refusal::ProductNotDeleted));
    }
}

#[test]
fn content_and_prices_change_in_every_state_but_deleted() {
    use Now::*;
    for from in [Draft, Active, Archived, Deleted] {
        let (mut shop, id) = shop_in(from);
        let revised = shop.revise(id, |content, _| content.title = "New".to_owned());
        let set = shop.set_price(id, eur(900), None).map(|_| ());
        let refused = Err(wrong(ProductState::Active, true));
        let expected = if from == Deleted { refused } else { Ok(()) };
        assert_eq!((revised, set), (expected.clone(), expected), "{from:?}");
    }
}

#[test]
fn scheduled_prices_of_deleted_products_go_on() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let first = shop.set_price(id, eur(900), Some(at(10))).unwrap();
    let second = shop.set_price(id, eur(800), Some(at(20))).unwrap();
    shop.delete(id).unwrap();
    shop.cancel(id, second).unwrap();
    shop.seconds = 10;
    shop.enforce(id);
    assert_eq!(shop.product(id).prices.main_offer(), Some(eur(900)));
    assert_eq!(shop.entry(first).state, PriceState::Current);
    assert_eq!(shop.entry(second).state, PriceState::Cancelled);
}

#[test]
fn publishing_tells_the_state_before_and_the_time() {
    let (mut shop, id) = shop_in(Now::Archived);
    shop.seconds = 5;
    shop.step(id, Step::Publish).unwrap();
    assert_eq!(shop.product(id).published_at, Some(at(5)));
    let last = shop.facts.last();
    let Some(Fact::Product(fact)) = last else {
        panic!("{last:?}")
    };
    let fact::ProductChange::Published(after, old) = &fact.what else {
        panic!("{fact:?}")
    };
    assert_eq!(
        (*old, after.state, after.version),
        (ProductState::Archived, ProductState::Active, 3)
    );
}

#[test]
fn what_does_not_exist_is_missing() {
    let mut shop = Shop::default();
    let id = shop.draw();
    assert_eq!(
        shop.step(id, Step::Publish),
        Err(Refusal::ProductMissing(id))
    );
}

#[test]
fn an_etag_of_another_version_is_refused() {
    let (mut shop, id) = shop_in(Now::Draft);
    let etag = |version| Some(vocab::Etag::of(id.to_string(), version).to_string());
    let step = |etag| {
        Command::MoveProduct(Transition {
            product: id,
            etag,
            step: Step::Publish,
        })
    };
    for wrong in [etag(2), etag(0), Some(String::new()), Some("*".to_owned())] {
        assert_eq!(shop.run(&step(wrong)), Err(Refusal::EtagMismatch));
    }
    shop.run(&step(etag(1))).unwrap();
    assert_eq!(shop.run(&step(etag(1))), Err(Refusal::EtagMismatch));
}

#[test]
fn a_command_on_an_old_snapshot_is_outrun() {
    let (mut shop, id) = shop_in(Now::Draft);
    let old = shop.on(id);
    shop.step(id, Step::Publish).unwrap();
    assert_eq!(
        shop.run(&Command::DeleteProduct(old.clone())),
        Err(Refusal::Outrun)
    );
    assert_eq!(shop.run(&Command::EnforcePrices(old)), Err(Refusal::Outrun));
}
