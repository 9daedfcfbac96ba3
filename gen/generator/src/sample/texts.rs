//! Good and bad examples of every kind of text, the borderline ones above all.

use super::Random;

const BASE32: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";
const WORDS: [&str; 8] = [
    "tea",
    "Grüße",
    "naïve",
    "blue mug",
    "12 oz",
    "日本",
    "O'Neill & Sons",
    "ok",
];

/// An identifier with this prefix.
pub fn id(random: &mut Random, prefix: &str) -> String {
    let digit = |place: usize| char::from(BASE32.get(place).copied().unwrap_or(b'0'));
    let first = digit(random.below(8));
    let rest: String = (0..25).map(|_| digit(random.below(32))).collect();
    format!("{prefix}_{first}{rest}")
}

/// A UUID of version 7.
pub fn uuid(random: &mut Random) -> String {
    let (a, b) = (random.draw(), random.draw());
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        0x8000 | (b >> 50),
        b & 0xffff_ffff_ffff
    )
}

/// Words of at most so many characters, sometimes exactly so many.
pub fn words(random: &mut Random, most: u64) -> String {
    if most <= 300 && random.below(5) == 0 {
        return "é".repeat(usize::try_from(most).unwrap_or_default());
    }
    let text = random.pick(&WORDS);
    text.chars()
        .take(usize::try_from(most).unwrap_or_default())
        .collect()
}

/// Good and bad examples by the name of the rule.
struct Examples {
    rule: &'static str,
    good: &'static [&'static str],
    bad: &'static [&'static str],
}

const EXAMPLES: [Examples; 11] = [
    Examples {
        rule: "key",
        good: &["a", "order.place", "blue_mug-2", "z9"],
        bad: &["", "A", "9a", "a b", "_a", "a/b", "aé", "a\n"],
    },
    Examples {
        rule: "code",
        good: &[
            "MUG-1",
            "7",
            "a.b_c/d-e",
            "X000000000000000000000000000000000000000000000000000000000000001",
        ],
        bad: &[
            "",
            "-a",
            "a b",
            "a+b",
            "é",
            "/x",
            "X00000000000000000000000000000000000000000000000000000000000000012",
        ],
    },
    Examples {
        rule: "currency",
        good: &["EUR", "JPY", "KWD"],
        bad: &["", "EU", "eur", "EURO", "E1R", "ÉUR"],
    },
    Examples {
        rule: "region",
        good: &["CH", "DE", "US"],
        bad: &["", "C", "ch", "CHE", "C1"],
    },
    Examples {
        rule: "locale",
        good: &["en", "de-CH", "zh-Hant-TW", "es-419", "gsw", "sr-Latn"],
        bad: &[
            "",
            "e",
            "EN",
            "en_US",
            "en-us",
            "english",
            "en-",
            "de-CH-1996",
            "en-LATN",
            "de-CH-Latn",
            "-DE",
            "en-41",
        ],
    },
    Examples {
        rule: "time_zone",
        good: &[
            "UTC",
            "Europe/Zurich",
            "America/Argentina/Buenos_Aires",
            "Etc/GMT+5",
        ],
        bad: &[
            "",
            "/UTC",
            "Europe/",
            "9UTC",
            "Europe//Zurich",
            "Europe Zurich",
            "Zürich",
            "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ],
    },
    Examples {
        rule: "phone",
        good: &["+41446681800", "+1234567", "+123456789012345"],
        bad: &[
            "",
            "41446681800",
            "+0446681800",
            "+123456",
            "+1234567890123456",
            "+41 44 668",
            "+",
        ],
    },
    Examples {
        rule: "web_address",
        good: &[
            "https://example.com/a?b=c",
            "http://x",
            "https://[::1]:8080/",
        ],
        bad: &[
            "",
            "https://",
            "ftp://example.com",
            "example.com",
            "https://a b",
            "HTTPS://x",
            "http://é",
        ],
    },
    Examples {
        rule: "clock_time",
        good: &["00:00", "07:30", "19:59", "23:59"],
        bad: &[
            "", "24:00", "7:30", "07:60", "07-30", "07:3", "07:300", "ab:cd",
        ],
    },
    Examples {
        rule: "reason",
        good: &["CUSTOMER_REQUEST", "A", "X9"],
        bad: &["", "customer", "9A", "_A", "A-B", "A B", "Ä"],
    },
    Examples {
        rule: "email",
        good: &[
            "a@b",
            "jane.doe+tag@example.com",
            "x'y@sub.example.org",
            "a@1-2.co",
        ],
        bad: &[
            "a", "@b", "a@", "a@-b", "a@b-", "a b@c", "a@b..c", "a@b@c", "é@b", "a@é", "a@b_c",
        ],
    },
];

/// A text that obeys a rule without a bound of its own.
pub fn good(random: &mut Random, rule: &str) -> Option<String> {
    let examples = EXAMPLES.iter().find(|it| it.rule == rule)?;
    Some(random.pick(examples.good).to_owned())
}

/// A text that breaks a rule.
pub fn bad(random: &mut Random, rule: &str, bound: u64, prefix: &str) -> Option<String> {
    if let Some(examples) = EXAMPLES.iter().find(|it| it.rule == rule) {
        return Some(random.pick(examples.bad).to_owned());
    }
    let long = usize::try_from(bound.saturating_add(1)).unwrap_or_default();
    Some(match rule {
        "id_prefix" => bad_id(random, prefix),
        "uuid" => bad_uuid(random),
        "line" => match random.below(5) {
            0 => "x".repeat(long),
            1 => "é".repeat(long),
            _ => control(random, &['\n', '\t', '\0', '\u{7f}', '\u{1f}']),
        },
        "text" => match random.below(4) {
            0 => "ü".repeat(long),
            _ => control(
                random,
                &['\0', '\u{8}', '\u{b}', '\u{c}', '\u{e}', '\u{7f}'],
            ),
        },
        "token" => match random.below(3) {
            0 => "x".repeat(long),
            1 => " ".to_owned(),
            _ => random.pick(&["a b", "é", "a\n", "\u{7f}"]).to_owned(),
        },
        _ => return None,
    })
}

fn control(random: &mut Random, of: &[char]) -> String {
    of.get(random.below(of.len()))
        .map(char::to_string)
        .unwrap_or_default()
}

fn bad_id(random: &mut Random, prefix: &str) -> String {
    let right = id(random, prefix);
    let cut = |count: usize| right.chars().take(right.len() - count).collect::<String>();
    match random.below(8) {
        0 => right.to_uppercase(),
        1 => cut(1),
        2 => format!("{right}0"),
        3 => id(random, "zzz"),
        4 => format!("{}u", cut(1)),
        5 => format!("{prefix}_8{}", "0".repeat(25)),
        6 => right.replacen('_', "-", 1),
        _ => format!(" {right}"),
    }
}

fn bad_uuid(random: &mut Random) -> String {
    let right = uuid(random);
    match random.below(4) {
        0 => right.replace('-', ""),
        1 => format!("{right}0"),
        2 => format!("{{{right}}}"),
        _ => right.chars().take(35).chain(['g']).collect(),
    }
}
