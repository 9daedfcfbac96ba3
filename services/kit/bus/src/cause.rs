//! In whose trace the work on events shows.
//!
//! Work that follows a sampled write at once is a part of the trace of its cause, so that whoever
//! looks at a call sees one tree. Work on several causes has a span of its own that is linked to
//! them, and late work, such as a replay, never grows an old trace.

use std::collections::BTreeSet;
use std::time::Duration;

use chassis::telemetry::TraceContext;
use tracing::Span;
use vocab::Moment;

/// How old an event may be whose trace is still open for more.
const LIVE_WITHIN: Duration = Duration::from_secs(60);
/// How a `traceparent` ends that somebody keeps.
const SAMPLED: &str = "-01";
/// The most traces that one span is linked to.
const LINKS_MAX: usize = 32;

/// What led to an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause<'a> {
    /// The span of the write, as it was recorded; may be empty.
    pub traceparent: &'a str,
    /// When it was recorded.
    pub recorded_at: Option<Moment>,
}

impl Cause<'_> {
    /// The trace that work on the event is part of, if it is sampled and this is soon enough.
    pub fn live(&self, now: Moment) -> Option<TraceContext> {
        let age = now.since(self.recorded_at?).unwrap_or_default();
        let kept = self.traceparent.ends_with(SAMPLED) && age < LIVE_WITHIN;
        kept.then(|| TraceContext::parse(self.traceparent, ""))?
    }
}

/// Links a span to the causes of everything that it works on.
pub(crate) fn link<'a>(span: &Span, causes: impl Iterator<Item = Cause<'a>>) {
    let traces: BTreeSet<&str> = causes.map(|it| it.traceparent).collect();
    let said = traces.into_iter().filter(|it| !it.is_empty());
    for context in said
        .take(LINKS_MAX)
        .filter_map(|it| TraceContext::parse(it, ""))
    {
        context.link_to(span);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use vocab::Moment;

    use super::{Cause, LIVE_WITHIN};

    const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const UNSAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn live(traceparent: &str, age: Duration) -> bool {
        let recorded_at = Moment::from_micros(1_000_000_000).unwrap();
        let cause = Cause {
            traceparent,
            recorded_at: Some(recorded_at),
        };
        cause.live(recorded_at.plus(age).unwrap()).is_some()
    }

    #[test]
    fn a_trace_grows_while_it_is_sampled_and_young() {
        assert!(live(SAMPLED, Duration::ZERO));
        assert!(live(SAMPLED, LIVE_WITHIN / 2));
        assert!(!live(SAMPLED, LIVE_WITHIN), "a replay leaves it alone");
        assert!(!live(UNSAMPLED, Duration::ZERO), "the caller decided");
        assert!(!live("", Duration::ZERO));
        assert!(!live("00-0-0-01", Duration::ZERO));
    }

    #[test]
    fn a_clock_behind_that_of_the_database_makes_nothing_late() {
        let recorded_at = Moment::from_micros(1_000_000_000).unwrap();
        let cause = Cause {
            traceparent: SAMPLED,
            recorded_at: Some(recorded_at),
        };
        let before = recorded_at.minus(Duration::from_secs(5)).unwrap();
        assert!(cause.live(before).is_some());
    }
}
