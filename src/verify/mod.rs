//! Random co-simulation: arrays, operands, faults and stalls drawn from a seed,
//! run on the simulator and on the golden model until they first disagree.

mod accelerator;
mod arrays;
mod case;
mod draw;
mod fast;
mod faults;
mod run;

pub use accelerator::{AcceleratorPlan, AcceleratorSummary, run_accelerators};
pub use case::Case;
pub use fast::{FastSummary, run_fast, run_fast_accelerators};
pub use run::{ArraySummary, Failure, Finding, Observer, Summary, run};

#[cfg(test)]
mod tests;

use crate::config::ArrayConfig;

/// What is verified. Equal plans draw equal arrays and cases on any machine;
/// the number of cases changes none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Cases, distributed evenly: case i runs on array i mod `arrays`.
    pub cases: usize,
    /// Array configurations. The first are 2×2, one that is not square, the
    /// largest square, and one without checksums; the next four the same,
    /// output-stationary.
    pub arrays: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Most rows and most columns of an array; at least 2.
    pub max_array: usize,
    /// Only this case, on a fresh simulator.
    pub only: Option<usize>,
}

impl Plan {
    /// The array configuration with a number below `arrays`.
    pub fn array(&self, number: usize) -> ArrayConfig {
        arrays::array(self, number)
    }

    /// The array on which a case runs.
    pub fn array_of(&self, case: usize) -> usize {
        case % self.arrays
    }

    /// A case, without its predecessors.
    pub fn case(&self, number: usize) -> Case {
        Case::draw(self, number)
    }

    /// Numbers of the cases that run on an array.
    fn cases_of(&self, array: usize) -> impl Iterator<Item = usize> {
        let only = self.only;
        (array..self.cases)
            .step_by(self.arrays)
            .filter(move |&case| only.is_none_or(|only| only == case))
    }
}
