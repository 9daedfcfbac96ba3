//! Field masks: what an update changes, what a read returns, and what callers cannot set.
//!
//! The parts that know fields are generated from the protos. OUTPUT_ONLY fields are cleared on
//! input and skipped by updates, never an error; a path that names no field is one.

use prost_types::FieldMask;

use crate::validate::Validate;

/// A request: it can be judged, and cleared of what only the server may set.
pub trait Input: Validate {
    /// Resets every OUTPUT_ONLY field, at any depth.
    fn clear_output_only(&mut self);

    /// The id under which a write can be repeated; nothing where the message has none or leaves it
    /// empty.
    fn request_id(&self) -> Option<&str> {
        None
    }

    /// The owners or locations that the field of the rpc's scope names; empty where it names none.
    fn scoped(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Fills an empty field of the scope with what the caller reaches. A field for one id stays
    /// empty where there are several.
    fn narrow(&mut self, _to: &[String]) {}
}

/// A message that a mask can reach into.
pub trait Masked: Clone + Default {
    /// The fields that an update can change.
    const WRITABLE: &'static [&'static str];

    /// Takes over what the path names.
    fn merge(&mut self, from: &Self, path: Steps<'_>, reach: Reach) -> Result<(), UnknownPath>;

    /// The writable fields that are set.
    fn filled(&self) -> Vec<&'static str>;
}

/// Which fields a mask may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// An update: others are skipped.
    Writable,
    /// A read.
    All,
}

/// A mask names a field that there is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPath(pub String);

impl std::fmt::Display for UnknownPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the mask names {:?}, which is no field", self.0)
    }
}

impl std::error::Error for UnknownPath {}

/// What is left of a path such as `shipping_address.locality`.
#[derive(Debug, Clone, Copy)]
pub struct Steps<'a> {
    whole: &'a str,
    rest: Option<&'a str>,
}

impl<'a> Steps<'a> {
    /// A whole path.
    pub fn of(path: &'a str) -> Self {
        Self {
            whole: path,
            rest: Some(path),
        }
    }

    /// The first step and what is behind it.
    pub fn first(self) -> Result<(&'a str, Self), UnknownPath> {
        let rest = self.rest.ok_or_else(|| self.unknown())?;
        Ok(match rest.split_once('.') {
            Some((step, rest)) => (
                step,
                Self {
                    rest: Some(rest),
                    ..self
                },
            ),
            None => (rest, Self { rest: None, ..self }),
        })
    }

    /// Whether nothing is left.
    pub fn is_end(self) -> bool {
        self.rest.is_none()
    }

    /// Refuses a path that goes on below a field that has no fields.
    pub fn end(self) -> Result<(), UnknownPath> {
        if self.is_end() {
            Ok(())
        } else {
            Err(self.unknown())
        }
    }

    /// The refusal of the whole path.
    pub fn unknown(self) -> UnknownPath {
        UnknownPath(self.whole.to_owned())
    }
}

/// Takes over a part of a nested message, which is created where it is absent.
pub fn merge_nested<M: Masked>(
    into: &mut Option<M>,
    from: &Option<M>,
    path: Steps<'_>,
    reach: Reach,
) -> Result<(), UnknownPath> {
    let absent = M::default();
    let mut merged = into.clone().unwrap_or_default();
    merged.merge(from.as_ref().unwrap_or(&absent), path, reach)?;
    if into.is_some() || from.is_some() {
        *into = Some(merged);
    }
    Ok(())
}

/// Applies an update: the present resource with what the mask names taken from the sent one.
///
/// No mask or an empty one means every field that was sent with a value; `*` means every field.
pub fn update<M: Masked>(
    present: &M,
    sent: &M,
    mask: Option<&FieldMask>,
) -> Result<M, UnknownPath> {
    let mut merged = present.clone();
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.is_empty() {
        for field in sent.filled() {
            merged.merge(sent, Steps::of(field), Reach::Writable)?;
        }
    }
    for path in paths {
        if path == "*" {
            for field in M::WRITABLE {
                merged.merge(sent, Steps::of(field), Reach::Writable)?;
            }
        } else {
            merged.merge(sent, Steps::of(path), Reach::Writable)?;
        }
    }
    Ok(merged)
}

/// Applies a read mask: only what it names. No mask, an empty one or `*` means everything.
pub fn project<M: Masked>(whole: &M, mask: Option<&FieldMask>) -> Result<M, UnknownPath> {
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if paths.is_empty() || paths.iter().any(|path| path == "*") {
        return Ok(whole.clone());
    }
    let mut part = M::default();
    for path in paths {
        part.merge(whole, Steps::of(path), Reach::All)?;
    }
    Ok(part)
}

#[cfg(test)]
mod tests;
