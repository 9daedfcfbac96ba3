//! Products as they were last seen here, so that a product that is looked at again costs no SQL.
//!
//! **Invariant:** an entry is only replaced by one of a higher version, and an event of a higher
//! version empties it. So what was read before an event passed is not kept after it.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use moka::ops::compute::Op;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};
use vocab::{ProductId, TenantId};

use crate::domain::product::Product;

/// An entry that no event has touched is read again after this, should an event ever be missed.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// What an entry takes besides its texts.
const ENTRY_BYTES: usize = 1_024;

/// A bounded cache of products.
pub struct ProductCache {
    entries: Cache<(TenantId, ProductId), Stamped>,
    reads: Counter<u64>,
}

/// A version, and the product if it is known at that version.
#[derive(Clone)]
struct Stamped {
    version: i64,
    product: Option<Arc<Product>>,
}

impl ProductCache {
    /// Makes a cache of at most so many bytes, as far as they can be told.
    pub fn new(bytes_max: u64, meter: &Meter) -> Self {
        let weight = |_: &(TenantId, ProductId), it: &Stamped| it.weight();
        let entries = Cache::builder()
            .weigher(weight)
            .max_capacity(bytes_max)
            .time_to_live(KEPT_FOR)
            .build();
        let reads = meter
            .u64_counter("catalog.cache.reads")
            .with_description("Reads of products by whether the cache had them")
            .with_unit("{read}");
        Self {
            entries,
            reads: reads.build(),
        }
    }

    /// Returns a product, if it is known.
    pub async fn find(&self, tenant: TenantId, id: ProductId) -> Option<Arc<Product>> {
        let entry = self.entries.get(&(tenant, id)).await;
        let found = entry.and_then(|it| it.product);
        let outcome = if found.is_some() { "hit" } else { "miss" };
        self.reads.add(1, &[KeyValue::new("outcome", outcome)]);
        found
    }

    /// Keeps a product, unless a later version was seen.
    pub async fn fill(&self, tenant: TenantId, product: Arc<Product>) {
        let key = (tenant, product.id);
        let filled = Stamped {
            version: product.version,
            product: Some(product),
        };
        self.put(key, filled, |old, new| old <= new).await;
    }

    /// Forgets what is older than a version that an event told of.
    pub async fn outdate(&self, tenant: TenantId, id: ProductId, version: i64) {
        let emptied = Stamped {
            version,
            product: None,
        };
        self.put((tenant, id), emptied, |old, new| old < new).await;
    }

    /// Forgets everything: events may have been missed.
    pub fn clear(&self) {
        self.entries.invalidate_all();
    }

    async fn put(&self, key: (TenantId, ProductId), new: Stamped, newer: fn(i64, i64) -> bool) {
        let entry = self.entries.entry(key);
        let compute = |present: Option<moka::Entry<_, Stamped>>| {
            let wins = present.is_none_or(|old| newer(old.value().version, new.version));
            std::future::ready(if wins { Op::Put(new) } else { Op::Nop })
        };
        entry.and_compute_with(compute).await;
    }
}

impl Stamped {
    fn weight(&self) -> u32 {
        let content = self.product.as_ref().map(|it| &it.content);
        let texts = content.map_or(0, |it| {
            let localized = it.localized_texts.values();
            let localized: usize = localized
                .map(|it| it.title.len() + it.description.len())
                .sum();
            let uris: usize = it.image_uris.iter().map(String::len).sum();
            it.description.len() + it.attributes.len() + localized + uris
        });
        u32::try_from(texts.saturating_add(ENTRY_BYTES)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::global;

    use super::*;
    use crate::domain::State;
    use crate::domain::tests::story;

    fn product(version: i64) -> Arc<Product> {
        let (_, states, _) = story();
        let product = states.into_values().find_map(|it| match it {
            State::Product(product) => Some(product),
            _ => None,
        });
        let mut product = *product.unwrap();
        product.version = version;
        Arc::new(product)
    }

    fn cache() -> ProductCache {
        ProductCache::new(1 << 20, &global::meter("test"))
    }

    const TENANT: TenantId = TenantId::from_uuid(uuid::Uuid::nil());

    async fn known(cache: &ProductCache, id: ProductId) -> Option<i64> {
        cache.find(TENANT, id).await.map(|it| it.version)
    }

    #[tokio::test]
    async fn an_entry_is_never_replaced_by_an_older_one() {
        let (cache, new) = (cache(), product(5));
        cache.fill(TENANT, Arc::clone(&new)).await;
        cache.fill(TENANT, product(4)).await;
        assert_eq!(known(&cache, new.id).await, Some(5));
        cache.fill(TENANT, product(6)).await;
        assert_eq!(known(&cache, new.id).await, Some(6));
    }

    #[tokio::test]
    async fn what_was_read_before_an_event_is_not_kept_after_it() {
        let (cache, old) = (cache(), product(4));
        cache.outdate(TENANT, old.id, 5).await;
        cache.fill(TENANT, Arc::clone(&old)).await;
        assert_eq!(known(&cache, old.id).await, None);
        cache.fill(TENANT, product(5)).await;
        cache.outdate(TENANT, old.id, 5).await;
        assert_eq!(
            known(&cache, old.id).await,
            Some(5),
            "its own event does not empty it"
        );
        cache.outdate(TENANT, old.id, 6).await;
        assert_eq!(known(&cache, old.id).await, None);
    }

    #[tokio::test]
    async fn tenants_have_entries_of_their_own() {
        let (cache, mine) = (cache(), product(1));
        cache.fill(TENANT, Arc::clone(&mine)).await;
        let other = TenantId::derive(None, &[]);
        assert!(cache.find(other, mine.id).await.is_none());
    }

    #[tokio::test]
    async fn the_cache_is_bounded() {
        let cache = ProductCache::new(10_000, &global::meter("test"));
        for number in 0..100_u8 {
            let id = ProductId::derive(None, &[&[number]]);
            let filled = Product {
                id,
                ..(*product(1)).clone()
            };
            cache.fill(TENANT, Arc::new(filled)).await;
        }
        cache.entries.run_pending_tasks().await;
        assert!(cache.entries.entry_count() < 10);
    }
}
