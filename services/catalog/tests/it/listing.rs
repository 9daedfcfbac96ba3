//! Lists and batches of products: filters, orders, pages.

use contracts::catalog as pb;

use crate::bed::*;

async fn skus(client: &mut Client, mut request: pb::ListProductsRequest) -> Vec<String> {
    let mut skus = Vec::new();
    for _ in 0..20 {
        let page = client
            .list_products(request.clone())
            .await
            .unwrap()
            .into_inner();
        skus.extend(page.products.into_iter().map(|it| it.sku));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    skus
}

fn ordered(order_by: &str) -> pb::ListProductsRequest {
    pb::ListProductsRequest {
        order_by: order_by.to_owned(),
        page_size: 2,
        ..pb::ListProductsRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_ordered_and_pages_leave_nothing_out() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for (sku, title) in [
        ("B", "Two"),
        ("A", "Äpfel"),
        ("c", "Three"),
        ("D", "Two"),
        ("E", "One"),
    ] {
        let named = pb::Product {
            title: title.to_owned(),
            ..product(sku)
        };
        create(&mut staff, named).await.unwrap();
    }
    assert_eq!(
        skus(&mut staff, ordered("")).await,
        ["B", "A", "c", "D", "E"]
    );
    assert_eq!(
        skus(&mut staff, ordered("create_time desc")).await,
        ["E", "D", "c", "A", "B"]
    );
    assert_eq!(
        skus(&mut staff, ordered("sku")).await,
        ["A", "B", "D", "E", "c"]
    );
    assert_eq!(
        skus(&mut staff, ordered("sku desc")).await,
        ["c", "E", "D", "B", "A"]
    );
    assert_eq!(
        skus(&mut staff, ordered("title")).await,
        ["E", "c", "B", "D", "A"]
    );
    let all = pb::ListProductsRequest {
        page_size: 1_000,
        ..ordered("")
    };
    let last = staff.list_products(all.clone()).await.unwrap().into_inner();
    publish(&mut staff, &last.products[0].product_id)
        .await
        .unwrap();
    assert_eq!(skus(&mut staff, ordered("update_time desc")).await[0], "B");
    let wrong = pb::ListProductsRequest {
        order_by: "colour".into(),
        ..all
    };
    assert_eq!(field(staff.list_products(wrong).await), "order_by");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_hold_together() {
    let bed = Bed::new().await;
    let (mut staff, mut shopper) = (bed.staff(), bed.shopper());
    let top = category(&mut staff, "top", "").await.unwrap().category_id;
    let below = category(&mut staff, "below", &top)
        .await
        .unwrap()
        .category_id;
    let in_category = |sku: &str, id: &str| pb::Product {
        category_ids: vec![id.to_owned()],
        brand: "Brook".into(),
        ..product(sku)
    };
    let high = create(&mut staff, in_category("HIGH", &top)).await.unwrap();
    let low = pb::Product {
        barcodes: vec!["123".into()],
        ..in_category("LOW", &below)
    };
    let low = create(&mut staff, low).await.unwrap();
    let gone = create(&mut staff, in_category("GONE", &below))
        .await
        .unwrap();
    publish(&mut staff, &low.product_id).await.unwrap();
    delete(&mut staff, &gone.product_id).await.unwrap();
    let base = pb::ListProductsRequest {
        category_id: top.clone(),
        ..ordered("")
    };
    assert_eq!(skus(&mut staff, base.clone()).await, ["HIGH"]);
    let deep = pb::ListProductsRequest {
        include_descendants: true,
        ..base.clone()
    };
    assert_eq!(skus(&mut staff, deep.clone()).await, ["HIGH", "LOW"]);
    let ever = pb::ListProductsRequest {
        show_deleted: true,
        ..deep.clone()
    };
    assert_eq!(
        skus(&mut staff, ever.clone()).await,
        ["HIGH", "LOW", "GONE"]
    );
    assert_eq!(skus(&mut shopper, ever).await, ["LOW"]);
    let barcode = pb::ListProductsRequest {
        barcode: "123".into(),
        ..deep.clone()
    };
    assert_eq!(skus(&mut staff, barcode).await, ["LOW"]);
    let drafts = pb::ListProductsRequest {
        states: vec![pb::ProductState::Draft.into()],
        ..deep.clone()
    };
    assert_eq!(skus(&mut staff, drafts).await, ["HIGH"]);
    let moved = pb::Product {
        category_ids: vec![],
        etag: String::new(),
        ..high
    };
    update(&mut staff, moved, &["category_ids"]).await.unwrap();
    assert_eq!(skus(&mut staff, deep).await, ["LOW"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn skus_and_brands_are_found_as_they_are_written() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for sku in ["LOW", "HIGH"] {
        let branded = pb::Product {
            brand: "Brook".to_owned(),
            ..product(sku)
        };
        create(&mut staff, branded).await.unwrap();
    }
    let deep = ordered("");
    let named = pb::ListProductsRequest {
        skus: vec!["LOW".into(), "x".into()],
        ..deep.clone()
    };
    assert_eq!(skus(&mut staff, named).await, ["LOW"]);
    let brand = pb::ListProductsRequest {
        brand: "brook".into(),
        ..deep
    };
    assert_eq!(
        skus(&mut staff, brand).await,
        Vec::<String>::new(),
        "letter case counts"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_in_a_time_is_listed() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let (one, two) = (made(&mut staff, "A").await, made(&mut staff, "B").await);
    let period = |start_time, end_time| pb::ListProductsRequest {
        update_period: Some(contracts::common::Period {
            start_time,
            end_time,
        }),
        ..ordered("")
    };
    let (first, second) = (one.update_time, two.update_time);
    assert_eq!(skus(&mut staff, period(second, None)).await, ["B"]);
    assert_eq!(skus(&mut staff, period(first, second)).await, ["A"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_is_good_for_its_own_list_alone() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    for sku in ["A", "B", "C"] {
        made(&mut staff, sku).await;
    }
    let page = staff
        .list_products(ordered("sku"))
        .await
        .unwrap()
        .into_inner();
    let token = page.next_page_token;
    let other = pb::ListProductsRequest {
        page_token: token.clone(),
        ..ordered("title")
    };
    assert_eq!(
        reason(staff.list_products(other).await),
        "PAGE_TOKEN_INVALID"
    );
    let filtered = pb::ListProductsRequest {
        page_token: token.clone(),
        brand: "x".into(),
        ..ordered("sku")
    };
    assert_eq!(
        reason(staff.list_products(filtered).await),
        "PAGE_TOKEN_INVALID"
    );
    let mut foreign = bed.staff_of(tenant(2));
    let stolen = pb::ListProductsRequest {
        page_token: token.clone(),
        ..ordered("sku")
    };
    assert_eq!(
        reason(foreign.list_products(stolen.clone()).await),
        "PAGE_TOKEN_INVALID"
    );
    let larger = pb::ListProductsRequest {
        page_size: 5,
        ..stolen
    };
    assert_eq!(
        staff
            .list_products(larger)
            .await
            .unwrap()
            .into_inner()
            .products
            .len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_in_the_order_asked_for_and_names_what_is_missing() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let (one, two) = (made(&mut staff, "A").await, made(&mut staff, "B").await);
    let unknown = vocab::ProductId::at(1, [3; 10]).to_string();
    let asked = vec![
        two.product_id.clone(),
        unknown.clone(),
        one.product_id.clone(),
    ];
    let request = pb::BatchGetProductsRequest {
        product_ids: asked,
        read_mask: None,
    };
    let found = staff
        .batch_get_products(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.products, [two, one]);
    assert_eq!(found.missing_product_ids, [unknown]);
}
