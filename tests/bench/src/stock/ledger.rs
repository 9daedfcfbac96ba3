//! The rules: a reservation is accepted whole or refused, and no position gives what it lacks.

use std::time::Duration;

use chassis::fault::{Fault, Kind as FaultKind, Reason};
use journal::{Decision, Ledger, Memory, Stream, World};
use vocab::{LocationId, Moment, ProductId, ReservationId};

/// How long a reservation holds.
const TTL: Duration = Duration::from_secs(900);

/// Where stock lies: a product at a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Which product.
    pub product: ProductId,
    /// Where.
    pub location: LocationId,
}

/// So much from one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// From where.
    pub place: Place,
    /// How many units.
    pub quantity: i64,
}

/// Names one state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The stock of a place.
    Position(Place),
    /// One reservation.
    Reservation(ReservationId),
}

/// One state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The stock of a place.
    Position(Position),
    /// One reservation.
    Reservation(Reservation),
}

/// The stock of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Units that lie there.
    pub on_hand: i64,
    /// Units among them that are promised.
    pub reserved: i64,
}

/// What was reserved, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// What is held, one line a place.
    pub lines: Vec<Line>,
    /// When it ends by itself.
    pub expires_at: Moment,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Command {
    /// Puts units on a shelf.
    Receive(Line),
    /// Takes units for somebody.
    Reserve(ReservationId, Vec<Line>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Units came.
    Received(Line),
    /// Units of one place were promised to these reservations; so many are promised after that.
    Held(Place, Vec<(ReservationId, i64)>, i64),
    /// A reservation was made.
    Placed(ReservationId, Reservation),
}

/// What the caller hears: until when the units are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer(pub Moment);

/// Why the answer is no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is too little at a place.
    Short(Place),
    /// The reservation is there already.
    Taken,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let reason = |name| Reason::new(FaultKind::Refused, "retail.inventory", name);
        match refusal {
            Refusal::Short(place) => {
                let fault = Self::new(reason("INSUFFICIENT_STOCK"), "there is too little stock");
                fault.about("product", place.product.to_string())
            }
            Refusal::Taken => Self::new(reason("HOLD_REVOKED"), "the reservation is there"),
        }
    }
}

impl journal::Key for Key {
    fn table(&self) -> usize {
        match self {
            Self::Position(_) => 0,
            Self::Reservation(_) => 1,
        }
    }

    fn stream(&self) -> Option<Stream> {
        Some(match self {
            Self::Position(place) => {
                let id = format!("{}-{}", place.product, place.location);
                Stream::new("position", id)
            }
            Self::Reservation(id) => Stream::new("reservation", id),
        })
    }
}

/// The ledger of the benchmark, and its store.
#[derive(Clone, Copy, Debug)]
pub struct Stock;

impl Ledger for Stock {
    type Key = Key;
    type State = State;
    type Command = Command;
    type Fact = Fact;
    type Answer = Answer;
    type Refusal = Refusal;

    fn keys(&self, command: &Command) -> Vec<Key> {
        match command {
            Command::Receive(line) => vec![Key::Position(line.place)],
            Command::Reserve(id, lines) => {
                let places = lines.iter().map(|it| Key::Position(it.place));
                places.chain([Key::Reservation(*id)]).collect()
            }
        }
    }

    fn decide(
        &self,
        world: &World<'_, Self>,
        command: &Command,
        now: Moment,
    ) -> Result<Decision<Self>, Refusal> {
        match command {
            Command::Receive(line) => Ok(Decision::answer(Answer(now)).fact(Fact::Received(*line))),
            Command::Reserve(id, lines) => reserve(world, *id, lines, now),
        }
    }

    fn evolve(&self, state: Option<State>, fact: &Fact) -> State {
        let position = match state {
            Some(State::Position(position)) => position,
            _ => Position::default(),
        };
        match fact {
            Fact::Received(line) => State::Position(Position {
                on_hand: position.on_hand + line.quantity,
                ..position
            }),
            Fact::Held(_, holds, _) => State::Position(Position {
                reserved: position.reserved + holds.iter().map(|it| it.1).sum::<i64>(),
                ..position
            }),
            Fact::Placed(_, reservation) => State::Reservation(reservation.clone()),
        }
    }

    fn subject(&self, fact: &Fact) -> Key {
        match fact {
            Fact::Received(line) => Key::Position(line.place),
            Fact::Held(place, ..) => Key::Position(*place),
            Fact::Placed(id, _) => Key::Reservation(*id),
        }
    }

    fn merges(&self, fact: &Fact) -> bool {
        matches!(fact, Fact::Held(..))
    }

    fn merge(&self, earlier: &mut Fact, later: &Fact) -> bool {
        match (earlier, later) {
            (Fact::Held(_, holds, after), Fact::Held(_, more, then)) => {
                holds.extend_from_slice(more);
                *after = *then;
                true
            }
            _ => false,
        }
    }

    fn memory(&self, _: &Command) -> Memory {
        Memory::Week
    }

    fn agrees(&self, fact: &Fact, state: &State) -> bool {
        match (fact, state) {
            (Fact::Held(_, _, after), State::Position(position)) => position.reserved == *after,
            _ => true,
        }
    }
}

fn reserve(
    world: &World<'_, Stock>,
    id: ReservationId,
    lines: &[Line],
    now: Moment,
) -> Result<Decision<Stock>, Refusal> {
    if world.state(&Key::Reservation(id)).is_some() {
        return Err(Refusal::Taken);
    }
    let lines = summed(lines);
    let expires_at = now.plus(TTL).unwrap_or(now);
    let mut held = Vec::with_capacity(lines.len());
    for line in &lines {
        let place = line.place;
        let Some(State::Position(position)) = world.state(&Key::Position(place)) else {
            return Err(Refusal::Short(place));
        };
        let after = position.reserved + line.quantity;
        if after > position.on_hand {
            return Err(Refusal::Short(place));
        }
        held.push(Fact::Held(place, vec![(id, line.quantity)], after));
    }
    let placed = Fact::Placed(id, Reservation { lines, expires_at });
    let decision = Decision::answer(Answer(expires_at)).fact(placed);
    Ok(held.into_iter().fold(decision, Decision::fact))
}

/// Sums what lines want of one place, sorted by place.
pub fn summed(lines: &[Line]) -> Vec<Line> {
    let mut sorted = lines.to_vec();
    sorted.sort_unstable_by_key(|it| it.place);
    sorted.dedup_by(|later, earlier| {
        let same = later.place == earlier.place;
        if same {
            earlier.quantity += later.quantity;
        }
        same
    });
    sorted
}
