//! What is watched how closely: settings, and what is left out for good.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::settings::{Choice, Profile, Reader, Url};

/// The libraries below us: their spans would trace the export itself, their lines are noise.
const LIBRARIES: [&str; 6] = [
    "h2",
    "hyper",
    "hyper_util",
    "opentelemetry",
    "tonic",
    "tower",
];

/// The share of traces that are kept, unless a setting says otherwise.
const RATIO_PROD: f64 = 0.01;

/// How closely a service is watched.
///
/// | variable | form | default |
/// |---|---|---|
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | URL of a collector, OTLP over gRPC | nothing is exported |
/// | `…_TRACE_SAMPLE_RATIO` | share of new traces that are kept, 0 to 1 | dev 1, prod 0.01 |
/// | `…_LOG_LEVEL` | `error`, `warn`, `info`; in dev also `debug`, `trace` | `info` |
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetrySettings {
    /// Where traces and metrics go.
    pub endpoint: Option<Url>,
    /// The share of traces that are kept where the caller did not decide.
    pub sample_ratio: f64,
    /// The lowest level of lines that are written.
    pub level: Level,
}

impl TelemetrySettings {
    /// Reads the settings of one service.
    pub fn read(reader: &mut Reader<'_>, profile: Profile) -> Option<Self> {
        let ratio = match profile {
            Profile::Development => 1.0,
            Profile::Production => RATIO_PROD,
        };
        let endpoint = reader.shared_maybe("OTEL_EXPORTER_OTLP_ENDPOINT");
        let sample_ratio = reader.bounded("TRACE_SAMPLE_RATIO", 0.0..=1.0, ratio);
        let level = reader.optional("LOG_LEVEL", Level::Info)?;
        if profile == Profile::Production && level > Level::Info {
            reader.refuse("LOG_LEVEL", "must be info or above in the profile prod");
        }
        Some(Self {
            endpoint: endpoint?,
            sample_ratio: sample_ratio?,
            level,
        })
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A person must act.
    Error,
    /// Something failed and was dealt with.
    Warn,
    /// A step in the life of the process.
    Info,
    /// What happens to single calls, refusals among it.
    Debug,
    /// Everything.
    Trace,
}

impl Choice for Level {
    const CHOICES: &'static [(&'static str, Self)] = &[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ];
}

impl From<Level> for LevelFilter {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

/// The lines that are written.
pub(super) fn of_lines(settings: &TelemetrySettings) -> Targets {
    let level = LevelFilter::from(settings.level);
    let of_libraries = level.min(LevelFilter::WARN);
    Targets::new()
        .with_default(level)
        .with_targets(LIBRARIES.map(|library| (library, of_libraries)))
}

/// The spans, and the events within them, that are exported.
pub(super) fn of_spans() -> Targets {
    Targets::new()
        .with_default(LevelFilter::INFO)
        .with_targets(LIBRARIES.map(|library| (library, LevelFilter::OFF)))
}
