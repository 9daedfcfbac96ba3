//! Auth as a service: its parts, put together and started.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use bus::consumer::Owner;
use bus::ops::{Letters, Redriver};
use bus::{Backing, Consuming, ConsumingStore, Follower, RelaySettings};
use chassis::client::Retries;
use chassis::service::{Served, Service, Start, StartError};
use chassis::settings::Profile;
use chassis::tasks::OnShutdown;
use chassis::token::{Jwks, KeySource, TokenSettings, Verifier};
use journal::{Expiry, Journal};
use thiserror::Error;

use crate::app::{self, App, Auth, Hashing, Keyring, Release, Vault, Witness};
use crate::db::{AuthStore, Db, Finder, Revoked, few};
use crate::events::{AUDITED, AuthEvents, keep_current};
use crate::jobs::{keep_identity, keep_keys, record_refused, record_seen};
use crate::rpc::{Rpc, ops};
use crate::settings::AuthSettings;

/// The name of the service.
pub const NAME: &str = "auth";
/// How long what a service proves itself with works at most.
const PROOF_MAX: Duration = Duration::from_secs(60);

/// Tries to sign in that do not matter any more.
const FORGOTTEN_TRIES: Expiry = Expiry {
    name: "forgotten tries",
    every: Duration::from_secs(300),
    remove: "\
    DELETE FROM sign_in_tries AS t USING ( \
      SELECT tenant_id, digest FROM sign_in_tries WHERE forgotten_at < now() LIMIT $1) AS e \
    WHERE t.tenant_id = e.tenant_id AND t.digest = e.digest",
};

/// Sessions that ended long ago, by themselves or not.
const PAST_SESSIONS: Expiry = Expiry {
    name: "past sessions",
    every: Duration::from_secs(600),
    remove: "\
    DELETE FROM sessions AS s USING ( \
      SELECT tenant_id, session_id FROM sessions \
      WHERE refreshed_at < now() - interval '31 days' LIMIT $1) AS e \
    WHERE s.tenant_id = e.tenant_id AND s.session_id = e.session_id",
};

/// Auth, ready to be served.
pub fn service() -> Service {
    Service::new(NAME, AuthSettings::read, start)
}

async fn start(start: Start, settings: AuthSettings) -> Result<Served, StartError> {
    let journal = open(&start, &settings)?;
    let backing = Backing::new(&start, &settings.backing, &journal);
    let app = app(&start, &settings, journal.clone())?;
    app.keep_keys().await.map_err(StartError::of)?;
    let planted = app.plant(&settings.seeds).await;
    planted.map_err(StartError::of)?;
    let follower = backing.follow();
    backing.project(ops::projections());
    backing.forget(&[FORGOTTEN_TRIES, PAST_SESSIONS]);
    work(&start, (&backing, &follower), &app);
    if let Some(jetstream) = backing.broker().await? {
        let publish = Arc::new(AuthEvents);
        backing.publish(&jetstream, publish, RelaySettings::default());
        gather(&start, &settings, (&backing, &jetstream))?;
    }
    let letters: Arc<dyn Letters> = Arc::new(Redriver::new(NAME, journal.clone()));
    let operated = ops::operated(&start.contracts, letters);
    let operators = backing.operators(operated, (&follower, &settings.pages));
    let clock = start.clock.clone();
    let keys = app.keyring().source(clock.clone());
    let served = Rpc::new(app, settings.pages, follower, clock).served();
    let served = served.with(operators).with_keys(keys);
    Ok(served.needing(backing.postgres()).under(journal.pressure()))
}

fn open(start: &Start, settings: &AuthSettings) -> Result<Journal<Consuming<Auth>>, StartError> {
    let options = settings.backing.journal.clone();
    let ledger = Consuming(Auth::of(&start.contracts));
    let store = ConsumingStore::new::<Auth>(AuthStore);
    let meter = start.telemetry.meter(NAME);
    Journal::open(ledger, store, options, &start.tasks, &meter).map_err(StartError::of)
}

fn app(
    start: &Start,
    settings: &AuthSettings,
    journal: Journal<Consuming<Auth>>,
) -> Result<App, StartError> {
    let vault = Vault::new(*settings.master.expose());
    let development = start.profile == Profile::Development;
    let keyring = Keyring::new(vault.clone(), development);
    let contracts = start.contracts.all();
    let clock = start.clock.clone();
    let tokens = trusted(development, Duration::from_secs(3_600));
    let verifier = Verifier::new(NAME, &tokens, keyring.source(clock.clone()), clock.clone());
    Ok(App::new(app::Parts {
        db: Db::new(journal.reads().clone()),
        journal,
        finder: Finder::of(few(&settings.backing.scan)),
        revoked: Revoked::of(few(&settings.backing.log)),
        hashing: Hashing::new(vault.clone(), settings.cost).map_err(StartError::of)?,
        vault,
        keyring,
        release: Release::of(contracts.iter().map(|it| &**it)),
        witness: Witness::new(),
        verifier: verifier
            .of_any_audience()
            .refusing(start.revocations.clone()),
        services: services(settings, &clock, development),
        clock,
        life: settings.life,
    }))
}

/// What each service proves itself with: its own key, and no other's.
fn services(
    settings: &AuthSettings,
    clock: &vocab::Clock,
    development: bool,
) -> BTreeMap<String, Verifier> {
    let tokens = trusted(development, PROOF_MAX);
    let each = settings.services.iter().map(|(name, key)| {
        let keys = Jwks {
            keys: vec![key.clone()],
        };
        let source = KeySource::Fixed(keys);
        let verifier = Verifier::new(NAME, &tokens, source, clock.clone());
        (name.clone(), verifier)
    });
    each.collect()
}

fn trusted(development: bool, life_max: Duration) -> TokenSettings {
    TokenSettings {
        issuers: vec![chassis::token::ISSUER.to_owned()],
        keys_file: None,
        life_max,
        development,
    }
}

/// Starts what is done without being asked: what is in memory follows every replica's commits,
/// keys that sign are exchanged, what was seen and refused is recorded.
fn work(start: &Start, (backing, follower): (&Backing<Consuming<Auth>>, &Follower), app: &App) {
    let (of, listener, known) = (app.clone(), follower.clone(), start.revocations.clone());
    backing.run("memory", OnShutdown::Abort, move |shutdown| {
        keep_current(listener.clone(), of.clone(), known.clone(), shutdown)
    });
    let of = app.clone();
    backing.run("signing keys", OnShutdown::Drain, move |shutdown| {
        keep_keys(of.clone(), shutdown)
    });
    let (of, credentials) = (app.clone(), start.credentials.clone());
    backing.run("identity", OnShutdown::Abort, move |_| {
        keep_identity(of.clone(), credentials.clone())
    });
    let of = app.clone();
    backing.run("witness", OnShutdown::Drain, move |shutdown| {
        record_seen(of.clone(), shutdown)
    });
    let (of, refusals) = (app.clone(), start.refusals.clone());
    backing.run("own refusals", OnShutdown::Drain, move |shutdown| {
        record_refused(of.clone(), refusals.clone(), shutdown)
    });
}

/// An owner of events that no setting places.
#[derive(Debug, Error)]
#[error("{0}, whose events are gathered, has no place in the settings")]
struct Unplaced(&'static str);

/// Gathers the audit trail of the other services.
fn gather(
    start: &Start,
    settings: &AuthSettings,
    (backing, jetstream): (&Backing<Consuming<Auth>>, &Context),
) -> Result<(), StartError> {
    let peers = start.connect(&settings.peers, start.credentials.clone(), Retries::Here)?;
    for listen in AUDITED {
        let owner = peers.find(listen.owner);
        let owner = owner.ok_or_else(|| StartError::of(Unplaced(listen.owner)))?;
        let refetch = Arc::new(Owner::new(owner.clone()));
        backing.hear(jetstream, Arc::new(listen), refetch);
    }
    Ok(())
}
