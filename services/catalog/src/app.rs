//! What the doors can ask for: one use case for each verb, over one journal.
//!
//! A write that rests on a snapshot reads it, submits, and begins again if it was outrun, a bounded
//! number of times. Reads go by the cache, the database or its replica, as the contract promises.

use std::sync::Arc;

use chassis::call::Call;
use chassis::fault::Fault;
use journal::Journal;
use vocab::Clock;

use crate::cache::ProductCache;
use crate::db::Db;
use crate::domain::price::{Actor, ActorKind};
use crate::domain::{Answer, Command};

mod categories;
mod draw;
mod ledger;
mod prices;
mod products;
mod reads;
mod refused;
mod search;

pub use draw::Draw;
pub use ledger::Catalog;
pub use products::Revised;
pub use reads::Viewer;
pub use refused::{bundles_not_served, currencies_differ};
pub use search::Asked;

/// The one shared handle of the doors.
#[derive(Clone)]
pub struct App {
    journal: Journal<Catalog>,
    db: Db,
    cache: Arc<ProductCache>,
    clock: Clock,
    defaults: Defaults,
}

/// What counts where neither the request nor the tenant says otherwise.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The language of products' own texts.
    pub locale: String,
    /// The currency in which searches compare prices.
    pub currency: vocab::Currency,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        journal: Journal<Catalog>,
        cache: Arc<ProductCache>,
        clock: Clock,
        defaults: Defaults,
    ) -> Self {
        Self {
            db: Db::new(journal.reads().clone()),
            journal,
            cache,
            clock,
            defaults,
        }
    }

    /// What counts where nobody says otherwise.
    pub fn defaults(&self) -> &Defaults {
        &self.defaults
    }

    /// Ids for what a call creates.
    fn draw(&self) -> Result<Draw, Fault> {
        Draw::at(self.clock.now())
    }

    async fn submit(&self, call: &Call, command: Command) -> Result<Answer, Fault> {
        let answer = self.journal.submit(call, command).await?;
        if let Answer::Product(product) | Answer::Priced(product, _) = &answer {
            // A repetition is answered with what was so then, which the cache knows to be old.
            self.cache
                .fill(call.tenant, Arc::new((**product).clone()))
                .await;
        }
        Ok(answer)
    }
}

/// Who acts, as price entries name it.
fn actor(call: &Call) -> Actor {
    let kind = ActorKind::of(call.caller.kind.into());
    Actor {
        kind: kind.unwrap_or(ActorKind::System),
        id: call.caller.id.clone(),
    }
}

/// An answer of another kind than its command has.
fn unexpected(answer: &Answer) -> Fault {
    Fault::bug(format!("a command was answered with {answer:?}"))
}
