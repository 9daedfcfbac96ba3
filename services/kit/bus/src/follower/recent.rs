//! The versions that were heard lately, in bounded memory: two generations, of which the older one
//! is forgotten when the younger is full.

use std::collections::HashMap;

use journal::Recorded;
use vocab::TenantId;

/// How many streams a generation remembers.
const STREAMS_MAX: usize = 32_768;

/// The highest version heard of each recent stream.
#[derive(Debug, Default)]
pub(super) struct Recent {
    young: HashMap<(TenantId, String), i64>,
    old: HashMap<(TenantId, String), i64>,
}

impl Recent {
    pub fn remember(&mut self, facts: &[Recorded]) {
        for fact in facts {
            if self.young.len() >= STREAMS_MAX {
                self.old = std::mem::take(&mut self.young);
            }
            let stream = (fact.tenant, fact.stream_id.clone());
            let version = self.young.entry(stream).or_default();
            *version = fact.version.max(*version);
        }
    }

    /// The highest version heard; 0 where nothing is remembered.
    pub fn version(&self, tenant: TenantId, stream: &str) -> i64 {
        let key = (tenant, stream.to_owned());
        let young = self.young.get(&key).or_else(|| self.old.get(&key));
        young.copied().unwrap_or_default()
    }
}
