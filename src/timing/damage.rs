//! Damaged texts, for tests.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Flips, overwrites, inserts, moves or removes pieces, or cuts the text short.
pub(super) fn damage(text: &str, rng: &mut ChaCha8Rng) -> String {
    const PIECES: [&str; 16] = [
        "{", "}", "(", ")", "\"", ";", ":", "-1", "1e308", "nan", "/*", "\\", "when", "values",
        "é", "0",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + rng.next_u32() % 3 {
        if bytes.is_empty() {
            break;
        }
        let at = rng.next_u32() as usize % bytes.len();
        let piece = PIECES[rng.next_u32() as usize % PIECES.len()].as_bytes();
        let some = (at + rng.next_u32() as usize % 60).min(bytes.len());
        match rng.next_u32() % 8 {
            0 => bytes.truncate(at),
            1 | 2 => drop(bytes.splice(at..at, piece.iter().copied())),
            3 | 4 => drop(bytes.splice(at..at + 1, piece.iter().copied())),
            5 => drop(bytes.drain(at..some)),
            6 => {
                let moved: Vec<u8> = bytes.drain(at..some).collect();
                let to = rng.next_u32() as usize % (bytes.len() + 1);
                bytes.splice(to..to, moved);
            }
            _ => bytes[at] ^= 1 << (rng.next_u32() % 8),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
