//! The random streams of tiles, sixteen tiles at a time: what ChaCha8 gives for
//! each stream number, with a block of every stream computed side by side.
//! Most tiles need one number, which says that nothing hits them.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

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

/// All streams of a seed, of which one batch is at hand.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    key: [u32; 8],
    /// The first stream of the batch.
    first: u64,
    /// Blocks of the batch, from the first on.
    blocks: Vec<Block>,
    /// How many of them are the batch's own: the others wait to be used again.
    computed: usize,
}

/// One block of each stream of a batch: words by place in the block, then by stream.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Block([[u32; BATCH]; WORDS]);

impl Block {
    const EMPTY: Self = Self([[0; BATCH]; WORDS]);
}

impl Streams {
    pub fn new(seed: u64) -> Self {
        let bytes = ChaCha8Rng::seed_from_u64(seed).get_seed();
        let word = |at: usize| std::array::from_fn(|byte| bytes[4 * at + byte]);
        Self {
            key: std::array::from_fn(|at| u32::from_le_bytes(word(at))),
            first: 0,
            blocks: vec![Block::EMPTY],
            computed: 0,
        }
    }

    /// Goes to the streams of `count` tiles of a GEMM from `tile` on. Returns those whose first
    /// number is at least `bound`, as bits.
    pub fn batch_from(&mut self, gemm: usize, tile: usize, count: usize, bound: u64) -> u32 {
        self.first = number(gemm, tile);
        self.computed = 1;
        let block = &mut self.blocks[0];
        // Half a batch is computed faster than a whole one.
        let streams = if count <= BATCH / 2 {
            fill::<{ BATCH / 2 }>(block, &self.key, self.first, 0, bound)
        } else {
            fill::<BATCH>(block, &self.key, self.first, 0, bound)
        };
        streams & (u32::MAX >> (u32::BITS as usize - count))
    }

    /// The numbers of a stream of the batch, one after the other.
    pub fn numbers(&mut self, stream: usize) -> impl FnMut() -> u64 + '_ {
        let mut at = 0;
        move || {
            let (place, words) = (at / NUMBERS, at % NUMBERS * 2);
            if place == self.computed {
                self.compute();
            }
            at += 1;
            let block = &self.blocks[place].0;
            u64::from(block[words][stream]) | u64::from(block[words + 1][stream]) << 32
        }
    }

    /// The next block of the batch.
    #[cold]
    fn compute(&mut self) {
        if self.computed == self.blocks.len() {
            self.blocks.push(Block::EMPTY);
        }
        let block = &mut self.blocks[self.computed];
        fill::<BATCH>(block, &self.key, self.first, self.computed as u64, 0);
        self.computed += 1;
    }
}

/// Fills a block of ChaCha8 of COUNT streams from `first` on (Bernstein 2008, with a stream
/// number in words 14 and 15 and the block's in words 12 and 13), and returns the streams whose
/// first number in it is at least `bound`, as bits. One stream is written out in one piece, so
/// that the compiler computes all of them side by side in registers.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn fill<const COUNT: usize>(
    block: &mut Block,
    key: &[u32; 8],
    first: u64,
    place: u64,
    bound: u64,
) -> u32 {
    let (mut low, mut high) = ([0u32; COUNT], [0u32; COUNT]);
    for stream in 0..COUNT {
        let number = first + stream as u64;
        low[stream] = number as u32;
        high[stream] = (number >> 32) as u32;
    }
    let key = *key;
    for stream in 0..COUNT {
        let start = [
            // "expand 32-byte k"
            0x6170_7865,
            0x3320_646e,
            0x7962_2d32,
            0x6b20_6574,
            key[0],
            key[1],
            key[2],
            key[3],
            key[4],
            key[5],
            key[6],
            key[7],
            place as u32,
            (place >> 32) as u32,
            low[stream],
            high[stream],
        ];
        let mut state = start;
        macro_rules! quarter_round {
            ($a:literal, $b:literal, $c:literal, $d:literal) => {
                state[$a] = state[$a].wrapping_add(state[$b]);
                state[$d] = (state[$d] ^ state[$a]).rotate_left(16);
                state[$c] = state[$c].wrapping_add(state[$d]);
                state[$b] = (state[$b] ^ state[$c]).rotate_left(12);
                state[$a] = state[$a].wrapping_add(state[$b]);
                state[$d] = (state[$d] ^ state[$a]).rotate_left(8);
                state[$c] = state[$c].wrapping_add(state[$d]);
                state[$b] = (state[$b] ^ state[$c]).rotate_left(7);
            };
        }
        macro_rules! double_round {
            () => {
                quarter_round!(0, 4, 8, 12);
                quarter_round!(1, 5, 9, 13);
                quarter_round!(2, 6, 10, 14);
                quarter_round!(3, 7, 11, 15);
                quarter_round!(0, 5, 10, 15);
                quarter_round!(1, 6, 11, 12);
                quarter_round!(2, 7, 8, 13);
                quarter_round!(3, 4, 9, 14);
            };
        }
        // Eight rounds, without a loop, which would keep the state in memory.
        double_round!();
        double_round!();
        double_round!();
        double_round!();
        for word in 0..WORDS {
            block.0[word][stream] = state[word].wrapping_add(start[word]);
        }
    }
    let (bound_low, bound_high) = (bound as u32, (bound >> 32) as u32);
    let mut streams = 0;
    for stream in 0..COUNT {
        let (low, high) = (block.0[0][stream], block.0[1][stream]);
        let reached = high > bound_high || (high == bound_high && low >= bound_low);
        streams |= u32::from(reached) << stream;
    }
    streams
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::Rng;

    #[test]
    fn batches_are_the_streams_of_rand_chacha() {
        for (seed, gemm, tile) in [(0, 0, 0), (7, 3, 16), (u64::MAX, 1 << 20, (1 << 32) - 32)] {
            let mut streams = Streams::new(seed);
            // What is left of another batch must not be seen.
            streams.batch_from(gemm + 1, tile, BATCH, 0);
            let left = {
                let mut numbers = streams.numbers(3);
                (0..30).fold(0, |all, _| all ^ numbers())
            };
            assert_ne!(left, 0);
            for stream_at in 0..BATCH {
                let mut rng = stream(seed, gemm, tile + stream_at);
                let expected: [u64; 40] = std::array::from_fn(|_| rng.next_u64());
                for count in [1, BATCH / 2, BATCH] {
                    let mut from =
                        |bound| streams.batch_from(gemm, tile, count, bound) >> stream_at & 1 == 1;
                    let is_there = stream_at < count;
                    assert_eq!([from(0), from(expected[0])], [is_there; 2]);
                    assert!(expected[0] == u64::MAX || !from(expected[0] + 1));
                }
                let mut numbers = streams.numbers(stream_at);
                let found = expected.map(|_| numbers());
                assert_eq!(found, expected, "stream {stream_at}");
            }
        }
    }
}
