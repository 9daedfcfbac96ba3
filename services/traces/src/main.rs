//! Traces on one machine, without a container.

fn main() {}
