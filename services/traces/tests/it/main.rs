//! The whole of it: real exporters in front, and what the UI asks for behind.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod bed;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod keeping;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod receiving;
#[cfg(test)]
mod relating;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod story;
