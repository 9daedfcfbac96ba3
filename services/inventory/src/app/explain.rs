//! Which positions a hold would take, and why not others. Nothing is held: the hold is decided on
//! what is in mind, by the same rules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chassis::call::Call;
use chassis::fault::Fault;
use vocab::{LocationId, ProductId, ReservationId};

use super::choose::Looked;
use super::{App, Asked, Strategy};
use crate::domain::allocation::AllocationPolicy;
use crate::domain::command::{Demand, Reserve, Wanted};
use crate::domain::position::Position;
use crate::domain::refusal::NotHeld;
use crate::domain::reservation::{Line, Reference, Shortage};
use crate::domain::{Answer, Command, Key, Refusal, State, View, decide};

/// The most locations that are told of for one line.
const CANDIDATES_MAX: usize = 200;

/// What a hold would take, and why.
#[derive(Clone, Debug)]
pub struct Explained {
    /// Line by line.
    pub lines: Vec<ExplainedLine>,
    /// What is short, all lines together.
    pub shortages: Vec<Shortage>,
    /// The way of choosing that was used.
    pub strategy: Strategy,
    /// How the tenant's stock is held.
    pub policy: Arc<AllocationPolicy>,
    /// How many locations would serve.
    pub locations: usize,
}

/// What was looked at for one line.
#[derive(Clone, Debug)]
pub struct ExplainedLine {
    /// Its place in the request, from 1.
    pub number: i32,
    /// Units that would be held.
    pub quantity: i64,
    /// The locations, in the order of their ranks; those without one last.
    pub candidates: Vec<Candidate>,
}

/// A location that was looked at for a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What.
    pub product: ProductId,
    /// Where.
    pub location: LocationId,
    /// What a hold could take there, before this one.
    pub room: i64,
    /// What this line takes there.
    pub quantity: i64,
    /// Taken, or why not.
    pub verdict: Verdict,
    /// Its rank, from 1; 0 when it was not ranked.
    pub rank: i32,
}

/// Why a location serves a line or does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It serves.
    Chosen,
    /// Others came first.
    NotNeeded,
    /// Nothing can be promised there.
    NoStock,
    /// A shortfall is open there.
    ShortfallOpen,
    /// Nothing new is promised there.
    Closed,
    /// The request or the tenant leaves it out.
    Excluded,
    /// The limit of locations was reached.
    TooMany,
}

impl App {
    /// Tells what a hold would take now. What is short is told as it would be held in part.
    pub async fn explain(&self, call: &Call, asked: &Asked) -> Result<Explained, Fault> {
        let looked = self.look(call, asked).await??;
        let mut wanted = looked.wanted(asked);
        for line in &mut wanted.lines {
            line.places.retain(|it| looked.is_open(it.location));
        }
        let (held, shortages) = self.tried(&looked, &wanted)?;
        let lines = wanted.lines.iter().map(|demand| {
            let line = held.iter().find(|it| it.number == demand.number);
            looked.explained(asked, demand, line)
        });
        let lines: Vec<ExplainedLine> = lines.collect();
        let all = lines.iter().flat_map(|it| &it.candidates);
        let serving = all.filter(|it| it.verdict == Verdict::Chosen);
        let serving: BTreeSet<LocationId> = serving.map(|it| it.location).collect();
        Ok(Explained {
            locations: serving.len(),
            lines,
            shortages,
            strategy: looked.strategy,
            policy: looked.policy.clone(),
        })
    }

    /// Decides a hold on what is in mind.
    fn tried(&self, looked: &Looked, wanted: &Wanted) -> Result<(Vec<Line>, Vec<Shortage>), Fault> {
        let command = Command::Reserve(Box::new(Reserve {
            id: ReservationId::derive(None, &[]),
            reference: Reference::default(),
            wanted: Wanted {
                partial: true,
                ..wanted.clone()
            },
            ttl: std::time::Duration::from_secs(1),
        }));
        let mind = Mind::of(looked, wanted);
        match decide(&mind, &command, self.clock.now()) {
            Ok(decision) => match decision.answer {
                Answer::Reservation(hold) => Ok((hold.lines, hold.shortages)),
                other => Err(super::unexpected(&other)),
            },
            Err(Refusal::NotHeld(NotHeld::Insufficient(shortages))) => Ok((Vec::new(), shortages)),
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// Positions as they are in mind.
struct Mind(BTreeMap<Key, (State, i64)>);

impl Mind {
    fn of(looked: &Looked, wanted: &Wanted) -> Self {
        let products: BTreeSet<ProductId> = wanted.lines.iter().map(|it| it.product).collect();
        let seen = products.into_iter().flat_map(|it| looked.shelf(it));
        let seen = seen.map(|it| {
            let key = Key::Position(it.position.place);
            (key, (State::Position(Box::new(it.position)), it.version))
        });
        Self(seen.collect())
    }
}

impl View for Mind {
    fn state(&self, key: &Key) -> Option<&State> {
        self.0.get(key).map(|it| &it.0)
    }

    fn version(&self, key: &Key) -> i64 {
        self.0.get(key).map_or(0, |it| it.1)
    }
}

impl Looked {
    fn explained(&self, asked: &Asked, demand: &Demand, line: Option<&Line>) -> ExplainedLine {
        let seen = self.shelf(demand.product);
        let candidates = seen.iter().map(|it| {
            let location = it.position.place.location;
            let mut ranked = (1..).zip(&demand.places);
            let rank = ranked.find(|(_, place)| place.location == location);
            let held = line.into_iter().flat_map(|it| &it.allocations);
            let held = held.filter(|it| it.location == location);
            let candidate = Candidate {
                product: demand.product,
                location,
                room: self.room(asked, &it.position),
                quantity: held.map(|it| it.quantity).sum(),
                verdict: Verdict::Chosen,
                rank: rank.map_or(0, |it| it.0),
            };
            Candidate {
                verdict: self.verdict(asked, demand, (&candidate, &it.position)),
                ..candidate
            }
        });
        let mut candidates: Vec<Candidate> = candidates.collect();
        candidates.sort_by_key(|it| (it.rank == 0, it.rank, it.location));
        candidates.truncate(CANDIDATES_MAX);
        ExplainedLine {
            number: demand.number,
            quantity: line.map_or(0, |it| it.quantity),
            candidates,
        }
    }

    fn verdict(
        &self,
        asked: &Asked,
        demand: &Demand,
        (it, position): (&Candidate, &Position),
    ) -> Verdict {
        let excluded = match demand.given {
            Some(given) => given != it.location,
            None => self.excludes(asked, it.location),
        };
        if it.quantity > 0 {
            Verdict::Chosen
        } else if excluded {
            Verdict::Excluded
        } else if !self.is_open(it.location) {
            Verdict::Closed
        } else if position.levels.open_shortfall > 0 {
            Verdict::ShortfallOpen
        } else if it.room == 0 {
            Verdict::NoStock
        } else if it.rank == 0 {
            Verdict::TooMany
        } else {
            Verdict::NotNeeded
        }
    }
}
