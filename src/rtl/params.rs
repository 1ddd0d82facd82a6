//! Every number that appears in the generated RTL, computed once.

use crate::config::{ArrayConfig, Dataflow, LAYERS, REPEAT_DEPTH};

/// The numbers that the templates place. Widths are in bits.
#[derive(Clone, Debug)]
pub struct Params {
    /// Whether the array is output-stationary.
    pub os: bool,
    /// PE rows R, without those of the checksums.
    pub rows: usize,
    /// PE rows including those of the checksums.
    pub pe_rows: usize,
    /// Data columns C.
    pub columns: usize,
    /// Columns including the checksum columns.
    pub lanes: usize,
    /// Data rows T of a tile.
    pub tile_rows: usize,
    /// Rows of a pass at most, checksum rows included.
    pub pass_rows: usize,
    /// Whether checksums are generated.
    pub checksum: bool,
    /// Cycles from a row's tag to its psum at the bottom of column 0.
    pub psum_delay: usize,
    /// Width of the cycles that a step takes through the array.
    pub flight_width: u32,
    /// Words of an accumulator: two banks.
    pub acc_depth: usize,
    /// Width of an accumulator address.
    pub acc_addr_width: u32,
    /// Bits that move east from column to column: a word of every PE, and a control word.
    pub east_width: usize,
    /// Width of a GEMM dimension.
    pub dim_width: u32,
    /// Width of a row count 0..=`pass_rows`.
    pub row_width: u32,
    /// Width of a reduction depth 0..=R.
    pub depth_width: u32,
    /// Width of a column count 0..=C.
    pub column_width: u32,
    /// Width of the number of flagged lines of a tile.
    pub flags_width: u32,
    /// Layers whose checkpoints the sequencer keeps the books of.
    pub layers: usize,
    /// Width of a layer's number.
    pub layer_width: u32,
    /// Width of the event counters.
    pub count_width: u32,
    /// Index of the last PE row.
    pub last_row: usize,
    /// Cycles after taking a weight tile in which its shadow registers are still being copied.
    pub hold_cycles: usize,
    /// Width of the result stream's tuser.
    pub user_width: usize,
    /// Cycles from the last psum of a tile to the result stream.
    pub result_latency: usize,
    /// Width of the result stream's tuser after rollback.
    pub result_user_width: usize,
    /// Bytes B of a beat of the memory bus.
    pub memory_bytes: usize,
    /// Bits of such a beat.
    pub memory_bits: usize,
    /// log2 of its bytes: AxSIZE.
    pub beat_size: u32,
    /// Beats of a 4 KiB page.
    pub page_beats: usize,
    /// Beats of a row of a tile in memory.
    pub row_beats: usize,
    /// Bytes of a row of a tile in memory.
    pub row_bytes: usize,
    /// Whether a row is narrower than a beat.
    pub narrow: bool,
    /// Bytes from tile to tile in the tile layout.
    pub tile_stride: usize,
    /// Width of a number of tiles across or down.
    pub tile_width: u32,
    /// Width of the number of a beat in its row.
    pub segment_width: u32,
    /// Largest exponent of a checkpoint.
    pub max_exponent: u32,
    /// Tiles that can wait for being run again.
    pub repeat_depth: usize,
    /// Cycles that a rollback takes beside the memory's.
    pub recovery_cycles: usize,
    /// Voltage code of operating point 0.
    pub nominal_voltage: u8,
    /// Frequency code of operating point 0.
    pub nominal_frequency: u8,
}

/// Bytes of an AXI4 page, which no burst leaves.
const PAGE: usize = 4096;
/// Largest exponent of a checkpoint: 31 bits of magnitude in 7.
const MAX_EXPONENT: u32 = 24;
/// Width of a GEMM dimension.
const DIM_WIDTH: u32 = 24;

/// Smallest width that can hold `value`.
fn width_of(value: usize) -> u32 {
    usize::BITS - value.leading_zeros()
}

impl Params {
    /// Computes all numbers for a validated configuration.
    pub fn new(config: &ArrayConfig) -> Self {
        let os = config.dataflow == Dataflow::Os;
        let acc_depth = 2 * config.pass_rows();
        Self {
            os,
            rows: config.rows,
            pe_rows: config.pe_rows(),
            columns: config.columns,
            lanes: config.lanes(),
            tile_rows: config.tile_rows,
            pass_rows: config.pass_rows(),
            checksum: config.checksum,
            // WS: the row enters the array when it is accepted; OS: its tag is sent when it leaves.
            psum_delay: if os { 3 } else { config.rows + 2 },
            flight_width: width_of(config.pe_rows() + config.lanes() + 1),
            acc_depth,
            acc_addr_width: width_of(acc_depth - 1),
            east_width: 32 * (config.rows + 1),
            dim_width: DIM_WIDTH,
            row_width: width_of(config.pass_rows()),
            depth_width: width_of(config.rows),
            column_width: width_of(config.columns),
            flags_width: width_of(config.tile_rows + config.columns),
            layers: LAYERS,
            layer_width: width_of(LAYERS - 1),
            count_width: 48,
            last_row: config.rows - 1,
            hold_cycles: config.rows - 2,
            user_width: 2 * config.columns + 1,
            result_latency: if os { 4 } else { 5 },
            result_user_width: 2 * config.columns + 3,
            memory_bytes: config.memory_bytes,
            memory_bits: 8 * config.memory_bytes,
            beat_size: config.memory_bytes.ilog2(),
            page_beats: PAGE / config.memory_bytes,
            row_beats: config.row_beats(),
            row_bytes: config.row_bytes(),
            narrow: config.columns < config.memory_bytes,
            tile_stride: config.tile_stride(),
            tile_width: width_of(
                ((1usize << DIM_WIDTH) - 1).div_ceil(config.columns.min(config.tile_rows)),
            ),
            segment_width: width_of(config.row_beats() - 1).max(1),
            max_exponent: MAX_EXPONENT,
            repeat_depth: REPEAT_DEPTH,
            recovery_cycles: config.row_beats() + 4,
            nominal_voltage: config.run.points[0].voltage_code,
            nominal_frequency: config.run.points[0].frequency_code,
        }
    }
}
