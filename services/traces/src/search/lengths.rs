//! Durations as people write them in the UI: `1.2s`, `100ms`, `1h30m`.

/// Units and what they are in microseconds; those that begin like another stand before it.
const UNITS: &[(&str, f64)] = &[
    ("ns", 0.001),
    ("us", 1.0),
    ("µs", 1.0),
    ("ms", 1e3),
    ("s", 1e6),
    ("m", 6e7),
    ("h", 3.6e9),
    ("d", 8.64e10),
    ("w", 6.048e11),
];

/// Reads a duration as microseconds; zero needs no unit.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "no sign is read, and what is too long for ever becomes the longest there is"
)]
pub fn micros(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let (part_us, after) = part(rest)?;
        sum += part_us;
        rest = after;
    }
    (!text.is_empty()).then_some(sum as u64)
}

fn part(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|it: char| !it.is_ascii_digit() && it != '.')?;
    let (digits, rest) = text.split_at_checked(end)?;
    let number: f64 = digits.parse().ok()?;
    let fits = |(unit, us): &(&str, f64)| Some((number * us, rest.strip_prefix(unit)?));
    UNITS.iter().find_map(fits)
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn durations_read_as_people_write_them() {
        let cases = [
            ("1.2s", 1_200_000),
            ("100ms", 100_000),
            ("500us", 500),
            ("7µs", 7),
            ("1500ns", 1),
            ("1h30m", 5_400_000_000),
            ("2d", 172_800_000_000),
            ("0", 0),
            ("0ms", 0),
        ];
        for (text, expected) in cases {
            assert_eq!(micros(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_none() {
        for text in [
            "", "5", "s", "-1s", "1x", "1s2", "1..2s", "custom", "NaNs", "1 s",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
        assert_eq!(micros(&format!("{}h", "9".repeat(40))), Some(u64::MAX));
    }
}
