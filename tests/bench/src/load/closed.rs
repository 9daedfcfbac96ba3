//! Callers who send the next request when the last one was answered: for the maximum.

use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Refused, Run, Target};
use crate::order::Draw;

/// One answer: of which request, and how long it took.
type Answered = (Result<Uuid, Refused>, Duration, bool);

/// Lets callers reserve for a time, then waits for the last answers.
pub async fn run<T: Target>(
    target: &T,
    draws: Vec<Draw>,
    duration: Duration,
) -> anyhow::Result<Run> {
    let until = Instant::now() + duration;
    let mut callers = JoinSet::new();
    for draw in draws {
        callers.spawn(caller(target.clone(), draw, until));
    }
    let mut run = Run::new(duration)?;
    while let Some(ended) = callers.join_next().await {
        for (answer, took, in_time) in ended.context("a caller ended")? {
            run.note(answer, took, in_time);
        }
    }
    Ok(run)
}

async fn caller<T: Target>(target: T, mut draw: Draw, until: Instant) -> Vec<Answered> {
    let mut answers = Vec::new();
    loop {
        let began = Instant::now();
        if began >= until {
            return answers;
        }
        let Some(order) = draw.order() else {
            return answers;
        };
        let request = order.request;
        let answer = target.reserve(order).await.map(|()| request);
        let now = Instant::now();
        answers.push((answer, now - began, now <= until));
    }
}
