//! Timing.

use ndarray::Array2;
use rustix::time::{ClockId, clock_gettime};
use std::time::Instant;

/// Times of repetitions of the same thing, in seconds.
#[derive(Clone, Debug, Default)]
pub struct Samples(Vec<f64>);

impl Samples {
    /// Adds a repetition.
    pub fn push(&mut self, seconds: f64) {
        self.0.push(seconds);
    }

    /// Number of repetitions.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The shortest time.
    pub fn best(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The median time; of an even number, the mean of the middle two.
    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        }
    }
}

/// Runs something once, adds its time, and returns its value.
pub fn time<T>(samples: &mut Samples, run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let value = run();
    samples.push(started.elapsed().as_secs_f64());
    value
}

/// CPU time of the process in seconds, all threads together.
pub fn cpu() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Runs something `times` times and adds the CPU time of one.
pub fn cpu_time(samples: &mut Samples, times: usize, mut run: impl FnMut(usize)) {
    let started = cpu();
    (0..times).for_each(&mut run);
    samples.push((cpu() - started) / times as f64);
}

/// A matrix of uniform int8 values, the same in every run.
pub fn noise(rows: usize, columns: usize) -> Array2<i8> {
    let mut state = 0x9e37_79b9_u32 ^ rows as u32 ^ (columns as u32) << 16;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as i8
    })
}
