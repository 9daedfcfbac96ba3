//! Reads variables into values and remembers every mistake on the way.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::environment::Environment;
use super::form::Setting;
use super::mistake::{Mistake, Mistakes};

/// How much of a wrong value a report quotes.
const QUOTED_MAX: usize = 40;

/// Reads the settings of one part of a process. `build` reads everything first and only then
/// gives up with `?`, so that nothing stays unread:
///
/// ```
/// # use std::time::Duration;
/// # use chassis::settings::{Environment, read};
/// let environment = Environment::from_iter([("STOCK_HOLD_TTL", "5m")]);
/// let hold_ttl = read(&environment, "STOCK", |reader| {
///     let hold_ttl = reader.optional("HOLD_TTL", Duration::from_secs(900));
///     Some(hold_ttl?)
/// });
/// assert_eq!(hold_ttl.unwrap().as_secs(), 300);
/// ```
pub fn read<T>(
    environment: &Environment,
    prefix: &str,
    build: impl FnOnce(&mut Reader<'_>) -> Option<T>,
) -> Result<T, Mistakes> {
    let mut reader = Reader {
        environment,
        prefix: format!("{prefix}_"),
        asked: BTreeSet::new(),
        mistakes: Vec::new(),
    };
    let built = build(&mut reader);
    reader.judge_unknown();
    match built {
        Some(value) if reader.mistakes.is_empty() => Ok(value),
        _ => Err(Mistakes::of(reader.mistakes)),
    }
}

/// What [`read`] hands to a part of a process.
pub struct Reader<'a> {
    environment: &'a Environment,
    prefix: String,
    asked: BTreeSet<String>,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    /// A variable of this part that must be set.
    pub fn required<T: Setting>(&mut self, name: &str) -> Option<T> {
        self.shared(&self.full(name), None)
    }

    /// A variable of this part that stands for a default where it is unset or empty.
    pub fn optional<T: Setting>(&mut self, name: &str, default: T) -> Option<T> {
        self.shared(&self.full(name), Some(default))
    }

    /// A variable that may be absent; the outer `None` is a mistake.
    pub fn maybe<T: Setting>(&mut self, name: &str) -> Option<Option<T>> {
        let name = self.full(name);
        self.shared_maybe(&name)
    }

    /// A variable with limits, and a default where it is unset or empty.
    pub fn bounded<T: Setting + PartialOrd + std::fmt::Debug>(
        &mut self,
        name: &str,
        within: RangeInclusive<T>,
        default: T,
    ) -> Option<T> {
        let value = self.optional(name, default)?;
        if within.contains(&value) {
            return Some(value);
        }
        let (least, most) = within.into_inner();
        self.refuse(name, format!("must be from {least:?} to {most:?}"));
        None
    }

    /// A variable under its full name, which other parts may read too.
    pub fn shared<T: Setting>(&mut self, name: &str, default: Option<T>) -> Option<T> {
        let found: Option<T> = self.shared_maybe(name)?;
        if found.is_none() && default.is_none() {
            self.remember(name, format!("is missing; must be {}", T::form()));
        }
        found.or(default)
    }

    /// A variable under its full name that may be absent; the outer `None` is a mistake.
    pub fn shared_maybe<T: Setting>(&mut self, name: &str) -> Option<Option<T>> {
        self.asked.insert(name.to_owned());
        let Some(text) = self.environment.find(name) else {
            return Some(None);
        };
        let parsed = text.and_then(T::parse);
        if parsed.is_none() {
            let quote = text.filter(|_| T::QUOTED).map(quoted).unwrap_or_default();
            self.remember(name, format!("{quote}must be {}", T::form()));
        }
        parsed.map(Some)
    }

    /// A variable that stands for all parts of the process, unless this part has one of its own:
    /// the broker knows each service by another name, also where they share a process.
    pub fn own_or_shared<T: Setting>(&mut self, name: &str) -> Option<Option<T>> {
        let own = self.maybe(name)?;
        let shared = self.shared_maybe(name)?;
        Some(own.or(shared))
    }

    /// Refuses a variable of this part for a reason that only the caller knows.
    pub fn refuse(&mut self, name: &str, text: impl Into<String>) {
        let name = self.full(name);
        self.remember(&name, text.into());
    }

    /// Refuses a variable under its full name.
    pub fn refuse_shared(&mut self, name: &str, text: impl Into<String>) {
        self.remember(name, text.into());
    }

    fn full(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn remember(&mut self, name: &str, text: String) {
        let name = name.to_owned();
        self.mistakes.push(Mistake { name, text });
    }

    /// A variable with our prefix that nobody asked for is a typo, or a setting that is gone.
    fn judge_unknown(&mut self) {
        let environment = self.environment;
        let unknown: Vec<String> = environment
            .names(&self.prefix)
            .filter(|name| !self.asked.contains(*name))
            .map(str::to_owned)
            .collect();
        for name in unknown {
            self.remember(&name, "is not a setting".to_owned());
        }
    }
}

fn quoted(text: &str) -> String {
    let start: String = text.chars().take(QUOTED_MAX).collect();
    format!("{start:?} is not valid; ")
}
