//! Holds of many lines in any order, from three replicas: nobody waits in a circle, and the books
//! add up after it.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;
use tonic::{Code, Status};

use crate::bed::*;
use crate::verified::{books, verify};

/// How long the run takes; `RETAIL_DEADLOCK_SECONDS` says another time.
const SECONDS: u64 = 8;
const CALLERS: usize = 24;
/// Products are few, so that the lines of holds meet.
const PRODUCTS: u64 = 20;

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn seconds() -> u64 {
    let told = std::env::var_os("RETAIL_DEADLOCK_SECONDS");
    told.map_or(SECONDS, |it| it.to_str().unwrap().parse().unwrap())
}

/// Whether a machine with much to do may say so.
fn may_pass(status: &Status) -> bool {
    let passing = [
        Code::FailedPrecondition,
        Code::Unavailable,
        Code::DeadlineExceeded,
        Code::ResourceExhausted,
    ];
    passing.contains(&status.code())
}

async fn shop(mut client: Client, mut dice: Dice, until: Instant) -> u64 {
    let mut held = 0;
    while Instant::now() < until {
        let count = 2 + dice.below(6);
        let wanted: Vec<(u8, i64)> = (0..count)
            .map(|_| (1 + dice.below(PRODUCTS) as u8, 1 + dice.below(3) as i64))
            .collect();
        let hold = match reserve(&mut client, &wanted).await {
            Ok(hold) => hold,
            Err(status) => {
                assert!(may_pass(&status), "{status:?}");
                continue;
            }
        };
        held += 1;
        let ended = match dice.below(4) {
            0 => commit(&mut client, &hold, vec![part(1, 1)]).await,
            1 => commit(&mut client, &hold, vec![]).await,
            2 => release(&mut client, &hold, vec![]).await,
            _ => continue,
        };
        if let Err(status) = ended {
            assert!(may_pass(&status), "{status:?}");
        }
    }
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_of_many_lines_from_three_replicas_never_deadlock() {
    let bed = Bed::alone().await;
    let all: Vec<(u8, i64)> = (1..=PRODUCTS as u8).map(|it| (it, 2_000)).collect();
    receive(&mut bed.staff(), &all, 1).await.unwrap();
    let (second, third) = (bed.replica().await, bed.replica().await);
    let replicas = [&bed.running, &second, &third];
    let until = Instant::now() + Duration::from_secs(seconds());
    let callers = (0..CALLERS).map(|number| {
        let client = bed.client(replicas[number % 3], tenant(1), &[]);
        let dice = Dice(0x9e37_79b9 + 7_919 * number as u64);
        shop(client, dice, until)
    });
    let held: u64 = join_all(callers).await.into_iter().sum();
    assert!(held > 50, "only {held} holds in {} s", seconds());
    let log = bed.database.postgres().log();
    assert!(!log.contains("deadlock detected"), "{log}");
    books(&bed.database).await;
    verify(&bed.database).await;
}
