//! Many callers at once, over two replicas: one wins, nobody loses an update, and nothing differs
//! from its history.

use contracts::catalog as pb;
use futures_util::future::join_all;
use tonic::Code;

use crate::bed::*;

#[tokio::test(flavor = "multi_thread")]
async fn of_many_creates_with_one_sku_exactly_one_wins() {
    let bed = Bed::new().await;
    let replica = bed.replica().await;
    let clients = (0..24).map(|number| {
        let running = if number % 2 == 0 {
            &bed.running
        } else {
            &replica
        };
        bed.client(running, tenant(1), ALL, None)
    });
    let created =
        clients.map(|mut client| async move { create(&mut client, product("A-1")).await });
    let created = join_all(created).await;
    let winners: Vec<_> = created.iter().filter_map(|it| it.as_ref().ok()).collect();
    assert_eq!(winners.len(), 1);
    let losers = created.iter().filter_map(|it| it.as_ref().err());
    for loser in losers {
        assert_eq!(loser.code(), Code::AlreadyExists, "{loser:?}");
        let told = view(loser).metadata["product_id"].clone();
        assert_eq!(told, winners[0].product_id);
    }
    replica.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_different_fields_at_once_are_all_kept() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = made(&mut staff, "A-1").await.product_id;
    let sent = |change: fn(&mut pb::Product)| {
        let mut product = pb::Product {
            product_id: id.clone(),
            ..pb::Product::default()
        };
        change(&mut product);
        product
    };
    let changes: [(&str, pb::Product); 4] = [
        ("title", sent(|it| it.title = "New".to_owned())),
        ("brand", sent(|it| it.brand = "Brook".to_owned())),
        ("weight_grams", sent(|it| it.weight_grams = 7)),
        ("description", sent(|it| it.description = "Long".to_owned())),
    ];
    let updated = changes.map(|(path, product)| {
        let mut client = bed.staff();
        async move { update(&mut client, product, &[path]).await }
    });
    for done in join_all(updated).await {
        done.unwrap();
    }
    let now = find(&mut staff, &id).await.unwrap();
    let seen = (
        now.title.as_str(),
        now.brand.as_str(),
        now.weight_grams,
        now.description.as_str(),
    );
    assert_eq!((seen, now.version), (("New", "Brook", 7, "Long"), 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_at_once_never_make_a_cycle() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for round in 0..5 {
        let one = category(&mut staff, &format!("one{round}"), "")
            .await
            .unwrap()
            .category_id;
        let two = category(&mut staff, &format!("two{round}"), "")
            .await
            .unwrap()
            .category_id;
        let below = |id: &str, parent: &str| pb::UpdateCategoryRequest {
            category: Some(pb::Category {
                category_id: id.to_owned(),
                parent_category_id: parent.to_owned(),
                ..pb::Category::default()
            }),
            update_mask: mask(&["parent_category_id"]),
            request_id: String::new(),
        };
        let (mut left, mut right) = (bed.staff(), bed.staff());
        let (first, second) = tokio::join!(
            left.update_category(below(&one, &two)),
            right.update_category(below(&two, &one)),
        );
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        let refused = first.err().or(second.err()).unwrap();
        assert_eq!(view(&refused).reason, "CATEGORY_CYCLE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_created_at_once_are_all_there() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let parent = category(&mut staff, "parent", "")
        .await
        .unwrap()
        .category_id;
    let created = (0..12).map(|number| {
        let (mut client, parent) = (bed.staff(), parent.clone());
        async move { category(&mut client, &format!("child{number}"), &parent).await }
    });
    for done in join_all(created).await {
        done.unwrap();
    }
    let removal = pb::DeleteCategoryRequest {
        category_id: parent,
        ..Default::default()
    };
    assert_eq!(
        told(&staff.delete_category(removal).await, "category_count"),
        "12"
    );
}
