//! What is counted of every rpc: how many, how long, how they ended, and why.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Histogram, UpDownCounter};
use tonic::Code;

use crate::fault::Kind;
use crate::telemetry::Telemetry;

/// The bounds of durations in seconds: from what a cache answers to what nobody waits for.
const BOUNDS: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0,
];

/// The instruments of one service.
#[derive(Debug)]
pub(super) struct Meters {
    durations: Histogram<f64>,
    in_flight: UpDownCounter<i64>,
    faults: Counter<u64>,
    panics: Counter<u64>,
}

impl Meters {
    pub fn new(telemetry: &Telemetry) -> Self {
        let meter = telemetry.meter("retail.chassis");
        Self {
            durations: meter
                .f64_histogram("rpc.server.call.duration")
                .with_unit("s")
                .with_boundaries(BOUNDS.to_vec())
                .build(),
            in_flight: meter
                .i64_up_down_counter("retail.rpc.in_flight")
                .with_unit("{call}")
                .build(),
            faults: meter
                .u64_counter("retail.fault.answered")
                .with_unit("{fault}")
                .build(),
            panics: meter
                .u64_counter("retail.rpc.panics")
                .with_unit("{panic}")
                .build(),
        }
    }

    /// A call began.
    pub fn entered(&self) {
        self.in_flight.add(1, &[]);
    }

    /// A call is over, whatever became of it.
    pub fn left(&self) {
        self.in_flight.add(-1, &[]);
    }

    /// A call was answered.
    pub fn answered(&self, method: &Arc<str>, code: Code, took: Duration) {
        let attributes = [
            KeyValue::new("rpc.system", "grpc"),
            KeyValue::new("rpc.method", Arc::clone(method)),
            KeyValue::new("rpc.grpc.status_code", i64::from(i32::from(code))),
        ];
        self.durations.record(took.as_secs_f64(), &attributes);
    }

    /// A call failed.
    pub fn failed(&self, kind: Kind, reason: &str) {
        let attributes = [
            KeyValue::new("fault.kind", format!("{kind:?}")),
            KeyValue::new("fault.reason", reason.to_owned()),
        ];
        self.faults.add(1, &attributes);
    }

    /// A handler panicked.
    pub fn panicked(&self) {
        self.panics.add(1, &[]);
    }
}
