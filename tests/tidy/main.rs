//! The half of our style that a machine can hold.
//!
//! Every rule is a pure function from the sources to their breaches, and stands here twice: held
//! against this repository, and shown to bite on a small tree that breaks it.

mod breach;
mod comments;
mod manifest;
mod patterns;
mod rust;
mod sources;
mod words;

mod files;
mod functions;
mod headers;
mod tree;

mod lints;
mod names;
mod remarks;
mod tasks;

mod crates;
mod layers;
mod migrations;

mod alone;
mod decisions;
mod docs;
mod requirements;
