//! The tree: no cycles, eight levels, nothing removed that is in use.

use vocab::AttributeSchemaId;

use super::*;

/// A chain of categories, the root first.
fn chain(shop: &mut Shop, prefix: &str, levels: usize) -> Vec<CategoryId> {
    let mut ids: Vec<CategoryId> = Vec::new();
    for level in 0..levels {
        let slug = format!("{prefix}{level}");
        let id = shop.create_category(&slug, ids.last().copied()).unwrap();
        ids.push(id);
    }
    ids
}

#[test]
fn eight_levels_and_no_more() {
    let mut shop = Shop::default();
    let ids = chain(&mut shop, "a", 8);
    let deeper = shop.create_category("deeper", ids.last().copied());
    assert_eq!(deeper, Err(Refusal::CategoryTooDeep(9)));
}

#[test]
fn what_moves_along_counts_for_the_depth() {
    let mut shop = Shop::default();
    let (tall, low) = (chain(&mut shop, "a", 5), chain(&mut shop, "b", 4));
    let moved = shop.revise_category(low[0], |it| it.parent = Some(tall[4]));
    assert_eq!(moved, Err(Refusal::CategoryTooDeep(9)));
    let moved = shop
        .revise_category(low[0], |it| it.parent = Some(tall[3]))
        .unwrap();
    assert_eq!(place(moved).path("b0"), "a0/a1/a2/a3/b0");
}

#[test]
fn no_category_comes_to_lie_below_itself() {
    let mut shop = Shop::default();
    let ids = chain(&mut shop, "a", 3);
    for below in &ids {
        let moved = shop.revise_category(ids[0], |it| it.parent = Some(*below));
        assert_eq!(moved, Err(Refusal::CategoryCycle(*below)));
    }
    shop.revise_category(ids[2], |it| it.parent = None).unwrap();
    shop.revise_category(ids[0], |it| it.parent = Some(ids[2]))
        .unwrap();
}

#[test]
fn two_moves_that_would_make_a_cycle_together_do_not_both_happen() {
    let mut shop = Shop::default();
    let (one, two) = (
        shop.create_category("one", None).unwrap(),
        shop.create_category("two", None).unwrap(),
    );
    let first = shop.revision_of(one, |it| it.parent = Some(two));
    let second = shop.revision_of(two, |it| it.parent = Some(one));
    shop.run(&Command::ReviseCategory(Box::new(first))).unwrap();
    let refused = shop.run(&Command::ReviseCategory(Box::new(second)));
    assert_eq!(refused, Err(Refusal::Outrun));
    assert_eq!(
        shop.revise_category(two, |it| it.parent = Some(one)),
        Err(Refusal::CategoryCycle(one))
    );
}

#[test]
fn a_parent_that_moved_meanwhile_is_walked_again() {
    let mut shop = Shop::default();
    let ids = chain(&mut shop, "a", 2);
    let other = shop.create_category("other", None).unwrap();
    let above = shop.above(Some(ids[1]));
    shop.revise_category(ids[1], |it| it.parent = Some(other))
        .unwrap();
    let new = NewCategory {
        id: shop.draw(),
        content: named("new", Some(ids[1])),
        above,
    };
    let created = shop.run(&Command::CreateCategory(Box::new(new)));
    assert_eq!(created, Err(Refusal::Outrun));
}

#[test]
fn a_slug_has_one_category_and_is_free_after_it() {
    let mut shop = Shop::default();
    let id = shop.create_category("garden", None).unwrap();
    let taken = Refusal::SlugExists("garden".to_owned(), Holder::Category(id));
    assert_eq!(shop.create_category("garden", Some(id)), Err(taken.clone()));
    let other = shop.create_category("other", None).unwrap();
    let renamed = shop.revise_category(other, |it| it.slug = "garden".to_owned());
    assert_eq!(renamed, Err(taken));
    shop.delete_category(id).unwrap();
    shop.revise_category(other, |it| it.slug = "garden".to_owned())
        .unwrap();
    shop.create_category("other", None).unwrap();
}

#[test]
fn only_an_empty_category_is_removed() {
    let mut shop = Shop::default();
    let ids = chain(&mut shop, "a", 2);
    let product = shop
        .create("A-1", |new| new.content.category_ids = vec![ids[1]])
        .unwrap();
    let full = |categories, products| {
        Err(Refusal::CategoryNotEmpty {
            categories,
            products,
        })
    };
    assert_eq!(shop.delete_category(ids[0]), full(1, 0));
    assert_eq!(shop.delete_category(ids[1]), full(0, 1));
    shop.delete(product).unwrap();
    shop.delete_category(ids[1]).unwrap();
    shop.delete_category(ids[0]).unwrap();
    let gone = NewCategory {
        id: shop.draw(),
        content: named("new", Some(ids[0])),
        above: vec![ids[0]],
    };
    let created = shop.run(&Command::CreateCategory(Box::new(gone)));
    assert_eq!(created, Err(Refusal::CategoryUnknown(ids[0])));
    assert!(shop.occupancy(ids[0]).closed);
}

#[test]
fn what_is_gone_or_never_was_is_missing() {
    let mut shop = Shop::default();
    let id = shop.create_category("garden", None).unwrap();
    let revision = shop.revision_of(id, |it| it.position = 1);
    let removal = CategoryRemoval {
        id,
        parent: None,
        slug: "garden".to_owned(),
        etag: None,
    };
    shop.run(&Command::DeleteCategory(removal.clone())).unwrap();
    let missing = Err(Refusal::CategoryMissing(id));
    assert_eq!(
        shop.run(&Command::ReviseCategory(Box::new(revision))),
        missing
    );
    assert_eq!(shop.run(&Command::DeleteCategory(removal)), missing);
    let unknown = shop.draw();
    assert_eq!(
        shop.create_category("new", Some(unknown)),
        Err(Refusal::CategoryUnknown(unknown))
    );
}

#[test]
fn no_schema_is_known() {
    let mut shop = Shop::default();
    let schema: AttributeSchemaId = shop.draw();
    let id = shop.create_category("garden", None).unwrap();
    let named = shop.revise_category(id, |it| it.schema = Some(schema));
    assert_eq!(named, Err(Refusal::SchemaUnknown(schema)));
}

#[test]
fn a_change_of_texts_needs_the_version_that_was_read() {
    let mut shop = Shop::default();
    let id = shop.create_category("garden", None).unwrap();
    let old = shop.revision_of(id, |it| it.position = 1);
    shop.revise_category(id, |it| it.position = 2).unwrap();
    assert_eq!(
        shop.run(&Command::ReviseCategory(Box::new(old.clone()))),
        Err(Refusal::Outrun)
    );
    let stale = CategoryRevision {
        etag: Some("x".to_owned()),
        ..old
    };
    assert_eq!(
        shop.run(&Command::ReviseCategory(Box::new(stale))),
        Err(Refusal::EtagMismatch)
    );
    let before = shop.facts.len();
    shop.revise_category(id, |it| it.position = 2).unwrap();
    assert_eq!(shop.facts.len(), before, "nothing changed");
}
