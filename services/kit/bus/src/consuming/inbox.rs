//! Up to which version a stream is applied, and what may come next.

use chassis::fault::Reason;
use contracts::common::EventMetadata;
use vocab::Moment;

use super::reason;

/// Where in its stream a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of its lives the owner was in.
    pub history: i64,
    /// The version.
    pub version: i64,
    /// Which message of the version, from 1.
    pub part: i32,
    /// How many messages the version has.
    pub parts: i32,
}

impl Place {
    /// Reads what a message says of itself.
    pub fn of(metadata: &EventMetadata) -> Self {
        Self {
            history: metadata.history,
            version: metadata.aggregate_version,
            part: metadata.part,
            parts: metadata.parts,
        }
    }

    /// Whether the version is applied with this message.
    pub fn is_whole(&self) -> bool {
        self.part >= self.parts
    }
}

/// The state of one stream at one consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// The last message that was applied; version 0 before the first.
    pub applied: Place,
    /// Whether the stream stands still at a dead letter.
    pub parked: bool,
    /// When that was written.
    pub at: Moment,
}

/// How a message stands to what was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was applied.
    Known,
    /// It is the next one.
    Next,
    /// Messages before it are missing.
    Gap,
    /// It comes from a later life of its owner.
    Restored,
}

impl Inbox {
    /// What is known when a message was applied.
    pub fn applied(place: Place, parked: bool, now: Moment) -> Self {
        Self {
            applied: place,
            parked,
            at: now,
        }
    }

    /// What is known of a stream of which nothing was applied.
    pub fn of_nothing(history: i64, parked: bool, now: Moment) -> Self {
        let place = Place {
            history,
            version: 0,
            part: 1,
            parts: 1,
        };
        Self::applied(place, parked, now)
    }
}

/// Compares. Without anything applied, the first message of version 1 is next, whatever its age.
pub fn standing(applied: Option<Place>, place: Place) -> Standing {
    let Some(applied) = applied else {
        let first = place.version == 1 && place.part == 1;
        return if first { Standing::Next } else { Standing::Gap };
    };
    if place.history > applied.history {
        return Standing::Restored;
    }
    let (then, now) = ((applied.version, applied.part), (place.version, place.part));
    if place.history < applied.history || now <= then {
        return Standing::Known;
    }
    let next = if applied.is_whole() {
        (applied.version + 1, 1)
    } else {
        (applied.version, applied.part + 1)
    };
    if now == next {
        Standing::Next
    } else {
        Standing::Gap
    }
}

/// Lets through the next message of a stream that flows.
pub(super) fn next(inbox: Option<&Inbox>, place: Place) -> Result<(), Reason> {
    let standing = standing(inbox.map(|it| it.applied), place);
    match standing {
        Standing::Known => Err(reason::KNOWN),
        Standing::Restored => Err(reason::HISTORY),
        _ if inbox.is_some_and(|it| it.parked) => Err(reason::PARKED),
        Standing::Gap => Err(reason::GAP),
        Standing::Next => Ok(()),
    }
}

/// Lets through the next message of a stream that stands still.
pub(super) fn next_parked(inbox: Option<&Inbox>, place: Place) -> Result<(), Reason> {
    let inbox = inbox.filter(|it| it.parked).ok_or(reason::NOT_PARKED)?;
    match standing(Some(inbox.applied), place) {
        Standing::Known => Err(reason::KNOWN),
        Standing::Restored => Err(reason::HISTORY),
        Standing::Gap => Err(reason::GAP),
        Standing::Next => Ok(()),
    }
}

/// Lets through a present state that is not older than what was applied.
pub(super) fn newer(inbox: Option<&Inbox>, place: Place) -> Result<(), Reason> {
    let Some(inbox) = inbox else {
        return Ok(());
    };
    let then = (inbox.applied.history, inbox.applied.version);
    if (place.history, place.version) < then {
        return Err(reason::KNOWN);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Place, Standing, standing};

    fn place(history: i64, version: i64, part: i32, parts: i32) -> Place {
        Place {
            history,
            version,
            part,
            parts,
        }
    }

    #[test]
    fn without_a_row_only_the_first_message_is_next() {
        assert_eq!(standing(None, place(1, 1, 1, 1)), Standing::Next);
        assert_eq!(standing(None, place(1, 1, 2, 2)), Standing::Gap);
        assert_eq!(standing(None, place(1, 2, 1, 1)), Standing::Gap);
    }

    #[test]
    fn a_version_is_applied_with_its_last_part() {
        let half = Some(place(1, 3, 1, 2));
        assert_eq!(standing(half, place(1, 3, 1, 2)), Standing::Known);
        assert_eq!(standing(half, place(1, 3, 2, 2)), Standing::Next);
        assert_eq!(standing(half, place(1, 4, 1, 1)), Standing::Gap);
        let whole = Some(place(1, 3, 2, 2));
        assert_eq!(standing(whole, place(1, 3, 2, 2)), Standing::Known);
        assert_eq!(standing(whole, place(1, 4, 1, 1)), Standing::Next);
        assert_eq!(standing(whole, place(1, 5, 1, 1)), Standing::Gap);
        assert_eq!(standing(whole, place(1, 4, 2, 2)), Standing::Gap);
        assert_eq!(standing(whole, place(1, 2, 1, 1)), Standing::Known);
    }

    #[test]
    fn another_history_is_no_version_of_this_one() {
        let applied = Some(place(2, 5, 1, 1));
        assert_eq!(standing(applied, place(3, 4, 1, 1)), Standing::Restored);
        assert_eq!(standing(applied, place(1, 6, 1, 1)), Standing::Known);
    }
}
