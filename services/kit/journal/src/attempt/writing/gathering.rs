//! The rows of a batch, part by part, as arrays.

use std::cell::Cell;

use sqlx::postgres::PgArguments;
use vocab::Moment;

use super::Writing;
use crate::attempt::answers::name;
use crate::attempt::deciding::{Answered, Decided};
use crate::attempt::drafts::Draft;
use crate::attempt::locking::range_of;
use crate::attempt::outcome::Evidence;
use crate::columns::{Columns, Misfit};
use crate::dice::Dice;
use crate::item::Item;
use crate::journal::Shared;
use crate::ledger::{Key, Ledger};
use crate::plan::Plan;
use crate::slot::Slot;
use crate::sql::{Part, Parts};
use crate::table::Table;
use crate::value::Value;

/// A batch while its rows are put together.
pub(super) struct Gathering<'a, L: Ledger> {
    shared: &'a Shared<L>,
    items: &'a [Item<L>],
    plan: &'a Plan<L>,
    decided: &'a Decided<L>,
    /// The command to blame if our own code fails now.
    culprit: Cell<usize>,
}

/// The parts so far, and what proves afterwards that they were committed.
#[derive(Default)]
struct Gathered {
    parts: Vec<(Part, Columns)>,
    slots: Vec<usize>,
    requests: Vec<(usize, [Value; 4])>,
    evidence: Option<Evidence>,
}

impl<'a, L: Ledger> Gathering<'a, L> {
    pub fn new(
        shared: &'a Shared<L>,
        items: &'a [Item<L>],
        plan: &'a Plan<L>,
        decided: &'a Decided<L>,
    ) -> Self {
        Self {
            shared,
            items,
            plan,
            decided,
            culprit: Cell::new(0),
        }
    }

    pub fn culprit(&self) -> usize {
        self.culprit.get()
    }

    pub fn gather(&self, dice: &mut Dice) -> Result<Option<Writing>, Misfit> {
        let mut gathered = Gathered::default();
        self.facts(dice, &mut gathered)?;
        self.answers(&mut gathered)?;
        for (at, table) in self.shared.statements.tables.iter().enumerate() {
            self.states(at, table, &mut gathered)?;
        }
        gathered.writing()
    }

    /// The rows of state of one table: those that are there and those that are new.
    fn states(&self, at: usize, table: &Table, gathered: &mut Gathered) -> Result<(), Misfit> {
        let range = range_of(&self.plan.slots, at);
        let slots = range.filter_map(|it| Some((it, self.plan.slots.get(it)?)));
        let changed: Vec<(usize, &Slot<L>)> = slots.filter(|(_, slot)| slot.changed).collect();
        if changed.is_empty() {
            return Ok(());
        }
        let tables = self.shared.statements.tables;
        let columns = |part: Part| Columns::of(&part.kinds(tables), changed.len());
        let (mut change, mut add) = (columns(Part::Change(at)), columns(Part::Add(at)));
        for (place, slot) in changed {
            self.culprit.set(slot.changed_by);
            let Some(state) = &slot.state else { continue };
            let store = &self.shared.store;
            let (key, state) = (store.key(&slot.key), store.encode(&slot.key, state));
            gathered.witness(|| Evidence::State {
                table: at,
                tenant: slot.tenant,
                key: key.clone(),
                state: state.clone(),
            });
            let row = std::iter::once(Value::Uuid(slot.tenant)).chain(key);
            match (slot.found, table.aggregate) {
                (true, true) => change.push(row.chain(history(slot)).chain(state))?,
                (true, false) => change.push(row.chain(state))?,
                (false, true) => {
                    let history = history(slot).into_iter().skip(1);
                    add.push(row.chain(history).chain(state))?;
                }
                (false, false) => add.push(row.chain(state))?,
            }
            gathered.slots.push(place);
        }
        gathered.add(Part::Change(at), change);
        gathered.add(Part::Add(at), add);
        Ok(())
    }

    fn facts(&self, dice: &mut Dice, gathered: &mut Gathered) -> Result<(), Misfit> {
        let drafts = &self.decided.drafts;
        let kinds = Part::Facts.kinds(self.shared.statements.tables);
        let mut columns = Columns::of(&kinds, drafts.len());
        for draft in drafts {
            self.culprit.set(draft.item);
            let Some(slot) = self.plan.slots.get(draft.slot) else {
                continue;
            };
            let Some((stream, item)) = slot.key.stream().zip(self.items.get(draft.item)) else {
                continue;
            };
            let event_id = dice.event_id(draft.recorded_at);
            gathered.witness(|| Evidence::Fact {
                tenant: slot.tenant,
                stream: stream.id.clone(),
                version: draft.version,
                event_id,
            });
            let named = [
                Value::Uuid(slot.tenant),
                Value::from(stream.kind),
                Value::Text(stream.id),
                Value::BigInt(draft.version),
            ];
            let (kind, payload) = self.shared.store.fact(&draft.fact);
            let fact = [
                Value::from(event_id),
                Value::Text(kind.into_owned()),
                Value::Bytes(payload),
            ];
            let told = self.told(draft, item);
            columns.push(named.into_iter().chain(fact).chain(told))?;
        }
        gathered.add(Part::Facts, columns);
        Ok(())
    }

    /// Who did it, how, why and when. A merged fact is the service's: each of its commands left
    /// another that tells.
    fn told(&self, draft: &Draft<L>, item: &Item<L>) -> [Value; 10] {
        let submission = &item.submission;
        let (kind, id, reason, request) = if draft.merged {
            let service = &self.shared.settings.service;
            (contracts::common::ActorType::Service, service, "", None)
        } else {
            let request = submission.attempt.map(|it| it.request_id);
            let actor = &submission.actor;
            (actor.kind, &actor.id, submission.reason.as_str(), request)
        };
        let kind = i16::try_from(i32::from(kind)).unwrap_or_default();
        [
            Value::SmallInt(kind),
            Value::from(id.as_str()),
            Value::from(submission.method.as_ref()),
            Value::from(request),
            Value::from(submission.correlation.as_str()),
            Value::from(submission.causation.as_str()),
            Value::from(reason),
            Value::from(submission.traceparent.as_str()),
            Value::Moment(draft.effective_at.unwrap_or(draft.recorded_at)),
            Value::Moment(draft.recorded_at),
        ]
    }

    /// The answers to remember, sorted as everybody sorts them.
    fn answers(&self, gathered: &mut Gathered) -> Result<(), Misfit> {
        let named = |it: &'a Answered| Some((name(self.items.get(it.item)?)?, it));
        let mut answers: Vec<_> = self.decided.answers.iter().filter_map(named).collect();
        answers.sort_by(|one, other| one.0.cmp(&other.0));
        let kinds = Part::Answers.kinds(self.shared.statements.tables);
        let mut columns = Columns::of(&kinds, answers.len());
        for (name, answered) in answers {
            self.culprit.set(answered.item);
            gathered.witness(|| Evidence::Answer {
                name: name.clone(),
                answer: answered.answer.clone(),
            });
            gathered.requests.push((answered.item, name.clone()));
            columns.push(name.into_iter().chain(self.remembered(answered)))?;
        }
        gathered.add(Part::Answers, columns);
        Ok(())
    }

    fn remembered(&self, answered: &Answered) -> [Value; 5] {
        let item = self.items.get(answered.item);
        let attempt = item.and_then(|it| it.submission.attempt);
        let fingerprint = attempt.map(|it| it.fingerprint.to_vec());
        let memory = item.map(|it| self.shared.ledger.memory(&it.command));
        let kept = memory.map(|it| it.duration()).unwrap_or_default();
        let now = self.decided.now;
        [
            Value::Bytes(fingerprint.unwrap_or_default()),
            Value::Boolean(answered.refused),
            Value::Bytes(answered.answer.clone()),
            Value::Moment(now),
            Value::Moment(now.plus(kept).unwrap_or(Moment::LAST)),
        ]
    }
}

/// The version that a row was found with, its new one, and when its last fact was recorded.
fn history<L: Ledger>(slot: &Slot<L>) -> [Value; 3] {
    [
        Value::BigInt(slot.version_found),
        Value::BigInt(slot.version),
        Value::Moment(slot.recorded_at),
    ]
}

impl Gathered {
    /// Keeps the first thing that can be looked up after a lost commit. Facts come first, for
    /// their ids are nobody else's.
    fn witness(&mut self, evidence: impl FnOnce() -> Evidence) {
        if self.evidence.is_none() {
            self.evidence = Some(evidence());
        }
    }

    fn add(&mut self, part: Part, columns: Columns) {
        if columns.rows() > 0 {
            self.parts.push((part, columns));
        }
    }

    fn writing(mut self) -> Result<Option<Writing>, Misfit> {
        self.parts.sort_by_key(|it| it.0);
        let mut parts = Parts::default();
        let mut arguments = PgArguments::default();
        let mut meant = Vec::with_capacity(self.parts.len());
        for (part, columns) in self.parts {
            parts.insert(part);
            meant.push(columns.rows());
            columns.bind(&mut arguments).map_err(Misfit::of)?;
        }
        let evidence = self.evidence.filter(|_| !meant.is_empty());
        Ok(evidence.map(|evidence| Writing {
            parts,
            arguments,
            meant,
            slots: self.slots,
            requests: self.requests,
            evidence,
        }))
    }
}
