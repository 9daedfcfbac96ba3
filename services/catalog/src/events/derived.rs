//! What plain rows should be, recomputed from the products and categories themselves.

use std::collections::BTreeMap;

use contracts::ops::DifferenceKind;
use journal::{Derived, Value};
use vocab::TenantId;

use crate::app::Catalog;
use crate::domain::category::Category;
use crate::domain::product::Product;
use crate::domain::{Claim, Holder, Key, Occupancy, State};

/// Tables by their places in the order of locks, and what a difference in each is called.
const TABLES: &[(usize, DifferenceKind)] = &[
    (OCCUPANCIES, DifferenceKind::CounterDiffers),
    (VARIANTS, DifferenceKind::CounterDiffers),
    (PLACEMENTS, DifferenceKind::StateDiffers),
    (CLAIMS, DifferenceKind::ClaimDiffers),
];
const OCCUPANCIES: usize = 2;
const VARIANTS: usize = 4;
const PLACEMENTS: usize = 5;
const CLAIMS: usize = 6;

/// Recomputes occupancies, counts of variants, placements and claims.
#[derive(Debug, Default)]
pub struct CatalogRows(BTreeMap<(TenantId, Key), State>);

impl Derived<Catalog> for CatalogRows {
    fn tables(&self) -> &'static [(usize, DifferenceKind)] {
        TABLES
    }

    fn see(&mut self, tenant: TenantId, _key: &Key, state: &State) {
        match state {
            State::Product(product) => self.see_product(tenant, product),
            State::Category(category) => self.see_category(tenant, category),
            State::Tree(_)
            | State::Occupancy(_)
            | State::Variants(_)
            | State::Placement(_)
            | State::Claim(_)
            | State::Price(_) => {}
        }
    }

    fn rows(&mut self) -> Vec<(TenantId, Key, State)> {
        let rows = std::mem::take(&mut self.0).into_iter();
        rows.map(|((tenant, key), state)| (tenant, key, state))
            .collect()
    }

    /// Nobody's claims, no variants and placements that ended stay as rows.
    fn is_empty(&self, table: usize, state: &[Value]) -> bool {
        match table {
            CLAIMS => state.iter().all(|it| *it == Value::Null),
            VARIANTS => state == [Value::BigInt(0)],
            PLACEMENTS => state == [Value::Boolean(false)],
            _ => false,
        }
    }
}

impl CatalogRows {
    fn see_product(&mut self, tenant: TenantId, product: &Product) {
        let mine = Holder::Product(product.id);
        let content = &product.content;
        self.hold(tenant, Claim::Sku(content.sku.clone()), mine);
        for code in &content.barcodes {
            self.hold(tenant, Claim::Barcode(code.clone()), mine);
        }
        let alive = product.deleted_at.is_none();
        for category in product.categories() {
            let placed = Key::Placement(*category, product.id);
            self.0.insert((tenant, placed), State::Placement(true));
            if alive {
                self.occupy(tenant, Key::Occupancy(*category), |it| it.products += 1);
            }
        }
        if let Some(family) = content.kinship.family.filter(|_| alive) {
            let key = (tenant, Key::Variants(family));
            if let State::Variants(count) = self.0.entry(key).or_insert(State::Variants(0)) {
                *count += 1;
            }
            if let Some(claim) = content.kinship.combination() {
                self.hold(tenant, claim, mine);
            }
        }
    }

    fn see_category(&mut self, tenant: TenantId, category: &Category) {
        let gone = category.deleted_at.is_some();
        self.occupy(tenant, Key::Occupancy(category.id), |it| it.closed = gone);
        if gone {
            return;
        }
        let slug = Claim::Slug(category.content.slug.clone());
        self.hold(tenant, slug, Holder::Category(category.id));
        if let Some(parent) = category.content.parent {
            self.occupy(tenant, Key::Occupancy(parent), |it| it.categories += 1);
        }
    }

    fn hold(&mut self, tenant: TenantId, claim: Claim, holder: Holder) {
        self.0
            .insert((tenant, Key::Claim(claim)), State::Claim(holder));
    }

    fn occupy(&mut self, tenant: TenantId, key: Key, change: impl FnOnce(&mut Occupancy)) {
        let empty = State::Occupancy(Occupancy::default());
        if let State::Occupancy(occupancy) = self.0.entry((tenant, key)).or_insert(empty) {
            change(occupancy);
        }
    }
}
