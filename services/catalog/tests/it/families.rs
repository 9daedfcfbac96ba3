//! Families and variants, as the doors show them.

use contracts::catalog as pb;

use crate::bed::*;

fn family(sku: &str) -> pb::Product {
    pb::Product {
        variant_axes: vec!["colour".to_owned(), "size".to_owned()],
        ..product(sku)
    }
}

fn variant(sku: &str, family: &str, colour: &str) -> pb::Product {
    let options = [("colour", colour), ("size", "XL")];
    pb::Product {
        variant_of_product_id: family.to_owned(),
        variant_options: options
            .map(|(axis, value)| (axis.to_owned(), value.to_owned()))
            .into(),
        ..product(sku)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_keep_to_their_family() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let id = create(&mut staff, family("F")).await.unwrap().product_id;
    let red = create(&mut staff, variant("V-1", &id, "red"))
        .await
        .unwrap();
    let twin = create(&mut staff, variant("V-2", &id, "red")).await;
    assert_eq!(told(&twin, "product_id"), red.product_id);
    assert_eq!(reason(twin), "VARIANT_EXISTS");
    let short = pb::Product {
        variant_options: [("size".to_owned(), "XL".to_owned())].into(),
        ..variant("V-2", &id, "")
    };
    let refused = create(&mut staff, short).await;
    assert_eq!(told(&refused, "axes"), "colour,size");
    assert_eq!(reason(refused), "VARIANT_OPTIONS_INVALID");
    let refused = create(&mut staff, variant("V-2", &red.product_id, "blue")).await;
    assert_eq!(told(&refused, "product_id"), red.product_id);
    assert_eq!(reason(refused), "VARIANT_FAMILY_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_with_variants_stays_as_it_is() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let made = create(&mut staff, family("F")).await.unwrap();
    let id = made.product_id.clone();
    let red = create(&mut staff, variant("V-1", &id, "red"))
        .await
        .unwrap();
    let refused = delete(&mut staff, &id).await;
    assert_eq!(told(&refused, "variant_count"), "1");
    assert_eq!(reason(refused), "PRODUCT_HAS_VARIANTS");
    let narrowed = pb::Product {
        variant_axes: vec!["colour".into()],
        etag: String::new(),
        ..made
    };
    assert_eq!(
        reason(update(&mut staff, narrowed.clone(), &["variant_axes"]).await),
        "PRODUCT_HAS_VARIANTS"
    );
    let listing = pb::ListProductsRequest {
        variant_of_product_id: id.clone(),
        ..Default::default()
    };
    let listed = staff.list_products(listing).await.unwrap().into_inner();
    assert_eq!(listed.products, std::slice::from_ref(&red));
    delete(&mut staff, &red.product_id).await.unwrap();
    let heir = create(&mut staff, variant("V-2", &id, "red"))
        .await
        .unwrap();
    assert_eq!(
        reason(undelete(&mut staff, &red.product_id).await),
        "VARIANT_EXISTS"
    );
    delete(&mut staff, &heir.product_id).await.unwrap();
    update(&mut staff, narrowed, &["variant_axes"])
        .await
        .unwrap();
    assert_eq!(
        reason(undelete(&mut staff, &red.product_id).await),
        "VARIANT_OPTIONS_INVALID"
    );
    delete(&mut staff, &id).await.unwrap();
    assert_eq!(
        reason(undelete(&mut staff, &red.product_id).await),
        "VARIANT_FAMILY_INVALID"
    );
}
