//! What plain rows should be, recomputed from tenants, users and roles themselves.

use std::collections::BTreeMap;

use bus::Consuming;
use bus::consuming::{Key as Any, State as AnyState};
use contracts::ops::DifferenceKind;
use journal::{Derived, Value};
use vocab::{RoleId, TenantId};

use crate::app::Auth;
use crate::domain::{ADMIN_ROLE, Aggregate, Key, Members, Role, State, User, UserState, role_id};

/// The two tables of inbox and dead letters come first.
const BEFORE: usize = 2;
const COUNTERS: usize = BEFORE + 3;
const MEMBERS: usize = BEFORE + 6;

/// Tables by their places in the order of locks, and what a difference in each is called.
const TABLES: &[(usize, DifferenceKind)] = &[
    (COUNTERS, DifferenceKind::CounterDiffers),
    (MEMBERS, DifferenceKind::CounterDiffers),
];

/// Recomputes how many could open every door, and how many have each role.
#[derive(Debug, Default)]
pub struct AuthRows {
    admins: BTreeMap<TenantId, i64>,
    members: BTreeMap<(TenantId, RoleId), Members>,
}

impl Derived<Consuming<Auth>> for AuthRows {
    fn tables(&self) -> &'static [(usize, DifferenceKind)] {
        TABLES
    }

    fn see(&mut self, tenant: TenantId, _key: &Any<Key>, state: &AnyState<State>) {
        match state {
            AnyState::Own(State::Aggregate(Aggregate::User(it))) => self.see_user(tenant, it),
            AnyState::Own(State::Aggregate(Aggregate::Role(it))) => self.see_role(tenant, it),
            AnyState::Own(State::Aggregate(Aggregate::Account(it))) => {
                for role in &it.roles {
                    self.members.entry((tenant, *role)).or_default().accounts += 1;
                }
            }
            _ => {}
        }
    }

    fn rows(&mut self) -> Vec<(TenantId, Any<Key>, AnyState<State>)> {
        let admins = std::mem::take(&mut self.admins).into_iter();
        let admins = admins.map(|(tenant, count)| (tenant, Key::Admins, State::Admins(count)));
        let members = std::mem::take(&mut self.members).into_iter();
        let members =
            members.map(|((tenant, role), it)| (tenant, Key::Members(role), State::Members(it)));
        let all = admins.chain(members);
        all.map(|(tenant, key, state)| (tenant, Any::Own(key), AnyState::Own(state)))
            .collect()
    }

    /// Counters that fell to nothing stay as rows.
    fn is_empty(&self, table: usize, state: &[Value]) -> bool {
        match table {
            COUNTERS | MEMBERS => state.iter().all(|it| *it == Value::BigInt(0)),
            _ => false,
        }
    }
}

impl AuthRows {
    fn see_user(&mut self, tenant: TenantId, user: &User) {
        if user.state == UserState::Erased {
            return;
        }
        let alone = user.rules_alone(role_id(tenant, ADMIN_ROLE));
        *self.admins.entry(tenant).or_default() += i64::from(alone);
        for role in &user.roles {
            self.members.entry((tenant, *role)).or_default().users += 1;
        }
    }

    fn see_role(&mut self, tenant: TenantId, role: &Role) {
        self.members.entry((tenant, role.id)).or_default();
    }
}
