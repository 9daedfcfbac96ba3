//! The forms that a value can have: numbers, durations, addresses, lists, one of several words.

use std::net::SocketAddr;
use std::time::Duration;

/// A value that a variable can hold.
pub trait Setting: Sized {
    /// Whether a report may quote what was written; false for all that may be or hold a secret.
    const QUOTED: bool = true;

    /// What is expected, to follow the words "must be".
    fn form() -> String;

    /// Reads a text that is not empty; nothing if it does not have the form.
    fn parse(text: &str) -> Option<Self>;
}

/// One of several words.
pub trait Choice: Copy + 'static {
    /// The words and what they stand for.
    const CHOICES: &'static [(&'static str, Self)];
}

impl<T: Choice> Setting for T {
    fn form() -> String {
        let words: Vec<&str> = T::CHOICES.iter().map(|(word, _)| *word).collect();
        format!("one of {}", words.join(", "))
    }

    fn parse(text: &str) -> Option<Self> {
        let found = T::CHOICES.iter().find(|(word, _)| *word == text)?;
        Some(found.1)
    }
}

impl Setting for bool {
    fn form() -> String {
        "true or false".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

macro_rules! whole_numbers {
    ($($number:ty),+) => {$(
        impl Setting for $number {
            fn form() -> String {
                format!("a whole number from {} to {}", <$number>::MIN, <$number>::MAX)
            }

            fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    )+};
}

whole_numbers!(u16, u32, u64, usize);

impl Setting for f64 {
    fn form() -> String {
        "a number such as 0.25".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|it: &f64| it.is_finite())
    }
}

impl Setting for String {
    const QUOTED: bool = false;

    fn form() -> String {
        "a text".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Setting for SocketAddr {
    fn form() -> String {
        "an address with a port such as 127.0.0.1:17401 or [::1]:17401".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Duration {
    fn form() -> String {
        "a duration such as 250ms, 30s, 15m, 12h or 7d".to_owned()
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
        let (number, unit) = text.split_at_checked(digits)?;
        let number: u64 = number.parse().ok()?;
        number
            .checked_mul(milliseconds(unit)?)
            .map(Self::from_millis)
    }
}

fn milliseconds(unit: &str) -> Option<u64> {
    match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    }
}

impl<T: Setting> Setting for Vec<T> {
    const QUOTED: bool = T::QUOTED;

    fn form() -> String {
        format!("a list, separated by commas, each {}", T::form())
    }

    fn parse(text: &str) -> Option<Self> {
        let items = text.split(',').map(str::trim);
        items
            .map(|item| {
                if item.is_empty() {
                    None
                } else {
                    T::parse(item)
                }
            })
            .collect()
    }
}
