//! The facts of a batch before they are written, neighbours merged where the ledger allows it.

use vocab::Moment;

use crate::decision::Noted;
use crate::ledger::Ledger;
use crate::slot::Slot;

/// A fact that will be written.
pub(super) struct Draft<L: Ledger> {
    pub slot: usize,
    /// The command that it came from; the first one, where facts were merged.
    pub item: usize,
    pub fact: L::Fact,
    pub version: i64,
    pub effective_at: Option<Moment>,
    pub recorded_at: Moment,
    /// Whether it may take in its neighbours.
    open: bool,
    /// Whether it speaks for several commands.
    pub merged: bool,
}

/// The facts so far.
pub(super) struct Drafts<L: Ledger> {
    pub all: Vec<Draft<L>>,
    now: Moment,
}

impl<L: Ledger> Drafts<L> {
    pub fn new(now: Moment) -> Self {
        Self {
            all: Vec::new(),
            now,
        }
    }

    /// Folds the facts of a command into their states and notes them down.
    ///
    /// A fact merges only if its command leaves another that does not: a merged one says nothing
    /// of who did it.
    pub fn note(
        &mut self,
        ledger: &L,
        slots: &mut [Slot<L>],
        (item, facts, subjects): (usize, Vec<Noted<L::Fact>>, Vec<usize>),
    ) {
        let tells_who = facts.iter().any(|it| !ledger.merges(&it.fact));
        for (noted, place) in facts.into_iter().zip(subjects) {
            let Some(slot) = slots.get_mut(place) else {
                continue;
            };
            slot.state = Some(ledger.evolve(slot.state.take(), &noted.fact));
            slot.changed = true;
            slot.changed_by = item;
            let open = tells_who && ledger.merges(&noted.fact);
            if open && self.merge(ledger, slot, item, &noted) {
                continue;
            }
            slot.version += 1;
            slot.recorded_at = slot.recorded_at.max(self.now);
            slot.last_fact = Some(self.all.len());
            self.all.push(Draft {
                slot: place,
                item,
                fact: noted.fact,
                version: slot.version,
                effective_at: noted.effective_at,
                recorded_at: slot.recorded_at,
                open,
                merged: false,
            });
        }
    }

    /// Adds a fact to the last one about the same key, if both are willing.
    fn merge(&mut self, ledger: &L, slot: &Slot<L>, item: usize, noted: &Noted<L::Fact>) -> bool {
        let last = slot.last_fact.and_then(|at| self.all.get_mut(at));
        let willing = |it: &&mut Draft<L>| it.open && it.effective_at == noted.effective_at;
        let Some(last) = last.filter(willing) else {
            return false;
        };
        let merged = ledger.merge(&mut last.fact, &noted.fact);
        last.merged |= merged && last.item != item;
        merged
    }
}
