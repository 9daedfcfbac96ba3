//! A position as a row.

use journal::{Row, Unreadable, Value};

use crate::domain::Place;
use crate::domain::levels::Levels;
use crate::domain::position::{Policy, Position, Preorder, Shortfall};

/// The values of a position's columns.
pub fn encode(it: &Position) -> Vec<Value> {
    let (levels, policy) = (&it.levels, &it.policy);
    vec![
        levels.on_hand.into(),
        levels.reserved.into(),
        levels.damaged.into(),
        levels.quarantined.into(),
        levels.on_order.into(),
        levels.in_transit.into(),
        levels.backordered.into(),
        levels.open_shortfall.into(),
        levels.discrepancy.into(),
        it.shortfall.map(|it| it.id).into(),
        it.shortfall.map_or(0, |it| it.peak).into(),
        policy.low_stock_threshold.into(),
        policy.safety_stock.into(),
        policy.backorder_cap.into(),
        policy.preorder.map(|it| it.from).into(),
        policy.preorder.map_or(0, |it| it.limit).into(),
        policy.revision.into(),
        policy.updated_at.into(),
    ]
}

/// Reads a position from the values of its columns.
pub fn decode(place: Place, row: &mut Row) -> Result<Position, Unreadable> {
    let levels = levels(row)?;
    let (shortfall, peak) = (row.optional_id()?, row.bigint()?);
    let low_stock_threshold = row.optional_bigint()?;
    let (safety_stock, backorder_cap) = (row.bigint()?, row.bigint()?);
    let (from, limit) = (row.optional_date()?, row.bigint()?);
    Ok(Position {
        place,
        levels,
        policy: Policy {
            low_stock_threshold,
            safety_stock,
            backorder_cap,
            preorder: from.map(|from| Preorder { from, limit }),
            revision: row.bigint()?,
            updated_at: row.optional_moment()?,
        },
        shortfall: shortfall.map(|id| Shortfall { id, peak }),
    })
}

fn levels(row: &mut Row) -> Result<Levels, Unreadable> {
    Ok(Levels {
        on_hand: row.bigint()?,
        reserved: row.bigint()?,
        damaged: row.bigint()?,
        quarantined: row.bigint()?,
        on_order: row.bigint()?,
        in_transit: row.bigint()?,
        backordered: row.bigint()?,
        open_shortfall: row.bigint()?,
        discrepancy: row.bigint()?,
    })
}
