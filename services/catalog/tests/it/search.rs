//! Search: words, beginnings, slips, languages, filters, facets, orders and pages.

use contracts::catalog as pb;
use prost_types::value::Kind;

use crate::bed::*;

/// A shop with four published products, and one that is not.
struct Shop {
    bed: Bed,
    garden: String,
    tools: String,
}

fn attributes(pairs: &[(&str, &str)]) -> Option<prost_types::Struct> {
    let fields = pairs.iter().map(|(name, value)| {
        let kind = Some(Kind::StringValue((*value).to_owned()));
        ((*name).to_owned(), prost_types::Value { kind })
    });
    Some(prost_types::Struct {
        fields: fields.collect(),
    })
}

/// What the shop sells.
fn range(garden: &str, tools: &str) -> [pb::Product; 4] {
    let german = pb::LocalizedText {
        title: "Gartenschlauch grün".into(),
        description: String::new(),
    };
    [
        pb::Product {
            title: "Garden hose, 20 metres".into(),
            description: "Stays supple in winter".into(),
            brand: "Brook".into(),
            category_ids: vec![garden.to_owned()],
            price: euro(2_500),
            barcodes: vec!["4006381333931".into()],
            localized_texts: [("de".to_owned(), german)].into(),
            custom_attributes: attributes(&[("colour", "green"), ("material", "rubber")]),
            ..product("HOSE-20")
        },
        pb::Product {
            title: "Pruning saw".into(),
            brand: "Keen".into(),
            category_ids: vec![tools.to_owned()],
            price: euro(3_900),
            custom_attributes: attributes(&[("colour", "red")]),
            ..product("SAW-1")
        },
        pb::Product {
            title: "Hand saw".into(),
            brand: "Brook".into(),
            category_ids: vec![tools.to_owned()],
            price: euro(1_900),
            custom_attributes: attributes(&[("colour", "green")]),
            ..product("SAW-2")
        },
        pb::Product {
            title: "Watering can".into(),
            brand: "Brook".into(),
            category_ids: vec![garden.to_owned()],
            price: money("USD", 1_200),
            ..product("CAN-5")
        },
    ]
}

async fn shop() -> Shop {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let garden = category(&mut staff, "garden", "")
        .await
        .unwrap()
        .category_id;
    let tools = category(&mut staff, "tools", &garden)
        .await
        .unwrap()
        .category_id;
    let products = range(&garden, &tools);
    for product in products {
        let id = create(&mut staff, product).await.unwrap().product_id;
        publish(&mut staff, &id).await.unwrap();
        indexed(&mut staff, &id, 2).await;
    }
    let draft = pb::Product {
        title: "Garden gnome".into(),
        ..product("GNOME")
    };
    let draft = create(&mut staff, draft).await.unwrap();
    indexed(&mut staff, &draft.product_id, 1).await;
    Shop { bed, garden, tools }
}

/// Waits until the index has a version, by asking for it as clients do.
async fn indexed(client: &mut Client, id: &str, version: i64) {
    let request = pb::SearchProductsRequest {
        awaited_product_id: id.to_owned(),
        min_version: version,
        page_size: 1,
        ..pb::SearchProductsRequest::default()
    };
    client.search_products(request).await.unwrap();
}

fn words(query: &str) -> pb::SearchProductsRequest {
    pb::SearchProductsRequest {
        query: query.to_owned(),
        ..pb::SearchProductsRequest::default()
    }
}

async fn skus(client: &mut Client, request: pb::SearchProductsRequest) -> Vec<String> {
    let found = client.search_products(request).await.unwrap().into_inner();
    found
        .hits
        .into_iter()
        .map(|it| it.product.unwrap().sku)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_beginnings_and_slips_find_a_product() {
    let shop = shop().await;
    let mut shopper = shop.bed.shopper();
    let hose = [
        "hose",
        "garden hose",
        "hos",
        "gard",
        "HOSE-20",
        "20 metre",
        "supple",
        "brook hose",
        "4006381333931",
        "rubber",
        "gardn hose",
        "garen hose",
    ];
    for query in hose {
        let found = skus(&mut shopper, words(query)).await;
        assert_eq!(
            found.first().map(String::as_str),
            Some("HOSE-20"),
            "{query}: {found:?}"
        );
    }
    for nothing in ["gnome", "lawnmower", "ose", "!!!"] {
        assert_eq!(
            skus(&mut shopper, words(nothing)).await,
            Vec::<String>::new(),
            "{nothing}"
        );
    }
    assert_eq!(skus(&mut shopper, words("saw brook")).await, ["SAW-2"]);
    let drafts = pb::SearchProductsRequest {
        states: vec![pb::ProductState::Draft.into()],
        ..words("gnome")
    };
    assert_eq!(skus(&mut shop.bed.staff(), drafts.clone()).await, ["GNOME"]);
    assert_eq!(skus(&mut shopper, drafts).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_texts_of_the_shoppers_language_are_searched() {
    let shop = shop().await;
    let mut shopper = shop.bed.shopper();
    let german = |query: &str, locale: &str| pb::SearchProductsRequest {
        locale: locale.to_owned(),
        ..words(query)
    };
    assert_eq!(
        skus(&mut shopper, german("gartenschläuche", "de")).await,
        ["HOSE-20"]
    );
    assert_eq!(
        skus(&mut shopper, german("gartenschlauch", "de-CH")).await,
        ["HOSE-20"]
    );
    assert_eq!(
        skus(&mut shopper, german("saw", "de")).await.len(),
        2,
        "own texts serve"
    );
    assert_eq!(
        skus(&mut shopper, german("gartenschlauch", "")).await,
        Vec::<String>::new()
    );
    assert_eq!(skus(&mut shopper, german("pruned", "en")).await, ["SAW-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_narrow_and_facets_count_as_if_their_own_did_not() {
    let shop = shop().await;
    let mut shopper = shop.bed.shopper();
    let wanted = pb::SearchProductsRequest {
        brands: vec!["Brook".into()],
        attribute_filters: vec![pb::AttributeFilter {
            name: "colour".into(),
            values: vec!["green".into()],
        }],
        facets: vec![
            pb::FacetKind::Brand.into(),
            pb::FacetKind::Category.into(),
            pb::FacetKind::Price.into(),
        ],
        attribute_facets: vec!["colour".into(), "nothing".into()],
        ..words("")
    };
    let found = shopper.search_products(wanted).await.unwrap().into_inner();
    let skus: Vec<_> = found
        .hits
        .iter()
        .map(|it| it.product.as_ref().unwrap().sku.as_str())
        .collect();
    assert_eq!((skus, found.hit_count), (vec!["HOSE-20", "SAW-2"], 2));
    let values = |place: usize| -> Vec<(&str, i64)> {
        found.facets[place]
            .values
            .iter()
            .map(|it| (it.value.as_str(), it.hit_count))
            .collect()
    };
    assert_eq!(
        values(0),
        [("Brook", 2)],
        "red things are not green, whatever their brand"
    );
    let mut categories = values(1);
    categories.sort();
    let mut expected = vec![(shop.garden.as_str(), 1), (shop.tools.as_str(), 1)];
    expected.sort();
    assert_eq!(categories, expected);
    assert_eq!(
        (
            found.facets[2].min_price.clone(),
            found.facets[2].max_price.clone()
        ),
        (euro(1_900), euro(2_500))
    );
    assert_eq!(values(3), [("green", 2)]);
    assert_eq!(
        (found.facets[4].attribute_name.as_str(), values(4)),
        ("nothing", vec![])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_facet_shows_what_choosing_otherwise_would_give() {
    let shop = shop().await;
    let mut shopper = shop.bed.shopper();
    let by_brand = pb::SearchProductsRequest {
        brands: vec!["Keen".into()],
        facets: vec![pb::FacetKind::Brand.into()],
        ..words("saw")
    };
    let found = shopper
        .search_products(by_brand)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.hits.len(), 1);
    assert_eq!(
        found.facets[0].values.len(),
        2,
        "choosing the other brand would give something"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn categories_include_what_lies_below_and_prices_are_in_one_currency() {
    let shop = shop().await;
    let mut shopper = shop.bed.shopper();
    let within = |id: &str| pb::SearchProductsRequest {
        category_ids: vec![id.to_owned()],
        ..words("")
    };
    assert_eq!(skus(&mut shopper, within(&shop.garden)).await.len(), 4);
    assert_eq!(
        skus(&mut shopper, within(&shop.tools)).await,
        ["SAW-2", "SAW-1"]
    );
    let cheap = pb::SearchProductsRequest {
        max_price: euro(2_500),
        ..words("")
    };
    assert_eq!(
        skus(&mut shopper, cheap.clone()).await,
        ["HOSE-20", "SAW-2"]
    );
    let dollars = pb::SearchProductsRequest {
        currency_code: "USD".into(),
        order_by: "price".into(),
        ..words("")
    };
    assert_eq!(skus(&mut shopper, dollars).await, ["CAN-5"]);
    let mixed = pb::SearchProductsRequest {
        min_price: money("USD", 1),
        ..cheap
    };
    let refused = shopper.search_products(mixed).await;
    assert_eq!(told(&refused, "currency_code"), "EUR");
    assert_eq!(reason(refused), "CURRENCY_MISMATCH");
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_ordered_and_read_page_by_page() {
    let shop = shop().await;
    let mut shopper = shop.bed.shopper();
    let orders: [(&str, &[&str]); 5] = [
        ("title", &["HOSE-20", "SAW-2", "SAW-1", "CAN-5"]),
        ("title desc", &["CAN-5", "SAW-1", "SAW-2", "HOSE-20"]),
        ("price", &["SAW-2", "HOSE-20", "SAW-1"]),
        ("price desc", &["SAW-1", "HOSE-20", "SAW-2"]),
        ("publish_time desc", &["CAN-5", "SAW-2", "SAW-1", "HOSE-20"]),
    ];
    for (order, expected) in orders {
        let mut request = pb::SearchProductsRequest {
            order_by: order.into(),
            page_size: 2,
            ..words("")
        };
        let mut seen = Vec::new();
        for _ in 0..4 {
            let page = shopper
                .search_products(request.clone())
                .await
                .unwrap()
                .into_inner();
            seen.extend(page.hits.into_iter().map(|it| it.product.unwrap().sku));
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, expected, "{order}");
    }
    let mut relevant = pb::SearchProductsRequest {
        page_size: 1,
        ..words("saw")
    };
    let first = shopper
        .search_products(relevant.clone())
        .await
        .unwrap()
        .into_inner();
    relevant.page_token = first.next_page_token;
    let second = shopper
        .search_products(relevant)
        .await
        .unwrap()
        .into_inner();
    assert!(first.hits[0].score >= second.hits[0].score && second.hits[0].score > 0.0);
    assert_ne!(first.hits[0].product, second.hits[0].product);
    assert_eq!((first.hit_count, second.next_page_token.as_str()), (2, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_index_follows_what_becomes_of_a_product() {
    let shop = shop().await;
    let (mut staff, mut shopper) = (shop.bed.staff(), shop.bed.shopper());
    let found = staff
        .search_products(words("pruning"))
        .await
        .unwrap()
        .into_inner();
    let saw = found.hits[0].product.clone().unwrap();
    let renamed = pb::Product {
        title: "Bow saw".into(),
        etag: String::new(),
        ..saw.clone()
    };
    let renamed = update(&mut staff, renamed, &["title"]).await.unwrap();
    indexed(&mut staff, &saw.product_id, renamed.version).await;
    assert_eq!(skus(&mut shopper, words("bow")).await, ["SAW-1"]);
    assert_eq!(
        skus(&mut shopper, words("pruning")).await,
        Vec::<String>::new()
    );
    delete(&mut staff, &saw.product_id).await.unwrap();
    assert_eq!(
        skus(&mut shopper, words("bow")).await,
        Vec::<String>::new(),
        "at once"
    );
    indexed(&mut staff, &saw.product_id, renamed.version + 1).await;
    let late = pb::SearchProductsRequest {
        awaited_product_id: saw.product_id,
        min_version: 99,
        ..words("")
    };
    assert_eq!(
        reason(staff.search_products(late).await),
        "PROJECTION_BEHIND"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_tenants_find_nothing() {
    let shop = shop().await;
    let mut foreign = shop.bed.staff_of(tenant(2));
    let found = foreign
        .search_products(words("hose"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((found.hits, found.hit_count), (vec![], 0));
    let facets = pb::SearchProductsRequest {
        facets: vec![pb::FacetKind::Brand.into()],
        ..words("")
    };
    assert!(
        foreign
            .search_products(facets)
            .await
            .unwrap()
            .into_inner()
            .facets[0]
            .values
            .is_empty()
    );
}
