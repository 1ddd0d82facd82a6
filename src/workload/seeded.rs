//! Operands drawn from a seed, for workloads that are shapes only.

use super::OperandReader;
use super::gemm::Shape;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Operands uniform in −128..=127. GEMM `index` draws X, then W, from ChaCha
/// stream `index`, each from a whole 32-bit word on, so that every GEMM can be
/// drawn without its predecessors.
#[derive(Debug)]
pub(super) struct Seeded {
    pub seed: u64,
}

impl OperandReader for Seeded {
    fn read(&self, index: usize, shape: Shape) -> (Vec<i8>, Vec<i8>) {
        // The seed is the key itself: the numbers depend on ChaCha alone, not on
        // how a version of rand_core stretches a seed.
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index as u64);
        let mut draw = |elements: usize| {
            let mut bytes = vec![0; elements];
            rng.fill_bytes(&mut bytes);
            bytes.into_iter().map(|byte| byte as i8).collect()
        };
        (draw(shape.m * shape.k), draw(shape.k * shape.n))
    }
}
