//! Seeded normal noise.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// Standard normal values that depend on nothing but the seed, the image and the
/// draw: 0 is the initial noise, s + 1 what step s adds.
pub fn standard_normal(seed: u64, image: u64, draw: u64, len: usize) -> Vec<f32> {
    let mut hasher = Sha256::new();
    hasher.update("drift latents");
    for part in [seed, image, draw] {
        hasher.update(part.to_le_bytes());
    }
    let mut rng = ChaCha8Rng::from_seed(hasher.finalize().into());
    // Above zero, so that its logarithm is finite.
    let mut uniform = || (f64::from(rng.next_u32()) + 0.5) / 2f64.powi(32);
    let mut values = Vec::with_capacity(len + 1);
    while values.len() < len {
        // Box and Muller.
        let radius = (-2.0 * uniform().ln()).sqrt();
        let (sine, cosine) = (std::f64::consts::TAU * uniform()).sin_cos();
        values.extend([(radius * cosine) as f32, (radius * sine) as f32]);
    }
    values.truncate(len);
    values
}
