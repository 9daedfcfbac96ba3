//! Callers who come at their own times, whether or not the last one was answered: for latency.
//!
//! A request begins when it was meant to begin, so a stall counts for all who came during it.

use std::time::Duration;

use anyhow::Context;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use super::{Refused, Run, Target};
use crate::order::Draw;

/// The most requests under way: what comes on top is counted as failed, not sent.
const UNDER_WAY_MAX: usize = 50_000;

type Answered = (Result<Uuid, Refused>, Duration, Instant);

/// A run in progress.
struct Open<'a> {
    run: Run,
    seconds: &'a mut Vec<u64>,
    began: Instant,
    until: Instant,
}

/// Lets requests come at random times, so many a second on average, and waits for the answers.
/// `seconds` gets the number of those granted in each second.
pub async fn run<T: Target>(
    target: &T,
    mut draw: Draw,
    rate: f64,
    duration: Duration,
    seconds: &mut Vec<u64>,
) -> anyhow::Result<Run> {
    let began = Instant::now();
    let mut open = Open {
        run: Run::new(duration)?,
        seconds,
        began,
        until: began + duration,
    };
    let mut under_way: JoinSet<Answered> = JoinSet::new();
    let mut next = began;
    while next < open.until {
        tokio::select! {
            biased;
            Some(answered) = under_way.join_next(), if !under_way.is_empty() => {
                open.note(answered.context("a request ended")?);
            }
            () = sleep_until(next) => {
                let now = Instant::now().min(open.until);
                while next <= now {
                    send(&mut under_way, &mut open.run, target, &mut draw, next);
                    next += gap(&mut draw, rate);
                }
            }
        }
    }
    while let Some(answered) = under_way.join_next().await {
        open.note(answered.context("a request ended")?);
    }
    Ok(open.run)
}

/// The time until the next request comes, as if each came by itself.
fn gap(draw: &mut Draw, rate: f64) -> Duration {
    let seconds = -(1.0 - draw.share()).ln() / rate.max(1.0);
    Duration::from_secs_f64(seconds.min(1.0))
}

fn send<T: Target>(
    under_way: &mut JoinSet<Answered>,
    run: &mut Run,
    target: &T,
    draw: &mut Draw,
    meant: Instant,
) {
    let order = draw.order().filter(|_| under_way.len() < UNDER_WAY_MAX);
    let Some(order) = order else {
        let why = "too many requests under way".to_owned();
        let refused = Refused { shed: false, why };
        run.note(Err(refused), Duration::ZERO, false);
        return;
    };
    let target = target.clone();
    under_way.spawn(async move {
        let request = order.request;
        let answer = target.reserve(order).await.map(|()| request);
        let now = Instant::now();
        (answer, now - meant, now)
    });
}

impl Open<'_> {
    fn note(&mut self, (answer, took, at): Answered) {
        if answer.is_ok() {
            let second = (at - self.began).as_secs() as usize;
            if self.seconds.len() <= second {
                self.seconds.resize(second + 1, 0);
            }
            self.seconds
                .iter_mut()
                .skip(second)
                .take(1)
                .for_each(|it| *it += 1);
        }
        self.run.note(answer, took, at <= self.until);
    }
}
