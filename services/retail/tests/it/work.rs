//! The writes of a run: so many, on a few products that everybody changes at once, each asked for
//! until it is acknowledged, and some of them asked for again after that.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use contracts::catalog as pb;
use futures_util::future::join_all;
use testbed::eventually;
use tokio::sync::{RwLock, RwLockWriteGuard};
use tokio::time::Instant;
use tonic::Status;
use uuid::Uuid;

use crate::fleet::{ANSWER_WITHIN, Caller, may_pass};

/// Whatever was killed, everything goes on within this time.
pub const WITHIN: Duration = Duration::from_secs(120);
/// So many callers write at a time.
const WRITERS: usize = 64;
/// Few enough that writes meet, enough that not all of them do.
const PRODUCTS: usize = 48;
/// Each so many-th write is asked for once more, some writes later.
const ASKED_TWICE: usize = 8;
/// How many writes of the same caller lie in between.
const LATER: usize = 3;
/// How long a caller rests before it asks again.
const REST: Duration = Duration::from_millis(50);

/// What a write is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Makes a product.
    Create,
    /// Changes one, as it was read before: if it has changed since, it is read and tried anew.
    Change(usize),
    /// Puts one on sale, whatever else has become of it.
    Publish(usize),
    /// Takes one off sale again, likewise.
    Unpublish(usize),
}

/// A run's writes, and what became of them.
pub struct Work {
    callers: [Caller; 2],
    writes: usize,
    products: Vec<OnceLock<String>>,
    next: AtomicUsize,
    acknowledged: AtomicUsize,
    repeated: AtomicUsize,
    answers: Mutex<BTreeMap<usize, pb::Product>>,
    otherwise: Mutex<Vec<String>>,
    /// Whoever asks holds it together with others; whoever wants quiet, alone.
    asking: RwLock<()>,
}

impl Work {
    pub fn new(callers: [Caller; 2], writes: usize) -> Self {
        Self {
            callers,
            writes,
            products: (0..PRODUCTS).map(|_| OnceLock::new()).collect(),
            next: AtomicUsize::new(0),
            acknowledged: AtomicUsize::new(0),
            repeated: AtomicUsize::new(0),
            answers: Mutex::default(),
            otherwise: Mutex::default(),
            asking: RwLock::default(),
        }
    }

    pub fn writes(&self) -> usize {
        self.writes
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// How many attempts failed.
    pub fn repeated(&self) -> usize {
        self.repeated.load(Ordering::Relaxed)
    }

    /// What was answered to each write.
    pub fn answers(&self) -> BTreeMap<usize, pb::Product> {
        self.answers.lock().unwrap().clone()
    }

    /// Writes whose repetition was answered in another way than they were.
    pub fn otherwise(&self) -> Vec<String> {
        self.otherwise.lock().unwrap().clone()
    }

    /// Waits until so many writes are acknowledged.
    pub async fn reach(&self, count: usize) {
        let is_reached = async || {
            let now = self.acknowledged();
            if now >= count {
                Ok(())
            } else {
                Err(format!("{now} of {count}"))
            }
        };
        let reached = eventually(WITHIN, "so many writes are acknowledged", is_reached).await;
        reached.unwrap();
    }

    /// Does all of it: first the products are made, then everybody changes them.
    pub async fn all(&self) {
        join_all((0..PRODUCTS).map(|number| self.write(number))).await;
        self.next.store(PRODUCTS, Ordering::Relaxed);
        join_all((0..WRITERS).map(|_| self.changes())).await;
    }

    /// Makes one product more, in the quiet behind everything that was written before.
    pub async fn mark(&self, number: usize) -> String {
        let number = self.writes + number;
        let answer = self.ask_for(number, number, Kind::Create).await;
        answer.unwrap().product_id
    }

    /// Waits until no write is under way, and lets none begin as long as what is returned is held.
    pub async fn quiet(&self) -> RwLockWriteGuard<'_, ()> {
        self.asking.write().await
    }

    /// How many products everybody changes.
    pub fn products(&self) -> usize {
        self.products.len()
    }

    /// The id of one of them.
    pub fn product(&self, number: usize) -> &str {
        self.products[number].get().unwrap()
    }

    /// Makes one of the run's writes in the quiet, at first through this replica.
    pub async fn one_more(&self, replica: usize, kind: Kind) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        assert!(number < self.writes, "it was too late for another write");
        let answered = self.ask_for(number, replica, kind).await;
        self.heard(number, answered);
    }

    async fn changes(&self) {
        let mut behind = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.writes {
                break;
            }
            self.write(number).await;
            behind.push(number);
            if behind.len() > LATER {
                self.once_more(behind.remove(0)).await;
            }
        }
        for number in behind {
            self.once_more(number).await;
        }
    }

    async fn write(&self, number: usize) {
        let answered = self.ask(number).await;
        self.heard(number, answered);
    }

    fn heard(&self, number: usize, answered: Result<pb::Product, Status>) {
        match answered {
            Ok(answer) => {
                if number < PRODUCTS {
                    self.products[number]
                        .set(answer.product_id.clone())
                        .unwrap();
                }
                self.answers.lock().unwrap().insert(number, answer);
            }
            Err(status) => self.differs(number, &status),
        }
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Asks again for what was acknowledged: the same is answered, and nothing happens.
    async fn once_more(&self, number: usize) {
        if !number.is_multiple_of(ASKED_TWICE) {
            return;
        }
        let before = self.answers.lock().unwrap().get(&number).cloned();
        match self.ask(number).await {
            Ok(answer) if Some(&answer) == before.as_ref() => (),
            other => self.differs(number, &other),
        }
    }

    fn differs(&self, number: usize, answer: &dyn std::fmt::Debug) {
        let what = format!("write {number} was answered with {answer:?}");
        self.otherwise.lock().unwrap().push(what);
    }

    /// Asks one replica and then the other, until one says what became of the write.
    async fn ask(&self, number: usize) -> Result<pb::Product, Status> {
        let _asking = self.asking.read().await;
        let kind = if number < PRODUCTS {
            Kind::Create
        } else {
            Kind::Change(drawn(number) % PRODUCTS)
        };
        self.ask_for(number, number, kind).await
    }

    async fn ask_for(
        &self,
        number: usize,
        first: usize,
        kind: Kind,
    ) -> Result<pb::Product, Status> {
        let begun = Instant::now();
        for attempt in 0.. {
            let caller = &self.callers[(first + attempt) % self.callers.len()];
            match self.ask_once(caller, number, kind).await {
                Err(status) if may_pass(&status) => assert!(
                    begun.elapsed() < WITHIN,
                    "write {number}, attempt {attempt}: {status:?}"
                ),
                done => return done,
            }
            self.repeated.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(REST).await;
        }
        unreachable!("it is asked until it is answered")
    }

    async fn ask_once(
        &self,
        caller: &Caller,
        number: usize,
        kind: Kind,
    ) -> Result<pb::Product, Status> {
        let mut client = caller.client();
        let id = |product: usize| self.product(product).to_owned();
        let request_id = request_id(number).to_string();
        let etag = String::new();
        let answered = match kind {
            Kind::Create => {
                let request = caller.asking(created(number), ANSWER_WITHIN);
                let answered = client.create_product(request).await?;
                answered.into_inner().product
            }
            Kind::Change(product) => {
                let request = changed(self.product(product), number);
                let request = caller.asking(request, ANSWER_WITHIN);
                let answered = client.update_product(request).await?;
                answered.into_inner().product
            }
            Kind::Publish(product) => {
                let product_id = id(product);
                let request = pb::PublishProductRequest {
                    product_id,
                    etag,
                    request_id,
                };
                let request = caller.asking(request, ANSWER_WITHIN);
                let answered = client.publish_product(request).await?;
                answered.into_inner().product
            }
            Kind::Unpublish(product) => {
                let product_id = id(product);
                let request = pb::UnpublishProductRequest {
                    product_id,
                    etag,
                    request_id,
                };
                let request = caller.asking(request, ANSWER_WITHIN);
                let answered = client.unpublish_product(request).await?;
                answered.into_inner().product
            }
        };
        Ok(answered.unwrap())
    }
}

pub fn created(number: usize) -> pb::CreateProductRequest {
    pb::CreateProductRequest {
        product: Some(pb::Product {
            sku: format!("F-{number}"),
            title: title(number),
            price: Some(contracts::common::Money {
                currency_code: "EUR".to_owned(),
                units: 10,
                nanos: 0,
            }),
            unit_of_measure: contracts::common::UnitOfMeasure::Each.into(),
            ..pb::Product::default()
        }),
        request_id: request_id(number).to_string(),
    }
}

pub fn changed(product: &str, number: usize) -> pb::UpdateProductRequest {
    pb::UpdateProductRequest {
        product: Some(pb::Product {
            product_id: product.to_owned(),
            title: title(number),
            ..pb::Product::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["title".to_owned()],
        }),
        request_id: request_id(number).to_string(),
    }
}

/// The same for every attempt of a write, and of no other write.
pub fn request_id(number: usize) -> Uuid {
    let number = (number + 1) as u128;
    uuid::Builder::from_random_bytes(number.to_be_bytes()).into_uuid()
}

/// A number that looks drawn and is the same for the same write.
pub fn drawn(number: usize) -> usize {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed ^ (mixed >> 29)) >> 17) as usize
}

fn title(number: usize) -> String {
    format!("Write {number}")
}
