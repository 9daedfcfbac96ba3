//! Families and variants.

use super::*;

fn family(shop: &mut Shop) -> ProductId {
    let axes = ["colour", "size"].map(str::to_owned).to_vec();
    shop.create("F", |new| new.content.kinship.axes = axes)
        .unwrap()
}

fn options(colour: &str, size: &str) -> BTreeMap<String, String> {
    let pairs = [("colour", colour), ("size", size)];
    pairs
        .map(|(axis, value)| (axis.to_owned(), value.to_owned()))
        .into()
}

fn variant(
    shop: &mut Shop,
    sku: &str,
    family: ProductId,
    colour: &str,
) -> Result<ProductId, Refusal> {
    shop.create(sku, |new| {
        new.content.kinship.family = Some(family);
        new.content.kinship.options = options(colour, "XL");
    })
}

#[test]
fn variants_differ_in_their_options() {
    let mut shop = Shop::default();
    let family = family(&mut shop);
    let red = variant(&mut shop, "V-1", family, "red").unwrap();
    let twin = variant(&mut shop, "V-2", family, "red");
    assert_eq!(twin, Err(Refusal::VariantExists(Holder::Product(red))));
    let blue = variant(&mut shop, "V-2", family, "blue").unwrap();
    let painted = shop.revise(blue, |content, _| {
        content.kinship.options = options("red", "XL")
    });
    assert_eq!(painted, Err(Refusal::VariantExists(Holder::Product(red))));
    shop.revise(blue, |content, _| {
        content.kinship.options = options("green", "XL")
    })
    .unwrap();
    variant(&mut shop, "V-3", family, "blue").unwrap();
    assert_eq!(shop.states[&Key::Variants(family)], State::Variants(3));
}

#[test]
fn options_name_exactly_the_axes() {
    let mut shop = Shop::default();
    let family = family(&mut shop);
    let axes = ["colour", "size"].map(str::to_owned).to_vec();
    for wrong in [
        &["colour"][..],
        &["colour", "weight"],
        &["colour", "size", "weight"],
        &[],
    ] {
        let made = shop.create("V-1", |new| {
            new.content.kinship.family = Some(family);
            let pairs = wrong
                .iter()
                .map(|axis| ((*axis).to_owned(), "x".to_owned()));
            new.content.kinship.options = pairs.collect();
        });
        assert_eq!(
            made,
            Err(Refusal::OptionsInvalid(axes.clone())),
            "{wrong:?}"
        );
    }
    let alone = shop.create("V-1", |new| {
        new.content.kinship.options = options("red", "XL")
    });
    assert_eq!(alone, Err(Refusal::OptionsInvalid(Vec::new())));
}

#[test]
fn only_families_have_variants() {
    let mut shop = Shop::default();
    let family = family(&mut shop);
    let plain = shop.made("P");
    let red = variant(&mut shop, "V-1", family, "red").unwrap();
    let unknown = shop.draw();
    for wrong in [plain, red, unknown] {
        let made = variant(&mut shop, "V-2", wrong, "blue");
        assert_eq!(made, Err(Refusal::FamilyInvalid(wrong)));
    }
    let both = shop.create("V-2", |new| {
        new.content.kinship.family = Some(family);
        new.content.kinship.options = options("blue", "XL");
        new.content.kinship.axes = vec!["weight".to_owned()];
    });
    assert_eq!(both, Err(Refusal::FamilyInvalid(family)));
    let itself = shop.revise(family, |content, _| {
        content.kinship.axes.clear();
        content.kinship.family = Some(plain);
    });
    assert_eq!(itself, Err(Refusal::ProductHasVariants(1)));
}

#[test]
fn a_family_with_variants_stays_and_keeps_its_axes() {
    let mut shop = Shop::default();
    let family = family(&mut shop);
    let red = variant(&mut shop, "V-1", family, "red").unwrap();
    assert_eq!(shop.delete(family), Err(Refusal::ProductHasVariants(1)));
    let other = shop.revise(family, |content, _| content.kinship.axes.truncate(1));
    assert_eq!(other, Err(Refusal::ProductHasVariants(1)));
    shop.revise(family, |content, _| content.title = "New".to_owned())
        .unwrap();
    shop.delete(red).unwrap();
    shop.revise(family, |content, _| content.kinship.axes.truncate(1))
        .unwrap();
    shop.delete(family).unwrap();
    assert_eq!(shop.undelete(red), Err(Refusal::FamilyInvalid(family)));
    shop.undelete(family).unwrap();
    assert_eq!(
        shop.undelete(red),
        Err(Refusal::OptionsInvalid(vec!["colour".to_owned()]))
    );
}

#[test]
fn a_deleted_variant_gives_its_options_up() {
    let mut shop = Shop::default();
    let family = family(&mut shop);
    let red = variant(&mut shop, "V-1", family, "red").unwrap();
    shop.delete(red).unwrap();
    let heir = variant(&mut shop, "V-2", family, "red").unwrap();
    assert_eq!(
        shop.undelete(red),
        Err(Refusal::VariantExists(Holder::Product(heir)))
    );
    shop.delete(heir).unwrap();
    shop.undelete(red).unwrap();
    assert_eq!(shop.states[&Key::Variants(family)], State::Variants(1));
}

#[test]
fn a_variant_leaves_its_family() {
    let mut shop = Shop::default();
    let family = family(&mut shop);
    let red = variant(&mut shop, "V-1", family, "red").unwrap();
    shop.revise(red, |content, _| content.kinship = Kinship::default())
        .unwrap();
    assert_eq!(shop.states[&Key::Variants(family)], State::Variants(0));
    shop.delete(family).unwrap();
}
