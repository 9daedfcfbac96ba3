//! What the supervisor tells whoever waits for it: one line of JSON a step, on its standard output.
//!
//! Nobody has to listen. A reader that is gone stops no stack.

use std::io::Write;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Something begins that may take a while.
    Begun {
        /// What it is.
        what: String,
    },
    /// Something is done.
    Done {
        /// What it is.
        what: String,
        /// What a person should know of it.
        about: String,
        /// How long it took.
        seconds: f64,
    },
    /// The stack cannot start.
    Failed {
        /// What it stopped at.
        what: String,
        /// Why, with all causes.
        why: String,
        /// The last lines of its log.
        log: Vec<String>,
    },
    /// The stack is ready.
    Ready,
}

/// Tells steps.
pub struct Teller {
    sink: Option<Box<dyn Write>>,
    begun: Instant,
}

impl Teller {
    /// Tells them to a sink.
    pub fn to(sink: impl Write + 'static) -> Self {
        Self {
            sink: Some(Box::new(sink)),
            begun: Instant::now(),
        }
    }

    /// Tells that something begins.
    pub fn begin(&mut self, what: &str) {
        self.begun = Instant::now();
        let what = what.to_owned();
        self.tell(&Step::Begun { what });
    }

    /// Tells that what was begun last is done.
    pub fn done(&mut self, what: &str, about: &str) {
        self.tell(&Step::Done {
            what: what.to_owned(),
            about: about.to_owned(),
            seconds: self.begun.elapsed().as_secs_f64(),
        });
    }

    /// Tells a step. After the last one nothing is told any more.
    pub fn tell(&mut self, step: &Step) {
        let Some(sink) = self.sink.as_mut() else {
            return;
        };
        let line = serde_json::to_string(step).unwrap_or_default();
        let told = writeln!(sink, "{line}").and_then(|()| sink.flush());
        if told.is_err() || matches!(step, Step::Ready | Step::Failed { .. }) {
            self.sink = None;
        }
    }
}
