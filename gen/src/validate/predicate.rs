//! One small function per kind of rule. The generated checks call them by name.

use std::collections::HashSet;
use std::hash::Hash;

use prost_types::{FieldMask, Struct, Timestamp};

use crate::common::{Date, Money, Period};
use crate::google::api::HttpBody;

/// The length of text in characters, as protovalidate counts it.
pub fn length(value: &str) -> u64 {
    value.chars().count() as u64
}

/// Whether text has at most this many characters; bytes are counted only where they can decide.
pub fn at_most(value: &str, most: u64) -> bool {
    value.len() as u64 <= most || length(value) <= most
}

/// `prefix_`, then 26 characters of Crockford's base32 in lower case that fit 128 bits.
pub fn id_prefix(value: &str, prefix: &str) -> bool {
    let rest = value
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'));
    let Some(digits) = rest.map(str::as_bytes) else {
        return false;
    };
    digits.len() == 26
        && digits
            .first()
            .is_some_and(|first| matches!(first, b'0'..=b'7'))
        && digits.iter().all(|digit| is_base32(*digit))
}

fn is_base32(digit: u8) -> bool {
    let left_out = matches!(digit, b'i' | b'l' | b'o' | b'u');
    (digit.is_ascii_digit() || digit.is_ascii_lowercase()) && !left_out
}

/// One line: short enough and without control characters.
pub fn line(value: &str, most: u64) -> bool {
    at_most(value, most) && !value.bytes().any(|byte| byte < 0x20 || byte == 0x7f)
}

/// Text: short enough and without control characters but for tab, line feed, carriage return.
pub fn text(value: &str, most: u64) -> bool {
    let control =
        |byte: u8| (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f;
    at_most(value, most) && !value.bytes().any(control)
}

/// Visible ASCII, short enough.
pub fn token(value: &str, most: u64) -> bool {
    value.len() as u64 <= most && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A lower-case letter, then up to 63 of a-z, 0-9, `_`, `.`, `-`.
pub fn key(value: &str) -> bool {
    starts_and_goes_on(
        value,
        |byte| byte.is_ascii_lowercase(),
        |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte),
    )
}

/// A letter or digit, then up to 63 of A-Z, a-z, 0-9, `.`, `_`, `/`, `-`.
pub fn code(value: &str) -> bool {
    starts_and_goes_on(
        value,
        |byte| byte.is_ascii_alphanumeric(),
        |byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte),
    )
}

/// An upper-case letter, then up to 63 of A-Z, 0-9, `_`.
pub fn reason(value: &str) -> bool {
    starts_and_goes_on(
        value,
        |byte| byte.is_ascii_uppercase(),
        |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_',
    )
}

fn starts_and_goes_on(value: &str, first: fn(u8) -> bool, next: fn(u8) -> bool) -> bool {
    let mut bytes = value.bytes();
    value.len() <= 64 && bytes.next().is_some_and(first) && bytes.all(next)
}

/// Three capital letters.
pub fn currency(value: &str) -> bool {
    value.len() == 3 && value.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Two capital letters.
pub fn region(value: &str) -> bool {
    value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A language of two or three letters, then optionally a script, then optionally a region.
pub fn locale(value: &str) -> bool {
    let mut parts = value.split('-').peekable();
    let language = parts.next().unwrap_or_default();
    if !(2..=3).contains(&language.len()) || !language.bytes().all(|it| it.is_ascii_lowercase()) {
        return false;
    }
    parts.next_if(|part| is_script(part));
    parts.next_if(|part| is_region(part));
    parts.next().is_none()
}

fn is_script(part: &str) -> bool {
    let mut bytes = part.bytes();
    part.len() == 4
        && bytes.next().is_some_and(|byte| byte.is_ascii_uppercase())
        && bytes.all(|byte| byte.is_ascii_lowercase())
}

fn is_region(part: &str) -> bool {
    region(part) || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Names of an IANA time zone: words divided by slashes, the first beginning with a letter.
pub fn time_zone(value: &str) -> bool {
    let letter_first = value
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphabetic());
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte))
    };
    value.len() <= 64 && letter_first && value.split('/').all(is_word)
}

/// A plus, then seven to fifteen digits of which the first is not zero.
pub fn phone(value: &str) -> bool {
    let Some(digits) = value.strip_prefix('+') else {
        return false;
    };
    (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `http://` or `https://`, then visible ASCII; at most 2048 characters in all.
pub fn web_address(value: &str) -> bool {
    let rest = value
        .strip_prefix("https://")
        .or_else(|| value.strip_prefix("http://"));
    value.len() <= 2048
        && rest.is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic())
        })
}

/// `00:00` to `23:59`.
pub fn clock_time(value: &str) -> bool {
    let &[h1, h2, b':', m1, m2] = value.as_bytes() else {
        return false;
    };
    let hour = matches!((h1, h2), (b'0' | b'1', b'0'..=b'9') | (b'2', b'0'..=b'3'));
    hour && matches!((m1, m2), (b'0'..=b'5', b'0'..=b'9'))
}

/// A UUID in its usual form, hexadecimal digits of either case.
pub fn uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// An e-mail address as HTML forms accept it.
pub fn email(value: &str) -> bool {
    let Some((name, domain)) = value.split_once('@') else {
        return false;
    };
    let in_name =
        |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    !name.is_empty() && name.bytes().all(in_name) && domain.split('.').all(is_label)
}

/// One part of a domain name.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// An instant or a span as nanoseconds.
pub fn nanos(seconds: i64, nanos: i32) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanos)
}

/// From 1970 up to, but not including, 2200.
pub fn era(value: &Timestamp) -> bool {
    const END_SECONDS: i64 = 7_258_118_400;
    (0..nanos(END_SECONDS, 0)).contains(&nanos(value.seconds, value.nanos))
}

/// Not more paths than this.
pub fn paths_max(value: &FieldMask, most: u64) -> bool {
    value.paths.len() as u64 <= most
}

/// No two items alike.
pub fn unique<T: Eq + Hash>(items: &[T]) -> bool {
    let mut seen = HashSet::with_capacity(items.len());
    items.iter().all(|item| seen.insert(item))
}

/// Zero or more.
pub fn money_not_negative(value: &Money) -> bool {
    value.units >= 0 && value.nanos >= 0
}

/// More than zero, given that both parts have one sign.
pub fn money_positive(value: &Money) -> bool {
    value.units > 0 || value.nanos > 0
}

/// Units and nanos point the same way.
pub fn money_sign(value: &Money) -> bool {
    value.units == 0 || value.nanos == 0 || (value.units > 0) == (value.nanos > 0)
}

/// The month has that day.
pub fn date_exists(value: &Date) -> bool {
    let leap = value.year % 4 == 0 && (value.year % 100 != 0 || value.year % 400 == 0);
    let days = match value.month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    value.day <= days
}

/// The start lies before the end.
pub fn period_order(value: &Period) -> bool {
    let (Some(start), Some(end)) = (&value.start_time, &value.end_time) else {
        return true;
    };
    nanos(start.seconds, start.nanos) < nanos(end.seconds, end.nanos)
}

/// At most a hundred members.
pub fn struct_size(value: &Struct) -> bool {
    value.fields.len() <= 100
}

/// At most 256 KiB.
pub fn http_body_size(value: &HttpBody) -> bool {
    value.data.len() <= 262_144
}
