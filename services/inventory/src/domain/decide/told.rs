//! What others tell has happened. Never refused for a quantity, and counted once.

use std::collections::BTreeMap;

use vocab::Moment;

use super::draft::{Cause, Draft};
use crate::domain::Mark;
use crate::domain::answer::{Answer, Decision, Entry};
use crate::domain::command::{RecordFacts, ToldFact, ToldKind};
use crate::domain::fact::{Adjustment, Move, PositionChange};
use crate::domain::key::{self, Key, State, View};
use crate::domain::levels::{Bucket, Levels};
use crate::domain::refusal::Refusal;
use crate::domain::told::Remembered;

/// The number of scrap among the reasons of adjustments.
const SCRAP: i32 = 9;
/// Why goods are good again.
const RESTOCKED: &str = "RESTOCKED";

/// Books what was told and not booked before. What was is answered with its old entry.
pub(super) fn record(
    view: &dyn View,
    command: &RecordFacts,
    now: Moment,
) -> Result<Decision, Refusal> {
    let at = match command.lenient {
        true => command.effective_at.filter(|it| *it <= now),
        false => command.effective_at,
    };
    let mut draft = Draft::since(view, now, at)?;
    let mut fresh: BTreeMap<Mark, Remembered> = BTreeMap::new();
    let mut entries = Vec::with_capacity(command.facts.len());
    for fact in &command.facts {
        let before = fresh.get(&fact.key).copied();
        let before = before.or_else(|| key::told(view, fact.key));
        let known = match before {
            Some(known) if known.content != fact.content => {
                return Err(Refusal::FactConflict(fact.told.fact_key.clone()));
            }
            Some(known) => known,
            None => {
                let known = Remembered {
                    content: fact.content,
                    entry: book(&mut draft, fact),
                };
                fresh.insert(fact.key, known);
                known
            }
        };
        entries.push(known.entry);
    }
    let mut decision = draft.answer(Answer::Entries(entries));
    let told = fresh.into_iter();
    decision.plain = told
        .map(|(key, it)| (Key::Told(key), State::Told(it)))
        .collect();
    Ok(decision)
}

fn book(draft: &mut Draft<'_>, fact: &ToldFact) -> Entry {
    let levels = draft.position(fact.place).levels;
    let told = Box::new(fact.told.clone());
    let (what, change) = match fact.kind {
        ToldKind::Sale => {
            let change = levels.outgoing(Bucket::Sellable, told.quantity);
            (PositionChange::Sold(told), change)
        }
        ToldKind::Return(bucket) => {
            let change = Levels::incoming(bucket, told.quantity);
            (PositionChange::Returned(told, bucket), change)
        }
        ToldKind::Restock => restocked(&levels, fact),
        ToldKind::Scrap => scrapped(&levels, fact),
    };
    draft.record(fact.place, what, (change, Cause::World))
}

/// Units that the records did not have in quarantine were found there.
fn restocked(levels: &Levels, fact: &ToldFact) -> (PositionChange, Levels) {
    let told = &fact.told;
    let found = (told.quantity - levels.quarantined).max(0);
    let mut change = Levels::moving(Bucket::Quarantined, Bucket::Sellable, told.quantity - found);
    change.on_hand = found;
    let what = PositionChange::Moved(Box::new(Move {
        quantity: told.quantity,
        from: Bucket::Quarantined,
        to: Bucket::Sellable,
        found,
        reason: RESTOCKED.to_owned(),
        goods: told.goods.clone(),
        note: String::new(),
        reference: Some(told.reference.clone()),
        fact_key: told.fact_key.clone(),
    }));
    (what, change)
}

fn scrapped(levels: &Levels, fact: &ToldFact) -> (PositionChange, Levels) {
    let told = &fact.told;
    let what = PositionChange::Adjusted(Box::new(Adjustment {
        delta: -told.quantity,
        reason: SCRAP,
        bucket: Bucket::Quarantined,
        goods: told.goods.clone(),
        note: String::new(),
        reference: Some(told.reference.clone()),
        metadata: told.metadata.clone(),
    }));
    (what, levels.outgoing(Bucket::Quarantined, told.quantity))
}
