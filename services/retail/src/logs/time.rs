//! Finds the time in a line of a log, whoever wrote it, in a form that sorts.

/// A line and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The time as `20261121174546358`, as far as the line tells it.
    pub time: String,
    /// Who wrote it.
    pub part: String,
    /// The line itself.
    pub text: String,
}

/// Digits of a time up to the millisecond.
const DIGITS: usize = 17;
/// A time stands near the beginning of a line.
const WITHIN: usize = 60;

/// Gives each line a time; one that tells none has that of the line before.
pub fn stamped(part: &str, lines: impl Iterator<Item = String>) -> Vec<Line> {
    let mut last = String::new();
    let mut stamped = Vec::new();
    for text in lines {
        last = time_of(&text).unwrap_or(last);
        stamped.push(Line {
            time: last.clone(),
            part: part.to_owned(),
            text,
        });
    }
    stamped
}

/// Finds `2026-11-21T17:45:46.358Z`, `2026-11-21 17:45:46.358 UTC`, `2026/11/21 17:45:46.358542`.
fn time_of(line: &str) -> Option<String> {
    let head: String = line.chars().take(WITHIN).collect();
    let starts = head.match_indices("20").map(|(at, _)| at);
    starts.into_iter().find_map(|at| digits(head.get(at..)?))
}

fn digits(text: &str) -> Option<String> {
    let shape = "dddd-dd-dd dd:dd:dd.ddd";
    let mut found = String::with_capacity(DIGITS);
    for (wanted, letter) in shape.chars().zip(text.chars()) {
        match (wanted, letter) {
            ('d', '0'..='9') => found.push(letter),
            ('-', '-' | '/') | (' ', ' ' | 'T') | (':', ':') | ('.', '.' | ',') => (),
            _ => return None,
        }
    }
    (found.len() == DIGITS).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::{stamped, time_of};

    #[test]
    fn times_of_all_writers_sort_together() {
        let of_postgres = time_of("2026-11-21 17:45:46.358 UTC [12] LOG:  ready");
        let of_nats = time_of("[19311] 2026/11/21 17:45:46.360288 [INF] Server is ready");
        let of_service = time_of(r#"{"time":"2026-11-21T17:45:46.359Z","level":"info"}"#);
        assert_eq!(of_postgres.as_deref(), Some("20261121174546358"));
        assert!(of_postgres < of_service && of_service < of_nats);
    }

    #[test]
    fn a_line_without_a_time_stays_behind_the_one_before_it() {
        let lines = ["2026-11-21 17:45:46.358 UTC one", "\ttwo 2026"].map(str::to_owned);
        let stamped = stamped("postgres", lines.into_iter());
        assert_eq!(stamped[0].time, stamped[1].time);
    }
}
