//! Protections on faults made by hand, and DRIFT against the golden accelerator.

mod against_golden;
mod checksums;
mod others;

use super::*;
use crate::config::{ArrayConfig, ChecksumDomain, Dataflow, RunDefaults};
use crate::fast::PackedWeights;
use crate::fault::{Fault, Register, Site, TileFaults};
use crate::golden;
use crate::tiling::Tiling;
use ndarray::{Array2, s};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn array(rows: usize, columns: usize, tile_rows: usize, dataflow: Dataflow) -> ArrayConfig {
    ArrayConfig {
        rows,
        columns,
        tile_rows,
        dataflow,
        threshold_bit: 0,
        checksum: true,
        checksum_domain: ChecksumDomain::Shared,
        memory_bytes: 4,
        run: RunDefaults::default(),
    }
}

fn below(rng: &mut ChaCha8Rng, limit: usize) -> usize {
    (rng.next_u64() % limit as u64) as usize
}

fn matrix(rng: &mut ChaCha8Rng, rows: usize, columns: usize) -> Array2<i8> {
    Array2::from_shape_simple_fn((rows, columns), || rng.next_u32() as i8)
}

/// Operands of a GEMM and the faults of every tile.
struct Case {
    config: ArrayConfig,
    tiling: Tiling,
    x: Array2<i8>,
    w: Array2<i8>,
    faults: Vec<TileFaults>,
}

/// A case with what its faults do.
struct Spoilt {
    deltas: Vec<Vec<(usize, usize, i32)>>,
    exact: Array2<i32>,
    faulty: Array2<i32>,
}

impl Case {
    /// Random operands, no faults yet.
    fn new(config: ArrayConfig, (m, k, n): (usize, usize, usize), seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let tiling = Tiling::new(&config, m, k, n);
        Self {
            x: matrix(&mut rng, m, k),
            w: matrix(&mut rng, k, n),
            faults: vec![TileFaults::default(); tiling.len()],
            tiling,
            config,
        }
    }

    /// Upsets the psum of a PE.
    fn upset(&mut self, tile: usize, pass: u32, row: u32, pe: (u32, u32), xor: u32) {
        let fault = Fault {
            pass,
            row,
            site: Site {
                pe_row: pe.0,
                pe_column: pe.1,
                register: Register::Psum,
            },
            xor,
        };
        self.faults[tile].flips.push(fault);
        self.faults[tile].flips.sort();
    }

    /// What the golden model makes of the faults.
    fn spoil(&self) -> Spoilt {
        let (m, n) = (self.x.nrows(), self.w.ncols());
        let mut exact = Array2::zeros((m, n));
        let mut faulty = Array2::zeros((m, n));
        let mut deltas = Vec::new();
        for tile in self.tiling.tiles() {
            let of = |faults: &TileFaults| {
                golden::tile(
                    &self.config,
                    &self.tiling,
                    &tile,
                    self.x.view(),
                    self.w.view(),
                    faults,
                    0,
                )
            };
            let place = s![tile.rows.clone(), tile.columns.clone()];
            let width = s![.., ..tile.columns.len()];
            let without = of(&TileFaults::default());
            exact.slice_mut(place).assign(&without.y.slice(width));
            let with = of(&self.faults[tile.index]);
            faulty.slice_mut(place).assign(&with.y.slice(width));
            deltas.push(with.deltas.iter().map(|(&(r, c), &d)| (r, c, d)).collect());
        }
        Spoilt {
            deltas,
            exact,
            faulty,
        }
    }

    /// Mends the outputs.
    fn mend(&self, protection: &mut dyn Protection, layer: &str, step: u32) -> (Array2<i32>, Work) {
        self.mend_with(protection, layer, step, 0, 1.0)
    }

    fn mend_with(
        &self,
        protection: &mut dyn Protection,
        layer: &str,
        step: u32,
        threshold_bit: u32,
        scale: f32,
    ) -> (Array2<i32>, Work) {
        let spoilt = self.spoil();
        let tiles: Vec<FaultyTile<'_>> = self
            .tiling
            .tiles()
            .filter(|tile| !self.faults[tile.index].is_empty())
            .map(|tile| FaultyTile {
                faults: &self.faults[tile.index],
                deltas: &spoilt.deltas[tile.index],
                tile,
            })
            .collect();
        let gemm = FaultyGemm {
            config: &self.config,
            tiling: &self.tiling,
            place: Place {
                step,
                block: Some(0),
                layer,
                instance: 0,
            },
            x: self.x.view(),
            w: &PackedWeights::new(self.w.view()),
            scale: Some(scale),
            threshold_bit,
            tiles: &tiles,
        };
        let mut y = spoilt.faulty.clone();
        let work = protection.mend(&gemm, y.view_mut());
        (y, work)
    }
}

fn every_protection() -> Vec<Box<dyn Protection>> {
    let device = crate::dram::Device::load("ddr4-3200-x16").unwrap();
    vec![
        Box::new(Unprotected),
        Box::new(Dmr),
        Box::new(ThunderVolt),
        Box::new(Abft),
        Box::new(ApproxAbft::default()),
        Box::new(StatisticalAbft::default()),
        Box::new(Drift::new(DriftSettings::default(), &device)),
    ]
}
