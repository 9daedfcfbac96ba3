//! What reads cost on tables that have grown, as Postgres counts it: no table is read from end to
//! end, and the rows that are looked at follow from the answer and not from the table.

use contracts::catalog as pb;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testbed::{Database, eventually};
use tonic::Status;

use crate::SOON;
use crate::bed::*;

/// Products of the tenant that is asked for, and of each of the others.
const OWN: u32 = 8_000;
const OTHERS: u32 = 2_000;
const TENANTS: u8 = 12;
/// Rows that are looked at beside those that are answered: two for each category of the tenant,
/// whose tree is walked as a whole, and some.
const BESIDE: i64 = 450;

#[tokio::test(flavor = "multi_thread")]
async fn reads_look_at_rows_in_proportion_to_their_answers() {
    let bed = Bed::new().await;
    let (database, mut staff) = (&bed.database, bed.staff());
    let tree = category(&mut staff, "garden", "").await.unwrap();
    let product = pb::Product {
        category_ids: vec![tree.category_id.clone()],
        brand: "Brand 7".to_owned(),
        barcodes: vec!["4006381333931".to_owned()],
        ..product("SEED")
    };
    let seed = create(&mut staff, product).await.unwrap();
    publish(&mut staff, &seed.product_id).await.unwrap();
    indexed(&mut staff, &seed.product_id).await;
    grow(database).await;
    let (mut costs, mut dear) = (Vec::new(), 0);
    for (name, read) in reads(&seed, &tree) {
        settle(database).await;
        let before = looked_at(database).await;
        let answered = read(staff.clone()).await;
        let answered = answered.unwrap_or_else(|status| panic!("{name}: {status:?}"));
        settle(database).await;
        let after = looked_at(database).await;
        let (scanned, fetched) = (after.0 - before.0, after.1 - before.1);
        dear += i32::from(scanned > 0 || fetched > answered * 8 + BESIDE);
        costs.push(format!(
            "{name}: {scanned} scanned, {fetched} fetched, {answered} answered"
        ));
    }
    assert_eq!(dear, 0, "{costs:#?}");
    bed.running.end().await.unwrap();
}

type Read = Box<dyn Fn(Client) -> futures_util::future::BoxFuture<'static, Result<i64, Status>>>;

/// Every read, and how many rows it answers.
fn reads(seed: &pb::Product, tree: &pb::Category) -> Vec<(&'static str, Read)> {
    let (product, category) = (seed.product_id.clone(), tree.category_id.clone());
    let mut reads = lists(&product, &category);
    let roots = pb::ListCategoriesRequest {
        roots_only: true,
        page_size: 50,
        ..pb::ListCategoriesRequest::default()
    };
    let children = pb::ListCategoriesRequest {
        parent_category_id: category.clone(),
        page_size: 50,
        ..pb::ListCategoriesRequest::default()
    };
    let others: Vec<(&str, Read)> = vec![
        ("prices", priced(product.clone())),
        ("a category", placed(category)),
        ("roots", tree_of(roots)),
        ("children", tree_of(children)),
        ("a rare word", searched("seed")),
        ("a batch", batched(product)),
    ];
    reads.extend(others);
    reads
}

/// Every filter and order of the list of products.
fn lists(product: &str, category: &str) -> Vec<(&'static str, Read)> {
    type Change<'a> = &'a dyn Fn(&mut pb::ListProductsRequest);
    let with = |change: Change<'_>| {
        let mut asked = pb::ListProductsRequest {
            page_size: 50,
            ..pb::ListProductsRequest::default()
        };
        change(&mut asked);
        listed(asked)
    };
    let ordered = |by: &str| with(&|it| it.order_by = by.to_owned());
    let active = vec![pb::ProductState::Active.into()];
    let skus = vec!["G-1-17".to_owned(), "G-1-4711".to_owned()];
    vec![
        ("by creation", with(&|_| ())),
        ("by creation, last first", ordered("create_time desc")),
        ("by update, last first", ordered("update_time desc")),
        ("by SKU", ordered("sku")),
        ("by title", ordered("title")),
        ("of a state", with(&|it| it.states.clone_from(&active))),
        ("of SKUs", with(&|it| it.skus.clone_from(&skus))),
        (
            "of a barcode",
            with(&|it| it.barcode = "4006381333931".into()),
        ),
        ("of a brand", with(&|it| it.brand = "Brand 7".into())),
        (
            "of a family",
            with(&|it| it.variant_of_product_id = product.into()),
        ),
        (
            "of a category",
            with(&|it| it.category_id = category.into()),
        ),
        (
            "of a category and below",
            with(&|it| {
                it.category_id = category.into();
                it.include_descendants = true;
            }),
        ),
    ]
}

fn listed(asked: pb::ListProductsRequest) -> Read {
    Box::new(move |mut client| {
        let asked = asked.clone();
        Box::pin(async move {
            let page = client.list_products(asked).await?.into_inner();
            Ok(i64::try_from(page.products.len()).unwrap())
        })
    })
}

fn priced(product_id: String) -> Read {
    Box::new(move |mut client| {
        let asked = pb::ListProductPricesRequest {
            product_id: product_id.clone(),
            ..Default::default()
        };
        Box::pin(async move {
            let page = client.list_product_prices(asked).await?.into_inner();
            Ok(i64::try_from(page.price_changes.len()).unwrap())
        })
    })
}

fn placed(category_id: String) -> Read {
    Box::new(move |mut client| {
        let asked = pb::GetCategoryRequest {
            category_id: category_id.clone(),
            min_version: 0,
        };
        Box::pin(async move { client.get_category(asked).await.map(|_| 1) })
    })
}

fn tree_of(asked: pb::ListCategoriesRequest) -> Read {
    Box::new(move |mut client| {
        let asked = asked.clone();
        Box::pin(async move {
            let page = client.list_categories(asked).await?.into_inner();
            Ok(i64::try_from(page.categories.len()).unwrap())
        })
    })
}

fn searched(query: &'static str) -> Read {
    Box::new(move |mut client| {
        let asked = pb::SearchProductsRequest {
            query: query.to_owned(),
            page_size: 20,
            ..Default::default()
        };
        Box::pin(async move {
            let page = client.search_products(asked).await?.into_inner();
            assert!(!page.hits.is_empty());
            Ok(i64::try_from(page.hits.len()).unwrap())
        })
    })
}

/// A batch of ids, none of them cached.
fn batched(product_id: String) -> Read {
    Box::new(move |mut client| {
        let asked = pb::BatchGetProductsRequest {
            product_ids: vec![product_id.clone()],
            read_mask: None,
        };
        Box::pin(async move {
            let found = client.batch_get_products(asked).await?.into_inner();
            Ok(i64::try_from(found.products.len()).unwrap())
        })
    })
}

/// Waits until search knows a product.
async fn indexed(client: &mut Client, product: &str) {
    let asked = pb::SearchProductsRequest {
        query: "seed".to_owned(),
        awaited_product_id: product.to_owned(),
        min_version: 2,
        ..Default::default()
    };
    client.search_products(asked).await.unwrap();
}

/// Fills every table with rows like those that there are: the first tenant's and others'.
async fn grow(database: &Database) {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    for number in 1..=TENANTS {
        let (of, rows) = (
            tenant(number).uuid(),
            if number == 1 { OWN } else { OTHERS },
        );
        for (table, changed) in [
            (
                "products",
                "'product_id', new.id, 'sku', 'G-' || new.tenant || '-' || new.n,
                 'title', 'Thing ' || md5(new.n::text), 'brand', 'Brand ' || new.n % 400,
                 'state', CASE WHEN new.n % 5 = 0 THEN 'DRAFT' ELSE 'ACTIVE' END,
                 'created_at', now() - new.n * interval '1 minute',
                 'updated_at', now() - (new.n * 7 % 900) * interval '1 second'",
            ),
            (
                "categories",
                "'category_id', new.id, 'slug', 'c-' || new.n, 'place', new.n % 50,
                 'parent_category_id', CASE WHEN new.n % 40 = 0 THEN to_jsonb(old.category_id)
                    ELSE to_jsonb(md5(new.tenant || ' ' || new.n / 30)::uuid) END",
            ),
            (
                "product_placements",
                "'product_id', md5('p' || new.tenant || ' ' || new.n)::uuid,
                 'category_id', md5('c' || new.n % 300)::uuid",
            ),
            (
                "product_search",
                "'product_id', new.id, 'title', 'Thing ' || md5(new.n::text),
                 'words', 'thing ' || md5(new.n::text), 'brand', 'Brand ' || new.n % 400,
                 'document', to_tsvector('simple', 'thing ' || md5(new.n::text))",
            ),
            (
                "product_prices",
                "'price_id', new.id, 'product_id', md5(new.n::text)::uuid",
            ),
            (
                "claims",
                "'value', 'v-' || new.n, 'kind', 'sku', 'product_id', new.id,
                 'category_id', NULL",
            ),
        ] {
            let sql = format!(
                "INSERT INTO {table} SELECT made.* FROM
                   (SELECT * FROM {table} LIMIT 1) AS old,
                   (SELECT n, gen_random_uuid() AS id, {number} AS tenant
                    FROM generate_series(1, {rows}) AS n) AS new,
                   jsonb_populate_record(NULL::{table}, to_jsonb(old)
                     || jsonb_build_object('tenant_id', '{of}'::uuid, {changed})) AS made
                 ON CONFLICT DO NOTHING"
            );
            admin.execute(AssertSqlSafe(sql)).await.unwrap();
        }
    }
    admin.execute("VACUUM ANALYZE").await.unwrap();
}

/// Ends every connection that reads for callers: a backend tells what it did at its end.
async fn settle(database: &Database) {
    let end = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'catalog reads') AS ended";
    let gone = async || {
        let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
        let left: i64 = sqlx::query_scalar(end).fetch_one(&mut admin).await.unwrap();
        (left == 0).then_some(()).ok_or(left)
    };
    eventually(SOON, "no reader is connected", gone)
        .await
        .unwrap();
}

/// Rows that were read by scans of whole tables, and rows that indexes led to.
async fn looked_at(database: &Database) -> (i64, i64) {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = "SELECT sum(seq_tup_read)::bigint, sum(idx_tup_fetch)::bigint
        FROM pg_stat_user_tables WHERE relname IN ('products', 'categories', 'product_placements',
          'product_search', 'product_prices', 'claims')";
    sqlx::query_as(sql).fetch_one(&mut admin).await.unwrap()
}
