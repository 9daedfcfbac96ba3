//! Texts that the rules of the contracts allow.

use uuid::Builder;
use vocab::Moment;

use crate::secrets;

/// An id as the contracts write them; it names nothing.
const ID: &str = "01h455vb4pex5vsknk084sn02q";

/// An id with a prefix.
pub fn id(prefix: &str) -> String {
    format!("{prefix}_{ID}")
}

/// A fresh UUIDv7, so that an example can be sent as it is.
pub fn uuid(now: Moment) -> String {
    let word = secrets::random().unwrap_or_default();
    let mut random = [0_u8; 10];
    for (byte, letter) in random.iter_mut().zip(word.bytes().skip(1)) {
        *byte = letter.wrapping_mul(31);
    }
    let milliseconds = u64::try_from(now.micros() / 1_000).unwrap_or_default();
    let uuid = Builder::from_unix_timestamp_millis(milliseconds, &random);
    uuid.into_uuid().to_string()
}

/// A text of one of our kinds of text.
pub fn of_kind(kind: &str) -> Option<&'static str> {
    let text = match kind {
        "code" => "MUG-1",
        "key" => "mug",
        "currency" => "EUR",
        "region" => "CH",
        "locale" => "en",
        "time_zone" => "Europe/Zurich",
        "phone" => "+41446681800",
        "email" => "ada@example.org",
        "web_address" => "https://example.org/",
        _ => return None,
    };
    Some(text)
}

/// A text for a field that may hold any.
pub fn of_name(name: &str) -> String {
    let mut letters = name.replace('_', " ");
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}
