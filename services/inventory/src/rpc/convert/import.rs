//! Rows of opening stock, and imports as the contract shows them.

use contracts::common;
use contracts::inventory as pb;
use contracts::validate::{Path, Validate, Violations};
use uuid::Uuid;
use vocab::{LocationId, ProductId, TenantId};

use super::{goods, time};
use crate::db::ImportState;
use crate::domain::Place;
use crate::domain::command::OpeningRow;
use crate::domain::fact::Receipt;
use crate::domain::import::{Import, RowFault, RowReason};
use crate::domain::levels::{Bucket, Levels};
use crate::domain::reservation::Reference;

/// The number of documents of other systems among the sorts of documents.
const EXTERNAL: i32 = 10;

/// Reads a row of an import. What is wrong with it is the row's own failure.
pub fn row(wire: &pb::OpeningStockRow, import: &str) -> Result<Box<OpeningRow>, RowFault> {
    let mut found = Violations::default();
    wire.check(&Path::Root, &mut found);
    if let Some(first) = found.list().first() {
        let fault = RowFault::of(RowReason::Invalid, first.text);
        return Err(fault.at(first.field.clone()));
    }
    let parts = wire.damaged + wire.quarantined;
    if parts > wire.on_hand {
        let text = "the parts exceed what is on hand";
        return Err(RowFault::of(RowReason::Invalid, text).at("on_hand"));
    }
    let product: Result<ProductId, _> = wire.product_id.parse();
    let product = product.map_err(|_| unread("product_id"))?;
    let location: Result<LocationId, _> = wire.location_id.parse();
    let location = location.map_err(|_| unread("location_id"))?;
    let said = (wire.lot_number.as_str(), wire.expiry_date.as_ref());
    let known = goods::goods(said, wire.unit_cost.as_ref(), &wire.serial_numbers);
    let known = known.map_err(|_| unread("unit_cost"))?;
    if goods::counted(1, &known, wire.on_hand).is_err() {
        let text = "there are not as many serial numbers as units";
        return Err(RowFault::of(RowReason::Invalid, text).at("serial_numbers"));
    }
    let at = wire.effective_time.as_ref();
    let at = at.map(contracts::convert::moment).transpose();
    Ok(Box::new(OpeningRow {
        place: Place::new(product, location),
        levels: Levels {
            on_hand: wire.on_hand,
            damaged: wire.damaged,
            quarantined: wire.quarantined,
            ..Levels::default()
        },
        receipt: Receipt {
            quantity: wire.on_hand,
            reference: Reference {
                kind: EXTERNAL,
                id: import.to_owned(),
            },
            bucket: Bucket::Sellable,
            goods: known,
            opening: true,
            metadata: Vec::new(),
        },
        effective_at: at.map_err(|_| unread("effective_time"))?,
    }))
}

fn unread(field: &'static str) -> RowFault {
    RowFault::of(RowReason::Invalid, "cannot be read").at(field)
}

/// Writes an import, with the rows that failed or without.
pub fn import(
    tenant: TenantId,
    (it, state): (&Import, ImportState),
    failures: bool,
) -> pb::StockImport {
    let state = match state {
        ImportState::Running => pb::StockImportState::Running,
        ImportState::Completed => pb::StockImportState::Completed,
        ImportState::Abandoned => pb::StockImportState::Abandoned,
    };
    let rows = it.failures.iter().filter(|_| failures);
    let rows = rows.map(|row| pb::StockImportFailure {
        sequence: row.sequence,
        reason: row.fault.reason.number(),
        field: row.fault.field.clone(),
        message: row.fault.text.clone(),
    });
    pb::StockImport {
        import_id: it.id.to_string(),
        tenant_id: tenant.to_string(),
        request_id: Uuid::from_bytes(it.request.0).to_string(),
        state: state.into(),
        last_sequence: it.last,
        applied_count: it.applied,
        failed_count: it.failed,
        failures: rows.collect(),
        actor: Some(common::Actor {
            r#type: it.actor.0,
            actor_id: it.actor.1.clone(),
        }),
        create_time: time(it.created_at),
        update_time: time(it.updated_at),
    }
}

/// Reads a state of a filter.
pub fn state_of(wire: pb::StockImportState) -> Option<ImportState> {
    Some(match wire {
        pb::StockImportState::Unspecified => return None,
        pb::StockImportState::Running => ImportState::Running,
        pb::StockImportState::Completed => ImportState::Completed,
        pb::StockImportState::Abandoned => ImportState::Abandoned,
    })
}
