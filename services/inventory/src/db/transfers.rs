//! Reads of transfers.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::{Row, Stamp};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;
use vocab::{LocationId, Moment, ProductId, TenantId, TransferId};

use super::Db;
use super::positions::value;
use super::store::columns::TRANSFER;
use super::store::transfers::decode;
use crate::domain::transfer::{Transfer, TransferState};

macro_rules! select {
    () => {
        "SELECT facts, source_id, destination_id, state, reservation_id, products, shipped,
            awaited, varies, body, expected_at, shipped_at, ended_at, created_at, updated_at
        FROM transfers WHERE tenant_id = "
    };
}

const NAMED: &str = concat!(select!(), "$1 AND transfer_id = $2");

const COMING: &str = concat!(
    select!(),
    "$1 AND destination_id = $2 AND state = 'IN_TRANSIT' AND awaited > 0
    ORDER BY created_at DESC, transfer_id DESC LIMIT 1000"
);

/// A place in a list that the youngest leads: when, and which of those of that time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListCursor {
    /// When it was created.
    pub at: Moment,
    /// Which one.
    pub id: Uuid,
}

/// Which transfers to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct TransferList {
    /// Only from or to one of these; all, if there are none.
    pub locations: Vec<LocationId>,
    /// Only in one of these states; in any, if there are none.
    pub states: Vec<TransferState>,
    /// Only with this product.
    pub product: Option<ProductId>,
    /// Only with more or less received than shipped.
    pub varying: bool,
    /// Behind which one the page begins.
    pub after: Option<ListCursor>,
    /// How many at most.
    pub limit: i64,
}

impl Db {
    /// The transfer with an id, if there is one.
    pub async fn transfer(
        &self,
        tenant: TenantId,
        id: TransferId,
    ) -> Result<Option<Transfer>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(NAMED).bind(tenant.uuid()).bind(id.uuid());
                let row = query.fetch_optional(db).await?;
                row.as_ref().map(read).transpose()
            }
            .boxed()
        })
        .await
    }

    /// Transfers on their way to a location: the youngest thousand.
    pub async fn transfers_to(
        &self,
        tenant: TenantId,
        location: LocationId,
    ) -> Result<Vec<Transfer>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let query = sqlx::query(COMING).bind(tenant.uuid());
                let rows = query.bind(location.uuid()).fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }

    /// Lists transfers, the youngest first.
    pub async fn list_transfers(
        &self,
        tenant: TenantId,
        list: TransferList,
    ) -> Result<Vec<Transfer>, Fault> {
        self.read(tenant, move |db| {
            async move {
                let mut query = listing(tenant, &list);
                let rows = query.build().fetch_all(db).await?;
                rows.iter().map(read).collect()
            }
            .boxed()
        })
        .await
    }
}

fn listing(tenant: TenantId, list: &TransferList) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(select!());
    query.push_bind(tenant.uuid());
    if !list.locations.is_empty() {
        let ids: Vec<Uuid> = list.locations.iter().map(|it| it.uuid()).collect();
        query.push(" AND (source_id = ANY (").push_bind(ids.clone());
        query.push(") OR destination_id = ANY (").push_bind(ids);
        query.push("))");
    }
    if !list.states.is_empty() {
        let states: Vec<&str> = list.states.iter().map(|it| it.name()).collect();
        let states: Vec<String> = states.into_iter().map(str::to_owned).collect();
        query.push(" AND state = ANY (").push_bind(states).push(")");
    }
    if let Some(product) = list.product {
        query.push(" AND strpos(products, ");
        query.push_bind(product.uuid().to_string()).push(") > 0");
    }
    if list.varying {
        query.push(" AND varies");
    }
    if let Some(after) = list.after {
        query.push(" AND (created_at, transfer_id) < (");
        query.push_bind(Stamp(after.at)).push(", ");
        query.push_bind(after.id).push(")");
    }
    query.push(" ORDER BY created_at DESC, transfer_id DESC LIMIT ");
    query.push_bind(list.limit);
    query
}

fn read(row: &PgRow) -> Result<Transfer, sqlx::Error> {
    let values = TRANSFER.iter().map(|it| value(row, it));
    let mut values = Row::new(values.collect::<Result<_, _>>()?);
    decode(&mut values).map_err(|it| sqlx::Error::Decode(it.into()))
}
