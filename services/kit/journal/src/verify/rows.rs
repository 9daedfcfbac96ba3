//! Comparing folded states with their rows, and finding rows that no fact speaks of.

use contracts::ops::DifferenceKind;
use futures_util::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _, query_with};
use uuid::Uuid;
use vocab::TenantId;

use super::streams::Folded;
use super::{Difference, Disagreement, Verify, VerifyError, hash_of, text_of};
use crate::attempt::key_arguments_of;
use crate::ledger::{Key, Ledger};
use crate::row::Row;
use crate::stamp::Stamp;
use crate::table::Table;
use crate::value::{Kind, Value};
use crate::wire::value;

/// How a row differs.
type Found = (DifferenceKind, String, Option<Disagreement>);

impl<L: Ledger> Verify<'_, L> {
    /// Compares folded streams with their rows, table by table.
    pub(super) async fn rows(
        &mut self,
        log: &mut PgConnection,
        folded: Vec<Folded<L>>,
    ) -> Result<(), VerifyError> {
        let tables = self.statements.tables;
        for (at, table) in tables.iter().enumerate() {
            let of = |it: &&Folded<L>| it.key.as_ref().is_some_and(|it| it.table() == at);
            let own: Vec<&Folded<L>> = folded.iter().filter(of).collect();
            let Some(text) = self.statements.read.get(at).filter(|_| !own.is_empty()) else {
                continue;
            };
            let named = own.iter().filter_map(|it| {
                let key = self.store.key(it.key.as_ref()?);
                Some((it.tenant, key))
            });
            let named: Vec<(Uuid, Vec<Value>)> = named.collect();
            let arguments = key_arguments_of(table, named.iter().cloned());
            let arguments = arguments.map_err(sqlx::Error::Encode)?;
            let rows = query_with(text.clone(), arguments);
            let rows = rows.fetch_all(&mut *log).await?;
            if let Some(first) = own.first() {
                self.kinds.insert(at, first.kind.clone());
            }
            for ((stream, row), (tenant, key)) in own.into_iter().zip(&rows).zip(&named) {
                self.founded.insert(hash_of(at, *tenant, key));
                self.row(table, stream, row)?;
            }
        }
        Ok(())
    }

    fn row(&mut self, table: &Table, stream: &Folded<L>, row: &PgRow) -> Result<(), VerifyError> {
        let named = stream.key.as_ref().zip(stream.state.as_ref());
        let Some((key, state)) = named.filter(|_| stream.whole) else {
            return Ok(());
        };
        self.report.rows += 1;
        let tenant = TenantId::from_uuid(stream.tenant);
        if let Some(derived) = &mut self.derived {
            derived.see(tenant, key, state);
        }
        if let Some((kind, what, column)) = self.difference(table, stream, row)? {
            self.differs(Difference {
                kind,
                tenant,
                of: stream.kind.clone(),
                id: stream.id.clone(),
                version: stream.version,
                what,
                column,
            });
        }
        Ok(())
    }

    fn difference(
        &self,
        table: &Table,
        stream: &Folded<L>,
        row: &PgRow,
    ) -> Result<Option<Found>, sqlx::Error> {
        let Some((key, state)) = stream.key.as_ref().zip(stream.state.as_ref()) else {
            return Ok(None);
        };
        if row.try_get::<Option<bool>, _>(2)?.is_none() {
            let what = format!("there is no row in {}", table.name);
            return Ok(Some((DifferenceKind::StateMissing, what, None)));
        }
        let differs = |name: &'static str, stored: Value, folded: Value| {
            let what = format!("{name} differs in {}", table.name);
            let (stored, folded) = (text_of(&[stored]), text_of(&[folded]));
            let column = Disagreement {
                name,
                stored,
                folded,
            };
            Ok(Some((DifferenceKind::StateDiffers, what, Some(column))))
        };
        let version: i64 = row.try_get(3)?;
        if version != stream.version {
            return differs("version", version.into(), stream.version.into());
        }
        let recorded_at = row.try_get::<Stamp, _>(4)?.0;
        if recorded_at != stream.recorded_at {
            return differs("recorded_at", recorded_at.into(), stream.recorded_at.into());
        }
        let columns = table.columns.iter().enumerate();
        let found = columns.map(|(at, column)| value(row, 5 + at, column.kind));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let found = self.as_written(table, key, found);
        let expected = self.store.encode(key, state);
        let pairs = table.columns.iter().zip(found.into_iter().zip(expected));
        for (column, (found, expected)) in pairs {
            if found != expected {
                return differs(column.name, found, expected);
            }
        }
        Ok(None)
    }

    /// JSON comes back in another spelling: read and written once more, it has ours again.
    fn as_written(&self, table: &Table, key: &L::Key, found: Vec<Value>) -> Vec<Value> {
        if table.columns.iter().all(|it| it.kind != Kind::Json) {
            return found;
        }
        match self.store.decode(key, &mut Row::new(found.clone())) {
            Ok(state) => self.store.encode(key, &state),
            Err(_) => found,
        }
    }

    /// Finds rows of aggregates that have no facts.
    pub(super) async fn unfounded(&mut self, log: &mut PgConnection) -> Result<(), VerifyError> {
        let tables = self.statements.tables;
        for (at, table) in tables.iter().enumerate().filter(|it| it.1.aggregate) {
            let Some(text) = self.statements.scan.get(at).cloned() else {
                continue;
            };
            let known = self.kinds.get(&at).cloned();
            let kind = known.unwrap_or_else(|| table.name.to_owned());
            let mut rows = sqlx::query(text).fetch(&mut *log);
            while let Some(row) = rows.try_next().await? {
                let (tenant, key) = named(table, &row)?;
                if !self.founded.contains(&hash_of(at, tenant, &key)) {
                    self.differs(Difference {
                        kind: DifferenceKind::StateUnfounded,
                        tenant: TenantId::from_uuid(tenant),
                        of: kind.clone(),
                        id: text_of(&key),
                        version: row.try_get(key.len() + 1)?,
                        what: "there is a row, and no fact".to_owned(),
                        column: None,
                    });
                }
            }
        }
        Ok(())
    }
}

/// Reads tenant and key of a scanned row.
pub(super) fn named(table: &Table, row: &PgRow) -> Result<(Uuid, Vec<Value>), sqlx::Error> {
    let key = table.key.iter().enumerate();
    let key = key.map(|(at, column)| value(row, 1 + at, column.kind));
    Ok((row.try_get(0)?, key.collect::<Result<_, _>>()?))
}
