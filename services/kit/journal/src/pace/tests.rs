//! The estimate, in a time that the tests say.

use super::*;

const EACH: Duration = Duration::from_micros(100);

/// A writer and its clock.
struct Bench {
    pace: Pace,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self {
            pace: Pace::default(),
            now: Instant::now(),
        }
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }

    /// One batch from its begin to its end.
    fn batch(&mut self, commands: usize, left: usize, took: Duration) {
        self.pace.took(commands, left);
        self.pace.begin(self.now);
        self.wait(took);
        self.pace.done(self.now);
    }

    /// A writer that is known to take so long for each of many.
    fn at(each: Duration) -> Self {
        let mut bench = Self::new();
        (0..20).for_each(|_| bench.batch(500, 500, each * 500));
        bench.batch(500, 0, each * 500);
        bench
    }

    fn ahead(&self, others: usize) -> Ahead {
        self.pace.ahead(others, self.now)
    }
}

#[test]
fn a_wait_follows_from_what_waits_and_from_how_fast_it_was_done() {
    let bench = Bench::at(EACH);
    assert_eq!(bench.ahead(1_000).queued, EACH * 1_000);
    assert_eq!(bench.ahead(1_000).in_all, EACH * 1_001);
    let slow = Bench::at(EACH * 10);
    assert_eq!(slow.ahead(1_000).queued, EACH * 10_000);
}

#[test]
fn an_idle_writer_is_tried_however_slow_it_was() {
    let bench = Bench::at(Duration::from_secs(1));
    assert_eq!(bench.ahead(0), Ahead::default());
    assert_eq!(Bench::new().ahead(0), Ahead::default());
}

#[test]
fn what_runs_counts_until_it_is_done() {
    let mut bench = Bench::at(EACH);
    bench.pace.took(500, 0);
    bench.pace.begin(bench.now);
    assert_eq!(bench.ahead(0).queued, EACH * 500);
    bench.wait(EACH * 400);
    assert_eq!(bench.ahead(10).queued, EACH * 110);
    bench.wait(EACH * 100);
    assert_eq!(bench.ahead(0).queued, Duration::ZERO);
}

#[test]
fn a_database_that_does_not_answer_is_waited_for_as_long_again_and_is_no_queue() {
    let mut bench = Bench::at(EACH);
    bench.pace.took(500, 0);
    bench.pace.begin(bench.now);
    bench.wait(Duration::from_secs(5));
    let ahead = bench.ahead(100);
    assert_eq!(ahead.queued, EACH * 100);
    assert!(ahead.in_all >= Duration::from_secs(5), "{ahead:?}");
    // Before anything was learned it is the same.
    let mut fresh = Bench::new();
    fresh.pace.took(1, 0);
    fresh.pace.begin(fresh.now);
    fresh.wait(Duration::from_secs(5));
    assert_eq!(fresh.ahead(100).queued, Duration::ZERO);
    assert!(fresh.ahead(100).in_all >= Duration::from_secs(5));
}

#[test]
fn an_estimate_does_not_jump_where_a_batch_is_a_little_late() {
    let mut bench = Bench::at(EACH);
    bench.pace.took(500, 0);
    bench.pace.begin(bench.now);
    bench.wait(EACH * 499);
    let mut last = bench.ahead(0).in_all;
    for _ in 0..100 {
        bench.wait(EACH);
        let next = bench.ahead(0).in_all;
        assert!(next.abs_diff(last) <= EACH * 2, "{last:?}, then {next:?}");
        last = next;
    }
}

#[test]
fn small_batches_do_not_say_that_it_is_slow() {
    let mut bench = Bench::at(EACH);
    (0..100).for_each(|_| bench.batch(1, 0, Duration::from_millis(2)));
    assert_eq!(bench.ahead(1_000).queued, EACH * 1_000);
    let mut fresh = Bench::new();
    (0..100).for_each(|_| fresh.batch(1, 0, Duration::from_millis(2)));
    assert_eq!(fresh.ahead(1_000).queued, Duration::ZERO);
}

#[test]
fn a_writer_that_became_slower_or_faster_is_seen_within_some_batches() {
    let mut bench = Bench::at(EACH);
    (0..12).for_each(|_| bench.batch(500, 500, EACH * 1_000));
    let slower = bench.ahead(1_000).queued;
    assert!(
        slower > EACH * 1_900 && slower <= EACH * 2_000,
        "{slower:?}"
    );
    (0..24).for_each(|_| bench.batch(500, 0, EACH * 500));
    let faster = bench.ahead(1_000).queued;
    assert!(faster < EACH * 1_050, "{faster:?}");
}

#[test]
fn one_stall_turns_nobody_away_when_it_is_over() {
    let mut bench = Bench::at(EACH);
    bench.batch(500, 500, Duration::from_secs(30));
    assert!(bench.ahead(1_000).queued <= EACH * 2_000);
}

#[test]
fn the_time_between_batches_counts_while_commands_wait() {
    let mut bench = Bench::at(EACH);
    for _ in 0..30 {
        bench.batch(500, 500, EACH * 500);
        bench.wait(EACH * 500);
    }
    let queued = bench.ahead(1_000).queued;
    assert!(queued > EACH * 1_900, "{queued:?}");
    // A pause for lack of work does not.
    let mut idle = Bench::at(EACH);
    for _ in 0..30 {
        idle.batch(500, 0, EACH * 500);
        idle.wait(Duration::from_secs(60));
    }
    assert_eq!(idle.ahead(1_000).queued, EACH * 1_000);
}

#[test]
fn commands_that_were_dropped_were_drained_too() {
    let mut bench = Bench::at(EACH * 2);
    for _ in 0..30 {
        // Taken, and dropped before anything began.
        bench.pace.took(500, 500);
        bench.batch(500, 500, EACH * 1_000);
    }
    let queued = bench.ahead(1_000).queued;
    assert!(queued < EACH * 1_100, "{queued:?}");
}
