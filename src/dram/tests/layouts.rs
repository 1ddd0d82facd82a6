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
        let rows = rows.map(|g| ((g as u64 * self.tiles_n + column) * self.row, self.row as u32));
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
    let gemms = (0..workload.len()).map(|i| workload.gemm(i).unwrap());
    gemms.map(|g| Output::new(array, g.m(), g.n(), 1)).collect()
}

#[test]
fn print_me() {
    for device in ["ddr4-3200-x16", "ddr4-3200-x64"] {
        let device = Device::load(device).unwrap();
        for name in ["default", "edge", "tpu"] {
            let array = array(name);
            let mut lists = vec![("tiny".to_owned(), tiny_dit(&array))];
            let folder = "/work/shared/reference";
            let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).filter(|f| f.extension().is_some_and(|e| e == "csv")).collect();
            files.sort();
            for file in files {
                let text = std::fs::read_to_string(&file).unwrap();
                let outs = text.lines().skip(1).map(|l| {
                    let f: Vec<&str> = l.split(',').collect();
                    Output::new(&array, f[4].parse().unwrap(), f[5].parse().unwrap(), f[7].parse().unwrap())
                }).collect();
                lists.push((file.file_stem().unwrap().to_string_lossy().into_owned(), outs));
            }
            for n in [1152, 4608] {
                lists.push((format!("256x{n}"), vec![Output::new(&array, 256, n, 1)]));
            }
            for (label, outs) in lists {
                let (t, r, p) = fetched(&device, &outs);
                println!("{:5} {name:8} {label:28} tiles {t:9} row-major {:8.3} tile {:7.3} ratio {:6.2}", device.burst_bytes, r as f64 / t as f64, p as f64 / t as f64, r as f64 / p as f64);
            }
        }
    }
}
