//! Row activations of fetching one checkpoint tile, in the two layouts.
//!
//! A checkpoint is a header beat and then the tile's data rows of CB bytes each.
//! Layout `tile` keeps them together, at a multiple of the next power of two;
//! layout `row_major` keeps element row g of tile column n at (g · tiles_n + n) · CB,
//! and the headers of all tiles in a table of their own.

use super::*;
use crate::config::{self, ArrayConfig};
use crate::tiling::Tiling;
use crate::workload::{Source, Workload};
use std::collections::HashSet;
use std::path::Path;

/// `memory_bytes`: bytes of a beat.
const BEAT: u64 = 16;
/// Both layouts start at a multiple of every row size, the headers behind the rows.
const HEADERS: u64 = 1 << 29;

/// A GEMM's output on an array.
struct Output {
    tiling: Tiling,
    tiles_n: u64,
    tile_rows: u64,
    /// CB: bytes of a row of a tile.
    row: u64,
    count: u64,
}

impl Output {
    fn new(array: &ArrayConfig, m: usize, n: usize, count: u64) -> Self {
        Self {
            tiling: Tiling::new(array, m, 1, n),
            tiles_n: n.div_ceil(array.columns) as u64,
            tile_rows: array.tile_rows as u64,
            row: (array.columns as u64).next_multiple_of(BEAT),
            count,
        }
    }

    fn tile(&self, index: usize) -> Vec<(u64, u32)> {
        let rows = self.tiling.tile(index).rows.len() as u64;
        let stride = (BEAT + self.tile_rows * self.row).next_power_of_two();
        vec![(index as u64 * stride, (BEAT + rows * self.row) as u32)]
    }

    fn row_major(&self, index: usize) -> Vec<(u64, u32)> {
        let column = index as u64 % self.tiles_n;
        let header = (HEADERS + index as u64 * BEAT, BEAT as u32);
        let rows = self.tiling.tile(index).rows;
        let rows = rows.map(|g| {
            (
                (g as u64 * self.tiles_n + column) * self.row,
                self.row as u32,
            )
        });
        [header].into_iter().chain(rows).collect()
    }
}

/// Activations of fetching every tile once, each with all banks precharged:
/// (tiles, row-major, repacked).
fn fetched(device: &Device, outputs: &[Output]) -> (u64, u64, u64) {
    let mut sums = (0, 0, 0);
    for output in outputs {
        for index in 0..output.tiling.len() {
            sums.0 += output.count;
            sums.1 += output.count * activations(device, output.row_major(index));
            sums.2 += output.count * activations(device, output.tile(index));
        }
    }
    sums
}

fn array(name: &str) -> ArrayConfig {
    let (_, text) = config::SHIPPED.iter().find(|(n, _)| *n == name).unwrap();
    ArrayConfig::from_yaml(text, Path::new(name)).unwrap()
}

fn tiny_dit(array: &ArrayConfig) -> Vec<Output> {
    let workload = Workload::open(&Source::TinyDit, 0).unwrap();
    let shapes = workload.shapes();
    shapes
        .map(|(_, m, _, n)| Output::new(array, m, n, 1))
        .collect()
}

/// Activations of all tiles (tiles, row-major, repacked) of the arrays that the
/// project states figures for.
fn table(device: &str, outputs: impl Fn(&ArrayConfig) -> Vec<Output>) -> [(u64, u64, u64); 3] {
    let device = Device::load(device).unwrap();
    ["default", "edge", "tpu"].map(|name| fetched(&device, &outputs(&array(name))))
}

/// 16×16, 32×32 and 128×128 on the embedded workload, rows of 2 KiB and 8 KiB.
#[test]
fn embedded_workload() {
    let found = table("ddr4-3200-x16", tiny_dit);
    assert_eq!(found, [(576, 4848, 576), (288, 2424, 576), (102, 798, 510)]);
    let found = table("ddr4-3200-x64", tiny_dit);
    assert_eq!(found, [(576, 1728, 576), (288, 864, 288), (102, 276, 204)]);
}

/// The two widths of a block of DiT-XL/2 at 256×256 pixels: M = 256 tokens.
#[test]
fn transformer_blocks() {
    let of = |n| move |array: &ArrayConfig| vec![Output::new(array, 256, n, 1)];
    // A tile row every 1152 bytes: header and 64 · 1152 or 256 · 1152 bytes.
    let found = table("ddr4-3200-x16", of(1152));
    let expected = [
        (288, 288 * 37, 288),
        (144, 144 * 37, 144 * 2),
        (9, 9 * 145, 9 * 17),
    ];
    assert_eq!(found, expected);
    // Wider than a DRAM row: every row of the tile opens one.
    let found = table("ddr4-3200-x16", of(4608));
    let expected = [
        (1152, 1152 * 65, 1152),
        (576, 576 * 65, 576 * 2),
        (36, 36 * 257, 36 * 17),
    ];
    assert_eq!(found, expected);
}

/// Each DRAM row that a fetch touches is opened once, in both layouts, and the
/// controller model counts the same.
#[test]
fn activations_are_the_rows_touched() {
    for (name, _) in SHIPPED {
        let device = Device::load(name).unwrap();
        for array in ["tiny", "default", "edge", "tpu"].map(array) {
            for (m, n) in [(1, 6912), (50, 300), (256, 1152)] {
                let output = Output::new(&array, m, n, 1);
                let middle = output.tiling.len() / 2;
                for requests in [output.tile(middle), output.row_major(middle)] {
                    let touched = |&(address, bytes): &(u64, u32)| {
                        let last = address + u64::from(bytes) - 1;
                        address / device.row_bytes..=last / device.row_bytes
                    };
                    let rows: HashSet<u64> = requests.iter().flat_map(touched).collect();
                    assert_eq!(activations(&device, requests.clone()), rows.len() as u64);
                    // Without refreshes, which would open rows again.
                    let mut patient = device.clone();
                    patient.timing.t_refi = u64::from(u32::MAX);
                    let mut memory = Memory::new(&patient, same_clock());
                    for (address, bytes) in requests {
                        memory.access(0, Access::Read, address, bytes);
                    }
                    assert_eq!(memory.counts().total().activations, rows.len() as u64);
                }
            }
        }
    }
}

/// A fetch in a memory that does nothing else: accelerator cycles, and pJ.
fn alone(device: &Device, requests: Vec<(u64, u32)>) -> (u64, Energy) {
    let mut memory = Memory::new(device, device.clock_ratio());
    let mut end = 0;
    for (address, bytes) in requests {
        end = memory.access(0, Access::Read, address, bytes).last;
    }
    (end, memory.energy(end))
}

#[test]
fn repacked_tiles_come_sooner_and_cost_less() {
    let device = default_device();
    let t = device.timing;
    for name in ["default", "edge", "tpu"] {
        let output = Output::new(&array(name), 256, 1152, 1);
        let middle = output.tiling.len() / 2;
        let (repacked, cheap) = alone(&device, output.tile(middle));
        let (scattered, dear) = alone(&device, output.row_major(middle));
        assert!(repacked < scattered, "{name}: {repacked}, {scattered}");
        assert!(cheap.total() < dear.total(), "{name}: {cheap:?}, {dear:?}");
        assert_eq!(cheap.read, dear.read, "{name}: the same data");
        if name == "default" {
            // One row: the header and 64 rows of the tile are 65 bursts.
            let cycles = t.t_rcd + 64 * t.t_ccd_l + t.t_cl + t.t_burst;
            assert_eq!(repacked, device.clock_ratio().to_accelerator(cycles));
            assert_eq!((repacked, scattered), (350, 1087));
        }
    }
}
