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
                layers: usize,
                layer_width: u32,
                count_width: u32,
                last_row: usize,
                hold_cycles: usize,
                user_width: usize,
                result_latency: usize,
                result_user_width: usize,
                memory_bytes: usize,
                memory_bits: usize,
                beat_size: u32,
                page_beats: usize,
                row_beats: usize,
                row_bytes: usize,
                narrow: bool,
                tile_stride: usize,
                tile_width: u32,
                segment_width: u32,
                max_exponent: u32,
                repeat_depth: usize,
                recovery_cycles: usize,
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
                    layers: p.layers,
                    layer_width: p.layer_width,
                    count_width: p.count_width,
                    last_row: p.last_row,
                    hold_cycles: p.hold_cycles,
                    user_width: p.user_width,
                    result_latency: p.result_latency,
                    result_user_width: p.result_user_width,
                    memory_bytes: p.memory_bytes,
                    memory_bits: p.memory_bits,
                    beat_size: p.beat_size,
                    page_beats: p.page_beats,
                    row_beats: p.row_beats,
                    row_bytes: p.row_bytes,
                    narrow: p.narrow,
                    tile_stride: p.tile_stride,
                    tile_width: p.tile_width,
                    segment_width: p.segment_width,
                    max_exponent: p.max_exponent,
                    repeat_depth: p.repeat_depth,
                    recovery_cycles: p.recovery_cycles,
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
    Sequencer = "drift_sequencer.sv",
    HandshakeCheck = "drift_handshake_check.sv",
    Fifo = "drift_fifo.sv",
    AddressMap = "drift_address_map.sv",
    TileBursts = "drift_tile_bursts.sv",
    RowUnpacker = "drift_row_unpacker.sv",
    RowPacker = "drift_row_packer.sv",
    RepackReader = "drift_repack_reader.sv",
    RepackWriter = "drift_repack_writer.sv",
    Repacker = "drift_repacker.sv",
    RowRestorer = "drift_row_restorer.sv",
    CheckpointEncoder = "drift_checkpoint_encoder.sv",
    Recovery = "drift_recovery.sv",
    Dvfs = "drift_dvfs.sv",
    ErrorMonitor = "drift_error_monitor.sv",
}
