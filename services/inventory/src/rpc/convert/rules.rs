//! Rules, as callers set them: what was sent is merged into the present ones, and judged whole.

use std::time::Duration;

use chassis::fault::Fault;
use contracts::inventory as pb;
use contracts::mask;
use contracts::validate::{Path, Validate, Violations};
use prost_types::FieldMask;
use vocab::{Date, LocationId, TenantId};

use super::{id, position, time, unfit};
use crate::domain::allocation::{AllocationPolicy, Strategy};
use crate::domain::position::{Policy, Preorder};
use crate::domain::{Place, etag_of};

/// What an update makes of a position's rules.
pub fn revised(
    (place, present): (Place, &Policy),
    sent: &pb::StockPolicy,
    update_mask: Option<&FieldMask>,
) -> Result<Policy, Fault> {
    let present = position::policy(place, present);
    let root = Path::Root;
    let merged = mask::update(&present, sent, update_mask).map_err(|_| {
        let text = "must name fields only";
        unfit(&root.field("update_mask"), "field_mask.path", text)
    })?;
    let mut found = Violations::default();
    let at = root.field("policy");
    merged.check(&at, &mut found);
    found.into_result().map_err(Fault::invalid)?;
    let preorder = merged.preorder.as_ref().map(|it| {
        let day = it.available_from_date.as_ref().map(Date::try_from);
        let day = day.and_then(Result::ok);
        let text = "must be a day";
        let no_day = || unfit(&at.field("preorder"), "date", text);
        Ok::<_, Fault>(Preorder {
            from: day.ok_or_else(no_day)?,
            limit: it.limit,
        })
    });
    Ok(Policy {
        low_stock_threshold: merged.low_stock_threshold,
        safety_stock: merged.safety_stock,
        backorder_cap: merged.backorder_cap,
        preorder: preorder.transpose()?,
        ..Policy::default()
    })
}

/// Reads how a tenant's stock is to be held.
pub fn allocation_of(wire: &pb::AllocationPolicy) -> Result<AllocationPolicy, Fault> {
    let root = Path::Root;
    let at = root.field("policy");
    let locations = wire.location_ids.iter();
    let locations = locations.map(|it| id(&at.field("location_ids"), it));
    let mut locations: Vec<LocationId> = locations.collect::<Result<_, Fault>>()?;
    let mut seen = std::collections::BTreeSet::new();
    locations.retain(|it| seen.insert(*it));
    let ttl = wire.reservation_ttl.map(Duration::try_from).transpose();
    let text = "must be positive";
    Ok(AllocationPolicy {
        strategy: super::asked::strategy(wire.default_strategy()),
        locations,
        listed_only: wire.listed_only,
        min_shelf_days: wire.min_shelf_days,
        ttl: ttl.map_err(|_| unfit(&at.field("reservation_ttl"), "duration", text))?,
        version: 0,
        updated_at: None,
    })
}

/// Writes how a tenant's stock is held.
pub fn allocation(tenant: TenantId, it: &AllocationPolicy) -> pb::AllocationPolicy {
    let ttl = it.ttl.map(prost_types::Duration::try_from);
    pb::AllocationPolicy {
        tenant_id: tenant.to_string(),
        default_strategy: strategy(it.strategy.unwrap_or(Strategy::FewestSplits)).into(),
        location_ids: it.locations.iter().map(ToString::to_string).collect(),
        listed_only: it.listed_only,
        min_shelf_days: it.min_shelf_days,
        reservation_ttl: ttl.and_then(Result::ok),
        etag: etag_of("allocation-policy", it.version).to_string(),
        update_time: it.updated_at.and_then(time),
    }
}

/// Writes a way of choosing.
pub fn strategy(it: Strategy) -> pb::AllocationStrategy {
    match it {
        Strategy::Given => pb::AllocationStrategy::Given,
        Strategy::Priority => pb::AllocationStrategy::Priority,
        Strategy::FewestSplits => pb::AllocationStrategy::FewestSplits,
        Strategy::Fefo => pb::AllocationStrategy::Fefo,
    }
}
