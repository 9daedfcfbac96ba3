//! The rules, given and asked: a world in memory that applies what is decided.

use std::collections::{BTreeMap, BTreeSet};

use vocab::{CustomerId, Moment, RoleId, SessionId, TenantId, UserId};

use super::command::*;
use super::*;

mod cells;
mod sessions;
mod tried;

pub fn moment(seconds: i64) -> Moment {
    Moment::from_micros(1_000_000_000_000_000 + seconds * 1_000_000).unwrap()
}

pub fn tenant() -> TenantId {
    TenantId::at(1, [1; 10])
}

pub fn user(number: u8) -> UserId {
    UserId::at(1, [number; 10])
}

pub fn session(number: u8) -> SessionId {
    SessionId::at(1, [number; 10])
}

pub fn role(key: &str) -> RoleId {
    role_id(tenant(), key)
}

/// Rules with three permissions, all of which an admin holds.
pub fn rules() -> Rules {
    let all: BTreeSet<String> = ["a.read", "a.write", "b.read"].map(str::to_owned).into();
    let few: BTreeSet<String> = ["a.read"].map(str::to_owned).into();
    Rules {
        known: all.clone(),
        system: [
            (ADMIN_ROLE, all),
            ("staff", few.clone()),
            (SHOPPER_ROLE, few),
        ]
        .into(),
        operator: BTreeSet::new(),
    }
}

/// States by their keys.
#[derive(Default)]
pub struct Memory(pub BTreeMap<Key, State>);

/// The states of the keys that a command named; looking at another is a defect.
struct Named<'a>(&'a Memory, Vec<Key>);

impl View for Named<'_> {
    fn state(&self, key: &Key) -> Option<&State> {
        assert!(self.1.contains(key), "{key:?} was not named");
        self.0.0.get(key)
    }
}

impl Memory {
    /// A tenant with an admin, whose id is that of user 1.
    pub fn opened() -> Self {
        let mut memory = Self::default();
        let roles = [ADMIN_ROLE, "staff", SHOPPER_ROLE].map(|key| NewRole {
            id: role(key),
            giver: Giver::SERVICE,
            system: true,
            content: RoleContent {
                key: key.to_owned(),
                display_name: key.to_owned(),
                description: String::new(),
                permissions: BTreeSet::new(),
            },
        });
        let content = TenantContent {
            code: "demo".to_owned(),
            display_name: "Demo".to_owned(),
            currency: "EUR".to_owned(),
            locale: String::new(),
            time_zone: String::new(),
            settings: Vec::new(),
            guests_refused: false,
        };
        let new = NewTenant {
            id: tenant(),
            content,
            operator: false,
            roles: roles.into(),
            admin: new_user(1, &[ADMIN_ROLE], true),
        };
        memory.run(Command::OpenTenant(Box::new(new)), 0).unwrap();
        memory
    }

    /// Decides, and applies what was decided. Every named key that was absent has to be written.
    pub fn run(&mut self, command: Command, at: i64) -> Result<Answer, Refusal> {
        let view = Named(self, command.keys());
        let decision = decide(&view, &rules(), &command, moment(at))?;
        let mut written = BTreeSet::new();
        for fact in &decision.facts {
            let key = fact.subject();
            let before = match self.0.get(&key) {
                Some(State::Aggregate(it)) => it.version(),
                _ => 0,
            };
            assert_eq!(fact.after.version(), before + 1, "{:?}", fact.what);
            written.insert(key.clone());
            self.0.insert(key, evolve(fact));
        }
        for (key, state) in decision.plain {
            written.insert(key.clone());
            self.0.insert(key, state);
        }
        for key in command.keys() {
            assert!(self.0.contains_key(&key), "{key:?} is still absent");
        }
        assert!(written.is_subset(&command.keys().into_iter().collect()));
        Ok(decision.answer)
    }

    pub fn user(&self, number: u8) -> &User {
        match &self.0[&Key::User(user(number))] {
            State::Aggregate(Aggregate::User(it)) => it,
            other => panic!("{other:?}"),
        }
    }

    pub fn admins(&self) -> i64 {
        match self.0[&Key::Admins] {
            State::Admins(count) => count,
            ref other => panic!("{other:?}"),
        }
    }

    /// A step of somebody with these permissions; nothing for everything.
    pub fn step(&mut self, number: u8, giver: Giver, act: UserAct) -> Result<Answer, Refusal> {
        let roles = self.user(number).roles.clone();
        let step = UserStep {
            id: user(number),
            giver,
            roles,
            etag: None,
            admin: role(ADMIN_ROLE),
            act,
        };
        self.run(Command::StepUser(Box::new(step)), 10)
    }
}

pub fn new_user(number: u8, roles: &[&str], password: bool) -> NewUser {
    let mut roles: Vec<RoleId> = roles.iter().map(|it| role(it)).collect();
    roles.sort_unstable();
    let link = NewLink {
        digest: [number; 32],
        sealed: vec![1],
        expires_at: moment(1_000),
    };
    NewUser {
        id: user(number),
        email: format!("email {number}"),
        contact: vec![number],
        key: vec![number],
        locale: String::new(),
        customer: None,
        roles,
        admin: role(ADMIN_ROLE),
        password: password.then(|| (format!("$argon2id${number}"), false)),
        link: (!password).then_some(link),
    }
}

pub fn holding(permissions: &[&str]) -> Giver {
    Giver {
        permissions: Some(permissions.iter().map(|it| (*it).to_owned()).collect()),
        locations: Vec::new(),
    }
}

/// A shopper, as user 9.
pub fn shopper() -> NewUser {
    NewUser {
        customer: Some(CustomerId::at(1, [9; 10])),
        ..new_user(9, &[SHOPPER_ROLE], true)
    }
}
