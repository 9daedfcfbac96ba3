//! The decisions of a batch, in the order in which its commands came, on states folded so far.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chassis::fault::Fault;
use uuid::Uuid;
use vocab::{Moment, TenantId};

use super::Failure;
use super::answers::Remembered;
use super::drafts::{Draft, Drafts};
use super::replies::{defect, replay};
use crate::decision::Decision;
use crate::item::{Item, Reply};
use crate::journal::Shared;
use crate::ledger::{Key, Ledger};
use crate::plan::Plan;
use crate::slot::Slot;
use crate::world::World;

/// What a batch came to before anything of it is written.
pub(super) struct Decided<L: Ledger> {
    pub drafts: Vec<Draft<L>>,
    pub replies: Vec<Reply<L>>,
    /// What has to be remembered.
    pub answers: Vec<Answered>,
    pub now: Moment,
}

/// An answer to remember.
pub(super) struct Answered {
    pub item: usize,
    pub refused: bool,
    pub answer: Vec<u8>,
}

/// A batch while it is decided.
pub(super) struct Deciding<'a, L: Ledger> {
    shared: &'a Shared<L>,
    items: &'a [Item<L>],
    places: &'a [Vec<usize>],
    slots: &'a mut [Slot<L>],
    now: Moment,
    drafts: Drafts<L>,
    replies: Vec<Reply<L>>,
    answers: Vec<Answered>,
    earlier: HashMap<Request<'a>, Earlier<L>>,
}

/// What names a request: tenant, principal, method, id.
type Request<'a> = (TenantId, &'a str, &'a str, Uuid);

/// What became of a request that stands twice in one batch.
enum Earlier<L: Ledger> {
    Answered(Remembered),
    Refused([u8; 32], L::Refusal),
}

/// A decision that was found to keep the rules, and the places of what it writes.
struct Judged<L: Ledger> {
    decision: Decision<L>,
    subjects: Vec<usize>,
    kept: Vec<usize>,
}

/// Why a command is not accepted.
enum No<L: Ledger> {
    Refused(L::Refusal),
    Defect(String),
}

impl<'a, L: Ledger> Deciding<'a, L> {
    pub fn new(
        shared: &'a Shared<L>,
        items: &'a [Item<L>],
        plan: &'a mut Plan<L>,
        now: Moment,
    ) -> Self {
        Self {
            shared,
            items,
            places: &plan.places,
            slots: &mut plan.slots,
            now,
            drafts: Drafts::new(now),
            replies: Vec::with_capacity(items.len()),
            answers: Vec::new(),
            earlier: HashMap::new(),
        }
    }

    /// Decides all commands. A panic while a decision is applied leaves a world that nobody may
    /// use, so it ends the try and names the command.
    pub fn run(mut self, mut stored: HashMap<usize, Remembered>) -> Result<Decided<L>, Failure> {
        let decide = AssertUnwindSafe(|| {
            for at in 0..self.items.len() {
                if let Some(item) = self.items.get(at) {
                    let reply = self.one(at, item, stored.remove(&at));
                    self.replies.push(reply);
                }
            }
        });
        if let Err(panic) = catch_unwind(decide) {
            return Err(Failure::Poisoned(self.replies.len(), text_of(&*panic)));
        }
        Ok(Decided {
            drafts: self.drafts.all,
            replies: self.replies,
            answers: self.answers,
            now: self.now,
        })
    }

    fn one(&mut self, at: usize, item: &'a Item<L>, stored: Option<Remembered>) -> Reply<L> {
        let fingerprint = item.submission.attempt.map(|it| it.fingerprint);
        if let (Some(stored), Some(fingerprint)) = (&stored, fingerprint) {
            return replay(&*self.shared.store, stored, fingerprint);
        }
        let request = self.request(item);
        if let Some(earlier) = request.as_ref().and_then(|it| self.earlier.get(it)) {
            match (earlier, fingerprint) {
                (Earlier::Answered(stored), Some(own)) => {
                    return replay(&*self.shared.store, stored, own);
                }
                (Earlier::Refused(of, refusal), Some(own)) if *of == own => {
                    return Err(refusal.clone().into());
                }
                _ => (),
            }
        }
        let judged = catch_unwind(AssertUnwindSafe(|| self.judge(at, item)));
        match judged.unwrap_or_else(|panic| Err(No::Defect(text_of(&*panic)))) {
            Ok(judged) => Ok(self.accept(at, item, judged)),
            Err(No::Refused(refusal)) => Err(self.refuse(at, item, refusal)),
            Err(No::Defect(what)) => Err(defect(what)),
        }
    }

    fn request(&self, item: &'a Item<L>) -> Option<Request<'a>> {
        let submission = &item.submission;
        let attempt = submission.attempt?;
        let remembers = !self.shared.settings.controls.forget_answers;
        remembers.then_some((
            submission.tenant,
            submission.principal.as_str(),
            submission.method.as_ref(),
            attempt.request_id,
        ))
    }

    /// Asks the ledger, and holds its decision against the rules. Nothing changes yet.
    fn judge(&self, at: usize, item: &Item<L>) -> Result<Judged<L>, No<L>> {
        let places = self.places.get(at).map(Vec::as_slice).unwrap_or_default();
        let slots = places.iter().filter_map(|place| self.slots.get(*place));
        if let Some(why) = slots.clone().find_map(|slot| slot.unreadable.as_ref()) {
            return Err(No::Defect(why.to_string()));
        }
        let world = World::new(&item.keys, places, self.slots);
        let ledger = &self.shared.ledger;
        let decided = ledger.decide(&world, &item.command, self.now);
        if world.strayed() {
            let what = "a decision looked at a key that its command does not name";
            return Err(No::Defect(what.to_owned()));
        }
        let decision = decided.map_err(No::Refused)?;
        let place = |key: &L::Key, plain: bool| {
            let found = item.keys.binary_search(key).ok();
            let place = found.and_then(|it| places.get(it)).copied();
            let fits = key.stream().is_none() == plain && self.is_plain(key) == plain;
            let what = || No::Defect(format!("{key:?} is written, and not named or of that sort"));
            place.filter(|_| fits).ok_or_else(what)
        };
        let facts = decision.facts.iter();
        let subjects = facts.map(|it| place(&ledger.subject(&it.fact), false));
        let subjects = subjects.collect::<Result<Vec<usize>, _>>()?;
        let kept = decision.plain.iter().map(|(key, _)| place(key, true));
        let kept = kept.collect::<Result<Vec<usize>, _>>()?;
        // Only a row that is written keeps others from writing it: absence alone is no lock.
        let written = |place: &usize| subjects.contains(place) || kept.contains(place);
        let absent = |slot: &Slot<L>| slot.state.is_none();
        let mut lost = places.iter().filter(|place| !written(place));
        if lost.any(|place| self.slots.get(*place).is_some_and(absent)) {
            let what = "an accepted command left a key unwritten that it found absent";
            return Err(No::Defect(what.to_owned()));
        }
        Ok(Judged {
            decision,
            subjects,
            kept,
        })
    }

    fn is_plain(&self, key: &L::Key) -> bool {
        let table = self.shared.statements.tables.get(key.table());
        table.is_some_and(|it| !it.aggregate)
    }

    /// Applies a decision. From here on nothing can fail but our own code.
    fn accept(&mut self, at: usize, item: &'a Item<L>, judged: Judged<L>) -> L::Answer {
        let Judged {
            decision,
            subjects,
            kept,
        } = judged;
        self.drafts.note(
            &self.shared.ledger,
            self.slots,
            (at, decision.facts, subjects),
        );
        for ((_, state), place) in decision.plain.into_iter().zip(kept) {
            if let Some(slot) = self.slots.get_mut(place) {
                slot.state = Some(state);
                slot.changed = true;
                slot.changed_by = at;
            }
        }
        if let Some(request) = self.request(item) {
            let answer = self.shared.store.answer(&decision.answer);
            self.remember(at, request, (false, answer));
        }
        decision.answer
    }

    fn refuse(&mut self, at: usize, item: &'a Item<L>, refusal: L::Refusal) -> Fault {
        let Some((request, attempt)) = self.request(item).zip(item.submission.attempt) else {
            return refusal.into();
        };
        if !item.submission.final_refusals {
            let earlier = Earlier::Refused(attempt.fingerprint, refusal.clone());
            self.earlier.insert(request, earlier);
            return refusal.into();
        }
        let Some(bytes) = self.shared.store.refusal(&refusal) else {
            return defect("a final refusal that the store cannot keep".to_owned());
        };
        self.remember(at, request, (true, bytes));
        refusal.into()
    }

    fn remember(&mut self, at: usize, request: Request<'a>, (refused, answer): (bool, Vec<u8>)) {
        let attempt = self.items.get(at).and_then(|it| it.submission.attempt);
        let remembered = Remembered {
            fingerprint: attempt
                .map(|it| it.fingerprint.to_vec())
                .unwrap_or_default(),
            refused,
            answer: answer.clone(),
        };
        self.earlier.insert(request, Earlier::Answered(remembered));
        self.answers.push(Answered {
            item: at,
            refused,
            answer,
        });
    }
}

/// Returns what a panic said.
pub(super) fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "a panic".to_owned(), |it| format!("a panic: {it}"))
}
