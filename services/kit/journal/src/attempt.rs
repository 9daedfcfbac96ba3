//! One try of one batch: a transaction from its announcement to the certainty that it committed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, SqlStr, raw_sql};
use tokio::time::{sleep, timeout};

use crate::announce::{Begin, begin};
use crate::connection::{connect, silence};
use crate::dice::Dice;
use crate::failure::Class;
use crate::item::{Item, Reply};
use crate::journal::Shared;
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::sql::Parts;

mod answers;
mod deciding;
mod drafts;
mod locking;
mod outcome;
mod replies;
mod writing;

pub(crate) use locking::{key_arguments, key_arguments_of};

pub(crate) use answers::READ as ANSWERS;
use answers::stored_answers;
use deciding::Deciding;
use outcome::Proof;
pub(crate) use replies::request_id_reused;
use writing::Writing;

/// How long the statements of a batch may take together before their connection counts as dead.
/// Each ends after two seconds by itself, if the server lives.
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// Why a try came to nothing.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Somebody was faster. Names the commands whose rows came short, where that is known.
    Raced(BTreeSet<usize>),
    /// Two batches waited for each other.
    Deadlocked(sqlx::Error),
    /// A row is held for too long.
    Held(sqlx::Error),
    /// The database is not there or not able.
    Away(sqlx::Error),
    /// A command of the batch caused an error.
    Caused(sqlx::Error),
    /// Nobody's command is to blame.
    Defect(Box<dyn std::error::Error + Send + Sync>),
    /// A command made our own code fail.
    Poisoned(usize, String),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match Class::of(&error) {
            Class::Raced => Self::Raced(BTreeSet::new()),
            Class::Deadlocked => Self::Deadlocked(error),
            Class::Held => Self::Held(error),
            Class::Away => Self::Away(error),
            Class::Caused => Self::Caused(error),
            Class::Defect => Self::Defect(Box::new(error)),
        }
    }
}

/// A writer's own connection, and what it has learned on it.
pub(crate) struct Line<L: Ledger> {
    pub shared: Arc<Shared<L>>,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    texts: HashMap<Parts, SqlStr>,
    dice: Dice,
}

/// A transaction that has written everything and was not committed yet.
struct Written<L: Ledger> {
    replies: Vec<Reply<L>>,
    /// How to find out whether it committed; nothing if there is nothing to commit.
    proof: Option<Proof>,
}

impl<L: Ledger> Line<L> {
    pub fn new(shared: Arc<Shared<L>>, options: PgConnectOptions) -> Self {
        Self {
            shared,
            options,
            connection: None,
            texts: HashMap::new(),
            dice: Dice::new(),
        }
    }

    /// Returns a chance number for a pause, so that rivals do not meet again.
    pub fn jitter(&mut self, most: Duration) -> Duration {
        self.dice.duration(most)
    }

    /// Tries a batch. After a failure nothing of it is there, and the connection is clean or gone.
    pub async fn attempt(&mut self, items: &[Item<L>]) -> Result<Vec<Reply<L>>, Failure> {
        let sorted = !self.shared.settings.controls.unsorted_locks;
        let mut plan = Plan::of(items, sorted);
        let mut connection = self.connected().await?;
        let work = timeout(ALIVE_WITHIN, self.work(&mut connection, items, &mut plan)).await;
        let written = match work.unwrap_or(Err(Failure::Away(silence()))) {
            Ok(written) => written,
            // Whatever is wrong with this connection, it is not with the next one.
            Err(failure @ Failure::Away(_)) => return Err(failure),
            Err(failure) => {
                self.roll_back(connection).await;
                return Err(failure);
            }
        };
        let Some(proof) = written.proof else {
            self.roll_back(connection).await;
            return Ok(written.replies);
        };
        self.pause_for_a_test().await;
        if !self.commit(connection, proof).await? {
            return Err(Failure::Away(silence()));
        }
        Ok(written.replies)
    }

    /// Finds the commands that name a row which somebody holds now.
    pub async fn held(&mut self, items: &[Item<L>]) -> Result<Vec<usize>, Failure> {
        let plan = Plan::of(items, true);
        let mut connection = self.connected().await?;
        let look = self.look_for_held(&mut connection, &plan);
        let slots = timeout(ALIVE_WITHIN, look).await;
        let slots = slots.unwrap_or(Err(Failure::Away(silence())));
        self.roll_back(connection).await;
        Ok(plan.naming(&slots?))
    }

    async fn look_for_held(
        &self,
        connection: &mut PgConnection,
        plan: &Plan<L>,
    ) -> Result<BTreeSet<usize>, Failure> {
        let text = begin(Begin::Writing, plan.tenants.iter().copied());
        raw_sql(text).execute(&mut *connection).await?;
        let statements = &self.shared.statements.held;
        locking::places(&self.shared, connection, statements, &plan.slots).await
    }

    async fn work(
        &mut self,
        connection: &mut PgConnection,
        items: &[Item<L>],
        plan: &mut Plan<L>,
    ) -> Result<Written<L>, Failure> {
        let text = begin(Begin::Writing, plan.tenants.iter().copied());
        raw_sql(text).execute(&mut *connection).await?;
        let clock = locking::lock(&self.shared, connection, &mut plan.slots).await?;
        let now = self.shared.settings.offset.apply(clock);
        let remembers = !self.shared.settings.controls.forget_answers;
        let stored = if remembers {
            stored_answers(connection, items).await?
        } else {
            HashMap::new()
        };
        let shared = self.shared.clone();
        let deciding = Deciding::new(&shared, items, plan, now);
        let decided = deciding.run(stored)?;
        let Some(mut writing) = Writing::of(&shared, items, plan, &decided, &mut self.dice)? else {
            return Ok(Written {
                replies: decided.replies,
                proof: None,
            });
        };
        let text = self.texts.entry(writing.parts.clone());
        let text = text.or_insert_with(|| writing.parts.statement(shared.statements.tables));
        let proof = writing.run(connection, text.clone()).await?;
        let Some(proof) = proof else {
            let short = writing.blame(&shared, connection, plan).await?;
            return Err(Failure::Raced(short));
        };
        Ok(Written {
            replies: decided.replies,
            proof: Some(proof),
        })
    }

    async fn pause_for_a_test(&self) {
        if let Some(pause) = self.shared.settings.controls.pause_before_commit {
            sleep(pause).await;
        }
    }

    async fn connected(&mut self) -> Result<PgConnection, Failure> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(connect(&self.options).await?),
        }
    }

    /// Ends a transaction without its writes. A connection on which that fails is dropped, and
    /// its server rolls back by itself.
    async fn roll_back(&mut self, mut connection: PgConnection) {
        let rollback = raw_sql("ROLLBACK").execute(&mut connection);
        if let Ok(Ok(_)) = timeout(ALIVE_WITHIN, rollback).await {
            self.connection = Some(connection);
        }
    }
}
