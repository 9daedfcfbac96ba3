//! Callers who come at their own times, whether or not the last one was answered, at a rate that
//! changes from stage to stage.
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

/// A rate for a time.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    /// Requests a second on average.
    pub rate: f64,
    /// How long.
    pub duration: Duration,
}

/// One answer: to which request of which stage, and when.
pub struct Answered {
    /// The number of the stage.
    pub stage: usize,
    /// When the request was meant to begin, since the begin of its stage.
    pub offset: Duration,
    /// How long its caller waited.
    pub took: Duration,
    /// What was said.
    pub answer: Result<Uuid, Refused>,
    in_time: bool,
}

/// What is sent, and when next.
struct Sending<T> {
    target: T,
    draw: Draw,
    /// The stage, its begin and its end.
    stage: usize,
    began: Instant,
    until: Instant,
    next: Instant,
    under_way: JoinSet<Answered>,
}

/// Lets requests come at random times and waits for all answers; `look` sees each of them. The
/// run of a stage counts as done what was granted before the stage ended.
pub async fn run<T: Target>(
    target: &T,
    draw: Draw,
    stages: &[Stage],
    mut look: impl FnMut(&Answered),
) -> anyhow::Result<Vec<Run>> {
    let runs = stages.iter().map(|it| Run::new(it.duration));
    let mut runs = runs.collect::<anyhow::Result<Vec<_>>>()?;
    let now = Instant::now();
    let mut sending = Sending {
        target: target.clone(),
        draw,
        stage: 0,
        began: now,
        until: now,
        next: now,
        under_way: JoinSet::new(),
    };
    let mut note = |answered: Answered| {
        look(&answered);
        if let Some(run) = runs.get_mut(answered.stage) {
            run.note(answered.answer, answered.took, answered.in_time);
        }
    };
    for (number, stage) in stages.iter().enumerate() {
        sending.begin(number, stage);
        while sending.next < sending.until {
            tokio::select! {
                biased;
                Some(answered) = sending.under_way.join_next(),
                    if !sending.under_way.is_empty() => {
                    note(answered.context("a request ended")?);
                }
                () = sleep_until(sending.next) => {
                    sending.due(stage.rate).into_iter().for_each(&mut note);
                }
            }
        }
    }
    while let Some(answered) = sending.under_way.join_next().await {
        note(answered.context("a request ended")?);
    }
    Ok(runs)
}

impl<T: Target> Sending<T> {
    fn begin(&mut self, number: usize, stage: &Stage) {
        self.stage = number;
        self.began = self.until;
        self.until = self.began + stage.duration;
        self.next = self.began;
    }

    /// Sends all that is due; returns what there was no room for.
    fn due(&mut self, rate: f64) -> Vec<Answered> {
        let now = Instant::now();
        let mut left_out = Vec::new();
        while self.next <= now && self.next < self.until {
            left_out.extend(self.send());
            self.next += gap(&mut self.draw, rate);
        }
        left_out
    }

    fn send(&mut self) -> Option<Answered> {
        let (stage, began, until, meant) = (self.stage, self.began, self.until, self.next);
        let answered = move |answer| {
            let now = Instant::now();
            Answered {
                stage,
                offset: meant - began,
                took: now.saturating_duration_since(meant),
                answer,
                in_time: now <= until,
            }
        };
        let has_room = self.under_way.len() < UNDER_WAY_MAX;
        let Some(order) = self.draw.order().filter(|_| has_room) else {
            let why = "too many requests under way".to_owned();
            return Some(answered(Err(Refused { shed: false, why })));
        };
        let target = self.target.clone();
        self.under_way.spawn(async move {
            let request = order.request;
            answered(target.reserve(order).await.map(|()| request))
        });
        None
    }
}

/// The time until the next request comes, as if each came by itself.
fn gap(draw: &mut Draw, rate: f64) -> Duration {
    let seconds = -(1.0 - draw.share()).ln() / rate.max(1.0);
    Duration::from_secs_f64(seconds.min(1.0))
}
