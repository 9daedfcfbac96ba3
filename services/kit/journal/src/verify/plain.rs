//! Comparing plain rows, such as claims, with what the aggregates say they should be.

use std::collections::HashMap;

use contracts::ops::DifferenceKind;
use futures_util::TryStreamExt;
use sqlx::PgConnection;
use uuid::Uuid;
use vocab::TenantId;

use super::rows::named;
use super::{Difference, Verify, VerifyError, text_of};
use crate::ledger::{Key, Ledger};
use crate::table::Table;
use crate::value::Value;
use crate::wire::value;

/// The rows of one table that should be there.
type Expected = HashMap<(Uuid, Vec<Value>), Vec<Value>>;

impl<L: Ledger> Verify<'_, L> {
    pub(super) async fn plain(&mut self, log: &mut PgConnection) -> Result<(), VerifyError> {
        let Some(derived) = self.derived.take() else {
            return Ok(());
        };
        let mut expected: HashMap<usize, Expected> = HashMap::new();
        for (tenant, key, state) in derived.rows() {
            let owner = if key.is_global() {
                Uuid::nil()
            } else {
                tenant.uuid()
            };
            let values = self.store.encode(&key, &state);
            let rows = expected.entry(key.table()).or_default();
            rows.insert((owner, self.store.key(&key)), values);
        }
        let tables = self.statements.tables;
        for (at, kind) in derived.tables() {
            let Some((table, text)) = tables.get(*at).zip(self.statements.scan.get(*at)) else {
                continue;
            };
            let text = text.clone();
            let mut wanted = expected.remove(at).unwrap_or_default();
            let mut rows = sqlx::query(text).fetch(&mut *log);
            while let Some(row) = rows.try_next().await? {
                let (tenant, key) = named(table, &row)?;
                let columns = table.columns.iter().enumerate();
                let found = columns.map(|(it, of)| value(&row, 1 + key.len() + it, of.kind));
                let found = found.collect::<Result<Vec<_>, _>>()?;
                self.report.rows += 1;
                let name = (tenant, key);
                let what = match wanted.remove(&name) {
                    Some(values) if values == found => continue,
                    Some(_) => "it says another thing than the aggregates",
                    None if derived.is_empty(*at, &found) => continue,
                    None => "no aggregate speaks of it",
                };
                self.plain_differs((*kind, table), name, what);
            }
            for name in wanted.into_keys() {
                self.plain_differs((*kind, table), name, "there is no row");
            }
        }
        Ok(())
    }

    fn plain_differs(
        &mut self,
        (kind, table): (DifferenceKind, &Table),
        (tenant, key): (Uuid, Vec<Value>),
        what: &str,
    ) {
        self.differs(Difference {
            kind,
            tenant: TenantId::from_uuid(tenant),
            of: table.name.to_owned(),
            id: text_of(&key),
            version: 0,
            what: what.to_owned(),
            column: None,
        });
    }
}
