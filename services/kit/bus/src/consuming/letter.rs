//! Streams that stand still: why, since when, how far the stream has come meanwhile.

use chassis::fault::Reason;
use uuid::Uuid;
use vocab::{DeadLetterId, Id, Moment};

use super::inbox::{Inbox, Place, Standing, standing};
use super::reason;

/// Why a message cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterReason {
    /// The bytes are not the message that the subject promises.
    Unreadable,
    /// This build does not know the kind.
    KindUnknown,
    /// The consumer's own rules refused it.
    Refused,
    /// Versions before it are missing, and the owner does not have them either.
    Gap,
    /// Applying it hit a defect.
    Defect,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterState {
    /// Nothing yet.
    Parked,
    /// A redrive was begun.
    Redriving,
    /// The owner's present state is being read.
    Resyncing,
    /// Every parked event was applied.
    Resolved,
    /// The owner's present state took their place.
    Resynced,
}

macro_rules! words {
    ($type:ident { $($variant:ident $word:literal),+ }) => {
        impl $type {
            /// As it is stored.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }

            /// Reads what is stored.
            pub fn of_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

words!(LetterReason {
    Unreadable "unreadable", KindUnknown "kind_unknown", Refused "refused", Gap "gap",
    Defect "defect"
});
words!(LetterState {
    Parked "parked", Redriving "redriving", Resyncing "resyncing", Resolved "resolved",
    Resynced "resynced"
});

/// What is told when a stream has to stand still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parking {
    /// The dead letter's id, if a new one is made.
    pub id: DeadLetterId,
    /// Which message it is; of one that cannot be read nobody knows the version.
    pub place: Option<Place>,
    /// Why; nothing where a standing stream has only come further.
    pub why: Option<LetterReason>,
    /// The reason of a refusal.
    pub error_reason: String,
    /// The trace of the attempt.
    pub trace_id: String,
    /// The service that owns the stream.
    pub source: String,
    /// The kind of aggregate.
    pub stream_kind: String,
    /// Where the message was published.
    pub subject: String,
    /// The kind of event.
    pub event_type: String,
    /// The message.
    pub payload: Vec<u8>,
    /// The build that could not apply it.
    pub build: String,
}

/// One stream that stands still, or stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Names it.
    pub id: DeadLetterId,
    /// What is done about it.
    pub state: LetterState,
    /// The first parked message, and why.
    pub parking: Parking,
    /// The reason of the last attempt.
    pub reason: LetterReason,
    /// The owner's life in that message.
    pub history: i64,
    /// The version of that message.
    pub parked_version: i64,
    /// The highest version seen.
    pub highest_version: i64,
    /// Deliveries that raised it.
    pub deliveries: i64,
    /// How often the first one was tried.
    pub attempts: i64,
    /// Who asked for the last redrive or resync: kind and id.
    pub actor: (i16, String),
    /// Why it was given up.
    pub resync_reason: String,
    /// When the stream was parked.
    pub parked_at: Moment,
    /// When the last attempt ended.
    pub attempted_at: Moment,
    /// When it was resolved or resynced.
    pub resolved_at: Option<Moment>,
}

impl Letter {
    /// Whether the stream still stands still.
    pub fn is_open(&self) -> bool {
        match self.state {
            LetterState::Parked | LetterState::Redriving | LetterState::Resyncing => true,
            LetterState::Resolved | LetterState::Resynced => false,
        }
    }

    /// What a key holds that was needed and has never held anything: nothing to be seen.
    pub(super) fn of_nothing(now: Moment) -> Self {
        let parking = Parking {
            id: Id::from_uuid(Uuid::nil()),
            place: None,
            why: None,
            error_reason: String::new(),
            trace_id: String::new(),
            source: String::new(),
            stream_kind: String::new(),
            subject: String::new(),
            event_type: String::new(),
            payload: Vec::new(),
            build: String::new(),
        };
        let mut letter = Self::new(&parking, LetterReason::Gap, (0, 0), now);
        letter.state = LetterState::Resynced;
        letter.resolved_at = Some(now);
        letter
    }

    fn new(parking: &Parking, reason: LetterReason, at: (i64, i64), now: Moment) -> Self {
        let (history, version) = at;
        Self {
            id: parking.id,
            state: LetterState::Parked,
            reason,
            history,
            parked_version: version,
            highest_version: version,
            deliveries: 1,
            attempts: 1,
            actor: (0, String::new()),
            resync_reason: String::new(),
            parked_at: now,
            attempted_at: now,
            resolved_at: None,
            parking: parking.clone(),
        }
    }

    pub(super) fn begun(
        &self,
        state: LetterState,
        actor: &(i16, String),
        resync_reason: &str,
    ) -> Self {
        Self {
            state,
            actor: actor.clone(),
            resync_reason: resync_reason.to_owned(),
            ..self.clone()
        }
    }

    /// What is left when one more message was applied.
    pub(super) fn after(&self, place: Place, now: Moment) -> Self {
        let through = place.is_whole() && place.version >= self.highest_version;
        Self {
            state: if through {
                LetterState::Resolved
            } else {
                self.state
            },
            parked_version: place.version + i64::from(place.is_whole() && !through),
            attempted_at: now,
            resolved_at: through.then_some(now),
            ..self.clone()
        }
    }

    pub(super) fn resynced(&self, place: Place, now: Moment) -> Self {
        if !self.is_open() {
            return self.clone();
        }
        Self {
            state: LetterState::Resynced,
            history: place.history,
            highest_version: place.version.max(self.highest_version),
            attempted_at: now,
            resolved_at: Some(now),
            ..self.clone()
        }
    }

    /// A repeated attempt failed too, or the stream has come further meanwhile.
    fn again(&self, parking: &Parking, version: i64, now: Moment) -> Self {
        let mut letter = self.clone();
        if version > letter.highest_version {
            letter.highest_version = version;
            letter.deliveries += 1;
        }
        if let Some(why) = parking.why.filter(|_| letter.state != LetterState::Parked) {
            letter.state = LetterState::Parked;
            letter.reason = why;
            letter.attempts += 1;
            letter.attempted_at = now;
            letter.parked_version = version;
            // What is known of the message stays, where the attempt did not get to see one.
            if !parking.subject.is_empty() {
                let id = letter.parking.id;
                letter.parking = Parking {
                    id,
                    ..parking.clone()
                };
            }
        }
        letter
    }
}

/// The letter of a stream that stands still and is left alone.
pub(super) fn parked(letter: Option<&Letter>) -> Result<&Letter, Reason> {
    let letter = letter.ok_or(reason::RESOLVED)?;
    match letter.state {
        LetterState::Parked => Ok(letter),
        LetterState::Redriving | LetterState::Resyncing => Err(reason::BUSY),
        LetterState::Resolved | LetterState::Resynced => Err(reason::RESOLVED),
    }
}

/// The letter of a stream that is being redriven.
pub(super) fn under_way(letter: Option<&Letter>) -> Result<&Letter, Reason> {
    let redriving = |it: &&Letter| it.state == LetterState::Redriving;
    letter.filter(redriving).ok_or(reason::NOT_PARKED)
}

/// Parks, or notes how far a standing stream has come. Of a message that cannot be read only its
/// stream is known: it stands for the next version.
pub(super) fn park(
    inbox: Option<&Inbox>,
    letter: Option<&Letter>,
    parking: &Parking,
    now: Moment,
) -> Result<(Inbox, Letter), Reason> {
    let applied = inbox.map(|it| it.applied);
    let next = applied.map_or(1, |it| it.version + i64::from(it.is_whole()));
    let version = parking.place.map_or(next, |it| it.version);
    let known = inbox.map_or(1, |it| it.applied.history);
    let history = parking.place.map_or(known, |it| it.history);
    let open = letter.filter(|it| it.is_open());
    let written = match (open, parking.why) {
        (Some(open), _) => open.again(parking, version, now),
        (None, None) => return Err(reason::NOT_PARKED),
        (None, Some(why)) => {
            let place = parking.place;
            if place.is_some_and(|it| standing(applied, it) == Standing::Known) {
                return Err(reason::KNOWN);
            }
            let mut letter = Letter::new(parking, why, (history, next), now);
            letter.highest_version = version.max(next);
            letter
        }
    };
    let inbox = match inbox {
        Some(inbox) => Inbox {
            parked: true,
            ..inbox.clone()
        },
        None => Inbox::of_nothing(history, true, now),
    };
    Ok((inbox, written))
}
