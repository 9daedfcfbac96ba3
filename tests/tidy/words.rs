//! The words of a name: `HTTPServer_of_orders` is http, server, of, orders.

/// Splits a name at everything but letters and digits, and where case begins a new word.
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        if !letter.is_alphanumeric() || begins_word(before, letter, letters.get(at + 1)) {
            push(&mut words, &mut word);
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    push(&mut words, &mut word);
    words
}

fn begins_word(before: Option<&char>, letter: char, after: Option<&char>) -> bool {
    let Some(before) = before else { return false };
    let from_lower = !before.is_uppercase();
    let ends_capitals = after.is_some_and(|after| after.is_lowercase());
    letter.is_uppercase() && (from_lower || ends_capitals)
}

fn push(words: &mut Vec<String>, word: &mut String) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_split_at_case_and_signs() {
        assert_eq!(
            words("HTTPServer_of-orders"),
            ["http", "server", "of", "orders"]
        );
        assert_eq!(words("SHA256Digest"), ["sha256", "digest"]);
        assert_eq!(words("simple"), ["simple"]);
    }
}
