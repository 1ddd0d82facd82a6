//! The askama templates, one struct per generated file, all fed from [`Params`].

use super::params::Params;
use askama::Template;

macro_rules! templates {
    ($($name:ident = $file:literal),+ $(,)?) => {
        $(
            #[derive(Template)]
            #[template(path = $file, escape = "none")]
            #[allow(dead_code, reason = "no file uses every parameter")]
            struct $name<'a> {
                banner: &'a str,
                rows: usize,
                columns: usize,
                lanes: usize,
                tile_rows: usize,
                pass_rows: usize,
                checksum: bool,
                psum_delay: usize,
                acc_depth: usize,
                acc_addr_width: u32,
                dim_width: u32,
                row_width: u32,
                depth_width: u32,
                column_width: u32,
                flags_width: u32,
                count_width: u32,
                last_row: usize,
                hold_cycles: usize,
                user_width: usize,
                result_latency: usize,
                nominal_voltage: u8,
                nominal_frequency: u8,
            }
        )+

        /// Renders every file in compilation order as `(name, text)`.
        pub(super) fn render(p: &Params, banner: &str) -> Result<Vec<(&'static str, String)>, askama::Error> {
            Ok(vec![$(
                ($file, $name {
                    banner,
                    rows: p.rows,
                    columns: p.columns,
                    lanes: p.lanes,
                    tile_rows: p.tile_rows,
                    pass_rows: p.pass_rows,
                    checksum: p.checksum,
                    psum_delay: p.psum_delay,
                    acc_depth: p.acc_depth,
                    acc_addr_width: p.acc_addr_width,
                    dim_width: p.dim_width,
                    row_width: p.row_width,
                    depth_width: p.depth_width,
                    column_width: p.column_width,
                    flags_width: p.flags_width,
                    count_width: p.count_width,
                    last_row: p.last_row,
                    hold_cycles: p.hold_cycles,
                    user_width: p.user_width,
                    result_latency: p.result_latency,
                    nominal_voltage: p.nominal_voltage,
                    nominal_frequency: p.nominal_frequency,
                }.render()?)
            ),+])
        }
    };
}

templates! {
    AssertHeader = "drift_assert.svh",
    Package = "drift_pkg.sv",
    Skew = "drift_skew.sv",
    PeStrip = "drift_pe_strip.sv",
    PeArray = "drift_pe_array.sv",
    GemmWalker = "drift_gemm_walker.sv",
    ColumnEncoder = "drift_column_encoder.sv",
    WeightLoader = "drift_weight_loader.sv",
    RowSequencer = "drift_row_sequencer.sv",
    RowEncoder = "drift_row_encoder.sv",
    TagPipeline = "drift_tag_pipeline.sv",
    Accumulator = "drift_accumulator.sv",
    Detector = "drift_detector.sv",
    ResultDrain = "drift_result_drain.sv",
    TileEngine = "drift_tile_engine.sv",
    Dvfs = "drift_dvfs.sv",
    ErrorMonitor = "drift_error_monitor.sv",
}
