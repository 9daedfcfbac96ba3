//! A bounded memory of what was used lately, by key.
//!
//! Two generations: what is used moves into the younger one, and when that is full the older one is
//! forgotten as a whole. So nothing is ever searched for a victim. **Invariant:** at most `most`
//! entries are kept, whatever keys strangers make up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A bounded memory; its values are cheap to clone.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    generations: Mutex<Generations<K, V>>,
    half: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Keeps at most so many entries.
    pub fn of(most: usize) -> Self {
        let (young, old) = (HashMap::new(), HashMap::new());
        Self {
            generations: Mutex::new(Generations { young, old }),
            half: most.div_ceil(2).max(1),
        }
    }

    /// Finds what was kept under a key.
    pub fn find(&self, key: &K) -> Option<V> {
        let mut kept = self.lock();
        if let Some(value) = kept.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = kept.old.remove_entry(key)?;
        self.keep(&mut kept, key, value.clone());
        Some(value)
    }

    /// Keeps a value under a key.
    pub fn insert(&self, key: K, value: V) {
        let mut kept = self.lock();
        kept.old.remove(&key);
        self.keep(&mut kept, key, value);
    }

    /// Finds what was kept under a key, or keeps what `make` returns.
    pub fn find_or(&self, key: &K, make: impl FnOnce() -> V) -> V {
        if let Some(value) = self.find(key) {
            return value;
        }
        let value = make();
        self.insert(key.clone(), value.clone());
        value
    }

    fn keep(&self, kept: &mut Generations<K, V>, key: K, value: V) {
        if kept.young.len() >= self.half && !kept.young.contains_key(&key) {
            kept.old = std::mem::take(&mut kept.young);
        }
        kept.young.insert(key, value);
    }

    fn lock(&self) -> MutexGuard<'_, Generations<K, V>> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let recent = Recent::of(4);
        for key in 0..100 {
            recent.insert(key, key);
            assert_eq!(recent.find_or(&0, || unreachable!()), 0);
        }
        assert_eq!((recent.find(&1), recent.find(&99)), (None, Some(99)));
        let kept = (0..100).filter(|key| recent.find(key).is_some()).count();
        assert!(kept <= 4, "{kept}");
    }
}
