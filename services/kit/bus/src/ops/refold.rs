//! How an owner refolds its streams: by the journal, whatever its ledger is.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use journal::{Derived, Ledger, Report, Store, Verify, VerifyError};
use sqlx::PgConnection;

/// Which differences somebody wants to hear of; what is empty leaves nothing out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The kind of aggregate.
    pub aggregate_type: String,
    /// The aggregate.
    pub aggregate_id: String,
}

/// What a comparison tells of its report while it runs.
pub type Progress<'a> = &'a mut (dyn FnMut(&Report) + Send);

/// Compares what is stored with what the facts say, for an owner of any ledger.
pub trait Refold: Send + Sync + 'static {
    /// Compares in one snapshot, on a connection of the role of the log.
    fn refold<'a>(
        &'a self,
        log: &'a mut PgConnection,
        scope: &'a Scope,
        progress: Progress<'a>,
    ) -> BoxFuture<'a, Result<Report, VerifyError>>;
}

/// Makes what recomputes claims and counters, anew for each run.
type Recompute<L> = Box<dyn Fn() -> Box<dyn Derived<L>> + Send + Sync>;

/// Refolds the streams of one ledger.
pub struct Refolder<L: Ledger> {
    ledger: Arc<L>,
    store: Arc<dyn Store<L>>,
    derived: Option<Recompute<L>>,
}

impl<L: Ledger> Refolder<L> {
    /// Takes the rules and the columns.
    pub fn new(ledger: L, store: impl Store<L>) -> Self {
        Self {
            ledger: Arc::new(ledger),
            store: Arc::new(store),
            derived: None,
        }
    }

    /// Recomputes claims and counters too.
    #[must_use]
    pub fn derived<D: Derived<L> + 'static>(
        self,
        derived: impl Fn() -> D + Send + Sync + 'static,
    ) -> Self {
        let derived: Recompute<L> = Box::new(move || Box::new(derived()));
        Self {
            derived: Some(derived),
            ..self
        }
    }
}

impl<L: Ledger> Refold for Refolder<L> {
    fn refold<'a>(
        &'a self,
        log: &'a mut PgConnection,
        scope: &'a Scope,
        progress: Progress<'a>,
    ) -> BoxFuture<'a, Result<Report, VerifyError>> {
        Box::pin(async move {
            let mut derived = self.derived.as_ref().map(|it| it());
            let verify = Verify::new(self.ledger.as_ref(), self.store.as_ref())?;
            let verify = verify
                .only(&scope.aggregate_type, &scope.aggregate_id)
                .progress(progress);
            match &mut derived {
                Some(derived) => verify.derived(derived.as_mut()).run(log).await,
                None => verify.run(log).await,
            }
        })
    }
}
