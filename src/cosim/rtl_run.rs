//! A GEMM as the simulator takes it, and what comes back.

use super::abi;
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::{Register, TileFaults};
use crate::golden::{self, Counters};
use crate::tiling::Tiling;
use ndarray::ArrayView2;

/// Chances, in 256, that a stream stalls in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalls {
    /// Activation stream not valid.
    pub act: u8,
    /// Weight stream not valid.
    pub weight: u8,
    /// Result stream not ready.
    pub result: u8,
    /// Seed of the stalls.
    pub seed: u64,
}

/// One GEMM for the hardware.
pub struct RtlJob<'a> {
    /// How it is tiled.
    pub tiling: Tiling,
    /// Activations M×K, row-major.
    pub x: ArrayView2<'a, i8>,
    /// Weights K×N, row-major.
    pub w: ArrayView2<'a, i8>,
    /// Faults of every tile.
    pub faults: &'a [TileFaults],
    /// θ.
    pub threshold_bit: u32,
    /// Backpressure.
    pub stalls: Stalls,
}

impl RtlJob<'_> {
    pub(super) fn tiling(&self) -> &Tiling {
        &self.tiling
    }

    /// The transient faults in the order in which their rows (WS) or steps (OS)
    /// are streamed.
    pub(super) fn flips(&self, config: &ArrayConfig) -> Vec<abi::Flip> {
        let mut flips = Vec::with_capacity(self.faults.iter().map(|f| f.flips.len()).sum());
        let mut first_row = 0u64;
        for tile in self.tiling.tiles() {
            let data_rows = tile.rows.len();
            let pass_rows = match config.dataflow {
                Dataflow::Ws => data_rows + config.checksum_rows(),
                Dataflow::Os => config.rows,
            };
            for fault in &self.faults[tile.index].flips {
                let row = fault.row as usize;
                let row = if row < config.tile_rows {
                    row
                } else {
                    data_rows + row - config.tile_rows
                };
                flips.push(abi::Flip {
                    stream_row: first_row + (fault.pass as usize * pass_rows + row) as u64,
                    pe_row: fault.site.pe_row,
                    pe_column: fault.site.pe_column,
                    register: register_number(fault.site.register),
                    mask: fault.xor,
                });
            }
            first_row += match config.dataflow {
                Dataflow::Ws => self.tiling.passes() * pass_rows,
                Dataflow::Os => self.tiling.k(),
            } as u64;
        }
        flips
    }

    pub(super) fn stucks(&self) -> Vec<abi::Stuck> {
        let stuck = self.faults.first().map_or(&[][..], |faults| &faults.stuck);
        stuck
            .iter()
            .map(|stuck| abi::Stuck {
                pe_row: stuck.site.pe_row,
                pe_column: stuck.site.pe_column,
                register: register_number(stuck.site.register),
                mask: stuck.mask,
                value: stuck.value,
            })
            .collect()
    }

    /// Cycles after which a run without an end counts as hanging: far above
    /// what the stalls can explain.
    pub(super) fn cycle_limit(&self, config: &ArrayConfig) -> u64 {
        let expected = golden::schedule(config, &self.tiling).cycles.0;
        let busiest = self
            .stalls
            .act
            .max(self.stalls.weight)
            .max(self.stalls.result);
        expected * 8 * 256 / (256 - u64::from(busiest)) + 10_000
    }
}

/// Number of a register in `enum drift_register`.
pub(super) fn register_number(register: Register) -> u32 {
    match register {
        Register::Psum => 0,
        Register::Activation => 1,
        Register::Weight => 2,
        Register::Valid => 3,
    }
}

/// What the hardware delivered for a GEMM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtlResult {
    /// Result rows in streaming order, C int32 each.
    pub y: Vec<i32>,
    /// Flag of every result row.
    pub row_flags: Vec<u8>,
    /// Column flags, C per tile.
    pub column_flags: Vec<u8>,
    /// What the counters gained.
    pub counters: Counters,
}

impl RtlResult {
    /// Buffers for all results of a GEMM.
    pub(super) fn sized(config: &ArrayConfig, tiling: &Tiling) -> Self {
        let rows: usize = tiling.tiles().map(|tile| tile.rows.len()).sum();
        Self {
            y: vec![0; rows * config.columns],
            row_flags: vec![0; rows],
            column_flags: vec![0; tiling.len() * config.columns],
            counters: Counters::default(),
        }
    }
}
