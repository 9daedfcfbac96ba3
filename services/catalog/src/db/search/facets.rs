//! What the hits of a search can be counted by.

use chassis::fault::Fault;
use futures_util::FutureExt;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};
use vocab::TenantId;

use super::asked::{self, ATTRIBUTE, AVAILABILITY, BRAND, CATEGORY, PRICE};
use super::{IS, SearchQuery, forgive};
use crate::db::{Db, Freshness};

/// The most values of one facet.
const VALUES_MAX: i64 = 50;

/// What to count hits by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FacetAsked {
    /// Categories that they stand in directly.
    Category,
    /// Brands.
    Brand,
    /// The lowest and the highest price.
    Price,
    /// Availability.
    Availability,
    /// An attribute or variant option.
    Attribute(String),
}

/// A value, and how many hits have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The value.
    pub value: String,
    /// The hits.
    pub count: i64,
}

/// What was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FacetCounts {
    /// Values, the most frequent first.
    Values(Vec<Counted>),
    /// The lowest and the highest price, if there is one.
    Prices(Option<(i64, i64)>),
}

impl Db {
    /// Counts the hits of a search by each of some properties, as if it had no filter on that one.
    pub async fn facets(
        &self,
        tenant: TenantId,
        query: SearchQuery,
        wanted: Vec<FacetAsked>,
    ) -> Result<Vec<FacetCounts>, Fault> {
        self.read(Freshness::Plain, tenant, move |connection| {
            async move {
                forgive(&mut *connection).await?;
                let mut counted = Vec::with_capacity(wanted.len());
                for facet in &wanted {
                    counted.push(count(connection, tenant, &query, facet).await?);
                }
                Ok(counted)
            }
            .boxed()
        })
        .await
    }
}

async fn count(
    connection: &mut PgConnection,
    tenant: TenantId,
    query: &SearchQuery,
    facet: &FacetAsked,
) -> Result<FacetCounts, sqlx::Error> {
    let mut sql = asked::asked(tenant, query);
    let own = select(&mut sql, query, facet);
    sql.push(" AND a.failed & ~")
        .push_bind(own)
        .push("::bigint = 0");
    if *facet == FacetAsked::Price {
        let row = sql.build().fetch_one(connection).await?;
        let (low, high): (Option<i64>, Option<i64>) = (row.try_get("low")?, row.try_get("high")?);
        return Ok(FacetCounts::Prices(low.zip(high)));
    }
    sql.push(" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ");
    let rows = sql
        .push_bind(VALUES_MAX)
        .build()
        .fetch_all(connection)
        .await?;
    let values = rows.iter().map(|row| {
        Ok(Counted {
            value: row.try_get("value")?,
            count: row.try_get("hits")?,
        })
    });
    Ok(FacetCounts::Values(
        values.collect::<Result<_, sqlx::Error>>()?,
    ))
}

/// Says what to count, and returns the bits of the filters that do not count.
fn select(sql: &mut QueryBuilder<Postgres>, query: &SearchQuery, facet: &FacetAsked) -> i64 {
    match facet {
        FacetAsked::Category => {
            sql.push(" SELECT v.value::text AS value, count(*) AS hits FROM asked a");
            sql.push(", unnest(a.category_ids) v(value) WHERE true");
            CATEGORY
        }
        FacetAsked::Brand => {
            sql.push(" SELECT a.brand AS value, count(*) AS hits FROM asked a");
            sql.push(" WHERE a.brand <> ''");
            BRAND
        }
        FacetAsked::Availability => {
            sql.push(" SELECT a.availability AS value, count(*) AS hits FROM asked a");
            sql.push(" WHERE a.availability <> ''");
            AVAILABILITY
        }
        FacetAsked::Attribute(name) => {
            sql.push(" SELECT v.value, count(*) AS hits FROM asked a, LATERAL (");
            sql.push("SELECT DISTINCT substr(t.text, length(")
                .push_bind(name.clone());
            sql.push(
                ") + 2) AS value FROM unnest(a.attributes) t(text) WHERE starts_with(t.text, ",
            );
            sql.push_bind(format!("{name}{IS}")).push(")) v WHERE true");
            attribute_bits(query, name)
        }
        FacetAsked::Price => {
            sql.push(" SELECT min(a.price_minor) AS low, max(a.price_minor) AS high");
            sql.push(" FROM asked a WHERE true");
            PRICE
        }
    }
}

/// The bits of all filters on one attribute.
fn attribute_bits(query: &SearchQuery, name: &str) -> i64 {
    let filters = query.attributes.iter().enumerate();
    let own = filters.filter(|(_, (other, _))| other == name);
    own.map(|(place, _)| ATTRIBUTE << place).sum()
}
