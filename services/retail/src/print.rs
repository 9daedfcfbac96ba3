//! Words for people, on standard output; what belongs beside an answer, on standard error.
//!
//! No colour anywhere: the same lines go to terminals, files and other programs.

use std::io::{self, Write};
use std::time::Duration;

use tokio::time::Instant;

/// Nothing is silent for longer than this.
pub const SILENCE_MAX: Duration = Duration::from_secs(5);

/// Writes one line to standard output.
pub fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

/// Writes one line to standard error. There is nowhere to say that it failed.
pub fn remark(line: &str) {
    writeln!(io::stderr().lock(), "{line}").ok();
}

/// Waits for some work, and says every five seconds that it goes on.
pub async fn aloud<T>(what: &str, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(SILENCE_MAX, &mut work).await {
            Ok(done) => return done,
            Err(_) => remark(&format!(
                "  {what} still at it after {}",
                lasting(begun.elapsed())
            )),
        }
    }
}

/// Says whether an error is that nobody reads our output any more, as behind `| head`.
pub fn is_closed(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
}

/// Tells a time in the unit that fits: `0.9 s`, `12 s`, `3 min`, `2 h`, `4 d`.
pub fn lasting(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::lasting;

    #[test]
    fn a_time_is_told_in_the_unit_that_fits() {
        let told = [900, 12_000, 180_000, 7_200_000, 345_600_000].map(Duration::from_millis);
        assert_eq!(told.map(lasting), ["0.9 s", "12 s", "3 min", "2 h", "4 d"]);
    }
}
