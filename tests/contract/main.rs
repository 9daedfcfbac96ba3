//! The gates that keep the contracts honest: one module a gate.
//!
//! Modules are marked as tests one by one, because clippy forgives an `unwrap` only there.

#[cfg(test)]
mod breaking;
#[cfg(test)]
mod compiled;
#[cfg(test)]
mod controls;
#[cfg(test)]
mod events;
#[cfg(test)]
mod fresh;
#[cfg(test)]
mod image;
#[cfg(test)]
mod lint;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod reflection;
#[cfg(test)]
mod surface;
#[cfg(test)]
mod vectors;
