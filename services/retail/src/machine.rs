//! The machine underneath: processes as the kernel lists them, ports and who holds them.
//!
//! **Invariant:** what runs is read from `/proc` each time; no file of ours is believed over it.

pub mod ports;
pub mod process;
pub mod stack;
