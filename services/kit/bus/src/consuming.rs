//! A ledger that also listens: deliveries of other services' events as commands of the journal.
//!
//! The inbox of each stream is a plain key beside the ledger's own, so that duplicates, order,
//! batches and crashes are dealt with by what the journal does anyway. **Invariant:** an event's
//! effect, the version in the inbox and the end of a dead letter are one commit.

use journal::{Decision, Ledger, Memory, Stream, World};
use vocab::Moment;

mod inbox;
mod letter;
mod refusal;
mod store;

pub use inbox::{Inbox, Place, Standing};
pub use letter::{Letter, LetterReason, LetterState, Parking};
pub use refusal::{Refused, reason};
pub use store::ConsumingStore;

/// A ledger with inboxes and dead letters beside its own keys.
pub struct Consuming<L>(pub L);

/// One stream at one consumer, of the tenant that a command is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Followed {
    /// The consumer.
    pub consumer: String,
    /// The stream of the other service.
    pub stream: String,
}

/// The ledger's own keys and what stands beside them. Inboxes come first: deliveries of one stream
/// meet in one writer and stay in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key<K> {
    /// Up to which version a stream is applied.
    Inbox(Followed),
    /// The stream that stands still.
    DeadLetter(Followed),
    /// One of the ledger.
    Own(K),
}

/// How many tables stand before the ledger's own.
pub(crate) const TABLES: usize = 2;

impl<K: journal::Key> journal::Key for Key<K> {
    fn table(&self) -> usize {
        match self {
            Self::Inbox(_) => 0,
            Self::DeadLetter(_) => 1,
            Self::Own(key) => TABLES + key.table(),
        }
    }

    fn stream(&self) -> Option<Stream> {
        match self {
            Self::Inbox(_) | Self::DeadLetter(_) => None,
            Self::Own(key) => key.stream(),
        }
    }

    fn is_global(&self) -> bool {
        match self {
            Self::Inbox(_) | Self::DeadLetter(_) => false,
            Self::Own(key) => key.is_global(),
        }
    }
}

/// The ledger's own states and those beside them.
pub enum State<S> {
    /// Of a stream.
    Inbox(Inbox),
    /// Of a stream that stands still.
    DeadLetter(Box<Letter>),
    /// One of the ledger.
    Own(S),
}

/// What is asked for.
pub enum Command<C> {
    /// Something of the ledger's own.
    Own(C),
    /// Apply the next event of a stream; one without an effect only moves the inbox.
    Deliver {
        /// The stream.
        followed: Followed,
        /// Which message of it.
        place: Place,
        /// What it means here.
        effect: Option<C>,
    },
    /// Let a stream stand still at a message, or note how far a standing one has come.
    Park {
        /// The stream.
        followed: Followed,
        /// Which message, and why.
        parking: Box<Parking>,
    },
    /// Apply the next event of a stream that stands still and is being redriven.
    Redeliver {
        /// The stream.
        followed: Followed,
        /// Which message of it.
        place: Place,
        /// What it means here.
        effect: Option<C>,
    },
    /// Begin to try again, on somebody's request or by itself.
    Redrive {
        /// The stream.
        followed: Followed,
        /// Who asks: kind and id of the actor.
        actor: (i16, String),
    },
    /// Begin to give up what is parked for the owner's present state.
    BeginResync {
        /// The stream.
        followed: Followed,
        /// Who asks: kind and id of the actor.
        actor: (i16, String),
        /// Why.
        reason: String,
    },
    /// Take the owner's present state in place of all events up to a version.
    Settle {
        /// The stream.
        followed: Followed,
        /// The version of that state.
        place: Place,
        /// What it means here.
        effect: Option<C>,
    },
}

/// What the caller hears.
pub enum Answer<A> {
    /// From the ledger.
    Own(A),
    /// The delivery is done with.
    Done,
}

type Own<L> = (<L as Ledger>::Key, <L as Ledger>::State);

impl<L: Ledger> Ledger for Consuming<L> {
    type Key = Key<L::Key>;
    type State = State<L::State>;
    type Command = Command<L::Command>;
    type Fact = L::Fact;
    type Answer = Answer<L::Answer>;
    type Refusal = Refused<L::Refusal>;

    fn keys(&self, command: &Self::Command) -> Vec<Self::Key> {
        let (followed, letter, effect) = match command {
            Command::Own(own) => return self.own_keys(own),
            Command::Deliver {
                followed, effect, ..
            } => (followed, false, effect.as_ref()),
            Command::Redeliver {
                followed, effect, ..
            }
            | Command::Settle {
                followed, effect, ..
            } => (followed, true, effect.as_ref()),
            Command::Park { followed, .. }
            | Command::Redrive { followed, .. }
            | Command::BeginResync { followed, .. } => (followed, true, None),
        };
        let mut keys = vec![Key::Inbox(followed.clone())];
        if letter {
            keys.push(Key::DeadLetter(followed.clone()));
        }
        keys.extend(effect.map(|it| self.own_keys(it)).unwrap_or_default());
        keys
    }

    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Self::Command,
        now: Moment,
    ) -> Result<Decision<Self>, Self::Refusal> {
        match command {
            Command::Own(own) => self.own(world, own, now),
            Command::Deliver {
                followed,
                place,
                effect,
            } => {
                inbox::next(inbox_of(world, followed), *place)?;
                let applied = State::Inbox(Inbox::applied(*place, false, now));
                let decided = self.effect(world, effect.as_ref(), now)?;
                Ok(decided.keep(Key::Inbox(followed.clone()), applied))
            }
            Command::Redeliver {
                followed,
                place,
                effect,
            } => self.redeliver(world, (followed, *place, effect.as_ref()), now),
            Command::Settle {
                followed,
                place,
                effect,
            } => self.settle(world, (followed, *place, effect.as_ref()), now),
            Command::Park { followed, parking } => self.park(world, followed, parking, now),
            Command::Redrive { followed, actor } => {
                let letter = letter::parked(letter_of(world, followed))?;
                let letter = letter.begun(LetterState::Redriving, actor, "");
                Ok(self.with_letter(world, followed, letter))
            }
            Command::BeginResync {
                followed,
                actor,
                reason,
            } => {
                let letter = letter::parked(letter_of(world, followed))?;
                let letter = letter.begun(LetterState::Resyncing, actor, reason);
                Ok(self.with_letter(world, followed, letter))
            }
        }
    }

    fn evolve(&self, state: Option<Self::State>, fact: &Self::Fact) -> Self::State {
        let own = match state {
            Some(State::Own(own)) => Some(own),
            Some(State::Inbox(_) | State::DeadLetter(_)) | None => None,
        };
        State::Own(self.0.evolve(own, fact))
    }

    fn subject(&self, fact: &Self::Fact) -> Self::Key {
        Key::Own(self.0.subject(fact))
    }

    fn merges(&self, fact: &Self::Fact) -> bool {
        self.0.merges(fact)
    }

    fn merge(&self, earlier: &mut Self::Fact, later: &Self::Fact) -> bool {
        self.0.merge(earlier, later)
    }

    fn memory(&self, command: &Self::Command) -> Memory {
        match command {
            Command::Own(own) => self.0.memory(own),
            _ => Memory::Day,
        }
    }

    fn agrees(&self, fact: &Self::Fact, state: &Self::State) -> bool {
        match state {
            State::Own(own) => self.0.agrees(fact, own),
            State::Inbox(_) | State::DeadLetter(_) => false,
        }
    }
}

impl<L: Ledger> Consuming<L> {
    fn own_keys(&self, command: &L::Command) -> Vec<Key<L::Key>> {
        self.0.keys(command).into_iter().map(Key::Own).collect()
    }

    /// Decides a command of the ledger, which sees its own part of the world.
    fn own(
        &self,
        world: &World<'_, Self>,
        command: &L::Command,
        now: Moment,
    ) -> Result<Decision<Self>, Refused<L::Refusal>> {
        let look = |key: &L::Key| {
            let key = Key::Own(key.clone());
            let state = match world.state(&key) {
                Some(State::Own(own)) => Some(own),
                _ => None,
            };
            (state, world.version(&key))
        };
        let within = World::through(&look);
        let decided = self.0.decide(&within, command, now).map_err(Refused::Own)?;
        let plain = decided.plain.into_iter();
        let plain = plain.map(|(key, state): Own<L>| (Key::Own(key), State::Own(state)));
        let facts = decided.facts.into_iter().map(|noted| journal::Noted {
            fact: noted.fact,
            effective_at: noted.effective_at,
        });
        Ok(Decision {
            facts: facts.collect(),
            plain: plain.collect(),
            answer: Answer::Own(decided.answer),
        })
    }

    fn effect(
        &self,
        world: &World<'_, Self>,
        effect: Option<&L::Command>,
        now: Moment,
    ) -> Result<Decision<Self>, Refused<L::Refusal>> {
        match effect {
            Some(effect) => self.own(world, effect, now),
            None => Ok(Decision::answer(Answer::Done)),
        }
    }

    fn redeliver(
        &self,
        world: &World<'_, Self>,
        (followed, place, effect): (&Followed, Place, Option<&L::Command>),
        now: Moment,
    ) -> Result<Decision<Self>, Refused<L::Refusal>> {
        let letter = letter::under_way(letter_of(world, followed))?;
        inbox::next_parked(inbox_of(world, followed), place)?;
        let letter = letter.after(place, now);
        let parked = letter.is_open();
        let decided = self.effect(world, effect, now)?;
        let inbox = Inbox::applied(place, parked, now);
        Ok(decided
            .keep(Key::Inbox(followed.clone()), State::Inbox(inbox))
            .keep(
                Key::DeadLetter(followed.clone()),
                State::DeadLetter(letter.into()),
            ))
    }

    fn settle(
        &self,
        world: &World<'_, Self>,
        (followed, place, effect): (&Followed, Place, Option<&L::Command>),
        now: Moment,
    ) -> Result<Decision<Self>, Refused<L::Refusal>> {
        inbox::newer(inbox_of(world, followed), place)?;
        let letter = letter_of(world, followed).map(|it| it.resynced(place, now));
        let letter = letter.unwrap_or_else(|| Letter::of_nothing(now));
        let decided = self.effect(world, effect, now)?;
        let inbox = Inbox::applied(place, false, now);
        Ok(decided
            .keep(Key::Inbox(followed.clone()), State::Inbox(inbox))
            .keep(
                Key::DeadLetter(followed.clone()),
                State::DeadLetter(letter.into()),
            ))
    }

    fn park(
        &self,
        world: &World<'_, Self>,
        followed: &Followed,
        parking: &Parking,
        now: Moment,
    ) -> Result<Decision<Self>, Refused<L::Refusal>> {
        let known = letter_of(world, followed);
        let inbox = inbox_of(world, followed);
        let (inbox, letter) = letter::park(inbox, known, parking, now)?;
        Ok(Decision::answer(Answer::Done)
            .keep(Key::Inbox(followed.clone()), State::Inbox(inbox))
            .keep(
                Key::DeadLetter(followed.clone()),
                State::DeadLetter(letter.into()),
            ))
    }

    fn with_letter(
        &self,
        world: &World<'_, Self>,
        followed: &Followed,
        letter: Letter,
    ) -> Decision<Self> {
        let mut decided = Decision::answer(Answer::Done);
        if let Some(inbox) = inbox_of(world, followed) {
            let inbox = State::Inbox(inbox.clone());
            decided = decided.keep(Key::Inbox(followed.clone()), inbox);
        }
        decided.keep(
            Key::DeadLetter(followed.clone()),
            State::DeadLetter(letter.into()),
        )
    }
}

fn inbox_of<'w, L: Ledger>(
    world: &'w World<'_, Consuming<L>>,
    followed: &Followed,
) -> Option<&'w Inbox> {
    match world.state(&Key::Inbox(followed.clone())) {
        Some(State::Inbox(inbox)) => Some(inbox),
        _ => None,
    }
}

fn letter_of<'w, L: Ledger>(
    world: &'w World<'_, Consuming<L>>,
    followed: &Followed,
) -> Option<&'w Letter> {
    match world.state(&Key::DeadLetter(followed.clone())) {
        Some(State::DeadLetter(letter)) => Some(letter.as_ref()),
        _ => None,
    }
}
