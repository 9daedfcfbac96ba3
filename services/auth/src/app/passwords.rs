//! What a password must be like before it is hashed.

use crate::domain::{PasswordRule, Refusal};

/// The fewest and the most characters.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// Long enough, and tried first by everybody.
const COMMON: &[&str] = &[
    "000000000000",
    "111111111111",
    "1234567890123",
    "123456789012",
    "123456789abc",
    "1q2w3e4r5t6y",
    "abcdefghijkl",
    "abcd12345678",
    "administrator",
    "adminadminadmin",
    "changemechangeme",
    "changeme1234",
    "iloveyou1234",
    "letmeinletmein",
    "letmein12345",
    "maxpower1234",
    "monkey123456",
    "mypassword123",
    "p@ssw0rd1234",
    "passw0rd1234",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "qazwsxedcrfv",
    "qwerty123456",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopas",
    "qwertyuiopasdf",
    "superman1234",
    "trustno1trustno1",
    "welcome12345",
    "welcomewelcome",
    "zaq12wsxcde3",
];

/// Refuses a password that is too short, too common, or says who its owner is.
pub fn judge(password: &str, email: &str) -> Result<(), Refusal> {
    let weak = |rule| Err(Refusal::PasswordTooWeak(rule));
    let lower = password.to_lowercase();
    if !LENGTH.contains(&password.chars().count()) {
        return weak(PasswordRule::Length);
    }
    let mut letters = lower.chars();
    let first = letters.next();
    let alike = letters.all(|it| Some(it) == first);
    if alike || COMMON.contains(&lower.as_str()) {
        return weak(PasswordRule::Common);
    }
    if !email.is_empty() && lower.contains(&email.to_lowercase()) {
        return weak(PasswordRule::Email);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_telling_passwords_are_refused() {
        let rule = |password: &str| match judge(password, "ann@example.com") {
            Err(Refusal::PasswordTooWeak(rule)) => Some(rule),
            Err(other) => panic!("{other:?}"),
            Ok(()) => None,
        };
        assert_eq!(rule("short"), Some(PasswordRule::Length));
        assert_eq!(rule(&"é".repeat(129)), Some(PasswordRule::Length));
        assert_eq!(rule("PassWord1234"), Some(PasswordRule::Common));
        assert_eq!(rule("zzzzzzzzzzzzz"), Some(PasswordRule::Common));
        assert_eq!(rule("x-ANN@example.com-x"), Some(PasswordRule::Email));
        assert_eq!(rule("violet umbrella"), None);
        assert_eq!(rule(&"éè".repeat(6)), None, "letters count, not bytes");
    }

    #[test]
    fn every_common_password_is_long_enough_to_be_met() {
        for word in COMMON {
            assert!(word.len() >= *LENGTH.start(), "{word}");
            assert_eq!(*word, word.to_lowercase());
        }
    }
}
