//! Processes of a run that are not the binary itself: a replica with pauses or with a mechanism
//! turned off, and the consumer. They are this test binary, started again, so that nothing of it
//! is in what ships. Each ends when whoever started it does, however that ends.

use std::env::var_os;
use std::io::Read;
use std::num::NonZeroUsize;
use std::process::{Command, Stdio};
use std::time::Duration;

use bus::RelaySettings;
use bus::log::Reading;
use catalog::Controls;
use chassis::service::{Service, check, serve};
use chassis::settings::Environment;

use crate::tallies;

/// What the process is: `catalog` or `tallies`.
const ROLE: &str = "TWIN_ROLE";
/// The mechanism that is turned off, if any.
const CONTROL: &str = "TWIN_CONTROL";
/// How long batches rest between their writes and their commit, in milliseconds.
const PAUSE: &str = "TWIN_PAUSE";
/// How many writers a replica has.
const WRITERS: &str = "TWIN_WRITERS";

/// A mechanism that is turned off, to see that the run notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Requests are not remembered.
    Idempotency,
    /// The log is read behind the largest position.
    ByPosition,
    /// The log is read below the oldest open transaction.
    ByOldest,
    /// The consumer does not ask its inbox.
    Inbox,
    /// A stream that went back is not filled again.
    Rewind,
    /// Rows are locked as they come.
    LockOrder,
}

impl Control {
    const ALL: [(Self, &str); 6] = [
        (Self::Idempotency, "idempotency"),
        (Self::ByPosition, "by-position"),
        (Self::ByOldest, "by-oldest"),
        (Self::Inbox, "inbox"),
        (Self::Rewind, "rewind"),
        (Self::LockOrder, "lock-order"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|it| it.0 == self).unwrap().1
    }

    fn of_word(word: &str) -> Self {
        Self::ALL.iter().find(|it| it.1 == word).unwrap().0
    }
}

/// How a process of the run differs from the binary.
#[derive(Clone, Copy, Debug)]
pub struct Twin {
    pub control: Option<Control>,
    pub pause: Duration,
    pub writers: usize,
}

impl Twin {
    /// Says how to start it in a role.
    pub fn command(&self, role: &str) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let entry = "twin::production_starts_no_catalog_with_anything_turned_off";
        command
            .args([entry, "--exact", "--nocapture"])
            .env(ROLE, role)
            .env(PAUSE, self.pause.as_millis().to_string())
            .env(WRITERS, self.writers.to_string())
            .stdin(Stdio::piped());
        if let Some(control) = self.control {
            command.env(CONTROL, control.word());
        }
        command
    }

    fn of_process() -> Self {
        let number = |name: &str| told(name).map_or(0, |it| it.parse().unwrap());
        Self {
            control: told(CONTROL).map(|it| Control::of_word(&it)),
            pause: Duration::from_millis(number(PAUSE)),
            writers: usize::try_from(number(WRITERS)).unwrap(),
        }
    }

    fn service(&self, role: &str) -> Service {
        match role {
            "catalog" => catalog::controlled(self.controls()),
            _ => tallies::service(self.control != Some(Control::Inbox), self.pause),
        }
    }

    fn controls(&self) -> Controls {
        let journal = journal::Controls {
            forget_answers: self.control == Some(Control::Idempotency),
            unsorted_locks: self.control == Some(Control::LockOrder),
            pause_before_commit: Some(self.pause).filter(|it| !it.is_zero()),
        };
        let relay = RelaySettings {
            rewind: self.control != Some(Control::Rewind),
            reading: match self.control {
                Some(Control::ByPosition) => Reading::ByPositionAlone,
                Some(Control::ByOldest) => Reading::ByOldestOpen,
                _ => Reading::BySnapshots,
            },
            ..RelaySettings::default()
        };
        Controls {
            journal,
            relay,
            writers: NonZeroUsize::new(self.writers),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_starts_no_catalog_with_anything_turned_off() {
    // Other tests start this binary with a role, and this test is where it takes it up.
    match told(ROLE) {
        Some(role) => serves_as_it_is_told(&role).await,
        None => production_refuses(),
    }
}

async fn serves_as_it_is_told(role: &str) {
    std::thread::spawn(|| {
        // Nobody writes there: it ends with its other end.
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        std::process::exit(0);
    });
    let service = Twin::of_process().service(role);
    let served = serve(vec![service], &Environment::of_process()).await;
    served.unwrap();
}

fn production_refuses() {
    for control in Control::ALL {
        let twin = Twin {
            control: Some(control.0),
            pause: Duration::ZERO,
            writers: 1,
        };
        let service = twin.service("catalog");
        let environment = Environment::from_iter([("RETAIL_PROFILE", "prod")]);
        let mistakes = check(vec![service], &environment).unwrap_err();
        let found = mistakes
            .list()
            .iter()
            .find(|it| it.name == "RETAIL_PROFILE");
        assert!(
            found.is_some_and(|it| it.text.contains("turned off")),
            "{control:?}: {mistakes}"
        );
    }
}

fn told(name: &str) -> Option<String> {
    var_os(name).map(|it| it.into_string().unwrap())
}
