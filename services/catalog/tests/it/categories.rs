//! The tree of categories: placed, moved, listed and removed.

use contracts::catalog as pb;
use tonic::Status;

use crate::bed::*;

async fn revise(
    client: &mut Client,
    category: pb::Category,
    paths: &[&str],
) -> Result<pb::Category, Status> {
    let request = pb::UpdateCategoryRequest {
        category: Some(category),
        update_mask: mask(paths),
        request_id: String::new(),
    };
    Ok(client
        .update_category(request)
        .await?
        .into_inner()
        .category
        .unwrap())
}

async fn place(client: &mut Client, id: &str, parent: &str) -> Result<pb::Category, Status> {
    let category = pb::Category {
        category_id: id.to_owned(),
        parent_category_id: parent.to_owned(),
        ..pb::Category::default()
    };
    revise(client, category, &["parent_category_id"]).await
}

async fn remove(client: &mut Client, id: &str) -> Result<(), Status> {
    let request = pb::DeleteCategoryRequest {
        category_id: id.to_owned(),
        ..pb::DeleteCategoryRequest::default()
    };
    client.delete_category(request).await.map(|_| ())
}

async fn found(client: &mut Client, id: &str) -> Result<pb::Category, Status> {
    let request = pb::GetCategoryRequest {
        category_id: id.to_owned(),
        min_version: 0,
    };
    Ok(client
        .get_category(request)
        .await?
        .into_inner()
        .category
        .unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_takes_everything_below_along() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let garden = category(&mut staff, "garden", "").await.unwrap();
    let tools = category(&mut staff, "tools", &garden.category_id)
        .await
        .unwrap();
    let saws = category(&mut staff, "saws", &tools.category_id)
        .await
        .unwrap();
    assert_eq!(saws.path, "garden/tools/saws");
    assert_eq!(
        saws.ancestor_category_ids,
        [garden.category_id.clone(), tools.category_id.clone()]
    );
    let home = category(&mut staff, "home", "").await.unwrap();
    let moved = place(&mut staff, &tools.category_id, &home.category_id)
        .await
        .unwrap();
    assert_eq!((moved.path.as_str(), moved.version), ("home/tools", 2));
    let below = found(&mut staff, &saws.category_id).await.unwrap();
    assert_eq!((below.path.as_str(), below.version), ("home/tools/saws", 1));
    let renamed = pb::Category {
        slug: "house".into(),
        etag: String::new(),
        ..home
    };
    revise(&mut staff, renamed, &["slug"]).await.unwrap();
    assert_eq!(
        found(&mut staff, &saws.category_id).await.unwrap().path,
        "house/tools/saws"
    );
    let cycle = place(&mut staff, &tools.category_id, &saws.category_id).await;
    assert_eq!(told(&cycle, "parent_category_id"), saws.category_id);
    assert_eq!(reason(cycle), "CATEGORY_CYCLE");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_has_eight_levels() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let mut parent = String::new();
    let mut all = Vec::new();
    for level in 0..8 {
        parent = category(&mut staff, &format!("level{level}"), &parent)
            .await
            .unwrap()
            .category_id;
        all.push(parent.clone());
    }
    let deeper = category(&mut staff, "deeper", &parent).await;
    assert_eq!(told(&deeper, "depth"), "9");
    assert_eq!(reason(deeper), "CATEGORY_TOO_DEEP");
    let other = category(&mut staff, "other", "").await.unwrap();
    let moved = place(&mut staff, &all[0], &other.category_id).await;
    assert_eq!(reason(moved), "CATEGORY_TOO_DEEP");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_taken_or_unknown_are_refused() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let garden = category(&mut staff, "garden", "").await.unwrap();
    let taken = category(&mut staff, "garden", "").await;
    assert_eq!(
        (told(&taken, "slug"), told(&taken, "category_id")),
        ("garden".into(), garden.category_id.clone())
    );
    assert_eq!(reason(taken), "SLUG_EXISTS");
    let unknown = vocab::CategoryId::at(1, [3; 10]).to_string();
    let orphan = category(&mut staff, "orphan", &unknown).await;
    assert_eq!(told(&orphan, "category_id"), unknown);
    assert_eq!(reason(orphan), "CATEGORY_UNKNOWN");
    let lost = pb::Product {
        category_ids: vec![unknown.clone()],
        ..product("A-1")
    };
    assert_eq!(reason(create(&mut staff, lost).await), "CATEGORY_UNKNOWN");
    assert_eq!(
        reason(found(&mut staff, &unknown).await),
        "RESOURCE_MISSING"
    );
    assert_eq!(
        reason(remove(&mut staff, &unknown).await),
        "RESOURCE_MISSING"
    );
    let schema = vocab::AttributeSchemaId::at(1, [3; 10]).to_string();
    let named = pb::Category {
        attribute_schema_id: schema,
        etag: String::new(),
        ..garden.clone()
    };
    assert_eq!(
        reason(revise(&mut staff, named, &["attribute_schema_id"]).await),
        "SCHEMA_UNKNOWN"
    );
    let stale = pb::Category {
        etag: "stale".into(),
        position: 4,
        ..garden
    };
    assert_eq!(
        reason(revise(&mut staff, stale, &["position"]).await),
        "ETAG_MISMATCH"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_empty_category_goes_and_its_slug_is_free() {
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
    let saw = pb::Product {
        category_ids: vec![tools.clone()],
        ..product("A-1")
    };
    let saw = create(&mut staff, saw).await.unwrap();
    let full = remove(&mut staff, &garden).await;
    assert_eq!(
        (told(&full, "category_count"), told(&full, "product_count")),
        ("1".into(), "0".into())
    );
    assert_eq!(reason(full), "CATEGORY_NOT_EMPTY");
    assert_eq!(
        reason(remove(&mut staff, &tools).await),
        "CATEGORY_NOT_EMPTY"
    );
    delete(&mut staff, &saw.product_id).await.unwrap();
    let request = pb::DeleteCategoryRequest {
        category_id: tools.clone(),
        request_id: fresh(),
        ..Default::default()
    };
    staff.delete_category(request.clone()).await.unwrap();
    staff.delete_category(request).await.unwrap();
    assert_eq!(reason(remove(&mut staff, &tools).await), "RESOURCE_MISSING");
    assert_eq!(reason(found(&mut staff, &tools).await), "RESOURCE_MISSING");
    category(&mut staff, "tools", &garden).await.unwrap();
    let back = undelete(&mut staff, &saw.product_id).await.unwrap();
    assert!(back.category_ids.is_empty(), "its category is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tree_is_listed_level_by_level_in_the_order_of_siblings() {
    let bed = Bed::new().await;
    let mut staff = bed.staff();
    let mut ids = std::collections::BTreeMap::<&str, String>::new();
    for (slug, parent) in [
        ("b", ""),
        ("a", ""),
        ("b2", "b"),
        ("b1", "b"),
        ("a1", "a"),
        ("a11", "a1"),
    ] {
        let parent = ids.get(parent).cloned().unwrap_or_default();
        let made = category(&mut staff, slug, &parent).await.unwrap();
        ids.insert(slug, made.category_id);
    }
    let last = pb::Category {
        category_id: ids["b1"].clone(),
        position: 5,
        ..pb::Category::default()
    };
    revise(&mut staff, last, &["position"]).await.unwrap();
    let all = pb::ListCategoriesRequest {
        page_size: 2,
        ..Default::default()
    };
    let slugs = slugs(&mut staff, all.clone()).await;
    assert_eq!(slugs[..2], ["a", "b"]);
    assert_eq!(slugs[5], "a11");
    let place = |slug: &str| slugs.iter().position(|it| it == slug).unwrap();
    assert!(place("b2") < place("b1"), "{slugs:?}");
    let of = |parent: &str, below| pb::ListCategoriesRequest {
        parent_category_id: ids[parent].clone(),
        include_descendants: below,
        ..all.clone()
    };
    assert_eq!(self::slugs(&mut staff, of("a", false)).await, ["a1"]);
    assert_eq!(self::slugs(&mut staff, of("a", true)).await, ["a1", "a11"]);
    let roots = pb::ListCategoriesRequest {
        roots_only: true,
        ..all.clone()
    };
    assert_eq!(self::slugs(&mut staff, roots).await, ["a", "b"]);
    let one = pb::ListCategoriesRequest {
        slug: "b2".into(),
        ..all.clone()
    };
    let listed = staff
        .list_categories(one)
        .await
        .unwrap()
        .into_inner()
        .categories;
    assert_eq!(listed[0].path, "b/b2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_that_nobody_gave_out_is_refused() {
    let bed = Bed::new().await;
    let request = pb::ListCategoriesRequest {
        page_token: "nonsense".to_owned(),
        ..pb::ListCategoriesRequest::default()
    };
    let listed = bed.staff().list_categories(request).await;
    assert_eq!(reason(listed), "PAGE_TOKEN_INVALID");
}

async fn slugs(client: &mut Client, mut request: pb::ListCategoriesRequest) -> Vec<String> {
    let mut slugs = Vec::new();
    for _ in 0..10 {
        let page = client
            .list_categories(request.clone())
            .await
            .unwrap()
            .into_inner();
        slugs.extend(page.categories.into_iter().map(|it| it.slug));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    slugs
}
