//! When everything happens, in closed recurrences, for streams that are always
//! ready.

use crate::config::{ArrayConfig, Dataflow};
use crate::tiling::Tiling;
use crate::units::Cycles;

/// When the results of a GEMM leave the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Per tile, the cycle in which its first row is read from the accumulators.
    drain_start: Vec<u64>,
    /// Busy cycles in all.
    pub cycles: Cycles,
}

impl Schedule {
    /// Cycle in which a row of a tile is on the result stream.
    pub fn result_cycle(&self, tile: usize, row: usize) -> Cycles {
        Cycles(self.drain_start[tile] + row as u64 + 1)
    }
}

/// Schedule of a GEMM whose operands are always available and whose results
/// are always accepted.
///
/// Cycle numbers count from the acceptance of the command.
pub fn schedule(config: &ArrayConfig, tiling: &Tiling) -> Schedule {
    match config.dataflow {
        Dataflow::Ws => weight_stationary(config, tiling),
        Dataflow::Os => output_stationary(config, tiling),
    }
}

/// Per pass, the weight load takes R cycles and may start R−1 cycles after the previous pass began;
/// the rows of the pass follow one per cycle when the load and the previous
/// pass are done and, for the first pass of a tile, the accumulator bank is
/// free again. The last row of a tile needs R + lanes + 4 cycles more until the
/// tile can drain, which takes one cycle per data row.
fn weight_stationary(config: &ArrayConfig, tiling: &Tiling) -> Schedule {
    let rows = config.rows as u64;
    // The command register and the walkers each take a cycle.
    let mut load_start = 2u64;
    let mut pass_free = 0u64;
    let mut bank_free = [0u64; 2];
    let mut drain_free = 0u64;
    let mut pass_start = 0;
    let mut drain_start = Vec::with_capacity(tiling.len());
    for tile in tiling.tiles() {
        let data_rows = tile.rows.len() as u64;
        let pass_rows = data_rows + config.checksum_rows() as u64;
        let bank = &mut bank_free[tile.index % 2];
        for pass in 0..tiling.passes() {
            let load_end = load_start + rows;
            pass_start = load_end.max(pass_free);
            if pass == 0 {
                pass_start = pass_start.max(*bank);
            }
            pass_free = pass_start + pass_rows;
            load_start = load_end.max(pass_start + rows - 1);
        }
        let last_row = pass_start + pass_rows - 1;
        let done = last_row + rows + config.lanes() as u64 + 4;
        let start = done.max(drain_free);
        drain_start.push(start);
        drain_free = start + data_rows;
        *bank = drain_free;
    }
    Schedule {
        drain_start,
        // The last beat leaves the output register, and the engine notices.
        cycles: Cycles(drain_free + 1),
    }
}

/// A step k per cycle; the last step of a tile waits until the previous tile has
/// left the array, one PE row per cycle, and until its bank is free again. The
/// last row of a tile needs its PE row's number of cycles and lanes + 4 more until
/// the tile can drain, which takes one cycle per data row.
fn output_stationary(config: &ArrayConfig, tiling: &Tiling) -> Schedule {
    let pe_rows = config.pe_rows() as u64;
    // The command register, the walkers and the weight buffer each take a cycle.
    let mut step_free = 3u64;
    let mut array_free = 0u64;
    let mut bank_free = [0u64; 2];
    let mut drain_free = 0u64;
    let mut drain_start = Vec::with_capacity(tiling.len());
    for tile in tiling.tiles() {
        let data_rows = tile.rows.len() as u64;
        let bank = &mut bank_free[tile.index % 2];
        let steps = tiling.k() as u64;
        let last_step = (step_free + steps - 1).max(array_free).max(*bank);
        step_free = last_step + 1;
        array_free = last_step + pe_rows;
        let last_row = if config.checksum { pe_rows } else { data_rows };
        let done = last_step + last_row + config.lanes() as u64 + 4;
        let start = done.max(drain_free);
        drain_start.push(start);
        drain_free = start + data_rows;
        *bank = drain_free;
    }
    Schedule {
        drain_start,
        cycles: Cycles(drain_free + 1),
    }
}
