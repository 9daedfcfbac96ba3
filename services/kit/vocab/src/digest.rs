//! SHA-256 over a list of parts. Every part is preceded by its length, so that no two lists look
//! alike to the hash; the purpose comes first, so that no two uses of one list do.

use sha2::{Digest, Sha256};

/// Returns the first `N` bytes (at most 32) of the hash of the purpose and the parts.
pub(crate) fn digest<const N: usize>(purpose: &str, parts: &[&[u8]]) -> [u8; N] {
    const { assert!(N <= 32, "SHA-256 has no more than 32 bytes") }
    let mut hash = Sha256::new();
    for part in [purpose.as_bytes()].iter().chain(parts) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut leading = [0; N];
    for (slot, byte) in leading.iter_mut().zip(hash.finalize()) {
        *slot = byte;
    }
    leading
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn moving_a_byte_to_the_next_part_gives_another_digest() {
        let left: [u8; 16] = digest("test", &[b"ab", b"c"]);
        let right: [u8; 16] = digest("test", &[b"a", b"bc"]);
        assert_ne!(left, right);
    }

    #[test]
    fn an_empty_part_counts() {
        let with: [u8; 16] = digest("test", &[b"a", b""]);
        let without: [u8; 16] = digest("test", &[b"a"]);
        assert_ne!(with, without);
    }

    #[test]
    fn another_purpose_gives_another_digest() {
        assert_ne!(digest::<16>("test", &[b"a"]), digest::<16>("rest", &[b"a"]));
    }
}
