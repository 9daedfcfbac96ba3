//! The settings of every property test: a fixed seed, so that a run today is a run tomorrow.

use proptest::test_runner::{Config, RngSeed};

/// Returns proptest's defaults with the seed fixed and no files written.
pub(crate) fn seeded() -> Config {
    Config {
        rng_seed: RngSeed::Fixed(0x7265_7461_696c),
        failure_persistence: None,
        ..Config::default()
    }
}
