//! Ours in this process: a journal on a database, called as jobs and sagas call it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chassis::deadline::Deadline;
use chassis::fault::{Fault, Kind};
use chassis::tasks::{Ending, Tasks};
use chassis::telemetry::Telemetry;
use futures_util::future::try_join_all;
use journal::{Journal, Settings, Submission};
use opentelemetry::global;
use opentelemetry::metrics::Meter;

use crate::load::{Refused, Target};
use crate::order::{ON_HAND, Order, World};
use crate::stock::{Command, Line, Stock};

/// How long a caller in this process waits.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the end may take.
const GRACE: Duration = Duration::from_secs(20);
/// How many shelves are filled at a time.
const FILLED_AT_ONCE: usize = 2_000;
/// What reservations are made by.
pub const METHOD: &str = "retail.inventory.v1.InventoryService/ReserveStock";

/// A journal with its tasks.
#[derive(Clone)]
pub struct Process {
    /// The journal.
    pub journal: Journal<Stock>,
    tasks: Tasks,
}

impl Process {
    /// Opens the journal of a database, with its usual settings.
    pub fn open(url: &str) -> anyhow::Result<Self> {
        Self::measured(url, &global::meter("bench"))
    }

    /// The same, watched by the telemetry of a service: its spans, its metrics.
    pub fn watched(url: &str, telemetry: &Telemetry) -> anyhow::Result<Self> {
        let meter = telemetry.meter("journal");
        let open = || Self::measured(url, &meter);
        tracing::dispatcher::with_default(&telemetry.dispatch(), open)
    }

    fn measured(url: &str, meter: &Meter) -> anyhow::Result<Self> {
        let tasks = Tasks::default();
        let settings = Settings::of("bench", url)?;
        let journal = Journal::open(Stock, Stock, settings, &tasks, meter)?;
        Ok(Self { journal, tasks })
    }

    /// Fills the shelves, by facts like everything else.
    pub async fn stock(&self, world: &Arc<World>) -> anyhow::Result<()> {
        let shelves = world.shops.iter();
        let shelves = shelves.flat_map(|shop| shop.places.iter().map(|it| (shop.tenant, *it)));
        let shelves: Vec<_> = shelves.collect();
        for some in shelves.chunks(FILLED_AT_ONCE) {
            let filling = some.iter().map(|(tenant, place)| {
                let deadline = Deadline::within(PATIENCE);
                let submission = Submission::of_service("bench", *tenant, METHOD, deadline);
                let line = Line {
                    place: *place,
                    quantity: ON_HAND,
                };
                self.journal.submit(submission, Command::Receive(line))
            });
            try_join_all(filling).await.context("a shelf is filled")?;
        }
        Ok(())
    }

    /// Ends the writers and closes their connections.
    pub async fn end(self) -> anyhow::Result<()> {
        let late = self.tasks.end(&Ending::within(GRACE)).await;
        anyhow::ensure!(late.is_empty(), "did not end in time: {late:?}");
        Ok(())
    }
}

impl Target for Process {
    async fn reserve(&self, order: Order) -> Result<(), Refused> {
        let deadline = Deadline::within(PATIENCE);
        let submission = Submission::of_service("bench", order.tenant, METHOD, deadline);
        let submission = submission.attempt(order.request, order.fingerprint());
        let command = Command::Reserve(order.reservation(), order.lines);
        let answer = self.journal.submit(submission, command).await;
        answer.map(|_| ()).map_err(|fault| refused(&fault))
    }
}

fn refused(fault: &Fault) -> Refused {
    Refused {
        shed: fault.kind() == Kind::Exhausted,
        why: chassis::fault::chain(fault),
    }
}
