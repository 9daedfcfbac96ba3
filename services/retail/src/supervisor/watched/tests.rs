//! Parts that are small programs: they die, are started again, are adopted, are asked to restart.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;
use tokio::time::Instant;

use super::{Watched, ask};
use crate::home::Home;
use crate::machine::process::Process;
use crate::machine::stack::members;
use crate::part::{Part, Recipe};
use crate::plan::local;
use crate::probe::Probe;
use crate::scratch::Scratch;

fn part(name: &str, script: &str) -> Part {
    Part {
        name: name.to_owned(),
        recipe: Recipe {
            program: PathBuf::from("/bin/sh"),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            variables: BTreeMap::new(),
            inherits: false,
            user: None,
        },
        port: 1,
        probe: Probe::Health(local(1)),
        about: String::new(),
    }
}

/// The shell stays the process of the part, because `wait` is its own.
const SLEEPER: &str = "sleep 600 & wait";

struct Bed {
    home: Home,
    _scratch: Scratch,
}

impl Bed {
    fn fresh() -> Self {
        let scratch = Scratch::fresh();
        Self {
            home: Home::open(scratch.path()).unwrap(),
            _scratch: scratch,
        }
    }

    fn process(&self, watched: &Watched) -> Process {
        watched.state().process.unwrap()
    }

    fn end(&self, watched: &mut Watched) {
        // What a killed shell had started carries its mark, and comes to light only then.
        wait_until(|| {
            for member in members(self.home.path()) {
                member.process.signal(Signal::KILL);
            }
            watched.reap();
            members(self.home.path()).is_empty()
        });
    }
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it did not come to pass");
}

#[test]
fn what_dies_is_started_again_after_a_pause_and_counted() {
    let bed = Bed::fresh();
    let mut watched = Watched::new(part("catalog", SLEEPER));
    let now = Instant::now();
    watched.look(&bed.home, now).unwrap();
    let first = bed.process(&watched);
    first.signal(Signal::KILL);
    wait_until(|| !first.is_alive());
    assert!(watched.look(&bed.home, now).is_err(), "its pause begins");
    watched
        .look(&bed.home, now + Duration::from_secs(1))
        .unwrap();
    let state = watched.state();
    assert_ne!(state.process, Some(first));
    assert_eq!(state.restarts, 1);
    assert!(state.last_end.unwrap().contains("signal: 9"));
    bed.end(&mut watched);
}

#[test]
fn what_dies_again_and_again_is_called_a_crash_loop() {
    let bed = Bed::fresh();
    let mut watched = Watched::new(part("catalog", "exit 7"));
    let mut now = Instant::now();
    wait_until(|| {
        // Each look is behind the longest pause, and all of them within the window.
        now += Duration::from_millis(200);
        watched.look(&bed.home, now).ok();
        watched.state().crash_loop
    });
    let state = watched.state();
    assert!(state.restarts >= 5, "{state:?}");
    assert!(state.last_end.unwrap().contains("exit status: 7"));
}

#[test]
fn a_restart_that_was_asked_for_is_no_death() {
    let bed = Bed::fresh();
    let mut watched = Watched::new(part("catalog", SLEEPER));
    let now = Instant::now();
    watched.look(&bed.home, now).unwrap();
    let first = bed.process(&watched);
    ask(&bed.home, "catalog", first).unwrap();
    first.signal(Signal::TERM);
    wait_until(|| !first.is_alive());
    watched.look(&bed.home, now).unwrap();
    assert_ne!(bed.process(&watched), first);
    assert_eq!(
        (watched.state().restarts, watched.state().last_end.clone()),
        (0, None)
    );
    bed.end(&mut watched);
}

#[test]
fn a_part_is_adopted_if_it_is_what_the_plan_wants_and_not_otherwise() {
    let bed = Bed::fresh();
    let mut killed = Watched::new(part("catalog", SLEEPER));
    killed.look(&bed.home, Instant::now()).unwrap();
    let process = bed.process(&killed);
    let catalog = || {
        let members = members(bed.home.path()).into_iter();
        members.into_iter().find(|it| it.process == process)
    };
    wait_until(|| catalog().is_some_and(|it| it.arguments.len() == 3));
    let member = catalog().unwrap();
    let mut other = Watched::new(part("catalog", "sleep 601"));
    assert!(!other.adopt(&member));
    let mut fits = Watched::new(part("catalog", SLEEPER));
    assert!(fits.adopt(&member));
    fits.look(&bed.home, Instant::now()).unwrap();
    assert_eq!(bed.process(&fits), process, "it runs on as it was");
    bed.end(&mut killed);
    assert!(fits.look(&bed.home, Instant::now()).is_err());
    assert_eq!(fits.state().restarts, 1);
}

#[test]
fn a_stack_is_told_from_another_by_its_home() {
    let (bed, other) = (Bed::fresh(), Bed::fresh());
    let mut watched = Watched::new(part("catalog.2", SLEEPER));
    watched.look(&bed.home, Instant::now()).unwrap();
    wait_until(|| {
        members(bed.home.path())
            .iter()
            .any(|it| it.part == "catalog.2")
    });
    assert_eq!(members(other.home.path()), []);
    bed.end(&mut watched);
}
