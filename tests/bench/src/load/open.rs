//! Callers who come at their own times at one rate: for latency.

use std::time::Duration;

use anyhow::Context;

use super::stages::{self, Stage};
use super::{Run, Target};
use crate::order::Draw;

/// Lets requests come at random times, so many a second on average, and waits for the answers.
pub async fn run<T: Target>(
    target: &T,
    draw: Draw,
    rate: f64,
    duration: Duration,
) -> anyhow::Result<Run> {
    let stages = [Stage { rate, duration }];
    let runs = stages::run(target, draw, &stages, |_| ()).await?;
    runs.into_iter().next().context("one stage has one run")
}
