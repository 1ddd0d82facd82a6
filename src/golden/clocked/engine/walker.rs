//! Position in a GEMM, pass by pass and tile by tile (`drift_gemm_walker`).

use crate::config::ArrayConfig;
use crate::tiling::{Tile, Tiling};

/// Walks a GEMM; none before the first and after the last pass.
pub(super) struct Walker {
    config: ArrayConfig,
    at: Option<Position>,
}

struct Position {
    tiling: Tiling,
    tile: usize,
    pass: usize,
}

impl Walker {
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            config: config.clone(),
            at: None,
        }
    }

    pub fn active(&self) -> bool {
        self.at.is_some()
    }

    fn position(&self) -> &Position {
        self.at.as_ref().expect("a walk is under way")
    }

    /// The present tile.
    pub fn tile(&self) -> Tile {
        self.position().tiling.tile(self.position().tile)
    }

    /// The present pass of the tile.
    pub fn pass(&self) -> usize {
        self.position().pass
    }

    /// Data lanes of the present pass, 1..=R.
    pub fn depth(&self) -> usize {
        self.position().tiling.pass_depth(self.pass()).len()
    }

    /// K of the GEMM.
    pub fn total_depth(&self) -> usize {
        let tiling = &self.position().tiling;
        tiling.pass_depth(tiling.passes() - 1).end
    }

    pub fn last_pass(&self) -> bool {
        self.pass() + 1 == self.position().tiling.passes()
    }

    /// One clock edge: starts a walk, or moves to the next pass.
    pub fn tick(&mut self, load: bool, (m, k, n): (usize, usize, usize), advance: bool) {
        if load {
            self.at = Some(Position {
                tiling: Tiling::new(&self.config, m, k, n),
                tile: 0,
                pass: 0,
            });
        } else if advance {
            let last_pass = self.last_pass();
            let at = self.at.as_mut().expect("only a walk advances");
            at.pass += 1;
            if last_pass {
                at.pass = 0;
                at.tile += 1;
                if at.tile == at.tiling.len() {
                    self.at = None;
                }
            }
        }
    }
}
