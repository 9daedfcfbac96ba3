//! Reads of search: words, filters, pages and facets over the index, then the products themselves.
//!
//! The index has no policy, so every statement names the tenant, and what is answered is read from
//! the forced table: a row of another tenant finds nothing there.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};
use uuid::Uuid;
use vocab::{CategoryId, Moment, ProductId, TenantId};

use super::index::{IS, configuration};
use super::products::product_columns;
use super::{Db, Freshness, rows};
use crate::domain::product::Product;

mod asked;
mod facets;

pub use facets::{FacetAsked, FacetCounts};

/// Hits are counted up to here.
pub const COUNTED_MAX: i64 = 10_000;
/// The copy of the index that is served.
const SERVED: &str = "coalesce((SELECT c.served_copy FROM projection_cursors c
    WHERE c.name = 'search'), 0)";
/// Separates the values that one attribute filter allows.
const OR: char = '\u{1e}';

/// What a shopper looks for. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct SearchQuery {
    /// Words; everything without any.
    pub words: String,
    /// The language of the words and texts; none is the default one.
    pub locale: String,
    /// The default language.
    pub default_locale: String,
    /// Only in one of these categories, which include those below; any, if nothing.
    pub categories: Option<Vec<CategoryId>>,
    /// Only of one of these brands; any, if empty.
    pub brands: Vec<String>,
    /// The currency in which prices are compared.
    pub currency: String,
    /// The lowest price.
    pub price_min: Option<i64>,
    /// The highest price.
    pub price_max: Option<i64>,
    /// Leaves out what is known to be out of stock.
    pub in_stock_only: bool,
    /// Attributes, each with the values that it may have.
    pub attributes: Vec<(String, Vec<String>)>,
    /// Leaves out variants.
    pub without_variants: bool,
    /// Only in one of these states.
    pub states: Vec<&'static str>,
    /// The order of the hits.
    pub order: SearchOrder,
    /// Behind which hit the page begins.
    pub after: Option<SearchCursor>,
    /// How many at most.
    pub limit: i64,
}

/// What hits are ordered by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchOrder {
    /// The best first.
    #[default]
    Relevance,
    /// By title.
    Title,
    /// By title, the last first.
    TitleDescending,
    /// The cheapest first.
    Price,
    /// The dearest first.
    PriceDescending,
    /// The newest first.
    Newest,
}

/// Where among the hits one stands.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchCursor {
    /// By its score.
    Score(f64, ProductId),
    /// By its price.
    Price(i64, ProductId),
    /// By its title.
    Title(String, ProductId),
    /// By when it was published.
    Time(Moment, ProductId),
}

/// One hit.
#[derive(Clone, Debug)]
pub struct Found {
    /// The product.
    pub product: Product,
    /// How well it matches.
    pub score: f64,
}

/// A page of hits.
#[derive(Clone, Debug, Default)]
pub struct Searched {
    /// The hits.
    pub hits: Vec<Found>,
    /// All hits, up to the bound.
    pub count: i64,
    /// Behind which hit the next page begins; none, if this was the last one.
    pub next: Option<SearchCursor>,
}

impl Db {
    /// Returns a page of hits, and how many there are in all.
    pub async fn search(&self, tenant: TenantId, query: SearchQuery) -> Result<Searched, Fault> {
        self.read(Freshness::Plain, tenant, move |connection| {
            async move {
                forgive(&mut *connection).await?;
                let count = counted(&mut *connection, tenant, &query).await?;
                let mut page = page(tenant, &query);
                let mut found = page.build().fetch_all(connection).await?;
                let limit = usize::try_from(query.limit).unwrap_or_default();
                let more = found.len() > limit;
                found.truncate(limit);
                let last = found.last().filter(|_| more);
                Ok(Searched {
                    next: last.map(|row| cursor(row, query.order)).transpose()?,
                    hits: found.iter().filter_map(hit).collect::<Result<_, _>>()?,
                    count,
                })
            }
            .boxed()
        })
        .await
    }

    /// Returns the version of a product that the index has; 0 for none.
    pub async fn indexed_version(&self, tenant: TenantId, id: ProductId) -> Result<i64, Fault> {
        const VERSION: &str = "
            SELECT coalesce(min(s.version), 0) FROM product_search s
            WHERE s.tenant_id = $1 AND s.product_id = $2
                AND s.copy = coalesce((SELECT c.served_copy FROM projection_cursors c
                    WHERE c.name = 'search'), 0)";
        self.read(Freshness::Plain, tenant, move |connection| {
            async move {
                let query = sqlx::query_scalar(VERSION)
                    .bind(tenant.uuid())
                    .bind(id.uuid());
                query.fetch_one(connection).await
            }
            .boxed()
        })
        .await
    }
}

/// Says how near a word must be to count as a slip, for the running transaction.
async fn forgive(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    const SLIP: &str = "SELECT set_config('pg_trgm.word_similarity_threshold', '0.5', true)";
    sqlx::query(SLIP).execute(connection).await.map(|_| ())
}

async fn counted(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &SearchQuery,
) -> Result<i64, sqlx::Error> {
    let mut count = asked::asked(tenant, query);
    count.push(" SELECT count(*) FROM (SELECT 1 FROM asked a WHERE a.failed = 0");
    asked::priced(&mut count, query.order);
    count.push(" LIMIT ").push_bind(COUNTED_MAX).push(") n");
    count.build_query_scalar().fetch_one(connection).await
}

fn page(tenant: TenantId, query: &SearchQuery) -> QueryBuilder<Postgres> {
    let mut page = asked::asked(tenant, query);
    page.push(
        ", hits AS (SELECT a.product_id, a.title, a.price_minor, a.published_at, a.score
            FROM asked a WHERE a.failed = 0",
    );
    asked::priced(&mut page, query.order);
    asked::behind(&mut page, query);
    asked::order(&mut page, "a", query.order);
    page.push(" LIMIT ").push_bind(query.limit + 1);
    page.push(concat!(
        ") SELECT h.product_id AS hit_id, h.title AS hit_title, h.price_minor AS hit_price,
            h.published_at AS hit_time, h.score, ",
        product_columns!(),
        " FROM hits h LEFT JOIN products p ON p.tenant_id = "
    ));
    page.push_bind(tenant.uuid());
    page.push(" AND p.product_id = h.product_id AND p.deleted_at IS NULL AND p.state = ANY (");
    page.push_bind(states(query)).push(")");
    asked::order(&mut page, "h", query.order);
    page
}

fn states(query: &SearchQuery) -> Vec<String> {
    query.states.iter().map(|it| (*it).to_owned()).collect()
}

/// A product that changed since it was indexed may be no hit any more: then the row has none.
fn hit(row: &sqlx::postgres::PgRow) -> Option<Result<Found, sqlx::Error>> {
    match row.try_get::<Option<Uuid>, _>("product_id") {
        Ok(None) => None,
        Ok(Some(_)) => Some(rows::product(row).and_then(|product| {
            let score = row.try_get("score")?;
            Ok(Found { product, score })
        })),
        Err(error) => Some(Err(error)),
    }
}

fn cursor(row: &sqlx::postgres::PgRow, order: SearchOrder) -> Result<SearchCursor, sqlx::Error> {
    let id = ProductId::from_uuid(row.try_get("hit_id")?);
    Ok(match order {
        SearchOrder::Relevance => SearchCursor::Score(row.try_get("score")?, id),
        SearchOrder::Title | SearchOrder::TitleDescending => {
            SearchCursor::Title(row.try_get("hit_title")?, id)
        }
        SearchOrder::Price | SearchOrder::PriceDescending => {
            SearchCursor::Price(row.try_get("hit_price")?, id)
        }
        SearchOrder::Newest => {
            let stamp: Option<Stamp> = row.try_get("hit_time")?;
            SearchCursor::Time(stamp.map_or(Moment::FIRST, |it| it.0), id)
        }
    })
}
