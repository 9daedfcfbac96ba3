//! What a message breaks of its contract's rules, and where.
//!
//! The checks are generated from the rules in the protos. A valid message costs no allocation: the
//! path to a field is a linked list on the stack, written out only for a violation.

pub mod predicate;

use std::fmt;

/// A message whose contract has rules.
pub trait Validate {
    /// Adds every violation found in this message, which stands at a path.
    fn check(&self, at: &Path<'_>, found: &mut Violations);

    /// Judges the message as a whole, within the limits of an answer.
    fn validate(&self) -> Result<(), Violations> {
        let mut found = Violations::default();
        self.check(&Path::Root, &mut found);
        found.into_result()
    }
}

impl<M: Validate> Validate for Box<M> {
    fn check(&self, at: &Path<'_>, found: &mut Violations) {
        self.as_ref().check(at, found);
    }
}

/// Where a value stands, from the inside out.
#[derive(Clone, Copy)]
pub enum Path<'a> {
    /// The message that was sent.
    Root,
    /// A field of what is before it.
    Field(&'a Path<'a>, &'static str),
    /// An item of a list.
    Index(&'a Path<'a>, usize),
    /// An entry of a map.
    Key(&'a Path<'a>, &'a dyn Key),
}

impl<'a> Path<'a> {
    /// A field of the message at this path.
    pub fn field(&'a self, name: &'static str) -> Self {
        Self::Field(self, name)
    }

    /// An item of the list at this path.
    pub fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// An entry of the map at this path.
    pub fn key(&'a self, key: &'a dyn Key) -> Self {
        Self::Key(self, key)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Path::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Index(parent, index) => write!(f, "{parent}[{index}]"),
            Self::Key(parent, key) => {
                write!(f, "{parent}[")?;
                key.write(f)?;
                f.write_str("]")
            }
        }
    }
}

/// The key of a map, written as JSON writes it.
pub trait Key {
    /// Writes the key.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl Key for String {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for letter in self.chars() {
            match letter {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                '\u{8}' => f.write_str("\\b")?,
                '\u{c}' => f.write_str("\\f")?,
                control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
                other => write!(f, "{other}")?,
            }
        }
        f.write_str("\"")
    }
}

macro_rules! number_keys {
    ($($kind:ty),+) => {$(
        impl Key for $kind {
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    )+};
}

number_keys!(i32, i64, u32, u64, bool);

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Path of the field in the request, as in `order.lines[1].sku`. Empty for the whole request.
    pub field: String,
    /// The rule's stable id, as in `string.line`.
    pub rule: &'static str,
    /// What the value must be, for people.
    pub text: &'static str,
}

impl Violation {
    /// What it takes in an answer, framing included.
    fn size(&self) -> usize {
        self.field.len() + self.rule.len() + self.text.len() + 12
    }
}

/// The broken rules of one message, never more than an answer can carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violations {
    list: Vec<Violation>,
    left_out: usize,
    size: usize,
    most: usize,
    most_bytes: usize,
}

impl Violations {
    /// Violations in one answer: more, and clients fail on the size of the header.
    pub const MOST: usize = 20;
    /// Bytes that the violations of one answer may take: 4 KiB less room for the rest.
    pub const MOST_BYTES: usize = 3_584;

    /// Without the limits of an answer.
    pub fn unlimited() -> Self {
        Self {
            most: usize::MAX,
            most_bytes: usize::MAX,
            ..Self::default()
        }
    }

    /// Adds a violation, or counts it where the answer is full.
    #[cold]
    pub fn add(&mut self, at: &Path<'_>, rule: &'static str, text: &'static str) {
        if self.list.len() >= self.most {
            self.left_out += 1;
            return;
        }
        let violation = Violation {
            field: at.to_string(),
            rule,
            text,
        };
        let size = violation.size();
        if self.size.saturating_add(size) > self.most_bytes {
            self.left_out += 1;
            return;
        }
        self.size += size;
        self.list.push(violation);
    }

    /// The violations in the order in which they were found.
    pub fn list(&self) -> &[Violation] {
        &self.list
    }

    /// How many more there are than the answer can carry.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// `Ok` when nothing was found.
    pub fn into_result(self) -> Result<(), Self> {
        if self.list.is_empty() && self.left_out == 0 {
            Ok(())
        } else {
            Err(self)
        }
    }
}

impl Default for Violations {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            left_out: 0,
            size: 0,
            most: Self::MOST,
            most_bytes: Self::MOST_BYTES,
        }
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, it) in self.list.iter().enumerate() {
            let comma = if place == 0 { "" } else { "; " };
            write!(f, "{comma}{}: {}", it.field, it.text)?;
        }
        match self.left_out {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Violations {}

/// Decodes a message and judges it without the limits of an answer.
pub type Judge = fn(&[u8]) -> Result<Violations, prost::DecodeError>;

/// The [`Judge`] of one message type.
pub fn judge<M: prost::Message + Default + Validate>(
    bytes: &[u8],
) -> Result<Violations, prost::DecodeError> {
    let mut found = Violations::unlimited();
    M::decode(bytes)?.check(&Path::Root, &mut found);
    Ok(found)
}

#[cfg(test)]
mod tests;
