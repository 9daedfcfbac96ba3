//! Rules: those of a position, and how a tenant's stock is held.

use vocab::Moment;

use super::agree;
use super::draft::Draft;
use crate::domain::allocation::AllocationPolicy;
use crate::domain::answer::{Answer, Decision, Entry};
use crate::domain::command::{SetAllocation, SetPolicy};
use crate::domain::key::{self, Key, View};
use crate::domain::position::Policy;
use crate::domain::refusal::Refusal;

/// Gives a position other rules. Lower caps end no hold. Rules that are as they were change
/// nothing.
pub(super) fn set_policy(
    view: &dyn View,
    command: &SetPolicy,
    now: Moment,
) -> Result<Decision, Refusal> {
    let place = command.place;
    let mut draft = Draft::new(view, now);
    let present = draft.position(place).policy;
    agree(
        format!("policy-{place}"),
        present.revision,
        command.etag.as_deref(),
    )?;
    if present.revision != command.seen {
        return Err(Refusal::Outrun);
    }
    let same = Policy {
        revision: present.revision,
        updated_at: present.updated_at,
        ..command.policy
    };
    let version = draft.version(place);
    let mut entry = Entry { place, version };
    if same != present || version == 0 {
        let policy = Policy {
            revision: present.revision + 1,
            updated_at: Some(now),
            ..command.policy
        };
        entry = draft.set_policy(place, policy);
    }
    let after = Box::new(draft.position(place).clone());
    Ok(draft.answer(Answer::Position(after, entry)))
}

/// Holds a tenant's stock in another way from now on.
pub(super) fn set_allocation(
    view: &dyn View,
    command: &SetAllocation,
    now: Moment,
) -> Result<Decision, Refusal> {
    let version = view.version(&Key::AllocationPolicy);
    let present = key::allocation(view).cloned().unwrap_or_default();
    agree("allocation-policy", version, command.etag.as_deref())?;
    let after = AllocationPolicy {
        version: version + 1,
        updated_at: Some(now.max(present.updated_at.unwrap_or(now))),
        ..command.policy.clone()
    };
    let mut draft = Draft::new(view, now);
    draft.tell_allocation(&after);
    Ok(draft.answer(Answer::Allocation(Box::new(after))))
}
