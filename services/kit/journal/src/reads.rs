//! Reads for doors: few connections, one tenant at a time, and never left half done.
//!
//! A read runs in a task of its own, so that a caller who leaves cannot drop a transaction
//! half-way. **Invariant:** a connection is held for a bounded time and used again only after its
//! transaction ended well; a place that was taken is free again whatever happens to the read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chassis::fault::Fault;
use futures_util::future::BoxFuture;
use sqlx::postgres::PgConnectOptions;
use sqlx::{PgConnection, raw_sql};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use vocab::TenantId;

use crate::announce::{Begin, begin};
use crate::connection::{connect, for_reads, silence};
use crate::settings::Settings;

/// How long a read waits for a connection.
const ACQUIRE_WITHIN: Duration = Duration::from_millis(500);
/// How long a read may hold one; what hangs longer is cut, with its connection.
const HELD_FOR: Duration = Duration::from_secs(5);

/// The connections for reads. Clones share them.
#[derive(Clone, Debug)]
pub struct Reads {
    primary: Arc<Pool>,
    /// For reads that may be a little behind.
    plain: Arc<Pool>,
    running: TaskTracker,
}

#[derive(Debug)]
struct Pool {
    options: PgConnectOptions,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<PgConnection>>,
}

impl Reads {
    /// Makes the connections when they are needed.
    pub fn of(settings: &Settings) -> Self {
        let pool = |options: &PgConnectOptions| {
            Arc::new(Pool {
                options: for_reads(options, &format!("{} reads", settings.service)),
                places: Arc::new(Semaphore::new(settings.readers.get())),
                idle: Mutex::default(),
            })
        };
        let primary = pool(&settings.database);
        Self {
            plain: settings.replica.as_ref().map_or(primary.clone(), pool),
            primary,
            running: TaskTracker::new(),
        }
    }

    /// Reads what one tenant has, from a copy of the database if there is one. The copy may be
    /// behind; nothing that a command is decided by, and no log, is read here.
    pub async fn read<T, F>(&self, tenant: TenantId, read: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
        F: Send + 'static,
    {
        self.run(&self.plain, tenant, read).await
    }

    /// Reads what one tenant has, with all that was committed before.
    pub async fn read_latest<T, F>(&self, tenant: TenantId, read: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
        F: Send + 'static,
    {
        self.run(&self.primary, tenant, read).await
    }

    /// Says whether the database answers.
    pub async fn answers(&self) -> bool {
        let nobody = TenantId::from_uuid(uuid::Uuid::nil());
        let asked = self.read_latest(nobody, |connection| {
            Box::pin(async move { sqlx::query("SELECT 1").execute(connection).await })
        });
        asked.await.is_ok()
    }

    async fn run<T, F>(&self, pool: &Arc<Pool>, tenant: TenantId, read: F) -> Result<T, Fault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
        F: Send + 'static,
    {
        let place = timeout(ACQUIRE_WITHIN, pool.places.clone().acquire_owned()).await;
        let place = place.map_err(|_| Fault::overloaded(ACQUIRE_WITHIN))?;
        let place = place.map_err(Fault::bug)?;
        let pool = pool.clone();
        let task = self.running.spawn(async move {
            let read = timeout(HELD_FOR, pool.transaction(tenant, read)).await;
            drop(place);
            read.unwrap_or(Err(silence()))
        });
        let read = task.await.map_err(Fault::bug)?;
        read.map_err(fault)
    }
}

impl Pool {
    async fn transaction<T, F>(&self, tenant: TenantId, read: F) -> Result<T, sqlx::Error>
    where
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>,
    {
        let mut connection = self.begun(tenant).await?;
        let value = read(&mut connection).await?;
        raw_sql("COMMIT").execute(&mut connection).await?;
        self.lock().push(connection);
        Ok(value)
    }

    /// Begins on a connection that is there. The server may have left it meanwhile: then on a
    /// new one.
    async fn begun(&self, tenant: TenantId) -> Result<PgConnection, sqlx::Error> {
        let text = begin(Begin::Reading, [tenant.uuid()]);
        let idle = self.lock().pop();
        if let Some(mut connection) = idle {
            let begun = raw_sql(text.clone()).execute(&mut connection).await;
            if begun.is_ok() {
                return Ok(connection);
            }
        }
        let mut connection = connect(&self.options).await?;
        raw_sql(text).execute(&mut connection).await?;
        Ok(connection)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says what a failed read means to a caller: what the database could not do now may work later,
/// and what it could not do at all is a defect.
pub fn fault(error: sqlx::Error) -> Fault {
    match crate::failure::Class::of(&error) {
        crate::failure::Class::Away => Fault::unavailable("database").because(error),
        _ => Fault::bug(error),
    }
}
