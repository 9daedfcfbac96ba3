//! What operators find in auth.

use std::sync::Arc;

use bus::ops::{ConsumerFace, EventIndex, Letters, Refolder};
use bus::{Consuming, ConsumingStore, Operated, Projection};
use chassis::contract::Contracts;

use crate::app::Auth;
use crate::db::{AuthStore, Trail};
use crate::events::{AUDITED, AuthEvents, AuthRows};

/// The views of the log that auth keeps.
pub fn projections() -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(Trail::new(Arc::new(AuthEvents))),
        Arc::new(EventIndex::new(Arc::new(AuthEvents))),
    ]
}

/// What operators find in auth.
pub fn operated(contracts: &Contracts, letters: Arc<dyn Letters>) -> Operated {
    let ledger = Consuming(Auth::of(contracts));
    let store = ConsumingStore::new::<Auth>(AuthStore);
    Operated {
        publish: Arc::new(AuthEvents),
        projections: projections(),
        consumers: AUDITED.iter().map(|it| ConsumerFace::of(it)).collect(),
        letters: Some(letters),
        refold: Arc::new(Refolder::new(ledger, store).derived(AuthRows::default)),
    }
}
