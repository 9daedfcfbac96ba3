//! Which rows a batch needs, each once, in the one order in which everybody locks.

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::item::Item;
use crate::ledger::{Key, Ledger};
use crate::slot::Slot;

/// The rows of a batch, and where each command finds its own.
pub(crate) struct Plan<L: Ledger> {
    /// By table, then tenant, then key.
    pub slots: Vec<Slot<L>>,
    /// For each command the places of its keys in `slots`, in the order of its keys.
    pub places: Vec<Vec<usize>>,
    /// Whose rows will be touched.
    pub tenants: BTreeSet<Uuid>,
}

impl<L: Ledger> Plan<L> {
    /// Plans a batch. Unsorted, rows stand as they were first named: only a test wants that.
    pub fn of(items: &[Item<L>], sorted: bool) -> Self {
        let mut distinct: Vec<(Uuid, &L::Key)> = Vec::new();
        let mut known = HashMap::new();
        let mut places = Vec::with_capacity(items.len());
        for item in items {
            let own = item.keys.iter().map(|key| {
                let name = (item.owner(key), key);
                *known.entry(name).or_insert_with(|| {
                    distinct.push(name);
                    distinct.len() - 1
                })
            });
            places.push(own.collect::<Vec<usize>>());
        }
        let tenants = items.iter().map(|it| it.submission.tenant.uuid());
        let tenants = tenants.chain(distinct.iter().map(|it| it.0)).collect();
        let order = order(&distinct, sorted);
        let mut ranks = vec![0; order.len()];
        for (rank, first) in order.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(*first) {
                *slot = rank;
            }
        }
        for place in places.iter_mut().flatten() {
            *place = ranks.get(*place).copied().unwrap_or_default();
        }
        let named = order.iter().filter_map(|at| distinct.get(*at));
        Self {
            slots: named.map(|it| Slot::new(it.0, it.1.clone())).collect(),
            places,
            tenants,
        }
    }

    /// Returns the commands that name any of these rows.
    pub fn naming(&self, slots: &BTreeSet<usize>) -> Vec<usize> {
        let places = self.places.iter().enumerate();
        let naming = places.filter(|(_, own)| own.iter().any(|place| slots.contains(place)));
        naming.map(|(item, _)| item).collect()
    }
}

/// Returns the numbers of the rows in the order of their locks.
fn order<K: Key>(distinct: &[(Uuid, &K)], sorted: bool) -> Vec<usize> {
    let mut order: Vec<usize> = (0..distinct.len()).collect();
    let row = |at: &usize| distinct.get(*at);
    if sorted {
        order.sort_unstable_by_key(|at| row(at).map(|(tenant, key)| (key.table(), tenant, *key)));
    } else {
        order.sort_by_key(|at| row(at).map(|(_, key)| key.table()));
    }
    order
}
