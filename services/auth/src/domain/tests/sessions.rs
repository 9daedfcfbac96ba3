//! Sessions and keys that sign, in a time of their own.

use super::*;

fn begin(number: u8, hash: &str) -> Begin {
    Begin {
        session: Session {
            id: session(number),
            user: Some(user(1)),
            customer: None,
            seed: vec![number],
            agent: Vec::new(),
            generation: 0,
            begun_at: moment(0),
            refreshed_at: moment(0),
            ended_at: None,
        },
        rested: Rested {
            tenant: tenant(),
            user: Some((user(1), 2)),
            roles: Vec::new(),
        },
        hash: Some(hash.to_owned()),
        new_hash: None,
        proved: Trying::default(),
        counted: (0, 0),
        ending: Vec::new(),
    }
}

fn signed_in() -> Memory {
    let mut memory = Memory::opened();
    let begin = begin(1, "$argon2id$1");
    memory.run(Command::Begin(Box::new(begin)), 100).unwrap();
    memory
}

fn refresh(memory: &mut Memory, generation: i64, at: i64) -> Result<i64, Refusal> {
    let refreshing = Refreshing {
        session: session(1),
        generation,
        rested: Rested {
            tenant: tenant(),
            user: Some((user(1), memory.user(1).version)),
            roles: Vec::new(),
        },
    };
    match memory.run(Command::Refresh(Box::new(refreshing)), at)? {
        Answer::Session(session, _) => Ok(session.generation),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refresh_token_works_once_but_for_a_lost_answer() {
    let mut memory = signed_in();
    assert_eq!(refresh(&mut memory, 0, 200), Ok(1));
    assert_eq!(refresh(&mut memory, 0, 209), Ok(1));
    assert_eq!(refresh(&mut memory, 0, 210), Err(Refusal::TokenReused));
    assert_eq!(refresh(&mut memory, 1, 211), Ok(2));
    assert_eq!(
        refresh(&mut memory, 0, 212),
        Err(Refusal::TokenReused),
        "of two before"
    );
    assert_eq!(
        refresh(&mut memory, 7, 213),
        Err(Refusal::CredentialsInvalid)
    );
    let ending = Ending {
        sessions: vec![session(1)],
        unkept: None,
        cause: Cause::TokenReused,
    };
    let count = memory.run(Command::End(ending.clone()), 214);
    assert_eq!(count, Ok(Answer::Count(1)));
    assert_eq!(refresh(&mut memory, 2, 215), Err(Refusal::TokenRevoked));
    let count = memory.run(Command::End(ending), 216);
    assert_eq!(count, Ok(Answer::Count(0)), "an end is one");
}

#[test]
fn a_session_ends_when_it_idles_and_when_it_is_old() {
    const DAY: i64 = 86_400;
    let mut memory = signed_in();
    assert_eq!(
        refresh(&mut memory, 0, 100 + 7 * DAY),
        Err(Refusal::TokenExpired)
    );
    let mut generation = 0;
    for day in (6..30).step_by(6) {
        generation = refresh(&mut memory, generation, 100 + day * DAY).unwrap();
    }
    let late = refresh(&mut memory, generation, 100 + 30 * DAY);
    assert_eq!(late, Err(Refusal::TokenExpired));
}

#[test]
fn rights_that_changed_meanwhile_are_read_again() {
    let mut memory = Memory::opened();
    let mut stale = begin(1, "$argon2id$1");
    stale.rested.user = Some((user(1), 1));
    let outrun = memory.run(Command::Begin(Box::new(stale)), 1);
    assert_eq!(outrun, Err(Refusal::Outrun));
    let other = begin(1, "$argon2id$other");
    let outrun = memory.run(Command::Begin(Box::new(other)), 1);
    assert_eq!(outrun, Err(Refusal::Outrun));
}

#[test]
fn one_session_too_many_ends_another() {
    let mut memory = Memory::opened();
    let mut full = begin(1, "$argon2id$1");
    full.counted = (0, SESSIONS_MAX);
    let outrun = memory.run(Command::Begin(Box::new(full)), 1);
    assert_eq!(outrun, Err(Refusal::Outrun), "room has to be made");
    memory
        .run(Command::Begin(Box::new(begin(1, "$argon2id$1"))), 1)
        .unwrap();
    let mut full = begin(2, "$argon2id$1");
    full.counted = (1, SESSIONS_MAX);
    full.ending = vec![session(1)];
    memory.run(Command::Begin(Box::new(full)), 2).unwrap();
    assert_eq!(refresh(&mut memory, 0, 3), Err(Refusal::TokenRevoked));
}

#[test]
fn a_suspended_tenant_lets_nobody_in() {
    let mut memory = signed_in();
    let close = Command::SuspendTenant(tenant(), Some("UNPAID".to_owned()), None);
    memory.run(close, 150).unwrap();
    assert_eq!(refresh(&mut memory, 0, 160), Err(Refusal::TenantSuspended));
    let again = begin(2, "$argon2id$1");
    let refused = memory.run(Command::Begin(Box::new(again)), 160);
    assert_eq!(refused, Err(Refusal::TenantSuspended));
}

fn key(name: &str) -> SigningKey {
    SigningKey {
        kid: name.to_owned(),
        public: name.to_owned(),
        sealed: vec![1],
        used: KeyUse::Next,
    }
}

fn rotate(memory: &mut Memory, fresh: &[&str], withdraw: bool, if_due: bool, at: i64) -> KeySet {
    let command = Command::RotateKeys {
        fresh: fresh.iter().map(|it| key(it)).collect(),
        withdraw,
        if_due,
    };
    match memory.run(command, at).unwrap() {
        Answer::Now(Aggregate::Keys(keys)) => *keys,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_is_published_before_it_signs_and_until_its_last_token_ends() {
    let mut memory = Memory::default();
    let names = |keys: &KeySet, at| -> Vec<String> {
        keys.published_at(moment(at))
            .map(|it| it.kid.clone())
            .collect()
    };
    let first = rotate(&mut memory, &["a", "b"], false, true, 0);
    assert_eq!(first.signing().unwrap().kid, "a");
    assert_eq!(names(&first, 1), ["a", "b"]);
    let same = rotate(&mut memory, &["c"], false, true, 1_000);
    assert_eq!(same, first, "it is not due yet");
    let second = rotate(&mut memory, &["c"], false, false, 1_000);
    assert_eq!(second.signing().unwrap().kid, "b");
    assert_eq!(names(&second, 1_001), ["a", "b", "c"]);
    assert_eq!(names(&second, 1_000 + 3_600), ["b", "c"]);
    let due = rotate(&mut memory, &["d"], false, true, 1_000 + 30 * 86_400);
    assert_eq!(due.signing().unwrap().kid, "c");
    let emergency = rotate(&mut memory, &["e"], true, false, 1_001 + 30 * 86_400);
    assert_eq!(names(&emergency, 1_002 + 30 * 86_400), ["d", "e"]);
}
