//! Experiment `gemm-faults`: faults at a bit error rate in the GEMMs of a
//! workload, on the golden model: how many are detected, located and missed,
//! and how large the error is with and without correction.

use crate::campaign::experiments::arrays;
use crate::campaign::{CampaignError, Experiment, ExperimentError, Measure, Record, Spec};
use crate::config::ArrayConfig;
use crate::fault::{Sampler, Targets};
use crate::golden::{FaultCounts, classify, tile};
use crate::tiling::Tiling;
use crate::workload::{Gemm, Workload};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The axes of the grid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grid {
    /// Shipped names or YAML files.
    config: Vec<String>,
    /// As `--workload` of `drift cosim`.
    workload: Vec<String>,
    /// Bit error rates of the psum registers.
    ber: Vec<f64>,
    /// Lowest and highest bit that can flip.
    bits: Vec<[i64; 2]>,
    /// Threshold bits θ.
    threshold_bit: Vec<i64>,
    /// GEMMs of each workload, from the first; all if left out.
    gemms: Option<i64>,
}

/// A cell of the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Accelerator configuration.
    pub config: String,
    /// Source of the GEMMs.
    pub workload: String,
    /// Probability that a psum bit flips each time it is captured.
    pub ber: f64,
    /// Lowest and highest bit that can flip.
    pub bits: [u32; 2],
    /// Threshold bit θ.
    pub threshold_bit: u32,
}

/// What the faults of one seed did in all GEMMs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Damage {
    /// Faults by what became of them.
    pub faults: FaultCounts,
    /// Outputs in correction masks.
    pub corrected: u64,
    /// Relative error ‖Y′ − Y‖ / ‖Y‖ (Frobenius) of all outputs.
    pub error: f64,
    /// The same with the outputs in the masks put right.
    pub residual_error: f64,
}

impl Record for Damage {
    const QUANTITIES: &'static [&'static str] =
        &["detected", "located", "missed", "error", "residual_error"];

    fn measure(&self, quantity: &str) -> Option<Measure> {
        let faults = &self.faults;
        let of = |successes, trials| Some(Measure::Proportion { successes, trials });
        match quantity {
            // Of the faults that changed anything.
            "detected" => of(faults.detected, faults.injected - faults.masked),
            // Of the faults that made an output wrong by 2^θ or more.
            "located" => of(faults.located, faults.above_threshold),
            "missed" => of(faults.missed, faults.above_threshold),
            "error" => Some(Measure::Value(self.error)),
            "residual_error" => Some(Measure::Value(self.residual_error)),
            _ => None,
        }
    }
}

/// A workload with its operands read.
struct Operands {
    hash: String,
    gemms: Vec<Gemm>,
    /// ‖Y‖² of all exact outputs.
    norm: f64,
}

/// The experiment with everything that its cells name.
pub struct GemmFaults {
    cells: Vec<Cell>,
    configs: BTreeMap<String, ArrayConfig>,
    workloads: BTreeMap<String, Operands>,
}

impl GemmFaults {
    /// Validates the grid and opens what it names.
    ///
    /// # Errors
    /// [`CampaignError::Input`], with the key.
    pub fn new(spec: &Spec) -> Result<Self, CampaignError> {
        let grid: Grid = spec.grid()?;
        spec.checked_list("grid.config", &grid.config)?;
        spec.checked_list("grid.workload", &grid.workload)?;
        spec.checked_list("grid.ber", &grid.ber)?;
        spec.checked_list("grid.bits", &grid.bits)?;
        spec.checked_list("grid.threshold_bit", &grid.threshold_bit)?;
        for ber in &grid.ber {
            if !(0.0..=1.0).contains(ber) {
                return Err(spec.refused("grid.ber", ber, "probabilities in 0..=1"));
            }
        }
        let configs = arrays(spec, &grid.config)?;
        let mut workloads = BTreeMap::new();
        for name in &grid.workload {
            let operands = operands(spec, name, grid.gemms)?;
            workloads.insert(name.clone(), operands);
        }
        let mut cells = Vec::new();
        for config in &grid.config {
            for workload in &grid.workload {
                for &ber in &grid.ber {
                    for bits in &grid.bits {
                        for &theta in &grid.threshold_bit {
                            cells.push(Cell {
                                config: config.clone(),
                                workload: workload.clone(),
                                ber,
                                bits: bit_range(spec, *bits)?,
                                threshold_bit: bit(spec, "grid.threshold_bit", theta)?,
                            });
                        }
                    }
                }
            }
        }
        Ok(Self {
            cells,
            configs,
            workloads,
        })
    }
}

impl Experiment for GemmFaults {
    const NAME: &'static str = "gemm-faults";

    type Cell = Cell;
    type Record = Damage;

    fn fingerprint(&self) -> String {
        let configs = self
            .configs
            .values()
            .map(|config| config.hash().to_string());
        let workloads = self
            .workloads
            .values()
            .map(|operands| format!("{}+{}", operands.hash, operands.gemms.len()));
        configs.chain(workloads).collect::<Vec<_>>().join(" ")
    }

    fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Only tiles with faults are computed. Cells that differ in θ alone see
    /// the same faults, so that differences between them are not luck.
    fn run(&self, cell: &Cell, seed: u64) -> Result<Damage, ExperimentError> {
        let (config, operands) = (&self.configs[&cell.config], &self.workloads[&cell.workload]);
        let sampler = Sampler::Uniform {
            ber: cell.ber,
            targets: Targets::psum(cell.bits),
            seed,
        };
        let mut faults = FaultCounts::default();
        let (mut corrected, mut error, mut residual) = (0, 0.0, 0.0);
        for (index, gemm) in operands.gemms.iter().enumerate() {
            let tiling = Tiling::new(config, gemm.m(), gemm.k(), gemm.n());
            for place in tiling.tiles() {
                let injected = sampler.tile(config, index, &tiling, &place);
                if injected.is_empty() {
                    continue;
                }
                let theta = cell.threshold_bit;
                let result = tile(
                    config,
                    &tiling,
                    &place,
                    gemm.x(),
                    gemm.w(),
                    &injected,
                    theta,
                );
                faults += classify(config, &injected, &result, theta);
                let (rows, columns) = (place.rows.len(), place.columns.len());
                for (&(row, column), &delta) in &result.deltas {
                    if row >= rows || column >= columns {
                        continue;
                    }
                    let square = f64::from(delta).powi(2);
                    error += square;
                    if !result.mask(row, column) {
                        residual += square;
                    }
                }
                let mask = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
                corrected += mask.filter(|&(r, c)| result.mask(r, c)).count() as u64;
            }
        }
        Ok(Damage {
            faults,
            corrected,
            error: (error / operands.norm).sqrt(),
            residual_error: (residual / operands.norm).sqrt(),
        })
    }
}

fn operands(spec: &Spec, name: &str, gemms: Option<i64>) -> Result<Operands, CampaignError> {
    let refused = |error: crate::workload::WorkloadError| {
        spec.refused("grid.workload", name, format!("a workload ({error})"))
    };
    let source = Workload::parse_source(name).map_err(refused)?;
    let workload = Workload::open(&source, 0).map_err(refused)?;
    let count = match gemms {
        None => workload.len(),
        Some(count) if (1..=workload.len() as i64).contains(&count) => count as usize,
        Some(count) => {
            let allowed = format!("1..={} for {name}", workload.len());
            return Err(spec.refused("grid.gemms", count, allowed));
        }
    };
    let gemms: Vec<Gemm> = (0..count)
        .map(|index| workload.gemm(index).map_err(refused))
        .collect::<Result<_, _>>()?;
    let norm = gemms.iter().map(squared_norm).sum();
    Ok(Operands {
        hash: workload.hash(),
        gemms,
        norm,
    })
}

/// ‖Y‖² of the exact product.
fn squared_norm(gemm: &Gemm) -> f64 {
    let product = gemm.x().mapv(i32::from).dot(&gemm.w().mapv(i32::from));
    product.iter().map(|&y| f64::from(y).powi(2)).sum()
}

fn bit_range(spec: &Spec, [low, high]: [i64; 2]) -> Result<[u32; 2], CampaignError> {
    let range = [bit(spec, "grid.bits", low)?, bit(spec, "grid.bits", high)?];
    if range[0] > range[1] {
        let allowed = "[lowest, highest]";
        return Err(spec.refused("grid.bits", format!("[{low}, {high}]"), allowed));
    }
    Ok(range)
}

fn bit(spec: &Spec, key: &str, value: i64) -> Result<u32, CampaignError> {
    match u32::try_from(value) {
        Ok(bit) if bit < 32 => Ok(bit),
        _ => Err(spec.refused(key, value, "bits in 0..=31")),
    }
}
