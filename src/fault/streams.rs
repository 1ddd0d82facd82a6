//! The random streams of tiles, sixteen tiles at a time: what ChaCha8 gives for
//! each stream number, with the first block of every stream computed side by side.
//! Most tiles need one number, which says that nothing hits them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Streams computed at a time.
pub(super) const BATCH: usize = 16;
/// Words of a block of ChaCha.
const WORDS: usize = 16;
/// Two words make a number.
const NUMBERS: usize = WORDS / 2;

/// Number of the stream of a tile of a GEMM.
fn number(gemm: usize, tile: usize) -> u64 {
    (gemm as u64) << 32 | tile as u64
}

/// The stream of one tile.
pub(super) fn stream(seed: u64, gemm: usize, tile: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number(gemm, tile));
    rng
}

/// All streams of a seed.
pub(super) struct Streams {
    seeded: ChaCha8Rng,
    key: [u32; 8],
}

/// First blocks of some streams: words by place in the block, then by stream.
pub(super) struct Batch<'a> {
    seeded: &'a ChaCha8Rng,
    first: u64,
    words: [[u32; BATCH]; WORDS],
}

impl Streams {
    pub fn new(seed: u64) -> Self {
        let seeded = ChaCha8Rng::seed_from_u64(seed);
        let bytes = seeded.get_seed();
        let word = |at: usize| std::array::from_fn(|byte| bytes[4 * at + byte]);
        let key = std::array::from_fn(|at| u32::from_le_bytes(word(at)));
        Self { seeded, key }
    }

    /// The streams of the tiles of a GEMM from `tile` on.
    pub fn batch(&self, gemm: usize, tile: usize) -> Batch<'_> {
        let first = number(gemm, tile);
        Batch {
            seeded: &self.seeded,
            first,
            words: blocks(&self.key, first),
        }
    }
}

impl Batch<'_> {
    /// The streams whose first number is at least `bound`, as bits.
    pub fn from(&self, bound: u64) -> u32 {
        let (low, high) = (&self.words[0], &self.words[1]);
        let mut streams = 0;
        for stream in 0..BATCH {
            let number = u64::from(low[stream]) | u64::from(high[stream]) << 32;
            streams |= u32::from(number >= bound) << stream;
        }
        streams
    }

    fn number(&self, stream: usize, at: usize) -> u64 {
        let word = |word: usize| u64::from(self.words[word][stream]);
        word(2 * at) | word(2 * at + 1) << 32
    }

    /// The numbers of a stream of the batch, one after the other.
    pub fn numbers(&self, stream: usize) -> impl FnMut() -> u64 + '_ {
        let mut at = 0;
        let mut later: Option<ChaCha8Rng> = None;
        move || {
            if at < NUMBERS {
                at += 1;
                return self.number(stream, at - 1);
            }
            let rng = later.get_or_insert_with(|| {
                let mut rng = self.seeded.clone();
                rng.set_stream(self.first + stream as u64);
                rng.set_word_pos(WORDS as u128);
                rng
            });
            rng.next_u64()
        }
    }
}

/// The first block of ChaCha8 of sixteen streams (Bernstein 2008, with a stream
/// number in words 14 and 15 and the block's in words 12 and 13).
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn blocks(key: &[u32; 8], first: u64) -> [[u32; BATCH]; WORDS] {
    let mut start = [[0u32; BATCH]; WORDS];
    let constants = *b"expand 32-byte k";
    for word in 0..4 {
        let bytes = std::array::from_fn(|byte| constants[4 * word + byte]);
        start[word] = [u32::from_le_bytes(bytes); BATCH];
    }
    for word in 0..8 {
        start[4 + word] = [key[word]; BATCH];
    }
    let number = |stream: usize| first + stream as u64;
    start[14] = std::array::from_fn(|stream| number(stream) as u32);
    start[15] = std::array::from_fn(|stream| (number(stream) >> 32) as u32);
    let mut state = start;
    macro_rules! quarter_round {
        ($a:literal, $b:literal, $c:literal, $d:literal) => {
            for s in 0..BATCH {
                state[$a][s] = state[$a][s].wrapping_add(state[$b][s]);
                state[$d][s] = (state[$d][s] ^ state[$a][s]).rotate_left(16);
                state[$c][s] = state[$c][s].wrapping_add(state[$d][s]);
                state[$b][s] = (state[$b][s] ^ state[$c][s]).rotate_left(12);
                state[$a][s] = state[$a][s].wrapping_add(state[$b][s]);
                state[$d][s] = (state[$d][s] ^ state[$a][s]).rotate_left(8);
                state[$c][s] = state[$c][s].wrapping_add(state[$d][s]);
                state[$b][s] = (state[$b][s] ^ state[$c][s]).rotate_left(7);
            }
        };
    }
    for _ in 0..4 {
        quarter_round!(0, 4, 8, 12);
        quarter_round!(1, 5, 9, 13);
        quarter_round!(2, 6, 10, 14);
        quarter_round!(3, 7, 11, 15);
        quarter_round!(0, 5, 10, 15);
        quarter_round!(1, 6, 11, 12);
        quarter_round!(2, 7, 8, 13);
        quarter_round!(3, 4, 9, 14);
    }
    for (words, start) in state.iter_mut().zip(&start) {
        for (word, start) in words.iter_mut().zip(start) {
            *word = word.wrapping_add(*start);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_the_streams_of_rand_chacha() {
        for (seed, gemm, tile) in [(0, 0, 0), (7, 3, 16), (u64::MAX, 1 << 20, (1 << 32) - 32)] {
            let streams = Streams::new(seed);
            let batch = streams.batch(gemm, tile);
            for stream_at in 0..BATCH {
                let mut rng = stream(seed, gemm, tile + stream_at);
                let mut numbers = batch.numbers(stream_at);
                for number in 0..40 {
                    let expected = rng.next_u64();
                    if number == 0 {
                        let from = |bound: u64| batch.from(bound) >> stream_at & 1 == 1;
                        assert!(from(0) && from(expected));
                        assert!(expected == u64::MAX || !from(expected + 1));
                    }
                    assert_eq!(numbers(), expected, "stream {stream_at}, number {number}");
                }
            }
        }
    }
}
