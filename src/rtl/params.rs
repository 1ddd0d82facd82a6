//! Every number that appears in the generated RTL, computed once.

use crate::config::ArrayConfig;

/// The numbers that the templates place. Widths are in bits.
#[derive(Clone, Debug)]
pub struct Params {
    /// PE rows R.
    pub rows: usize,
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
    /// Cycles from the row register to the psum at the bottom of column 0.
    pub psum_delay: usize,
    /// Words of an accumulator: two banks.
    pub acc_depth: usize,
    /// Width of an accumulator address.
    pub acc_addr_width: u32,
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
    /// Voltage code of operating point 0.
    pub nominal_voltage: u8,
    /// Frequency code of operating point 0.
    pub nominal_frequency: u8,
}

/// Smallest width that can hold `value`.
fn width_of(value: usize) -> u32 {
    usize::BITS - value.leading_zeros()
}

impl Params {
    /// Computes all numbers for a validated configuration.
    pub fn new(config: &ArrayConfig) -> Self {
        let acc_depth = 2 * config.pass_rows();
        Self {
            rows: config.rows,
            columns: config.columns,
            lanes: config.lanes(),
            tile_rows: config.tile_rows,
            pass_rows: config.pass_rows(),
            checksum: config.checksum,
            psum_delay: config.rows + 2,
            acc_depth,
            acc_addr_width: width_of(acc_depth - 1),
            dim_width: 24,
            row_width: width_of(config.pass_rows()),
            depth_width: width_of(config.rows),
            column_width: width_of(config.columns),
            flags_width: width_of(config.tile_rows + config.columns),
            count_width: 48,
            last_row: config.rows - 1,
            hold_cycles: config.rows - 2,
            user_width: 2 * config.columns + 1,
            result_latency: 5,
            nominal_voltage: config.run.points[0].voltage_code,
            nominal_frequency: config.run.points[0].frequency_code,
        }
    }
}
