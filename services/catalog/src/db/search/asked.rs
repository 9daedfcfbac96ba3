//! The rows of the index that a search asks about, each with the filters that it fails.
//!
//! Facets are counted as if the search had no filter on their own property, so filters on such
//! properties do not drop a row: they set a bit of `failed`. Hits fail nothing.

use journal::Stamp;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;
use vocab::TenantId;

use super::{IS, OR, SERVED, SearchCursor, SearchOrder, SearchQuery, configuration, states};

/// The bit of a failed filter on categories.
pub const CATEGORY: i64 = 1;
/// The bit of a failed filter on brands.
pub const BRAND: i64 = 2;
/// The bit of a failed filter on prices.
pub const PRICE: i64 = 4;
/// The bit of a failed filter on availability.
pub const AVAILABILITY: i64 = 8;
/// The bit of the first filter on attributes; the others follow.
pub const ATTRIBUTE: i64 = 16;

/// The most words of a query that count.
const WORDS_MAX: usize = 16;
/// Shorter words are too like each other for slips.
const SLIP_LETTERS: usize = 4;

/// Begins a statement with the rows that it asks about, as `asked`.
pub fn asked(tenant: TenantId, query: &SearchQuery) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "WITH asked AS MATERIALIZED (
            SELECT s.product_id, s.title, s.brand, s.category_ids, s.attributes, s.availability,
                s.published_at, price.minor AS price_minor, ",
    );
    score(&mut sql, query);
    sql.push(" AS score, ");
    failed(&mut sql, query);
    sql.push(
        " AS failed FROM product_search s
            LEFT JOIN LATERAL (SELECT u.minor FROM unnest(s.currencies, s.prices_minor)
                u(currency, minor) WHERE u.currency = ",
    );
    sql.push_bind(query.currency.clone());
    sql.push(") price ON true WHERE s.copy = ").push(SERVED);
    sql.push(" AND s.tenant_id = ");
    sql.push_bind(tenant.uuid());
    sql.push(" AND s.visible AND s.state = ANY (");
    sql.push_bind(states(query)).push(")");
    if query.without_variants {
        sql.push(" AND NOT s.is_variant");
    }
    in_language(&mut sql, query);
    matching(&mut sql, query);
    sql.push(")");
    sql
}

/// Leaves out what has no price where prices make the order.
pub fn priced(sql: &mut QueryBuilder<Postgres>, order: SearchOrder) {
    if matches!(order, SearchOrder::Price | SearchOrder::PriceDescending) {
        sql.push(" AND a.price_minor IS NOT NULL");
    }
}

/// Goes on behind a hit.
pub fn behind(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery) {
    let Some(after) = &query.after else {
        return;
    };
    let id = match after {
        SearchCursor::Score(score, id) => {
            sql.push(" AND (-a.score, a.product_id) > (");
            sql.push_bind(-*score);
            id
        }
        SearchCursor::Price(minor, id) if query.order == SearchOrder::PriceDescending => {
            sql.push(" AND (-a.price_minor, a.product_id) > (");
            sql.push_bind(minor.saturating_neg());
            id
        }
        SearchCursor::Price(minor, id) => {
            sql.push(" AND (a.price_minor, a.product_id) > (");
            sql.push_bind(*minor);
            id
        }
        SearchCursor::Title(title, id) => {
            let descending = query.order == SearchOrder::TitleDescending;
            let sign = if descending { "<" } else { ">" };
            sql.push(" AND (a.title, a.product_id) ")
                .push(sign)
                .push(" (");
            sql.push_bind(title.clone());
            id
        }
        SearchCursor::Time(at, id) => {
            sql.push(" AND (coalesce(a.published_at, to_timestamp(0)), a.product_id) < (");
            sql.push_bind(Stamp(*at));
            id
        }
    };
    sql.push(", ").push_bind(id.uuid()).push(")");
}

/// Sorts the rows of a table of hits.
pub fn order(sql: &mut QueryBuilder<Postgres>, table: &'static str, order: SearchOrder) {
    let (column, way, id_way) = match order {
        SearchOrder::Relevance => ("score", " DESC", ""),
        SearchOrder::Title => ("title", "", ""),
        SearchOrder::TitleDescending => ("title", " DESC", " DESC"),
        SearchOrder::Price => ("price_minor", "", ""),
        SearchOrder::PriceDescending => ("price_minor", " DESC", ""),
        SearchOrder::Newest => ("published_at", " DESC NULLS LAST", " DESC"),
    };
    sql.push(" ORDER BY ")
        .push(table)
        .push(".")
        .push(column)
        .push(way);
    sql.push(", ").push(table).push(".product_id").push(id_way);
}

fn score(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery) {
    if query.words.is_empty() {
        sql.push("0::float8");
        return;
    }
    sql.push("(ts_rank(s.document, ");
    wanted(sql, query);
    sql.push(") + word_similarity(");
    sql.push_bind(query.words.to_lowercase());
    sql.push(", s.words))::float8");
}

/// Every word must be there: whole or begun, as a word of its language or as it is written, or
/// nearly, by a slip of the finger. Of several words, those that mean nothing are not asked for.
fn matching(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery) {
    if query.words.is_empty() {
        return;
    }
    let words = words(query);
    if words.is_empty() {
        sql.push(" AND false");
    }
    for word in &words {
        sql.push(" AND (s.document @@ ");
        begun(sql, query, format!("{word}:*"));
        if word.chars().count() >= SLIP_LETTERS {
            sql.push(" OR s.words %> ").push_bind(word.clone());
        }
        if words.len() > 1 {
            sql.push(" OR numnode(to_tsquery(");
            sql.push_bind(configuration(language(query)));
            sql.push("::regconfig, ")
                .push_bind(word.clone())
                .push(")) = 0");
        }
        sql.push(")");
    }
}

/// All words together, for their rank.
fn wanted(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery) {
    let all: Vec<String> = words(query).iter().map(|it| format!("{it}:*")).collect();
    begun(sql, query, all.join(" | "));
}

fn begun(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery, text: String) {
    sql.push("(to_tsquery(");
    sql.push_bind(configuration(language(query)));
    sql.push("::regconfig, ").push_bind(text.clone());
    sql.push(") || to_tsquery('simple', ")
        .push_bind(text)
        .push("))");
}

/// The words of a query: letters and digits alone, so that none means anything to Postgres.
fn words(query: &SearchQuery) -> Vec<String> {
    let between = |it: char| !it.is_alphanumeric();
    let words = query.words.split(between).filter(|it| !it.is_empty());
    words.take(WORDS_MAX).map(str::to_lowercase).collect()
}

fn language(query: &SearchQuery) -> &str {
    match query.locale.as_str() {
        "" => &query.default_locale,
        locale => locale,
    }
}

/// One row a product: that of the language asked for, of its main language, or of its own texts.
fn in_language(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery) {
    let main = query.locale.split('-').next().unwrap_or_default();
    sql.push(" AND s.locale = CASE WHEN ");
    sql.push_bind(query.locale.clone())
        .push(" = ANY (s.locales) THEN ");
    sql.push_bind(query.locale.clone()).push(" WHEN ");
    sql.push_bind(main.to_owned())
        .push(" = ANY (s.locales) THEN ");
    sql.push_bind(main.to_owned()).push(" ELSE '' END");
}

fn failed(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery) {
    sql.push("(0::bigint");
    if let Some(categories) = &query.categories {
        let ids: Vec<Uuid> = categories.iter().map(|it| it.uuid()).collect();
        sql.push(" + CASE WHEN s.category_ids && ").push_bind(ids);
        sql.push(" THEN 0 ELSE ").push_bind(CATEGORY).push(" END");
    }
    if !query.brands.is_empty() {
        sql.push(" + CASE WHEN s.brand = ANY (");
        sql.push_bind(query.brands.clone());
        sql.push(") THEN 0 ELSE ").push_bind(BRAND).push(" END");
    }
    if query.price_min.is_some() || query.price_max.is_some() {
        sql.push(" + CASE WHEN price.minor BETWEEN ");
        sql.push_bind(query.price_min.unwrap_or(0)).push(" AND ");
        sql.push_bind(query.price_max.unwrap_or(i64::MAX));
        sql.push(" THEN 0 ELSE ").push_bind(PRICE).push(" END");
    }
    if query.in_stock_only {
        sql.push(" + CASE WHEN s.availability <> 'OUT_OF_STOCK' THEN 0 ELSE ");
        sql.push_bind(AVAILABILITY).push(" END");
    }
    if !query.attributes.is_empty() {
        let alternatives = query.attributes.iter().map(|(name, values)| {
            let pairs: Vec<String> = values.iter().map(|it| format!("{name}{IS}{it}")).collect();
            pairs.join(&OR.to_string())
        });
        sql.push(" + (SELECT coalesce(sum(").push_bind(ATTRIBUTE);
        sql.push("::bigint << (f.place - 1)::int), 0)::bigint FROM unnest(");
        sql.push_bind(alternatives.collect::<Vec<_>>());
        sql.push(") WITH ORDINALITY f(texts, place) WHERE NOT s.attributes && string_to_array(");
        sql.push("f.texts, ").push_bind(OR.to_string()).push("))");
    }
    sql.push(")");
}
