//! Arguments that several commands share, resolved into the library's types.

use super::exact::GatePe;
use anyhow::{Context, Result, bail};
use drift::baseline::ProtectionKind;
use drift::config::{ArrayConfig, Dataflow, SHIPPED};
use drift::fault::{FaultList, Register, Sampler, Targets};
use drift::model::{ModelConfig, ModelError, model_folder};
use drift::policy::Setpoint;
use drift::tech::{self, OperatingPoint, Table};
use drift::tiling::Tiling;
use drift::units::Hertz;
use drift::workload::Workload;
use std::path::{Path, PathBuf};

/// Resolves `--config`: a shipped name or a YAML file.
pub fn config(text: &str) -> Result<ArrayConfig> {
    let names = SHIPPED.map(|(name, _)| name);
    if !names.contains(&text) && !Path::new(text).exists() {
        bail!(
            "--config {text}: no such file; give a YAML file or one of {}",
            names.join(", ")
        );
    }
    Ok(ArrayConfig::load(text)?)
}

/// Resolves `--protection`.
pub fn protection(text: &str) -> Result<ProtectionKind> {
    ProtectionKind::named(text).with_context(|| {
        let names = ProtectionKind::ALL.map(ProtectionKind::name).join(", ");
        format!("--protection {text}: not known; expected one of {names}")
    })
}

/// Resolves `--workload`.
pub fn workload(text: &str, seed: u64) -> Result<Workload> {
    Ok(Workload::open(&Workload::parse_source(text)?, seed)?)
}

/// Resolves the configuration of `--model`: a built-in name, or the folder of a model
/// or pipeline.
pub fn model_config(text: &str) -> Result<ModelConfig> {
    if let Some(config) = ModelConfig::built_in(text) {
        return Ok(config);
    }
    let folder = Path::new(text);
    if !folder.is_dir() {
        let allowed = ModelConfig::built_in_names().collect::<Vec<_>>().join(", ");
        return Err(ModelError::Name {
            text: text.to_owned(),
            allowed,
        }
        .into());
    }
    Ok(ModelConfig::read(
        &model_folder(folder).join("config.json"),
    )?)
}

/// The operating point that timing errors follow from.
#[derive(clap::Args)]
pub struct TimingArgs {
    /// Supply voltage in V: faults are the timing errors there [default with --frequency: the nominal one]
    #[arg(long, value_name = "V")]
    pub voltage: Option<f64>,
    /// Clock frequency in Hz, such as 120e6 [default with --voltage: the nominal one]
    #[arg(long, value_name = "HZ")]
    pub frequency: Option<f64>,
    /// Technology table: shipped name or YAML file [default: sky130-ss-n40c]
    #[arg(long, value_name = "TABLE")]
    pub tech: Option<String>,
}

impl TimingArgs {
    /// The technology.
    pub fn table(&self) -> Result<Table> {
        Ok(Table::load(self.tech.as_deref().unwrap_or(tech::DEFAULT))?)
    }

    /// The point; what is not given is nominal.
    pub fn point(&self, table: &Table) -> OperatingPoint {
        let point = Setpoint {
            voltage: self.voltage,
            frequency: self.frequency,
        };
        point.of(table)
    }

    /// Whether an operating point is given at all.
    fn given(&self) -> bool {
        self.voltage.is_some() || self.frequency.is_some() || self.tech.is_some()
    }

    /// The arguments again, for a replay command.
    fn replay(&self) -> String {
        let mut text = String::new();
        for (name, value) in [("voltage", self.voltage), ("frequency", self.frequency)] {
            if let Some(value) = value {
                text += &format!(" --{name} {value}");
            }
        }
        if let Some(tech) = &self.tech {
            text += &format!(" --tech {tech}");
        }
        text
    }
}

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

impl ExactArgs {
    /// The PE, where one is asked for.
    fn pe(&self, config: &ArrayConfig) -> Result<Option<GatePe>> {
        let load = |file: &PathBuf| GatePe::load(config, file, self.netlist.as_deref());
        self.exact.as_ref().map(load).transpose()
    }

    /// The clock frequency, which must be given.
    fn frequency(&self, timing: &TimingArgs) -> Result<Hertz> {
        match timing.frequency {
            Some(frequency) if frequency > 0.0 => Ok(Hertz(frequency)),
            found => {
                bail!("--frequency {found:?} is not allowed with --exact; expected Hz above 0")
            }
        }
    }

    /// The arguments again, for a replay command.
    fn replay(&self) -> String {
        let mut text = String::new();
        for (name, file) in [("exact", &self.exact), ("netlist", &self.netlist)] {
            if let Some(file) = file {
                text += &format!(" --{name} {}", file.display());
            }
        }
        text
    }
}

/// Where faults come from.
#[derive(clap::Args)]
pub struct FaultArgs {
    /// Probability that a target bit flips each time it is captured, 0..=1
    #[arg(long, value_name = "P", conflicts_with_all = ["fault_list", "upsets", "voltage", "frequency", "tech"])]
    pub ber: Option<f64>,
    #[command(flatten)]
    pub timing: TimingArgs,
    #[command(flatten)]
    pub exact: ExactArgs,
    /// Single-bit upsets per tile
    #[arg(long, value_name = "N", conflicts_with_all = ["fault_list", "voltage", "frequency", "tech"])]
    pub upsets: Option<usize>,
    /// Replay exactly the faults of this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["voltage", "frequency", "tech"])]
    pub fault_list: Option<PathBuf>,
    /// Registers that can be hit
    #[arg(
        long = "register",
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "psum",
        conflicts_with_all = ["voltage", "frequency", "tech"]
    )]
    pub registers: Vec<String>,
    /// Bits that can flip, for example 31 or 0..7,24..31 (both ends included)
    #[arg(long, value_name = "BITS", default_value = "0..31", conflicts_with_all = ["voltage", "frequency", "tech"])]
    pub bits: String,
    /// Seed of faults and of operands drawn for shape lists
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl FaultArgs {
    /// Resolves the arguments into a sampler.
    pub fn sampler(&self, config: &ArrayConfig, workload: &Workload) -> Result<Sampler> {
        let all = workload.shapes().enumerate();
        let tiles = all.map(|(index, (_, m, k, n))| (index, Tiling::new(config, m, k, n).len()));
        self.sampler_of(config, workload, &tiles.collect::<Vec<_>>())
    }

    /// The same for runs of some GEMMs, `tiles` being their numbers in the workload and how many
    /// of their tiles are run: no others are simulated in gates.
    pub fn sampler_of(
        &self,
        config: &ArrayConfig,
        workload: &Workload,
        tiles: &[(usize, usize)],
    ) -> Result<Sampler> {
        if let Some(file) = &self.fault_list {
            let tilings: Vec<Tiling> = workload
                .shapes()
                .map(|(_, m, k, n)| Tiling::new(config, m, k, n))
                .collect();
            let (list, _) = FaultList::read(file, config, &workload.hash(), &tilings)?;
            return Ok(Sampler::List(list));
        }
        if let Some(pe) = self.exact.pe(config)? {
            let frequency = self.exact.frequency(&self.timing)?;
            let list = pe.faults(config, workload, frequency, tiles)?;
            return Ok(Sampler::List(list));
        }
        self.drawn(config)
    }

    /// As [`FaultArgs::sampler`], for runs whose GEMMs are not known beforehand.
    pub fn drawn(&self, config: &ArrayConfig) -> Result<Sampler> {
        if let Some(file) = &self.fault_list {
            bail!(
                "--fault-list {}: a list names the GEMMs of a workload; expected --ber, --upsets \
                 or --voltage here",
                file.display()
            );
        }
        if let Some(library) = &self.exact.exact {
            bail!(
                "--exact {}: simulates the operands of a workload; expected --ber, --upsets or \
                 --voltage here",
                library.display()
            );
        }
        if self.timing.given() {
            let table = self.timing.table()?;
            let errors = table.errors(self.timing.point(&table))?;
            if config.dataflow != Dataflow::Ws {
                bail!(
                    "--voltage, --frequency: technology tables are of a weight-stationary PE; \
                     expected a configuration with dataflow ws"
                );
            }
            return Ok(Sampler::Timing {
                errors: errors.sampled(),
                seed: self.seed,
            });
        }
        let targets = Targets {
            registers: registers(&self.registers)?,
            bits: bits(&self.bits)?,
        };
        let seed = self.seed;
        Ok(match (self.ber, self.upsets) {
            (Some(ber), _) if !(0.0..=1.0).contains(&ber) => {
                bail!("--ber {ber} is not allowed; expected a probability in 0..=1")
            }
            (Some(ber), _) => Sampler::Uniform { ber, targets, seed },
            (None, Some(per_tile)) => Sampler::Upsets {
                per_tile,
                targets,
                seed,
            },
            (None, None) => Sampler::None,
        })
    }

    /// The arguments again, for a replay command.
    pub fn replay(&self) -> String {
        let mut text = format!("--seed {}", self.seed);
        if let Some(ber) = self.ber {
            text += &format!(" --ber {ber:e}");
        }
        text += &self.timing.replay();
        text += &self.exact.replay();
        if let Some(upsets) = self.upsets {
            text += &format!(" --upsets {upsets}");
        }
        if let Some(file) = &self.fault_list {
            text += &format!(" --fault-list {}", file.display());
        }
        if self.registers != ["psum"] {
            text += &format!(" --register {}", self.registers.join(","));
        }
        if self.bits != "0..31" {
            text += &format!(" --bits {}", self.bits);
        }
        text
    }
}

fn registers(names: &[String]) -> Result<Vec<Register>> {
    let mut chosen = Vec::new();
    for name in names {
        match Register::ALL
            .iter()
            .find(|register| register.name() == name)
        {
            Some(register) => chosen.push(*register),
            None if name == "any" => chosen.extend(Register::ALL),
            None => bail!(
                "--register {name} is not known; expected psum, activation, weight, valid or any"
            ),
        }
    }
    chosen.sort();
    chosen.dedup();
    Ok(chosen)
}

/// Parses `0..7,31` into a mask; both ends of a range are included.
fn bits(text: &str) -> Result<u32> {
    let bad = |part: &str| {
        anyhow::anyhow!(
            "--bits {text}: {part:?} is not allowed; expected bits in 0..31 such as 31 or 0..7,24..31"
        )
    };
    let mut mask = 0u32;
    for part in text.split(',') {
        let (low, high) = part.split_once("..").unwrap_or((part, part));
        let parse = |bit: &str| bit.trim().parse::<u32>().ok().filter(|bit| *bit < 32);
        let (Some(low), Some(high)) = (parse(low), parse(high)) else {
            return Err(bad(part));
        };
        if low > high {
            return Err(bad(part));
        }
        for bit in low..=high {
            mask |= 1 << bit;
        }
    }
    Ok(mask)
}
