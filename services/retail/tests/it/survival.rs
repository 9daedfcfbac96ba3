//! Writes go on while replicas, the broker, the database and the consumer are killed, and the
//! broker's disk is lost. Every acknowledged write is there once, every event took effect once, and
//! folding the history anew finds nothing. The same run with one mechanism turned off is found out.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use crate::crossing;
use crate::fleet::{Fleet, PAUSE};
use crate::judge::{self, Finding, Verdict};
use crate::strangers;
use crate::twin::Control;
use crate::work::{WITHIN, Work};

/// How many writes are acknowledged; `RETAIL_FAULT_WRITES` says another number.
const WRITES: usize = 10_000;
/// How many are, where something is turned off; `RETAIL_CONTROL_WRITES` says another number.
const CONTROL_WRITES: usize = 1_500;
/// A batch is caught between its writes and its commit when they ended so few seconds ago.
const FRESH: f64 = 0.01;

/// So often it is tried to be faster than a commit: a busy machine may hold up the kill.
const ATTEMPTS: usize = 10;

/// Everything that happens, each more than once.
const FAULTS: [Fault; 14] = [
    Fault::Crossing,
    Fault::Leader,
    Fault::Broker,
    Fault::Database,
    Fault::Consumer,
    Fault::Leader,
    Fault::Database,
    Fault::Broker,
    Fault::Disk,
    Fault::Consumer,
    Fault::Crossing,
    Fault::Follower,
    Fault::Disk,
    Fault::Follower,
];
/// Each kind once, for runs that have to be found out.
const SOME_FAULTS: [Fault; 6] = [
    Fault::Crossing,
    Fault::Leader,
    Fault::Disk,
    Fault::Broker,
    Fault::Database,
    Fault::Consumer,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// The replica whose relay leads is killed.
    Leader,
    /// The other one is killed.
    Follower,
    /// The consumer is killed.
    Consumer,
    /// The broker is killed.
    Broker,
    /// Postgres is killed between the writes of a batch and its commit, while others write.
    Database,
    /// The broker is killed, and its disk is lost.
    Disk,
    /// Nothing breaks, but transactions write a stream in another order than that of their numbers.
    Crossing,
}

/// What a run came to.
struct Ran {
    verdict: Verdict,
    told: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_writes_outlive_every_kill_and_take_effect_once() {
    let ran = run(None, told("RETAIL_FAULT_WRITES", WRITES), &FAULTS).await;
    println!("{}", ran.told);
    assert_eq!(
        ran.verdict.kinds(),
        BTreeSet::new(),
        "{}",
        ran.verdict.details()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn control_without_idempotency_writes_are_doubled() {
    let (reasons, consequences) = ([Finding::WriteDoubled], [Finding::AnsweredOtherwise]);
    found_out(Control::Idempotency, &reasons, &consequences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_read_by_position_alone_the_log_loses_late_commits() {
    let consequences = [
        Finding::TurnedRound,
        Finding::EffectMissed,
        Finding::Miscounted,
    ];
    found_out(Control::ByPosition, &[Finding::NotHeld], &consequences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_read_below_the_oldest_the_log_turns_streams_round() {
    found_out(Control::ByOldest, &[Finding::TurnedRound], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_without_its_inbox_a_consumer_doubles_effects() {
    let consequences = [Finding::Miscounted];
    found_out(Control::Inbox, &[Finding::EffectDoubled], &consequences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_without_a_rewind_a_lost_disk_stays_empty() {
    let consequences = [Finding::EffectMissed, Finding::Miscounted];
    found_out(Control::Rewind, &[Finding::NotHeld], &consequences).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_with_locks_in_any_order_batches_deadlock() {
    let reasons = [Finding::DeadlockLogged, Finding::DeadlockTold];
    found_out(Control::LockOrder, &reasons, &[]).await;
}

/// Expects that the same run, judged in the same way, finds out what is turned off, and by what
/// that is for: nothing else is wrong but what follows from it.
async fn found_out(control: Control, reasons: &[Finding], consequences: &[Finding]) {
    let writes = told("RETAIL_CONTROL_WRITES", CONTROL_WRITES);
    // Where locks have no order, nobody can say which row a batch has first.
    let arranged = |it: &&Fault| **it != Fault::Crossing || control != Control::LockOrder;
    let faults: Vec<Fault> = SOME_FAULTS.iter().filter(arranged).copied().collect();
    let ran = run(Some(control), writes, &faults).await;
    println!("without {control:?}: {}", ran.told);
    let mut kinds = ran.verdict.kinds();
    let details = ran.verdict.details();
    for reason in reasons {
        assert!(
            kinds.remove(reason),
            "blind, {reason:?} is not among {details}"
        );
    }
    kinds.retain(|it| !consequences.contains(it));
    assert_eq!(kinds, BTreeSet::new(), "{details}");
}

async fn run(control: Option<Control>, writes: usize, faults: &[Fault]) -> Ran {
    let mut fleet = Fleet::start(control).await;
    let work = Work::new(fleet.callers(), writes);
    let mut verdict = Verdict::default();
    let begun = Instant::now();
    let elsewhere = fleet.tallies.admin_url();
    let harmed = harm(&mut fleet, &work, faults, &mut verdict);
    let harmed = Box::pin(async { tokio::join!(harmed, work.all()) });
    let (marks, ()) = tokio::select! {
        done = harmed => done,
        () = strangers::come_and_go(&elsewhere) => unreachable!("they come back"),
    };
    let written = begun.elapsed();
    assert_eq!(work.acknowledged(), writes);
    assert!(work.repeated() > 0, "no fault was felt by any writer");
    fleet.assert_alive();
    let held = judge::everything(&fleet, &work, marks, &mut verdict).await;
    let told = format!(
        "{writes} writes in {written:.1?}, {} attempts failed, {held} messages held, all judged \
         after {:.1?}: {}",
        work.repeated(),
        begun.elapsed(),
        verdict.told(),
    );
    Ran { verdict, told }
}

/// One fault after another, while writes go on; the last stretch is without any. Returns how many
/// marks were written.
async fn harm(fleet: &mut Fleet, work: &Work, faults: &[Fault], verdict: &mut Verdict) -> usize {
    let stretch = work.writes() / (faults.len() + 2);
    let mut marks = 0;
    for (number, fault) in faults.iter().enumerate() {
        work.reach(stretch * (number + 1)).await;
        if *fault == Fault::Disk {
            let _quiet = work.quiet().await;
            judge::broker(fleet, work, marks, verdict).await;
            marks += 1;
        }
        let begun = Instant::now();
        inflict(*fault, fleet, work, stretch / 3).await;
        let (at, took) = (work.acknowledged(), begun.elapsed());
        println!("{fault:?}: until write {at}, {took:.1?}");
    }
    assert!(
        work.acknowledged() < work.writes(),
        "the last fault was too late"
    );
    marks
}

/// Breaks something, lets so many writes go on without it where they can, and mends it.
async fn inflict(fault: Fault, fleet: &mut Fleet, work: &Work, meanwhile: usize) {
    match fault {
        Fault::Leader | Fault::Follower => {
            let leader = fleet.leader().await;
            let victim = if fault == Fault::Leader {
                leader
            } else {
                1 - leader
            };
            fleet.kill_replica(victim);
            work.reach(work.acknowledged() + meanwhile).await;
            if fault == Fault::Leader {
                assert_ne!(fleet.leader().await, victim, "the other one takes over");
            }
            fleet.start_replica(victim).await;
        }
        Fault::Consumer => {
            fleet.kill_consumer();
            work.reach(work.acknowledged() + meanwhile).await;
            fleet.start_consumer();
        }
        Fault::Broker => {
            fleet.nats.kill().unwrap();
            work.reach(work.acknowledged() + meanwhile).await;
            fleet.nats.restart().await.unwrap();
        }
        Fault::Crossing => crossing::arrange(fleet, work).await,
        Fault::Database => kill_between(fleet).await,
        Fault::Disk => {
            fleet.nats.kill().unwrap();
            fleet.nats.drop_disk().await.unwrap();
            work.reach(work.acknowledged() + meanwhile).await;
            fleet.nats.restart().await.unwrap();
            fleet.provision().await;
        }
    }
}

/// Kills Postgres while a batch rests between its writes and its commit, and others write: again,
/// until it is sure that the batch could not have come to its commit.
async fn kill_between(fleet: &Fleet) {
    let postgres = fleet.database.postgres();
    for times in 1..=ATTEMPTS {
        let (pid, age) = caught(fleet).await;
        let begun = Instant::now();
        // The one that was caught goes first: to find all the others takes a while.
        kill_process(pid, Signal::KILL).unwrap();
        let dead = age + begun.elapsed();
        postgres.kill().unwrap();
        postgres.restart().await.unwrap();
        if dead < PAUSE {
            println!("caught {dead:.1?} behind its writes, at attempt {times}");
            return;
        }
    }
    panic!("no batch was caught between its writes and its commit");
}

/// Waits for a moment in which one batch has just written everything and others write as well;
/// returns the process that serves it, and how long it had rested at most.
async fn caught(fleet: &Fleet) -> (Pid, Duration) {
    let url = fleet.database.admin_url();
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let sql = "SELECT pid, extract(epoch FROM clock_timestamp() - state_change)::float8,
          state = 'idle in transaction' AND query LIKE 'WITH w0 AS%' AS rests
        FROM pg_stat_activity
        WHERE datname = current_database() AND backend_xid IS NOT NULL
        ORDER BY rests DESC, state_change DESC";
    let begun = Instant::now();
    while begun.elapsed() < WITHIN {
        let asked = Instant::now();
        let writing = sqlx::query_as(sql).fetch_all(&mut admin).await;
        let writing: Vec<(i32, f64, bool)> = writing.unwrap();
        if let [(pid, age, true), _, ..] = writing.as_slice()
            && *age < FRESH
        {
            let age = Duration::from_secs_f64(age.max(0.0)) + asked.elapsed();
            return (Pid::from_raw(*pid).unwrap(), age);
        }
    }
    panic!("nobody writes")
}

fn told(name: &str, usual: usize) -> usize {
    let told = std::env::var_os(name);
    told.map_or(usual, |it| it.to_str().unwrap().parse().unwrap())
}
