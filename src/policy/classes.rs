//! Classes of timesteps and of blocks.

use crate::config::{BLOCK_CLASSES, TIMESTEP_CLASSES};
use serde::{Deserialize, Serialize};

/// A timestep class and a block class.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Cell {
    /// Timestep class; 0 is the noisiest.
    pub timestep: u8,
    /// Block class; 0 has the first blocks, embeddings and final layers.
    pub block: u8,
}

impl Cell {
    /// All cells, timestep class by timestep class.
    pub fn all() -> impl Iterator<Item = Cell> {
        (0..TIMESTEP_CLASSES as u8).flat_map(|timestep| {
            (0..BLOCK_CLASSES as u8).map(move |block| Cell { timestep, block })
        })
    }

    /// Position in [`Cell::all`].
    pub fn index(self) -> usize {
        usize::from(self.timestep) * BLOCK_CLASSES + usize::from(self.block)
    }
}

/// Where the classes of a run begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// First step of timestep classes 1, 2 and 3, ascending.
    pub steps: [usize; TIMESTEP_CLASSES - 1],
    /// First block of block classes 1, 2 and 3, ascending.
    pub blocks: [usize; BLOCK_CLASSES - 1],
}

impl Classes {
    /// Quarters of a run's steps and of a network's blocks.
    pub fn quarters(steps: usize, blocks: usize) -> Self {
        // Item i of n is in class ⌊4i/n⌋; class c begins at ⌈cn/4⌉.
        let begin = |n: usize, classes: usize| move |c: usize| ((c + 1) * n).div_ceil(classes);
        Self {
            steps: std::array::from_fn(begin(steps, TIMESTEP_CLASSES)),
            blocks: std::array::from_fn(begin(blocks, BLOCK_CLASSES)),
        }
    }

    /// Class 0 has the first `early` steps and the first `first` blocks; the rest is shared evenly
    /// by the other classes.
    pub fn protecting(steps: usize, early: usize, blocks: usize, first: usize) -> Self {
        let begin = |n: usize, head: usize, classes: usize| {
            let head = head.min(n);
            move |c: usize| head + (c * (n - head)).div_ceil(classes - 1)
        };
        Self {
            steps: std::array::from_fn(begin(steps, early, TIMESTEP_CLASSES)),
            blocks: std::array::from_fn(begin(blocks, first, BLOCK_CLASSES)),
        }
    }

    /// The cell of a GEMM; `block` is `None` for embeddings and final layers.
    pub fn cell(&self, step: usize, block: Option<usize>) -> Cell {
        let class = |bounds: &[usize], at| bounds.partition_point(|begin| *begin <= at) as u8;
        Cell {
            timestep: class(&self.steps, step),
            block: block.map_or(0, |block| class(&self.blocks, block)),
        }
    }
}
