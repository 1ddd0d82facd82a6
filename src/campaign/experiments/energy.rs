//! Experiment `energy`: energy and time of a published model's denoising run, from the shapes of
//! its GEMMs alone, beside the plain array at its nominal point. Nothing is drawn: a seed changes
//! nothing, one is enough.

use crate::baseline::Hardware;
use crate::campaign::job::digest;
use crate::campaign::{CampaignError, Experiment, ExperimentError, Measure, Record, Spec};
use crate::config::{ArrayConfig, SHIPPED};
use crate::energy::{Analytic, Constants, Cost, Machine, Run};
use crate::forecast::FullSteps;
use crate::golden::Layout;
use crate::model::{GemmShape, ModelConfig, gemm_shapes, shape_list};
use crate::policy::{Classes, Schedule, Setpoint};
use crate::tech::Table;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The axes of the grid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Grid {
    /// Names of published models.
    model: Vec<String>,
    /// A shipped array.
    config: String,
    /// A technology table.
    tech: String,
    /// A memory, by its name in `configs/energy.yaml`.
    memory: String,
    /// Denoising steps, with guidance.
    steps: usize,
    /// Steps at the nominal point in the paper's schedule.
    early: usize,
    /// Blocks at the nominal point in the paper's schedule.
    first: usize,
    /// Share of the tiles away from nominal that DRIFT rolls back.
    rollbacks: f64,
    /// What is compared.
    setting: Vec<Setting>,
}

/// Operating point, protection and shortcuts of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// What figures call it.
    pub name: String,
    /// Supply in V away from nominal; nominal if left out.
    #[serde(default)]
    pub voltage: Option<f64>,
    /// Clock in Hz away from nominal; nominal if left out.
    #[serde(default)]
    pub frequency: Option<f64>,
    /// What the array has.
    pub protection: Protection,
    /// TaylorSeer: a full step every so many steps.
    #[serde(default)]
    pub taylorseer: Option<usize>,
}

impl Setting {
    /// The point away from nominal.
    fn point(&self) -> Setpoint {
        Setpoint {
            voltage: self.voltage,
            frequency: self.frequency,
        }
    }
}

/// What protects the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protection {
    /// Nothing.
    None,
    /// Every GEMM twice.
    Dmr,
    /// Razor flip-flops.
    Thundervolt,
    /// Checksums without checkpoints: any ABFT, its recomputed tiles left out.
    Checksums,
    /// Checksums and checkpoints.
    Drift,
}

/// A cell of the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Model.
    pub model: String,
    /// Array.
    pub config: String,
    /// Technology table.
    pub tech: String,
    /// Memory.
    pub memory: String,
    /// Denoising steps.
    pub steps: usize,
    /// Steps at the nominal point.
    pub early: usize,
    /// Blocks at the nominal point.
    pub first: usize,
    /// Share of the tiles that is rolled back.
    pub rollbacks: f64,
    /// The rest.
    pub setting: Setting,
}

/// What a run costs, for one image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bill {
    /// The plain array at its nominal point, all steps in full.
    pub nominal: Cost,
    /// This run.
    pub run: Cost,
}

impl Bill {
    /// Share of the nominal run's energy that this one does without; negative where it takes more.
    pub fn saved(&self) -> f64 {
        1.0 - self.run.joules() / self.nominal.joules()
    }

    /// How many times as fast as the nominal run.
    pub fn speedup(&self) -> f64 {
        self.nominal.seconds / self.run.seconds
    }
}

impl Record for Bill {
    const QUANTITIES: &'static [&'static str] = &["joules", "seconds", "saved", "speedup"];

    fn measure(&self, quantity: &str) -> Option<Measure> {
        let value = match quantity {
            "joules" => self.run.joules(),
            "seconds" => self.run.seconds,
            "saved" => self.saved(),
            "speedup" => self.speedup(),
            _ => return None,
        };
        Some(Measure::Value(value))
    }
}

/// The experiment with everything that its cells name.
pub struct Energy {
    cells: Vec<Cell>,
    fingerprint: String,
    machine: Machine,
    interval: u32,
    shapes: BTreeMap<String, Vec<GemmShape>>,
}

impl Energy {
    /// Validates the grid and opens what it names.
    ///
    /// # Errors
    /// [`CampaignError::Input`], with the key.
    pub fn new(spec: &Spec) -> Result<Self, CampaignError> {
        let grid: Grid = spec.grid()?;
        spec.checked_list("grid.model", &grid.model)?;
        spec.checked_list("grid.setting", &grid.setting)?;
        if !(0.0..=1.0).contains(&grid.rollbacks) {
            return Err(spec.refused("grid.rollbacks", grid.rollbacks, "shares in 0..=1"));
        }
        if !(1..=100_000).contains(&grid.steps) {
            return Err(spec.refused("grid.steps", grid.steps, "1..=100000"));
        }
        let config = shipped_config(spec, &grid.config)?;
        let table = Table::load(&grid.tech)
            .map_err(|error| spec.refused("grid.tech", &grid.tech, error.to_string()))?;
        let constants = Constants::shipped();
        let machine = Machine::new(&config, &table, &grid.memory, &constants, None);
        let machine = machine.map_err(|error| {
            let found = format!("{} with {}", grid.memory, grid.tech);
            spec.refused("grid.memory", found, error.to_string())
        })?;
        let mut shapes = BTreeMap::new();
        for name in &grid.model {
            shapes.insert(name.clone(), model_shapes(spec, name)?);
        }
        let mut cells = Vec::new();
        for model in &grid.model {
            for setting in &grid.setting {
                cells.push(Cell {
                    model: model.clone(),
                    config: grid.config.clone(),
                    tech: grid.tech.clone(),
                    memory: grid.memory.clone(),
                    steps: grid.steps,
                    early: grid.early,
                    first: grid.first,
                    rollbacks: grid.rollbacks,
                    setting: checked(spec, setting)?.clone(),
                });
            }
        }
        let lists = shapes.iter().map(|(name, shapes)| shape_list(name, shapes));
        let lists: Vec<String> = lists.collect();
        let named = (config.hash().to_string(), &table, lists);
        Ok(Self {
            cells,
            fingerprint: digest(&(named, format!("{constants:?} {:?}", machine.device()))),
            machine,
            interval: config.run.checkpoint_interval,
            shapes,
        })
    }
}

impl Experiment for Energy {
    const NAME: &'static str = "energy";

    type Cell = Cell;
    type Record = Bill;

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn run(&self, cell: &Cell, _seed: u64) -> Result<Bill, ExperimentError> {
        let shapes = &self.shapes[&cell.model];
        let setting = &cell.setting;
        let points = [Setpoint::default(), setting.point()].map(|one| one.of(self.machine.table()));
        let blocks = GemmShape::blocks(shapes);
        let run = Run {
            machine: &self.machine,
            shapes,
            steps: cell.steps,
            classes: Classes::protecting(cell.steps, cell.early, blocks, cell.first),
            schedule: Schedule::paper(1),
            points: &points,
            hardware: match setting.protection {
                Protection::None => Hardware::Plain,
                Protection::Dmr => Hardware::Twice,
                Protection::Thundervolt => Hardware::Razor,
                Protection::Checksums | Protection::Drift => Hardware::Checksums,
            },
            checkpoints: (setting.protection == Protection::Drift).then_some(Analytic {
                interval: self.interval as usize,
                rollbacks: cell.rollbacks,
                layout: Layout::Tile,
            }),
            errors: None,
            full_steps: setting.taylorseer.map(FullSteps::every),
        };
        Ok(Bill {
            nominal: run.plain().report()?.total,
            run: run.report()?.total,
        })
    }
}

fn shipped_config(spec: &Spec, name: &str) -> Result<ArrayConfig, CampaignError> {
    let names = SHIPPED.map(|(name, _)| name);
    if !names.contains(&name) {
        let allowed = format!("one of {}", names.join(", "));
        return Err(spec.refused("grid.config", name, allowed));
    }
    Ok(ArrayConfig::load(name).expect("a shipped configuration is valid"))
}

/// GEMMs of a step with guidance.
fn model_shapes(spec: &Spec, name: &str) -> Result<Vec<GemmShape>, CampaignError> {
    let config = ModelConfig::built_in(name).ok_or_else(|| {
        let names = ModelConfig::built_in_names().collect::<Vec<_>>().join(", ");
        spec.refused("grid.model", name, format!("one of {names}"))
    })?;
    let shapes = gemm_shapes(&config, 1, None);
    let shapes = shapes.map_err(|error| spec.refused("grid.model", name, error.to_string()))?;
    Ok(shapes.into_iter().map(GemmShape::guided).collect())
}

fn checked<'a>(spec: &Spec, setting: &'a Setting) -> Result<&'a Setting, CampaignError> {
    let key = |key: &str| format!("grid.setting: {}: {key}", setting.name);
    if let Some((name, value)) = setting.point().refused() {
        return Err(spec.refused(key(name), value, "numbers above 0"));
    }
    if setting.taylorseer == Some(0) {
        return Err(spec.refused(key("taylorseer"), 0, "1 or more"));
    }
    Ok(setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const GRID: &str = "
  model: [pixart-alpha-512]
  config: tpu
  tech: scaled-14nm
  memory: ddr4-3200
  steps: 10
  early: 1
  first: 1
  rollbacks: 0.01
  setting:
  - {name: nominal, protection: none}
  - {name: low, voltage: 0.7, protection: none}
  - {name: drift, voltage: 0.7, protection: drift}
  - {name: twice, voltage: 0.7, protection: dmr}
  - {name: seer, taylorseer: 4, protection: none}
";

    fn made(grid: &str) -> Result<Energy, CampaignError> {
        let text = format!(
            "schema: drift-campaign/1\nname: t\nexperiment: energy\nseeds: {{count: 1}}\ngrid:{grid}"
        );
        Energy::new(&Spec::from_yaml(&text, Path::new("t.yaml")).expect("a specification"))
    }

    #[test]
    fn settings_cost_what_they_must() {
        let energy = made(GRID).expect("valid");
        let bills: Vec<Bill> = energy
            .cells()
            .iter()
            .map(|cell| energy.run(cell, 0).expect("a bill"))
            .collect();
        let [nominal, low, drift, twice, seer] = &bills[..] else {
            panic!("five settings");
        };
        assert_eq!(nominal.saved(), 0.0);
        assert_eq!(nominal.speedup(), 1.0);
        assert!(low.saved() > drift.saved() && drift.saved() > twice.saved());
        assert!(low.saved() > 0.0 && twice.saved() < 0.0);
        assert!(seer.speedup() > 1.5 && seer.saved() > 0.3);
        assert_eq!(energy.run(&energy.cells()[2], 9).expect("a bill"), *drift);
    }

    #[test]
    fn bad_grids_are_refused() {
        for (from, to, part) in [
            ("pixart-alpha-512", "pixart", "grid.model: pixart"),
            ("tpu", "gpu", "grid.config: gpu"),
            ("ddr4-3200", "ddr9", "grid.memory: ddr9"),
            ("rollbacks: 0.01", "rollbacks: 2", "grid.rollbacks: 2"),
            ("steps: 10", "steps: 0", "grid.steps: 0"),
            (
                "{name: low, voltage: 0.7",
                "{name: low, voltage: -1",
                "low: voltage: -1",
            ),
            ("taylorseer: 4", "taylorseer: 0", "seer: taylorseer: 0"),
            ("protection: dmr", "protection: tmr", "tmr"),
        ] {
            let error = made(&GRID.replace(from, to)).err().expect("refused");
            assert!(error.to_string().contains(part), "{to}: {error}");
        }
    }
}
