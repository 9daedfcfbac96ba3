//! The index of search: made from products as they are, and never ahead of them.
//!
//! **Invariant:** a row of the index is only replaced by one of a higher version, so indexing
//! twice, late or out of order does no harm.

use std::collections::{BTreeMap, BTreeSet};

use bus::Recorded;
use bus::projector::{ApplyError, Copy, Projection};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;
use vocab::{ProductId, TenantId};

use super::products::product_columns;
use super::rows;
use crate::domain::product::Product;

const PRESENT: &str = concat!(
    "SELECT p.tenant_id, ",
    product_columns!(),
    " FROM unnest($1::uuid[], $2::uuid[]) k(t, id)
    JOIN products p ON p.tenant_id = k.t AND p.product_id = k.id
    ORDER BY p.tenant_id, p.product_id"
);

/// Every text is indexed twice: as words of its language and as they are written.
const UPSERT: &str = "
    INSERT INTO product_search AS s (copy, tenant_id, product_id, locale, version, locales, visible,
        state, title, brand, category_ids, currencies, prices_minor, availability, is_variant,
        attributes, published_at, words, document)
    SELECT $19, $1, $2, $3, $4, $5, $6, $7, left($8, 100), $9, $10, $11, $12, '', $13, $14,
        (SELECT p.published_at FROM products p WHERE p.tenant_id = $1 AND p.product_id = $2), $15,
        setweight(to_tsvector($16::regconfig, $8), 'A') || setweight(to_tsvector('simple', $8), 'A')
        || setweight(to_tsvector($16::regconfig, $17), 'B')
        || setweight(to_tsvector('simple', $17), 'B')
        || setweight(to_tsvector($16::regconfig, $18), 'C')
        || setweight(to_tsvector('simple', $18), 'C')
    ON CONFLICT (copy, tenant_id, product_id, locale) DO UPDATE SET version = excluded.version,
        locales = excluded.locales, visible = excluded.visible, state = excluded.state,
        title = excluded.title, brand = excluded.brand, category_ids = excluded.category_ids,
        currencies = excluded.currencies, prices_minor = excluded.prices_minor,
        is_variant = excluded.is_variant, attributes = excluded.attributes,
        published_at = excluded.published_at, words = excluded.words, document = excluded.document
    WHERE s.version < excluded.version";

/// Languages in which a product has no text any more.
const DROP: &str = "
    DELETE FROM product_search s
    WHERE s.copy = $5 AND s.tenant_id = $1 AND s.product_id = $2 AND s.version < $3
        AND s.locale <> ALL ($4)";

const CLEAR: &str = "
    DELETE FROM product_search s
    WHERE s.copy = $1 AND s.tenant_id = ANY (string_to_array(
        nullif(current_setting('app.tenants', true), ''), ',')::uuid[])";

/// The language tag of a product's own texts, which are in the tenant's default language.
pub const OWN: &str = "";
/// Names the index among projections.
pub const NAME: &str = "search";
/// Raised when products are indexed otherwise than before.
const VERSION: i32 = 1;
/// Separates the name of an attribute from its value.
pub const IS: char = '\u{1f}';

/// Writes the index of search.
#[derive(Clone, Debug)]
pub struct SearchIndex {
    language: String,
}

impl SearchIndex {
    /// Indexes own texts as those of a default language.
    pub fn new(language: impl Into<String>) -> Self {
        Self {
            language: language.into(),
        }
    }

    /// Makes the rows of some products anew, as the products are now.
    pub async fn refresh(
        &self,
        connection: &mut PgConnection,
        copy: Copy,
        products: &BTreeSet<(TenantId, ProductId)>,
    ) -> Result<(), sqlx::Error> {
        let tenants: Vec<Uuid> = products.iter().map(|(tenant, _)| tenant.uuid()).collect();
        let ids: Vec<Uuid> = products.iter().map(|(_, id)| id.uuid()).collect();
        let query = sqlx::query(PRESENT).bind(tenants).bind(ids);
        for row in query.fetch_all(&mut *connection).await? {
            let tenant = sqlx::Row::try_get(&row, "tenant_id")?;
            self.write(connection, (copy, tenant), &rows::product(&row)?)
                .await?;
        }
        Ok(())
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        (copy, tenant): (Copy, Uuid),
        product: &Product,
    ) -> Result<(), sqlx::Error> {
        let mut locales = vec![OWN.to_owned()];
        locales.extend(product.content.localized_texts.keys().cloned());
        for locale in &locales {
            let entry = Entry::of(product, locale, &self.language);
            entry
                .upsert(connection, (copy, tenant), product, &locales)
                .await?;
        }
        let drop = sqlx::query(DROP).bind(tenant).bind(product.id.uuid());
        let drop = drop
            .bind(product.version)
            .bind(&locales)
            .bind(copy.number());
        drop.execute(connection).await?;
        Ok(())
    }
}

impl Projection for SearchIndex {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        VERSION
    }

    /// Which facts passed says which products to look at; what is indexed is how they are now.
    fn apply<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
        events: &'c [Recorded],
    ) -> BoxFuture<'c, Result<(), ApplyError>> {
        let of_products = events.iter().filter(|it| it.stream_kind == "product");
        let changed = of_products.filter_map(|it| Some((it.tenant, it.stream_id.parse().ok()?)));
        let changed: BTreeSet<(TenantId, ProductId)> = changed.collect();
        async move { Ok(self.refresh(connection, copy, &changed).await?) }.boxed()
    }

    fn clear<'c>(
        &'c self,
        connection: &'c mut PgConnection,
        copy: Copy,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        let clear = sqlx::query(CLEAR).bind(copy.number());
        async move { clear.execute(connection).await.map(|_| ()) }.boxed()
    }
}

/// What is indexed of a product in one language.
struct Entry<'a> {
    locale: &'a str,
    language: &'static str,
    title: &'a str,
    names: String,
    rest: String,
    words: String,
    attributes: Vec<String>,
}

impl<'a> Entry<'a> {
    fn of(product: &'a Product, locale: &'a str, default: &str) -> Self {
        let content = &product.content;
        let localized = content.localized_texts.get(locale);
        let title = localized.map_or(content.title.as_str(), |it| it.title.as_str());
        let description = localized.map(|it| it.description.as_str());
        let description = description.filter(|it| !it.is_empty());
        let description = description.unwrap_or(&content.description);
        let language = if locale == OWN { default } else { locale };
        let mut numbers = vec![product.sku().as_str()];
        numbers.extend(content.barcodes.iter().map(String::as_str));
        // A code is found by itself and by its parts.
        let parts = numbers.join(" ").replace(['.', '_', '/', '-'], " ");
        let names = format!("{} {} {parts}", content.brand, numbers.join(" "));
        let attributes = attributes(product);
        Self {
            locale,
            language: configuration(language),
            title,
            words: format!("{title} {} {parts}", content.brand).to_lowercase(),
            rest: format!("{description} {}", texts_of(&attributes)),
            names,
            attributes: attributes.into_iter().flat_map(pairs).collect(),
        }
    }

    async fn upsert(
        &self,
        connection: &mut PgConnection,
        (copy, tenant): (Copy, Uuid),
        product: &Product,
        locales: &[String],
    ) -> Result<(), sqlx::Error> {
        let (currencies, prices): (Vec<String>, Vec<i64>) = prices(product).into_iter().unzip();
        let categories = product.categories().iter().map(|it| it.uuid());
        let query = sqlx::query(UPSERT)
            .bind(tenant)
            .bind(product.id.uuid())
            .bind(self.locale)
            .bind(product.version)
            .bind(locales)
            .bind(product.deleted_at.is_none())
            .bind(product.state.name())
            .bind(self.title)
            .bind(&product.content.brand)
            .bind(categories.collect::<Vec<Uuid>>())
            .bind(currencies)
            .bind(prices)
            .bind(product.content.kinship.family.is_some())
            .bind(&self.attributes)
            .bind(&self.words)
            .bind(self.language)
            .bind(&self.names)
            .bind(&self.rest)
            .bind(copy.number());
        query.execute(connection).await.map(|_| ())
    }
}

fn prices(product: &Product) -> Vec<(String, i64)> {
    let prices = product.prices.current.iter();
    prices
        .map(|(currency, it)| (currency.to_string(), it.offer.price.amount_minor()))
        .collect()
}

/// Attributes and variant options by name, with all their values.
fn attributes(product: &Product) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let own: BTreeMap<String, Value> =
        serde_json::from_str(&product.content.attributes).unwrap_or_default();
    for (name, value) in own {
        let values = match value {
            Value::Array(values) => values,
            Value::Object(_) | Value::Null => Vec::new(),
            single => vec![single],
        };
        found.insert(name, values);
    }
    for (name, value) in &product.content.kinship.options {
        let values = found.entry(name.clone()).or_default();
        values.push(Value::String(value.clone()));
    }
    found
}

fn texts_of(attributes: &BTreeMap<String, Vec<Value>>) -> String {
    let texts = attributes.values().flatten().filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join(" ")
}

/// Each value of an attribute, as a filter names it: numbers and booleans as JSON writes them.
fn pairs((name, values): (String, Vec<Value>)) -> Vec<String> {
    let texts = values.into_iter().filter_map(|value| match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    });
    texts.map(|text| format!("{name}{IS}{text}")).collect()
}

/// How Postgres calls the rules of a language; words of others are taken as they are.
pub fn configuration(locale: &str) -> &'static str {
    match locale.split('-').next().unwrap_or_default() {
        "ar" => "arabic",
        "da" => "danish",
        "de" => "german",
        "el" => "greek",
        "en" => "english",
        "es" => "spanish",
        "fi" => "finnish",
        "fr" => "french",
        "hu" => "hungarian",
        "it" => "italian",
        "nl" => "dutch",
        "nb" | "nn" | "no" => "norwegian",
        "pt" => "portuguese",
        "ro" => "romanian",
        "ru" => "russian",
        "sv" => "swedish",
        "tr" => "turkish",
        _ => "simple",
    }
}
