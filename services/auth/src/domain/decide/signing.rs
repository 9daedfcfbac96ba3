//! The keys that sign: made, and exchanged.

use vocab::Moment;

use crate::domain::answer::Decision;
use crate::domain::fact::{Aggregate, Happened};
use crate::domain::key::{self, View};
use crate::domain::signing::{KeySet, KeyUse, SigningKey};

/// Makes the first keys, or lets the next one sign.
pub(super) fn rotate(
    view: &dyn View,
    fresh: &[SigningKey],
    (withdraw, if_due): (bool, bool),
    now: Moment,
) -> Decision {
    let empty = KeySet::default();
    let present = key::signing(view).unwrap_or(&empty);
    if if_due && !present.is_due(now) {
        return Decision::of(Aggregate::Keys(Box::new(present.clone())));
    }
    let mut keys = present.clone();
    // Without any key the first of the fresh ones signs, and the others come after it.
    let mut fresh = fresh;
    if keys.keys.is_empty()
        && let Some((first, others)) = fresh.split_first()
    {
        keys.keys.push(SigningKey {
            used: KeyUse::Next,
            ..first.clone()
        });
        fresh = others;
    }
    let rotated = keys.rotated(fresh, withdraw, now);
    let withdrawn: Vec<String> = match withdraw {
        true => gone(present, &rotated),
        false => Vec::new(),
    };
    let after = Aggregate::Keys(Box::new(rotated));
    Decision::with(now, after, Happened::KeysRotated(withdrawn))
}

/// The names of keys that signed and are not published any more.
fn gone(before: &KeySet, after: &KeySet) -> Vec<String> {
    let kept = |kid: &str| after.keys.iter().any(|it| it.kid == kid);
    let gone = before.keys.iter().filter(|it| !kept(&it.kid));
    gone.map(|it| it.kid.clone()).collect()
}
