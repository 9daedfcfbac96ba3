//! Where a batch spends its time in Postgres: every step of every statement, as the server logs it.

use std::collections::BTreeMap;
use std::io::Write;

use crate::bed::Bed;
use crate::load::{Run, closed};
use crate::order::Mix;
use crate::process::Process;
use crate::report::Report;
use crate::rivals::raw::{self, Sender};
use crate::round::Rounds;

/// What makes the server log each step of each statement, without its values.
pub const LOGGED: [(&str, &str); 2] = [
    ("log_min_duration_statement", "0"),
    ("log_parameter_max_length", "0"),
];
/// Callers of a profiled run.
const CALLERS: usize = 512;
/// How much of a statement names it.
const NAME_CHARS: usize = 64;
/// Steps that take less than this share of the whole are left out.
const SHARE_MIN: f64 = 0.005;
/// What stands before the time of a step in the log of the server.
const DURATION: &str = "LOG:  duration: ";

/// Profiles the journal, and raw batches beside it, on cold keys and on a hot one.
pub async fn all<W: Write>(rounds: &mut Rounds, report: &mut Report<W>) -> anyhow::Result<()> {
    for mix in [Mix::Cold, Mix::Hot] {
        let database = rounds.bed.database().await?;
        let filling = Process::open(&database.url())?;
        filling.stock(&rounds.world).await?;
        filling.end().await?;
        let from = rounds.bed.postgres.log().len();
        let process = Process::open(&database.url())?;
        let draws = rounds.draws(mix, CALLERS);
        let run = closed::run(&process, draws, rounds.phase)
            .await?
            .all_granted()?;
        process.end().await?;
        tell(
            &rounds.bed,
            from,
            &format!("journal, {mix:?}, 512"),
            &run,
            report,
        )?;

        let database = rounds.bed.database().await?;
        raw::stock(&database.admin_url(), &rounds.world).await?;
        let mut senders = Sender::of(&database.admin_url(), &rounds.world, mix).await?;
        let from = rounds.bed.postgres.log().len();
        let run = raw::run(&mut senders, rounds.phase).await?;
        tell(
            &rounds.bed,
            from,
            &format!("raw batches, {mix:?}"),
            &run,
            report,
        )?;
    }
    Ok(())
}

fn tell<W: Write>(
    bed: &Bed,
    from: usize,
    what: &str,
    run: &Run,
    report: &mut Report<W>,
) -> anyhow::Result<()> {
    let log = bed.postgres.log();
    let steps = steps(log.get(from..).unwrap_or_default());
    let whole: f64 = steps.values().map(|it| it.0).sum();
    let each = |milliseconds: f64| milliseconds * 1e3 / run.acknowledged.len().max(1) as f64;
    report.line(&format!(
        "\n{what}: {:.0}/s, {:.1} µs in Postgres for each",
        run.rate(),
        each(whole)
    ))?;
    let mut sorted: Vec<_> = steps.into_iter().collect();
    sorted.sort_by(|one, other| other.1.0.total_cmp(&one.1.0));
    for (step, (milliseconds, times)) in sorted {
        if milliseconds >= whole * SHARE_MIN {
            let one = milliseconds / times as f64;
            let each = each(milliseconds);
            report.line(&format!(
                "{each:>8.2} µs {times:>7} x {one:>8.3} ms  {step}"
            ))?;
        }
    }
    Ok(())
}

/// Sums the times of the log by step and statement.
fn steps(log: &str) -> BTreeMap<String, (f64, u64)> {
    let mut steps = BTreeMap::new();
    for line in log.lines() {
        let Some((_, rest)) = line.split_once(DURATION) else {
            continue;
        };
        let Some((time, step)) = rest.split_once(" ms  ") else {
            continue;
        };
        let (kind, text) = step.split_once(": ").unwrap_or((step, ""));
        let kind = kind.split_whitespace().next().unwrap_or_default();
        let name: String = text.chars().take(NAME_CHARS).collect();
        let sum: &mut (f64, u64) = steps.entry(format!("{kind:9} {name}")).or_default();
        sum.0 += time.parse::<f64>().unwrap_or_default();
        sum.1 += 1;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::steps;

    #[test]
    fn steps_of_one_statement_are_summed() {
        let log = "2026-01-01 UTC [7] LOG:  duration: 1.500 ms  execute s_1: SELECT 1\n\
                   2026-01-01 UTC [7] LOG:  duration: 0.500 ms  execute s_2: SELECT 1\n\
                   2026-01-01 UTC [7] LOG:  checkpoint starting\n\
                   2026-01-01 UTC [7] LOG:  duration: 0.250 ms  statement: COMMIT\n";
        let steps = steps(log);
        assert_eq!(steps["execute   SELECT 1"], (2.0, 2));
        assert_eq!(steps["statement COMMIT"], (0.25, 1));
        assert_eq!(steps.len(), 2);
    }
}
