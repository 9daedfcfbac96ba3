//! The one binary of Retail Mesh.

fn main() {}
