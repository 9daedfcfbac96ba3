//! Numbers that are unique, and categories that products stand in.

use super::*;

#[test]
fn a_sku_has_one_product_even_a_deleted_one() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    shop.delete(id).unwrap();
    let sku: vocab::Sku = "A-1".parse().unwrap();
    let taken = Refusal::SkuExists(sku, Holder::Product(id));
    assert_eq!(shop.create("A-1", |_| {}), Err(taken.clone()));
    let other = shop.made("a-1");
    let renamed = shop.revise(other, |content, _| content.sku = "A-1".parse().unwrap());
    assert_eq!(renamed, Err(taken));
}

#[test]
fn a_changed_sku_is_free_again() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    shop.revise(id, |content, _| content.sku = "A-2".parse().unwrap())
        .unwrap();
    let second = shop.made("A-1");
    assert_ne!(id, second);
    shop.revise(id, |content, _| content.sku = "A-3".parse().unwrap())
        .unwrap();
    shop.revise(second, |content, _| content.sku = "A-2".parse().unwrap())
        .unwrap();
}

#[test]
fn barcodes_are_unique_and_move() {
    let mut shop = Shop::default();
    let with =
        |codes: &[&str]| -> Vec<String> { codes.iter().map(|it| (*it).to_owned()).collect() };
    let one = shop
        .create("A-1", |new| new.content.barcodes = with(&["11", "22"]))
        .unwrap();
    let taken = shop.create("A-2", |new| new.content.barcodes = with(&["33", "22"]));
    assert_eq!(
        taken,
        Err(Refusal::BarcodeExists(
            "22".to_owned(),
            Holder::Product(one)
        ))
    );
    let two = shop
        .create("A-2", |new| new.content.barcodes = with(&["33"]))
        .unwrap();
    shop.revise(one, |content, _| content.barcodes = with(&["11"]))
        .unwrap();
    shop.revise(two, |content, _| content.barcodes = with(&["22", "33"]))
        .unwrap();
    let back = shop.revise(one, |content, _| content.barcodes = with(&["22"]));
    assert_eq!(
        back,
        Err(Refusal::BarcodeExists(
            "22".to_owned(),
            Holder::Product(two)
        ))
    );
}

#[test]
fn categories_count_the_products_in_them() {
    let mut shop = Shop::default();
    let (one, two) = (
        shop.create_category("one", None).unwrap(),
        shop.create_category("two", None).unwrap(),
    );
    let id = shop
        .create("A-1", |new| new.content.category_ids = vec![one])
        .unwrap();
    assert_eq!(
        (shop.occupancy(one).products, shop.occupancy(two).products),
        (1, 0)
    );
    shop.revise(id, |content, _| content.category_ids = vec![two])
        .unwrap();
    assert_eq!(
        (shop.occupancy(one).products, shop.occupancy(two).products),
        (0, 1)
    );
    assert_eq!(
        shop.states[&Key::Placement(one, id)],
        State::Placement(false)
    );
    assert_eq!(
        shop.states[&Key::Placement(two, id)],
        State::Placement(true)
    );
    shop.delete(id).unwrap();
    assert_eq!(shop.occupancy(two).products, 0);
    shop.undelete(id).unwrap();
    assert_eq!(shop.occupancy(two).products, 1);
}

#[test]
fn an_unknown_category_is_refused() {
    let mut shop = Shop::default();
    let unknown = shop.draw();
    let created = shop.create("A-1", |new| new.content.category_ids = vec![unknown]);
    assert_eq!(created, Err(Refusal::CategoryUnknown(unknown)));
    let id = shop.made("A-1");
    let revised = shop.revise(id, |content, _| content.category_ids = vec![unknown]);
    assert_eq!(revised, Err(Refusal::CategoryUnknown(unknown)));
}

#[test]
fn a_product_comes_back_without_the_categories_that_are_gone() {
    let mut shop = Shop::default();
    let (gone, kept) = (
        shop.create_category("gone", None).unwrap(),
        shop.create_category("kept", None).unwrap(),
    );
    let id = shop
        .create("A-1", |new| new.content.category_ids = vec![gone, kept])
        .unwrap();
    shop.delete(id).unwrap();
    shop.delete_category(gone).unwrap();
    shop.undelete(id).unwrap();
    assert_eq!(shop.product(id).categories(), [kept]);
    assert_eq!(shop.occupancy(kept).products, 1);
}

#[test]
fn the_mask_names_every_field_that_changed() {
    let mut shop = Shop::default();
    let id = shop.made("A-1");
    let changed = shop.revise(id, |content, _| {
        content.description = "Long".to_owned();
        content.lot_tracked = true;
        content.attributes = "{\"a\":1}".to_owned();
    });
    changed.unwrap();
    let Some(Fact::Product(fact)) = shop.facts.last() else {
        panic!()
    };
    let fact::ProductChange::Updated(_, mask) = &fact.what else {
        panic!()
    };
    assert_eq!(mask, &["description", "lot_tracked", "custom_attributes"]);
}

#[test]
fn time_never_runs_backwards_in_a_product() {
    let mut shop = Shop {
        seconds: 10,
        ..Shop::default()
    };
    let id = shop.made("A-1");
    shop.seconds = 4;
    shop.step(id, Step::Publish).unwrap();
    assert_eq!(shop.product(id).updated_at, at(10));
}
