//! Pages of users, the newest first, and what pages by creation have in common.

use chassis::fault::Fault;
use futures_util::FutureExt;
use journal::Stamp;
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;
use vocab::{CustomerId, LocationId, Moment, RoleId, TenantId};

use super::people::{KNOWN, known};
use super::{Db, Known};
use crate::domain::UserState;

/// Where in a list by creation one stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreationCursor(pub Moment, pub Uuid);

/// Which users to list. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct UserList {
    /// In one of these states.
    pub states: Vec<UserState>,
    /// With this role.
    pub role: Option<RoleId>,
    /// Bound to this location.
    pub location: Option<LocationId>,
    /// Who is this customer.
    pub customer: Option<CustomerId>,
    /// Only this one.
    pub only: Option<Uuid>,
    /// Behind this one.
    pub after: Option<CreationCursor>,
    /// How many at most.
    pub limit: i64,
}

impl Db {
    /// A page of users.
    pub async fn list_users(&self, tenant: TenantId, list: UserList) -> Result<Vec<Known>, Fault> {
        self.read(tenant, move |connection| {
            async move {
                let states: Vec<&str> = list.states.iter().map(|it| it.name()).collect();
                let mut page = QueryBuilder::new(KNOWN);
                page.push(" WHERE u.tenant_id = ").push_bind(tenant.uuid());
                page.push(" AND u.state = ANY (")
                    .push_bind(states)
                    .push(")");
                if let Some(role) = list.role {
                    has(&mut page, "u.roles", &role.to_string());
                }
                if let Some(location) = list.location {
                    has(&mut page, "u.locations", &location.to_string());
                }
                if let Some(customer) = list.customer {
                    page.push(" AND u.customer_id = ")
                        .push_bind(customer.uuid());
                }
                if let Some(only) = list.only {
                    page.push(" AND u.user_id = ").push_bind(only);
                }
                newest(
                    &mut page,
                    ("u.created_at", "u.user_id"),
                    list.after,
                    list.limit,
                );
                let rows = page.build().fetch_all(connection).await?;
                rows.iter().map(known).collect()
            }
            .boxed()
        })
        .await
    }
}

/// Only rows with a word in a column of words.
pub(super) fn has(page: &mut QueryBuilder<Postgres>, column: &str, word: &str) {
    page.push(" AND position(").push_bind(format!(" {word} "));
    page.push(format!(" in {column}) > 0"));
}

/// Only rows in one of some states; all, if none is named.
pub(super) fn among(page: &mut QueryBuilder<Postgres>, state: &str, states: Vec<&'static str>) {
    if !states.is_empty() {
        page.push(format!(" AND {state} = ANY ("));
        page.push_bind(states).push(")");
    }
}

/// The newest first, behind a place.
pub(super) fn newest(
    page: &mut QueryBuilder<Postgres>,
    (time, id): (&str, &str),
    after: Option<CreationCursor>,
    limit: i64,
) {
    if let Some(CreationCursor(at, after)) = after {
        page.push(format!(" AND ({time}, {id}) < ("));
        page.push_bind(Stamp(at))
            .push(", ")
            .push_bind(after)
            .push(")");
    }
    page.push(format!(" ORDER BY {time} DESC, {id} DESC LIMIT "));
    page.push_bind(limit);
}
