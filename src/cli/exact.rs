//! `--exact`: faults by simulation of the gates on the operands themselves.

use super::inputs::TimingArgs;
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
use std::path::{Path, PathBuf};

/// The gates that faults are simulated with.
#[derive(clap::Args)]
pub struct ExactArgs {
    /// Simulate the gates of the PE, in the cells of this library and at its voltage, on the operands of every tile
    #[arg(long, value_name = "LIBERTY", requires = "frequency",
          conflicts_with_all = ["ber", "upsets", "fault_list", "voltage", "tech", "registers", "bits"])]
    pub exact: Option<PathBuf>,
    /// With --exact: pe.json of `drift synth --out`, instead of mapping the PE to the library
    #[arg(long, value_name = "FILE", requires = "exact")]
    netlist: Option<PathBuf>,
}

/// A PE in gates, with its delays.
pub struct GatePe {
    /// Supply voltage of the library.
    pub voltage: Volts,
    model: DelayModel,
}

impl ExactArgs {
    /// The PE, where one is asked for.
    pub fn pe(&self, config: &ArrayConfig) -> Result<Option<GatePe>> {
        let load = |file: &PathBuf| GatePe::load(config, file, self.netlist.as_deref());
        self.exact.as_ref().map(load).transpose()
    }

    /// The clock frequency, which must be given.
    pub fn frequency(&self, timing: &TimingArgs) -> Result<Hertz> {
        match timing.frequency {
            Some(frequency) if frequency > 0.0 => Ok(Hertz(frequency)),
            found => {
                bail!("--frequency {found:?} is not allowed with --exact; expected Hz above 0")
            }
        }
    }

    /// The arguments again, for a replay command.
    pub fn replay(&self) -> String {
        let mut text = String::new();
        for (name, file) in [("exact", &self.exact), ("netlist", &self.netlist)] {
            if let Some(file) = file {
                text += &format!(" --{name} {}", file.display());
            }
        }
        text
    }
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
