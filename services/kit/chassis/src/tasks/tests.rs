//! Tasks: what failure, panic and shutdown do to them, on a clock that the tests hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::{Ending, OnFailure, OnShutdown, TaskCounts, Tasks};

const GRACE: Duration = Duration::from_secs(10);
const RESTART: OnFailure = OnFailure::Restart {
    pause: Duration::from_millis(100),
    pause_max: Duration::from_secs(1),
};

fn counts(tasks: &Tasks, name: &str) -> TaskCounts {
    tasks
        .counts()
        .into_iter()
        .find(|it| it.name == name)
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_done_stays_done() {
    let tasks = Tasks::default();
    tasks.spawn("once", RESTART, OnShutdown::Drain, |_| async { Ok(()) });
    let cut = tasks.end(&Ending::within(GRACE)).await;
    assert!(cut.is_empty());
    let expected = TaskCounts {
        name: "once",
        running: 0,
        starts: 1,
        failures: 0,
        panics: 0,
    };
    assert_eq!(tasks.counts(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn a_fatal_failure_ends_the_process_and_says_why() {
    let tasks = Tasks::default();
    tasks.spawn("relay", OnFailure::Fatal, OnShutdown::Drain, |_| async {
        Err(std::io::Error::other("the broker is gone").into())
    });
    tasks.shutdown().requested().await;
    let fatal = tasks.fatal().unwrap();
    assert_eq!(
        (fatal.name, fatal.why.as_str()),
        ("relay", "the broker is gone")
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_caught_and_counted_and_is_a_failure() {
    let tasks = Tasks::default();
    tasks.spawn("relay", OnFailure::Fatal, OnShutdown::Drain, |_| async {
        panic!("row {}", 7)
    });
    tasks.shutdown().requested().await;
    assert_eq!(tasks.fatal().unwrap().why, "panic: row 7");
    let counts = counts(&tasks, "relay");
    assert_eq!((counts.failures, counts.panics), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_panic_before_the_first_await_is_no_different() {
    let tasks = Tasks::default();
    let refuse = |_| -> std::future::Ready<super::TaskResult> { panic!("too early") };
    tasks.spawn("relay", OnFailure::Fatal, OnShutdown::Drain, refuse);
    tasks.shutdown().requested().await;
    assert_eq!(tasks.fatal().unwrap().why, "panic: too early");
    assert_eq!(counts(&tasks, "relay").panics, 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_asks_for_shutdown() {
    let tasks = Tasks::default();
    let hurry = tasks.listen_to_signals().unwrap();
    let own = std::process::id().to_string();
    for (signal, heard) in [("-TERM", tasks.shutdown()), ("-INT", hurry.clone())] {
        assert!(!hurry.is_requested(), "one signal is no hurry");
        let mut kill = std::process::Command::new("kill");
        let sent = kill.args([signal, &own]).status();
        assert!(sent.unwrap().success());
        let heard = tokio::time::timeout(GRACE, heard.requested());
        heard.await.unwrap();
    }
    assert_eq!(tasks.fatal(), None);
}

#[tokio::test(start_paused = true)]
async fn restarts_pause_longer_and_longer_up_to_the_limit() {
    let tasks = Tasks::default();
    let (starts, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let seen = Arc::clone(&starts);
    tasks.spawn("poller", RESTART, OnShutdown::Drain, move |_| {
        let start = seen.fetch_add(1, Ordering::Relaxed);
        async move {
            if start < 6 {
                Err("not yet".into())
            } else {
                Ok(())
            }
        }
    });
    while counts(&tasks, "poller").running > 0 || starts.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let pauses: u64 = [100, 200, 400, 800, 1_000, 1_000].into_iter().sum();
    let took = u64::try_from(began.elapsed().as_millis()).unwrap();
    assert!(
        (pauses..pauses + 30).contains(&took),
        "{took} ms, expected {pauses}"
    );
    assert!(tasks.fatal().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ran_well_for_long_pauses_briefly_again() {
    let tasks = Tasks::default();
    tasks.spawn("poller", RESTART, OnShutdown::Drain, |_| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Err("once in a while".into())
    });
    tokio::time::sleep(Duration::from_millis(5 * 2_100 + 50)).await;
    assert_eq!(counts(&tasks, "poller").failures, 5);
}

#[tokio::test(start_paused = true)]
async fn at_shutdown_one_drains_and_one_is_aborted() {
    let tasks = Tasks::default();
    let drained = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&drained);
    tasks.spawn(
        "drains",
        OnFailure::Fatal,
        OnShutdown::Drain,
        move |shutdown| {
            let seen = Arc::clone(&seen);
            async move {
                shutdown.requested().await;
                tokio::time::sleep(Duration::from_secs(3)).await;
                seen.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
        },
    );
    tasks.spawn("aborts", OnFailure::Fatal, OnShutdown::Abort, |_| {
        std::future::pending()
    });
    tokio::task::yield_now().await;
    let ending = Ending::within(GRACE);
    assert!(tasks.end(&ending).await.is_empty());
    assert_eq!(drained.load(Ordering::Relaxed), 1);
    assert_eq!(ending.left(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn who_does_not_end_in_time_is_cut_off_by_name() {
    let tasks = Tasks::default();
    let held = Arc::new(());
    let inside = Arc::clone(&held);
    tasks.spawn("stuck", RESTART, OnShutdown::Drain, move |_| {
        let inside = Arc::clone(&inside);
        async move {
            let _inside = inside;
            std::future::pending().await
        }
    });
    let began = Instant::now();
    assert_eq!(tasks.end(&Ending::within(GRACE)).await, ["stuck"]);
    assert_eq!(began.elapsed(), GRACE);
    let gone = async {
        while Arc::strong_count(&held) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(GRACE, gone).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_restarts_during_a_shutdown() {
    let tasks = Tasks::default();
    let slow = OnFailure::Restart {
        pause: GRACE * 10,
        pause_max: GRACE * 10,
    };
    tasks.spawn("poller", slow, OnShutdown::Drain, |_| async {
        Err("down".into())
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    let ending = Ending::within(GRACE);
    assert!(tasks.end(&ending).await.is_empty());
    assert_eq!(ending.left(), GRACE);
    assert_eq!(counts(&tasks, "poller").starts, 1);
}

#[tokio::test(start_paused = true)]
async fn steps_share_one_grace_period() {
    let ending = Ending::within(GRACE);
    let wait = |seconds| tokio::time::sleep(Duration::from_secs(seconds));
    assert!(ending.step("first", wait(6)).await.is_some());
    assert!(ending.step("second", wait(6)).await.is_none());
    assert!(ending.step("third", wait(1)).await.is_none());
    assert_eq!(ending.left(), Duration::ZERO);
}
