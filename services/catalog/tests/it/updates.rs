//! An update is refused for what a creation is refused for.

use contracts::catalog as pb;
use vocab::CategoryId;

use crate::bed::*;

async fn changed(
    client: &mut Client,
    category: pb::Category,
    path: &str,
) -> Result<(), tonic::Status> {
    let request = pb::UpdateCategoryRequest {
        category: Some(category),
        update_mask: mask(&[path]),
        request_id: String::new(),
    };
    client.update_category(request).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_cannot_move_to_nowhere_or_take_a_slug_that_is_taken() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let garden = category(&mut staff, "garden", "").await.unwrap();
    category(&mut staff, "tools", "").await.unwrap();
    let unknown = CategoryId::at(1, [1; 10]).to_string();
    let moved = pb::Category {
        parent_category_id: unknown,
        ..garden.clone()
    };
    let moved = changed(&mut staff, moved, "parent_category_id").await;
    assert_eq!(reason(moved), "CATEGORY_UNKNOWN");
    let renamed = pb::Category {
        slug: "tools".to_owned(),
        ..garden
    };
    let renamed = changed(&mut staff, renamed, "slug").await;
    assert_eq!(reason(renamed), "SLUG_EXISTS");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_cannot_move_to_a_category_that_is_not_there() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let product = made(&mut staff, "A-1").await;
    let moved = pb::Product {
        category_ids: vec![CategoryId::at(1, [1; 10]).to_string()],
        ..product
    };
    let moved = update(&mut staff, moved, &["category_ids"]).await;
    assert_eq!(reason(moved), "CATEGORY_UNKNOWN");
}
