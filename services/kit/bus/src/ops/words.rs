//! The words of stored dead letters and the enums of the contract.

use contracts::ops as pb;

use crate::consuming::{LetterReason, LetterState};

pub(super) fn state_of(word: &str) -> pb::DeadLetterState {
    match LetterState::of_word(word) {
        Some(LetterState::Parked) => pb::DeadLetterState::Parked,
        Some(LetterState::Redriving) => pb::DeadLetterState::Redriving,
        Some(LetterState::Resyncing) => pb::DeadLetterState::Resyncing,
        Some(LetterState::Resolved) => pb::DeadLetterState::Resolved,
        Some(LetterState::Resynced) => pb::DeadLetterState::Resynced,
        None => pb::DeadLetterState::Unspecified,
    }
}

pub(super) fn word_of_state(state: pb::DeadLetterState) -> Option<&'static str> {
    let state = match state {
        pb::DeadLetterState::Unspecified => return None,
        pb::DeadLetterState::Parked => LetterState::Parked,
        pb::DeadLetterState::Redriving => LetterState::Redriving,
        pb::DeadLetterState::Resyncing => LetterState::Resyncing,
        pb::DeadLetterState::Resolved => LetterState::Resolved,
        pb::DeadLetterState::Resynced => LetterState::Resynced,
    };
    Some(state.word())
}

pub(super) fn reason_of(word: &str) -> pb::DeadLetterReason {
    match LetterReason::of_word(word) {
        Some(LetterReason::Unreadable) => pb::DeadLetterReason::Unreadable,
        Some(LetterReason::KindUnknown) => pb::DeadLetterReason::KindUnknown,
        Some(LetterReason::Refused) => pb::DeadLetterReason::Refused,
        Some(LetterReason::Gap) => pb::DeadLetterReason::Gap,
        Some(LetterReason::Defect) => pb::DeadLetterReason::Defect,
        None => pb::DeadLetterReason::Unspecified,
    }
}

pub(super) fn word_of_reason(reason: pb::DeadLetterReason) -> Option<&'static str> {
    let reason = match reason {
        pb::DeadLetterReason::Unspecified => return None,
        pb::DeadLetterReason::Unreadable => LetterReason::Unreadable,
        pb::DeadLetterReason::KindUnknown => LetterReason::KindUnknown,
        pb::DeadLetterReason::Refused => LetterReason::Refused,
        pb::DeadLetterReason::Gap => LetterReason::Gap,
        pb::DeadLetterReason::Defect => LetterReason::Defect,
    };
    Some(reason.word())
}
