//! The writes of a run: so many, on a few products that everybody changes at once, each asked for
//! until it is acknowledged, and some of them asked for again after that.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use contracts::catalog as pb;
use futures_util::future::join_all;
use testbed::eventually;
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

    /// Makes one product more, behind everything that was written before.
    pub async fn mark(&self, number: usize) -> String {
        let answer = self.ask(self.writes + number).await;
        answer.unwrap().product_id
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
        match self.ask(number).await {
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
        let begun = Instant::now();
        for attempt in 0.. {
            let caller = &self.callers[(number + attempt) % self.callers.len()];
            match self.ask_once(caller, number).await {
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

    async fn ask_once(&self, caller: &Caller, number: usize) -> Result<pb::Product, Status> {
        let answered = if (PRODUCTS..self.writes).contains(&number) {
            let product = self.products[drawn(number) % PRODUCTS].get().unwrap();
            let request = caller.asking(changed(product, number), ANSWER_WITHIN);
            let answered = caller.client().update_product(request).await?;
            answered.into_inner().product
        } else {
            let request = caller.asking(created(number), ANSWER_WITHIN);
            let answered = caller.client().create_product(request).await?;
            answered.into_inner().product
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
