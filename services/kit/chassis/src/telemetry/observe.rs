//! What the chassis counts, as metrics; read only when metrics are exported.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};

use super::Telemetry;
use crate::contract::Contracts;
use crate::tasks::{TaskCounts, Tasks};

const TASK: &str = "task.name";

impl Telemetry {
    /// Exports what becomes of tasks: `retail.task.running`, `.starts`, `.failures`, `.panics`,
    /// each by `task.name`.
    pub fn observe_tasks(&self, tasks: &Tasks) {
        let meter = self.meter("retail.chassis");
        let running = of_each(tasks, |it| it.running);
        let gauge = meter.u64_observable_gauge("retail.task.running");
        gauge.with_unit("{task}").with_callback(running).build();
        task_counter(&meter, "retail.task.starts", of_each(tasks, |it| it.starts));
        task_counter(
            &meter,
            "retail.task.failures",
            of_each(tasks, |it| it.failures),
        );
        task_counter(&meter, "retail.task.panics", of_each(tasks, |it| it.panics));
    }

    /// Exports how often rpcs refused with reasons that they do not declare, as
    /// `retail.fault.undeclared`.
    pub fn observe_contracts(&self, contracts: &Contracts) {
        let contracts = contracts.clone();
        let meter = self.meter("retail.chassis");
        let counter = meter.u64_observable_counter("retail.fault.undeclared");
        let counter = counter.with_unit("{fault}");
        counter
            .with_callback(move |seen| seen.observe(contracts.undeclared(), &[]))
            .build();
    }
}

fn task_counter(
    meter: &Meter,
    name: &'static str,
    callback: impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static,
) {
    let counter = meter.u64_observable_counter(name);
    counter.with_unit("{task}").with_callback(callback).build();
}

fn of_each(
    tasks: &Tasks,
    count: fn(&TaskCounts) -> u64,
) -> impl Fn(&dyn AsyncInstrument<u64>) + Send + Sync + 'static {
    let tasks = tasks.clone();
    move |seen| {
        for it in tasks.counts() {
            seen.observe(count(&it), &[KeyValue::new(TASK, it.name)]);
        }
    }
}
