//! How a tenant's stock is held.

use std::time::Duration;

use journal::Unreadable;

use super::{bytes, id, moment, needed};
use crate::domain::allocation::{AllocationFact, AllocationPolicy, Strategy};
use crate::domain::fact::Fact;

/// The kind of the only fact.
pub const CHANGED: &str = "allocation_policy_changed";

/// The whole policy.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredAllocation {
    #[prost(int32, tag = "1")]
    strategy: i32,
    #[prost(bytes = "vec", repeated, tag = "2")]
    locations: Vec<Vec<u8>>,
    #[prost(bool, tag = "3")]
    listed_only: bool,
    #[prost(int32, tag = "4")]
    min_shelf_days: i32,
    #[prost(int64, optional, tag = "5")]
    ttl_ms: Option<i64>,
    #[prost(int64, tag = "6")]
    version: i64,
    #[prost(int64, optional, tag = "7")]
    updated_at: Option<i64>,
}

/// That it was set.
#[derive(Clone, PartialEq, prost::Message)]
pub struct StoredAllocationFact {
    #[prost(message, optional, tag = "1")]
    after: Option<StoredAllocation>,
}

impl From<&AllocationPolicy> for StoredAllocation {
    fn from(it: &AllocationPolicy) -> Self {
        let millis = |it: Duration| i64::try_from(it.as_millis()).unwrap_or(i64::MAX);
        Self {
            strategy: it.strategy.map_or(0, number),
            locations: it.locations.iter().map(|it| bytes(*it)).collect(),
            listed_only: it.listed_only,
            min_shelf_days: it.min_shelf_days,
            ttl_ms: it.ttl.map(millis),
            version: it.version,
            updated_at: it.updated_at.map(|it| it.micros()),
        }
    }
}

impl StoredAllocation {
    /// Reads it.
    pub fn read(self) -> Result<AllocationPolicy, Unreadable> {
        let locations = self.locations.iter().map(|it| id(it));
        let ttl = self.ttl_ms.map(u64::try_from).transpose();
        Ok(AllocationPolicy {
            strategy: strategy(self.strategy)?,
            locations: locations.collect::<Result<_, _>>()?,
            listed_only: self.listed_only,
            min_shelf_days: self.min_shelf_days,
            ttl: ttl.map_err(Unreadable::because)?.map(Duration::from_millis),
            version: self.version,
            updated_at: self.updated_at.map(moment).transpose()?,
        })
    }
}

impl StoredAllocationFact {
    /// The fact.
    pub fn of(fact: &AllocationFact) -> Self {
        Self {
            after: Some((&fact.after).into()),
        }
    }

    /// Reads it.
    pub fn read(self) -> Result<Fact, Unreadable> {
        let after = needed(self.after, "the policy")?.read()?;
        Ok(Fact::Allocation(Box::new(AllocationFact { after })))
    }
}

fn number(it: Strategy) -> i32 {
    match it {
        Strategy::Given => 1,
        Strategy::Priority => 2,
        Strategy::FewestSplits => 3,
        Strategy::Fefo => 4,
    }
}

fn strategy(number: i32) -> Result<Option<Strategy>, Unreadable> {
    Ok(match number {
        0 => None,
        1 => Some(Strategy::Given),
        2 => Some(Strategy::Priority),
        3 => Some(Strategy::FewestSplits),
        4 => Some(Strategy::Fefo),
        other => return Err(Unreadable(format!("the strategy {other} is not known"))),
    })
}
