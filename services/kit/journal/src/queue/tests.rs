//! The line in front of a writer: how long it may get, and whom it lets wait.

use chassis::deadline::Deadline;
use chassis::fault::Kind;
use tokio::sync::oneshot;
use vocab::{Moment, TenantId};

use super::*;
use crate::decision::Decision;
use crate::item::Reply;
use crate::ledger::{Key, Stream};
use crate::submission::Submission;
use crate::world::World;

const LENGTH_MAX: usize = 2_000;
const EACH: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(60);

/// No answer is ever no.
#[derive(Clone)]
enum Never {}

impl From<Never> for Fault {
    fn from(never: Never) -> Self {
        match never {}
    }
}

/// Rules of which nobody asks anything here.
struct Idle;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Row;

impl Key for Row {
    fn table(&self) -> usize {
        0
    }

    fn stream(&self) -> Option<Stream> {
        None
    }
}

impl Ledger for Idle {
    type Key = Row;
    type State = ();
    type Command = ();
    type Fact = ();
    type Answer = ();
    type Refusal = Never;

    fn keys(&self, (): &()) -> Vec<Row> {
        vec![Row]
    }

    fn decide(&self, _: &World<'_, Self>, (): &(), _: Moment) -> Result<Decision<Self>, Never> {
        Ok(Decision::answer(()))
    }

    fn evolve(&self, _: Option<()>, (): &()) {}

    fn subject(&self, (): &()) -> Row {
        Row
    }
}

fn tenant(number: u8) -> TenantId {
    TenantId::at(1, [number; 10])
}

fn item(tenant: TenantId, patience: Duration) -> (Item<Idle>, oneshot::Receiver<Reply<Idle>>) {
    let submission = Submission::of_service("test", tenant, "test", Deadline::within(patience));
    Item::new(submission, (), vec![Row])
}

fn push(queue: &Queue<Idle>, whose: u8, patience: Duration) -> Result<(), Fault> {
    queue.push(item(tenant(whose), patience).0)
}

/// A queue whose writer is known to need a millisecond for each of many.
async fn queue() -> Queue<Idle> {
    let queue = Queue::new(LENGTH_MAX);
    for _ in 0..2 {
        (0..=BATCH_COMMANDS_MAX).for_each(|_| push(&queue, 9, LONG).unwrap());
    }
    for _ in 0..3 {
        let batch = queue.take();
        queue.begin();
        let commands = u32::try_from(batch.len()).unwrap();
        tokio::time::advance(EACH * commands).await;
        queue.done();
    }
    queue
}

#[tokio::test(start_paused = true)]
async fn who_could_not_be_answered_in_time_is_refused_at_once_and_told_when_to_come_back() {
    let queue = queue().await;
    (0..1_000).for_each(|_| push(&queue, 1, LONG).unwrap());
    let ahead = queue.ahead(Some(tenant(1))).in_all;
    assert_eq!(ahead, EACH * 1_001);
    let fault = push(&queue, 1, ahead).unwrap_err();
    assert_eq!(
        (fault.kind(), fault.reason().name),
        (Kind::Exhausted, "OVERLOADED")
    );
    assert_eq!(fault.delay(), Some(ahead));
    push(&queue, 1, ahead + MARGIN).unwrap();
    assert_eq!(queue.length(), 1_001, "who was refused does not wait");
}

#[tokio::test(start_paused = true)]
async fn the_line_has_an_end_however_long_callers_would_wait() {
    let queue = Queue::new(LENGTH_MAX);
    let let_in = (0..LENGTH_MAX * 3).filter(|_| push(&queue, 1, LONG).is_ok());
    assert_eq!(let_in.count(), LENGTH_MAX);
    let refused = push(&queue, 2, LONG).unwrap_err();
    assert_eq!(refused.delay(), Some(COME_BACK));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_does_not_wait_behind_the_flood_of_another() {
    let queue = queue().await;
    (0..1_000).for_each(|_| push(&queue, 1, LONG).unwrap());
    assert!(queue.ahead(Some(tenant(2))).queued <= EACH * 2);
    assert_eq!(queue.ahead(None).queued, EACH * 1_000);
    push(&queue, 2, Duration::from_millis(50)).unwrap();
    let first: Vec<_> = queue.take().iter().map(|it| it.submission.tenant).collect();
    assert!(
        first.iter().take(2).any(|it| *it == tenant(2)),
        "its turn comes"
    );
}

#[tokio::test(start_paused = true)]
async fn the_estimate_of_a_tenant_is_never_too_short() {
    let queue = queue().await;
    for (whose, how_many) in [(1, 300), (2, 40), (3, 1)] {
        (0..how_many).for_each(|_| push(&queue, whose, LONG).unwrap());
    }
    for whose in 1..=4 {
        let ahead = queue.ahead(Some(tenant(whose))).queued;
        push(&queue, whose, LONG).unwrap();
        let before = place_of_last(&queue, tenant(whose));
        let most = EACH * u32::try_from(before).unwrap();
        assert!(ahead >= most, "{whose}: {ahead:?} for {before} ahead");
    }
}

/// How many commands are taken before the last one of a tenant. Those that were taken come back.
fn place_of_last(queue: &Queue<Idle>, tenant: TenantId) -> usize {
    let taken: Vec<_> = std::iter::repeat_with(|| queue.take())
        .take_while(|batch| !batch.is_empty())
        .flatten()
        .collect();
    let place = taken.iter().rposition(|it| it.submission.tenant == tenant);
    taken.into_iter().for_each(|it| queue.push(it).unwrap());
    place.unwrap()
}
