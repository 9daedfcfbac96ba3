//! The usual service, written with care: one transaction a call, rows locked, a statement a step.
//!
//! It is spared what ours bears: no policies, no versions that others check, no facts for each
//! position, no connection tested before use. It locks in order, so it does not deadlock.

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use vocab::Moment;

use crate::load::{Refused, Target};
use crate::order::{ON_HAND, Order, World};
use crate::stock::Line;
use crate::stock::ledger::{Fact, Reservation, summed};
use crate::stock::{facts, store};

/// Connections of its pool: more only wait for each other on two processors.
const CONNECTIONS: u32 = 32;
/// When its reservations end; the database is not asked for the time.
const END: Moment = Moment::LAST;

/// The usual service in this process.
#[derive(Clone, Debug)]
pub struct Usual {
    pool: PgPool,
}

/// Why the usual service refuses.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error("there is too little stock")]
    Short,
    #[error("the request came before")]
    Repeated,
}

impl Usual {
    /// Connects the pool.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .min_connections(CONNECTIONS)
            .acquire_timeout(std::time::Duration::from_secs(60))
            .test_before_acquire(false);
        Ok(Self {
            pool: pool.connect_with(options).await?,
        })
    }

    /// Fills its shelves.
    pub async fn stock(&self, world: &World) -> anyhow::Result<()> {
        let places = world.shops.iter().flat_map(|it| &it.places);
        let products: Vec<uuid::Uuid> = places.map(|it| it.product.uuid()).collect();
        let insert = "INSERT INTO usual_position SELECT k, $2, 0, 1 FROM unnest($1::uuid[]) k";
        let insert = sqlx::query(insert).bind(products).bind(ON_HAND);
        insert.execute(&self.pool).await?;
        Ok(())
    }

    /// Closes the pool.
    pub async fn close(self) {
        self.pool.close().await;
    }

    async fn placed(&self, order: Order) -> Result<(), Failed> {
        let lines = summed(&order.lines);
        let mut transaction = self.pool.begin().await?;
        let known = sqlx::query("SELECT answer FROM usual_request WHERE request_id = $1");
        let known = known.bind(order.request);
        if known.fetch_optional(&mut *transaction).await?.is_some() {
            return Err(Failed::Repeated);
        }
        for line in &lines {
            lock(&mut transaction, line).await?;
        }
        insert(&mut transaction, &order, &lines).await?;
        for line in &lines {
            let update = "UPDATE usual_position \
                 SET reserved = reserved + $2, version = version + 1 WHERE product_id = $1";
            let update = sqlx::query(update).bind(line.place.product.uuid());
            update
                .bind(line.quantity)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

async fn lock(db: &mut PgConnection, line: &Line) -> Result<(), Failed> {
    let select = "SELECT on_hand, reserved FROM usual_position WHERE product_id = $1 FOR UPDATE";
    let select = sqlx::query_as(select).bind(line.place.product.uuid());
    let (on_hand, reserved): (i64, i64) = select.fetch_one(db).await?;
    if reserved + line.quantity > on_hand {
        return Err(Failed::Short);
    }
    Ok(())
}

/// Writes the reservation, its event, and what a repetition would hear.
async fn insert(db: &mut PgConnection, order: &Order, lines: &[Line]) -> Result<(), Failed> {
    let reservation = "INSERT INTO usual_reservation VALUES ($1, $2, now() + interval '15 min')";
    let reservation = sqlx::query(reservation).bind(order.request);
    let reservation = reservation.bind(store::packed(lines));
    reservation.execute(&mut *db).await?;
    let placed = Reservation {
        lines: lines.to_vec(),
        expires_at: END,
    };
    let (kind, payload) = facts::write(&Fact::Placed(order.reservation(), placed));
    let event = "INSERT INTO usual_event (reservation_id, kind, payload) VALUES ($1, $2, $3)";
    let event = sqlx::query(event).bind(order.request).bind(kind);
    event.bind(payload).execute(&mut *db).await?;
    let request = sqlx::query("INSERT INTO usual_request VALUES ($1, $2, $3)");
    let request = request
        .bind(order.request)
        .bind(order.fingerprint().to_vec());
    let answer = END.micros().to_be_bytes().to_vec();
    request.bind(answer).execute(db).await?;
    Ok(())
}

impl Target for Usual {
    async fn reserve(&self, order: Order) -> Result<(), Refused> {
        self.placed(order).await.map_err(|failed| Refused {
            shed: false,
            why: failed.to_string(),
        })
    }
}
