//! Experiment `images`: images of the embedded denoiser, made with faults under a
//! protection, against their error-free twins. A seed is an image: its noise, its class
//! (seed mod 10) and its fault streams, which are the same for every protection.

mod cell;
mod cost;
mod costed_model;
mod grid;
mod optimise;
mod price;
mod records;
mod samplers;
mod sources;
#[cfg(test)]
mod tests;

use crate::baseline::{DriftSettings, ProtectionKind, Work};
use crate::campaign::job::digest;
use crate::campaign::{CampaignError, Experiment, ExperimentError, Measure, Record, Spec};
use crate::dram::Device;
use crate::image::Image;
use crate::infer::{
    ActivationScales, EngineKind, FaultPlan, ImageTask, ModelSource, PointsUsed, Rule, Run,
    Selector, Setting, Totals, WeightStore, picture,
};
use crate::metrics::{CLASSES, Classified, Classifier, Lpips, LpipsFeatures, PairScores};
use crate::model::Conditioning;
use crate::tensor::Tensor;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

pub use cell::{Cell, Faults, Place};
pub use cost::{Accelerator, CellCost, CostError, cost};
pub use costed_model::CostedModel;
pub use optimise::{Counted, Objective, Optimised, PolicyError, schedule as optimised_schedule};
pub use price::{Price, priced};
pub use records::CellRecords;

/// Seed of all initial noise and of all fault streams; images differ by their number.
const SEED: u64 = 1;
/// DRAM whose rows checkpoints open.
const DEVICE: &str = "ddr4-3200-x16";

/// An image against its error-free twin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// LPIPS, 0 for equal images.
    pub lpips: f64,
    /// Structural similarity.
    pub ssim: f64,
    /// Mean squared error of values 0..=1; PSNR is −10 log₁₀ of it, infinite for equal images.
    pub mean_squared_error: f64,
    /// Whether the classifier sees the class that was asked for.
    pub right: bool,
    /// The same of the twin.
    pub twin_right: bool,
    /// The classifier's features, which FD-clf is computed on.
    pub features: Vec<f32>,
    /// Faults injected.
    pub faults: u64,
    /// Tiles computed.
    pub tiles: u64,
    /// What the protection did in GEMMs that had faults to expect.
    pub work: Work,
    /// What it did in all others.
    pub other_work: Work,
    /// What the tiles ran at, in the adaptive mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<PointsUsed>,
    /// The image as a PNG file in base64; empty unless asked for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub picture: String,
    /// After each step, ‖x′ − x‖ / ‖x‖ of the latents; empty unless asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub distance: Vec<f64>,
}

impl Record for Outcome {
    const QUANTITIES: &'static [&'static str] =
        &["lpips", "ssim", "right", "twin_right", "faults", "restored"];

    fn measure(&self, quantity: &str) -> Option<Measure> {
        let of = |success| {
            Some(Measure::Proportion {
                successes: u64::from(success),
                trials: 1,
            })
        };
        match quantity {
            "lpips" => Some(Measure::Value(self.lpips)),
            "ssim" => Some(Measure::Value(self.ssim)),
            "right" => of(self.right),
            "twin_right" => of(self.twin_right),
            "faults" => Some(Measure::Value(self.faults as f64)),
            "restored" => Some(Measure::Value(self.work.restored as f64)),
            _ => None,
        }
    }
}

/// An error-free image and all that others are compared with.
struct Twin {
    image: Image,
    features: LpipsFeatures,
    right: bool,
    /// Latents after each step.
    steps: Vec<Tensor>,
}

/// What an error-free image depends on: seed, steps, bits of the guidance weight, and whether
/// latents are kept.
type TwinKey = (u64, usize, u32, bool);
/// A twin that is made once; threads that want it at the same time wait.
type TwinCell = Arc<OnceLock<Result<Twin, String>>>;

/// The experiment with everything that its cells name.
pub struct Images {
    cells: Vec<Cell>,
    fingerprint: String,
    source: ModelSource,
    /// By configuration and θ.
    settings: BTreeMap<(String, u32), Setting>,
    /// By cell.
    plans: Vec<FaultPlan>,
    device: Device,
    lpips: Lpips,
    classifier: Classifier,
    twins: Mutex<HashMap<TwinKey, TwinCell>>,
}

impl Images {
    /// Validates the grid and opens what it names.
    ///
    /// # Errors
    /// [`CampaignError::Input`], with the key.
    pub fn new(spec: &Spec) -> Result<Self, CampaignError> {
        let grid = grid::Grid::read(spec)?;
        let source = ModelSource::embedded();
        let configs = grid.configs(spec)?;
        let sources = grid.sources(spec)?;
        let tables = grid.tables(&sources, spec)?;
        let cells = grid.cells(spec, &configs, &sources)?;
        let blocks = source.denoiser.config().blocks();
        let mut settings = BTreeMap::new();
        let mut plans = Vec::new();
        for cell in &cells {
            let config = &configs[&cell.config];
            let key = (cell.config.clone(), cell.threshold_bit);
            settings.entry(key).or_insert_with(|| Setting {
                config: config.clone(),
                threshold_bit: cell.threshold_bit,
                scales: ActivationScales::PerTensor,
                threads: 1,
                weights: WeightStore::default(),
            });
            plans.push(match &cell.schedule {
                Some(schedule) => {
                    let table = &tables[&schedule.tech];
                    let samplers = samplers::samplers(spec, config, (schedule, table), SEED)?;
                    FaultPlan::of(schedule, (cell.steps, blocks), &samplers)
                }
                None => {
                    let sampler = cell.faults.sampler(spec, config, &tables, SEED)?;
                    let rule = |selector: &Selector| Rule {
                        selector: selector.clone(),
                        sampler: sampler.clone(),
                    };
                    FaultPlan::new(cell.place.any.iter().map(rule).collect())
                }
            });
        }
        let hashes = configs.values().map(|config| config.hash().to_string());
        let tables = tables.values().map(digest);
        let parts: Vec<String> = hashes
            .chain(tables)
            .chain([source.hash.clone(), DEVICE.to_owned(), SEED.to_string()])
            .collect();
        Ok(Self {
            cells,
            fingerprint: parts.join(" "),
            source,
            settings,
            plans,
            device: Device::load(DEVICE).expect("a shipped device is valid"),
            lpips: Lpips::embedded(),
            classifier: Classifier::embedded(),
            twins: Mutex::default(),
        })
    }

    /// An image with its faults: its picture, what was done, and the latents after each step.
    fn make(
        &self,
        cell: &Cell,
        plan: &FaultPlan,
        seed: u64,
    ) -> Result<(Image, Totals, Vec<Tensor>), ExperimentError> {
        let run = Run {
            denoiser: &self.source.denoiser,
            scheduler: &self.source.scheduler,
            steps: cell.steps,
            guidance: cell.guidance,
            forecast: cell.taylorseer,
            seed: SEED,
            setting: &self.settings[&(cell.config.clone(), cell.threshold_bit)],
            engine: EngineKind::Fast,
            plan,
            hardware: None,
            audit: None,
            sabotage: false,
        };
        let guided = cell.guidance != 1.0;
        let task = ImageTask {
            image: seed,
            condition: Conditioning::Classes(vec![class(seed)]),
            none: guided.then(|| Conditioning::Classes(vec![CLASSES])),
        };
        let settings = DriftSettings {
            interval: cell.interval,
            ..DriftSettings::default()
        };
        let mut steps = Vec::new();
        let protection = cell.protection.build(settings, &self.device);
        let made = run.image(&task, protection, |view| {
            if cell.trace {
                steps.push(view.latents.clone());
            }
            Ok(())
        })?;
        let image = picture(&made.latents).expect("the embedded model makes pictures");
        Ok((image, made.totals, steps))
    }

    fn classify(&self, image: &Image) -> Result<Classified, ExperimentError> {
        let mut classified = self.classifier.classify(&[image])?;
        Ok(classified.remove(0))
    }

    fn features(&self, image: &Image) -> Result<LpipsFeatures, ExperimentError> {
        Ok(self.lpips.features(&[image])?.remove(0))
    }

    /// The error-free twin of an image; no protection changes it.
    fn twin(&self, cell: &Cell, seed: u64) -> TwinCell {
        let key = (seed, cell.steps, cell.guidance.to_bits(), cell.trace);
        let twin = {
            let mut twins = self.twins.lock().expect("no panic in it");
            twins.entry(key).or_default().clone()
        };
        twin.get_or_init(|| {
            let clean = Cell {
                protection: ProtectionKind::None,
                taylorseer: None,
                ..cell.clone()
            };
            let made = || -> Result<Twin, ExperimentError> {
                let (image, _, steps) = self.make(&clean, &FaultPlan::none(), seed)?;
                Ok(Twin {
                    features: self.features(&image)?,
                    right: self.classify(&image)?.class() == class(seed),
                    image,
                    steps,
                })
            };
            made().map_err(|error| error.to_string())
        });
        twin
    }
}

impl Experiment for Images {
    const NAME: &'static str = "images";

    type Cell = Cell;
    type Record = Outcome;

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }

    fn cells(&self) -> &[Cell] {
        &self.cells
    }

    fn run(&self, cell: &Cell, seed: u64) -> Result<Outcome, ExperimentError> {
        let place = self.cells.iter().position(|other| other == cell);
        let plan = &self.plans[place.ok_or("a cell of another grid")?];
        let twin = self.twin(cell, seed);
        let twin = match twin.get() {
            Some(Ok(twin)) => twin,
            Some(Err(message)) => return Err(message.clone().into()),
            None => return Err("the twin was made above".into()),
        };
        let (image, totals, steps) = self.make(cell, plan, seed)?;
        let features = self.features(&image)?;
        let scores = PairScores::new((&image, &features), (&twin.image, &twin.features))?;
        let classified = self.classify(&image)?;
        let (mut work, mut other_work) = (Work::default(), Work::default());
        for (rule, done) in &totals.work {
            match rule {
                Some(_) => work += *done,
                None => other_work += *done,
            }
        }
        let pairs = steps.iter().zip(&twin.steps);
        Ok(Outcome {
            lpips: scores.lpips,
            ssim: scores.ssim,
            mean_squared_error: scores.mean_squared_error,
            right: classified.class() == class(seed),
            twin_right: twin.right,
            features: classified.features.to_vec(),
            faults: totals.faults,
            tiles: totals.tiles,
            work,
            other_work,
            points: totals.points,
            picture: if cell.pictures {
                STANDARD.encode(image.to_png()?)
            } else {
                String::new()
            },
            distance: pairs
                .map(|(faulty, clean)| distance(faulty, clean))
                .collect(),
        })
    }
}

/// The class that an image is asked for.
pub fn class(seed: u64) -> usize {
    (seed % CLASSES as u64) as usize
}

/// ‖a − b‖ / ‖b‖; what is not finite counts as 10⁶, so that records stay valid JSON.
fn distance(a: &Tensor, b: &Tensor) -> f64 {
    let pairs = a.values_or_empty().iter().zip(b.values_or_empty());
    let (mut difference, mut norm) = (0.0, 0.0);
    for (a, b) in pairs {
        difference += (f64::from(*a) - f64::from(*b)).powi(2);
        norm += f64::from(*b).powi(2);
    }
    let distance = (difference / norm).sqrt();
    if distance.is_finite() {
        distance.min(1e6)
    } else {
        1e6
    }
}
