//! A run of the accelerator with one rollback, and the part of it that shows it.

use super::WavesError;
use super::recording::Recording;
use crate::config::ArrayConfig;
use crate::cosim::Accelerator;
use crate::fault::{Fault, Register, Site, TileFaults};
use crate::golden::accelerator::GemmRequest;
use crate::golden::{AddressMap, Layout};
use crate::soc::driver::RunSettings;
use crate::soc::{Board, Host, MemoryPort, Regulator, Sink, Slew, Source, Stalls};
use crate::tool::Verilator;
use ndarray::Array2;
use std::path::Path;

/// Cycles from a read address to its first beat.
const MEMORY_LATENCY: u64 = 6;
/// Rows of the tile, so that the picture is not wide.
const ROWS: usize = 4;
/// Rows of the tile whose element is wrong, with the bit; two flips of the same
/// bit could cancel in the column's checksum.
const WRONG: [(u32, u32); 2] = [(1, 20), (3, 18)];
/// Column of the wrong elements.
pub(super) const WRONG_COLUMN: usize = 2;
/// Cycles shown before the flag and after the last row.
const MARGIN: usize = 2;
/// More cycles than the run takes.
const LIMIT: u64 = 10_000;

const CLOCK: &str = "TOP.drift_top.clk_i";

/// What is recorded, below Verilator's own scope.
const SIGNALS: [&str; 22] = [
    "drift_top.u_recovery.s_axis_result_tvalid_i",
    "drift_top.u_recovery.s_axis_result_tready_o",
    "drift_top.u_recovery.s_axis_result_tdata_i",
    "drift_top.u_recovery.s_axis_result_tlast_i",
    "drift_top.u_recovery.s_axis_result_tuser_i",
    "drift_top.u_recovery.tile_masked_i",
    "drift_top.u_recovery.rollback",
    "drift_top.u_recovery.restored_valid",
    "drift_top.u_recovery.restored",
    "drift_top.m_axi_arvalid_o",
    "drift_top.m_axi_arready_i",
    "drift_top.m_axi_araddr_o",
    "drift_top.m_axi_arlen_o",
    "drift_top.m_axi_rvalid_i",
    "drift_top.m_axi_rready_o",
    "drift_top.m_axi_rdata_i",
    "drift_top.m_axi_rlast_i",
    "drift_top.m_axis_result_tvalid_o",
    "drift_top.m_axis_result_tready_i",
    "drift_top.m_axis_result_tdata_o",
    "drift_top.m_axis_result_tlast_o",
    "drift_top.m_axis_result_tuser_o",
];

/// Simulates two denoising steps of a tile: the first leaves a checkpoint, in
/// the second two elements of a column are wrong. Returns the cycles from just
/// before the flagged tile's first beat until its last row has passed, merged.
/// `notice` is called when a model must be built, with the folder it lands in.
///
/// # Errors
/// [`WavesError`] when the model cannot be built or run, or does not roll back.
pub fn record(
    config: &ArrayConfig,
    notice: impl FnOnce(&Path, &Verilator),
) -> Result<Recording, WavesError> {
    let (mut accelerator, _) = Accelerator::with_rtl_built(config, board(config), true, notice)?;
    let rows = ROWS.min(config.tile_rows);
    let value = |i: usize, j: usize| (31 * i + 57 * j) as u8 as i8 / 4;
    let x = Array2::from_shape_fn((rows, config.rows), |(i, j)| value(i + 1, j));
    let w = Array2::from_shape_fn((config.rows, config.columns), |(i, j)| value(i, j + 3));
    let flip = |(row, bit): (u32, u32)| Fault {
        pass: 0,
        row,
        site: Site {
            pe_row: 1,
            pe_column: WRONG_COLUMN as u32,
            register: Register::Psum,
        },
        xor: 1 << bit,
    };
    let wrong = TileFaults {
        flips: WRONG.map(flip).to_vec(),
        stuck: Vec::new(),
    };
    let dump = tempfile::NamedTempFile::new()?;
    for (step, faults) in [(0, TileFaults::default()), (1, wrong)] {
        if step == 1 {
            accelerator.trace(dump.path())?;
        }
        let request = GemmRequest {
            x: x.view(),
            w: w.view(),
            faults: &[faults],
            threshold_bit: config.threshold_bit,
            protect: true,
            layer: 0,
            step,
            interval: 10,
            map: AddressMap {
                layout: Layout::Tile,
                base: 0x1000,
                header_base: 0,
                tiles_n: 0,
            },
            scale: 1 << 14,
            recompute_missing: false,
            recompute_unlocated: false,
        };
        accelerator.run(&request, &RunSettings::default(), LIMIT)?;
    }
    // Closes the dump.
    drop(accelerator);
    let signals = SIGNALS.map(|path| format!("TOP.{path}"));
    let paths: Vec<&str> = signals.iter().map(String::as_str).collect();
    let all = Recording::from_vcd(dump.path(), CLOCK, &paths)?.below_top();
    let window = span(&all)?;
    Ok(all.window(window))
}

/// The cycles of the rollback, with a margin.
fn span(all: &Recording) -> Result<std::ops::Range<usize>, WavesError> {
    let cycle = |signals: [&str; 2], what: &str| {
        let [a, b] = signals.map(|name| all.bits(name, 0, 1));
        let both = a.iter().zip(&b).position(|(a, b)| a & b == 1);
        both.ok_or_else(|| WavesError::Unexpected(format!("has {what}")))
    };
    let first = cycle(
        ["tile_masked_i", "s_axis_result_tvalid_i"],
        "no flagged tile",
    )?;
    cycle(["m_axi_arvalid_o", "m_axi_arready_i"], "no fetch")?;
    let last = cycle(
        ["m_axis_result_tvalid_o", "m_axis_result_tlast_o"],
        "no last row",
    )?;
    if last < first {
        return Err(WavesError::Unexpected("has an unflagged tile".to_owned()));
    }
    Ok(first.saturating_sub(MARGIN)..(last + 1 + MARGIN).min(all.cycles()))
}

fn board(config: &ArrayConfig) -> Board<impl FnMut(u64, bool, u32, u32) -> u64 + use<>> {
    let slew = Slew {
        cycles_per_code: 1,
        latency: 0,
        jitter: 0,
    };
    let nominal = &config.run.points[0];
    let latency = |cycle, _, _, _| cycle + MEMORY_LATENCY;
    let always = Stalls::default;
    Board::new(
        Host::new(always()),
        MemoryPort::new(config.memory_bytes, latency, 1),
        (
            Regulator::new(nominal.voltage_code, slew, 1),
            Regulator::new(nominal.frequency_code, slew, 2),
        ),
        (Source::new(always()), Source::new(always())),
        Sink::new(always()),
    )
}
