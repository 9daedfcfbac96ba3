//! A wait ends when it should, and says what it saw when it must not.

use std::time::Duration;

use tokio::time::Instant;

use super::eventually;

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_wait_ends_as_soon_as_the_condition_holds() {
    let begun = Instant::now();
    let mut asked = 0;
    let yielded = eventually(LONG, "it was asked thrice", async || {
        asked += 1;
        (asked == 3).then_some("yielded")
    });
    assert_eq!(yielded.await, Ok("yielded"));
    assert!(begun.elapsed() < LONG / 10);
}

#[tokio::test]
async fn a_wait_in_vain_says_what_it_saw_last() {
    let late = eventually(SHORT, "three rows are there", async || {
        Err::<(), _>("2 rows")
    });
    let late = late.await.unwrap_err();
    assert!(late.asked > 2, "asked {} times", late.asked);
    let text = late.to_string();
    let opening = "after 60ms it does not hold that three rows are there: 2 rows (";
    assert!(text.starts_with(opening), "{text}");
}

#[tokio::test]
async fn a_condition_that_hangs_does_not_hang_the_wait() {
    let begun = Instant::now();
    let late = eventually(SHORT, "it answers", async || {
        std::future::pending::<bool>().await
    });
    assert_eq!(late.await.unwrap_err().seen, "no answer yet");
    assert!(begun.elapsed() < LONG / 10);
}

#[tokio::test]
async fn a_condition_is_asked_once_even_without_time() {
    assert_eq!(
        eventually(Duration::ZERO, "it is so", async || true).await,
        Ok(())
    );
}
