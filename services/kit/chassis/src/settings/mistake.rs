//! What is wrong with the settings, in words for the person who wrote them.

use std::fmt;

/// One variable that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The variable.
    pub name: String,
    /// What is wrong with it and what is expected.
    pub text: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.text)
    }
}

/// All that is wrong, one line each, sorted by variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// The mistakes, sorted by variable.
    pub fn list(&self) -> &[Mistake] {
        &self.0
    }

    /// Adds those of another part of the process.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.sort();
        self.0.dedup();
        self
    }

    pub(super) fn of(mut list: Vec<Mistake>) -> Self {
        list.sort();
        Self(list)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings have {} mistake(s)", self.0.len())?;
        self.0.iter().try_for_each(|it| write!(f, "\n  {it}"))
    }
}

impl std::error::Error for Mistakes {}
