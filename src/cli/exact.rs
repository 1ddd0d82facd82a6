//! `--exact`: faults by simulation of the gates on the operands themselves.

use super::progress::Progress;
use anyhow::{Context, Result, bail};
use drift::config::ArrayConfig;
use drift::fault::FaultList;
use drift::tiling::Tiling;
use drift::timing::dynamic::{DelayModel, PeTiming};
use drift::timing::exact::ExactErrors;
use drift::timing::liberty::{Library, text_of};
use drift::timing::netlist::Netlist;
use drift::timing::recipe::{PE_TOP, synthesise_pe};
use drift::units::{Hertz, Nanoseconds, Volts};
use drift::workload::Workload;
use std::path::Path;

/// A PE in gates, with its delays.
pub struct GatePe {
    /// Supply voltage of the library.
    pub voltage: Volts,
    model: DelayModel,
}

impl GatePe {
    /// The PE of a configuration in a library: mapped to it, or as `netlist` has it.
    pub fn load(config: &ArrayConfig, liberty: &Path, netlist: Option<&Path>) -> Result<Self> {
        let json = match netlist {
            Some(file) => text_of(file)?,
            None => synthesise_pe(config, liberty)?.json,
        };
        let timing = PeTiming::new(
            &Netlist::parse(&json, PE_TOP)?,
            &Library::read(liberty)?,
            None,
        )?;
        Ok(Self {
            voltage: Volts(timing.voltage),
            model: timing.model,
        })
    }

    /// Static timing's critical path.
    pub fn critical(&self) -> Nanoseconds {
        Nanoseconds(self.model.critical())
    }

    /// A simulator at a share of the critical path.
    pub fn at(&self, x: f64) -> ExactErrors<'_> {
        ExactErrors::new(&self.model, x)
    }

    /// The nearest share of the critical path that is a whole number of time steps.
    pub fn on_grid(&self, x: f64) -> f64 {
        let resolution = f64::from(self.model.resolution());
        (x * resolution).round() / resolution
    }

    /// The faults of the first tiles of some GEMMs: `(number in the workload, tiles)`.
    pub fn faults(
        &self,
        config: &ArrayConfig,
        workload: &Workload,
        frequency: Hertz,
        tiles: &[(usize, usize)],
    ) -> Result<FaultList> {
        if config.dataflow != drift::config::Dataflow::Ws {
            bail!("--exact: expected a configuration with dataflow ws");
        }
        let mut errors = self.at(frequency.period().0 / self.model.critical());
        let total = tiles.iter().map(|(_, count)| *count as u64).sum();
        let mut progress = Progress::new(total, "tiles in gates");
        let (mut list, mut done) = (FaultList::default(), 0);
        for &(index, count) in tiles {
            let gemm = workload.gemm(index).context("operands")?;
            let tiling = Tiling::new(config, gemm.m(), gemm.k(), gemm.n());
            for tile in tiling.tiles().take(count) {
                let faults = errors.tile(config, &tiling, &tile, gemm.x(), gemm.w());
                list.insert(index, tile.index, faults);
                done += 1;
                progress.at(done, &gemm.name);
            }
        }
        progress.finish();
        Ok(list)
    }
}
