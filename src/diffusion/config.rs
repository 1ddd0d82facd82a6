//! The configurations of schedulers, diffusers' scheduler_config.json.

use crate::model::{ModelError, Options};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Name of the file in a scheduler's folder.
const FILE: &str = "scheduler_config.json";

/// Which scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchedulerKind {
    /// DDIM, deterministic (η = 0).
    Ddim,
    /// DDPM, ancestral sampling.
    Ddpm,
    /// DPM-Solver++ of first or second order, multistep.
    DpmSolver,
    /// PNDM without its Runge-Kutta steps: linear multistep of up to four.
    Pndm,
}

/// How the training noise grows with the timestep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BetaSchedule {
    /// β rises linearly.
    Linear,
    /// √β rises linearly.
    ScaledLinear,
    /// ᾱ falls like cos².
    SquaredCosine,
}

/// What the network predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// The noise ε.
    Epsilon,
    /// The image x₀.
    Sample,
    /// The velocity √ᾱ·ε − √(1−ᾱ)·x₀.
    Velocity,
}

/// Which training timesteps are visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestepSpacing {
    /// From the first to the last, both included.
    Linspace,
    /// Multiples of an integer stride, from the first.
    Leading,
    /// Strides back from the last.
    Trailing,
}

/// A scheduler's options.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerConfig {
    /// Which scheduler.
    pub kind: SchedulerKind,
    /// Timesteps of training.
    pub train_timesteps: usize,
    /// First β.
    pub beta_start: f64,
    /// Last β.
    pub beta_end: f64,
    /// Between them.
    pub beta_schedule: BetaSchedule,
    /// What the network predicts.
    pub prediction: Prediction,
    /// Which timesteps are visited.
    pub spacing: TimestepSpacing,
    /// Added to `leading` timesteps.
    pub steps_offset: usize,
    /// Bound of |x₀| in each step of DDIM and DDPM.
    pub clip: Option<f32>,
    /// DDIM and PNDM: whether ᾱ after the last step is 1; else it is that of timestep 0.
    pub final_alpha_one: bool,
    /// DDPM: the larger of both variances, β, rather than that of the posterior.
    pub large_variance: bool,
    /// DPM-Solver: 1 or 2.
    pub order: usize,
    /// DPM-Solver: the second-order term of Heun's method rather than the midpoint's.
    pub heun: bool,
    /// DPM-Solver: first order in the last step of fewer than 15.
    pub lower_order_final: bool,
    /// DPM-Solver: first order in the last step.
    pub euler_at_final: bool,
    /// DPM-Solver: whether the last step ends without noise; else with that of timestep 0.
    pub final_sigma_zero: bool,
}

impl SchedulerKind {
    /// The class's name in diffusers.
    pub fn class_name(self) -> &'static str {
        match self {
            Self::Ddim => "DDIMScheduler",
            Self::Ddpm => "DDPMScheduler",
            Self::DpmSolver => "DPMSolverMultistepScheduler",
            Self::Pndm => "PNDMScheduler",
        }
    }

    const ALL: [Self; 4] = [Self::Ddim, Self::Ddpm, Self::DpmSolver, Self::Pndm];
}

/// The scheduler_config.json that belongs to a model's or pipeline's folder, if
/// there is one: in it, in its `scheduler` folder, or in that of the folder above,
/// where pipelines keep it.
pub fn scheduler_file(folder: &Path) -> Option<PathBuf> {
    let beside = folder.parent().map(|parent| parent.join("scheduler"));
    let folders = [
        Some(folder.to_owned()),
        Some(folder.join("scheduler")),
        beside,
    ];
    let files = folders
        .into_iter()
        .flatten()
        .map(|folder| folder.join(FILE));
    files.into_iter().find(|file| file.exists())
}

impl SchedulerConfig {
    /// The defaults of diffusers' class.
    pub fn new(kind: SchedulerKind) -> Self {
        let dpm = kind == SchedulerKind::DpmSolver;
        Self {
            kind,
            train_timesteps: 1000,
            beta_start: 1e-4,
            beta_end: 0.02,
            beta_schedule: BetaSchedule::Linear,
            prediction: Prediction::Epsilon,
            spacing: if dpm {
                TimestepSpacing::Linspace
            } else {
                TimestepSpacing::Leading
            },
            steps_offset: 0,
            clip: matches!(kind, SchedulerKind::Ddim | SchedulerKind::Ddpm).then_some(1.0),
            final_alpha_one: kind != SchedulerKind::Pndm,
            large_variance: false,
            order: 2,
            heun: false,
            lower_order_final: true,
            euler_at_final: false,
            final_sigma_zero: true,
        }
    }

    /// Reads a scheduler_config.json. With a `kind`, its options are taken for that
    /// scheduler, whatever the file's class, as diffusers' `from_config` does.
    ///
    /// # Errors
    /// [`ModelError`] names the key, its value and what is allowed.
    pub fn read(file: &Path, kind: Option<SchedulerKind>) -> Result<Self, ModelError> {
        Self::from_options(Options::read(file)?, kind)
    }

    /// Reads text; `file` names it in messages.
    ///
    /// # Errors
    /// As [`SchedulerConfig::read`].
    pub fn parse(file: &Path, text: &str, kind: Option<SchedulerKind>) -> Result<Self, ModelError> {
        Self::from_options(Options::parse(file, text)?, kind)
    }

    fn from_options(mut options: Options, kind: Option<SchedulerKind>) -> Result<Self, ModelError> {
        let class = options.text("_class_name", None)?;
        let own = SchedulerKind::ALL
            .into_iter()
            .find(|kind| kind.class_name() == class);
        let Some(kind) = kind.or(own) else {
            let allowed = SchedulerKind::ALL.map(SchedulerKind::class_name).join(", ");
            return Err(options.refused("_class_name", format!("{class:?}"), allowed));
        };
        let mut config = Self::new(kind);
        config.read_shared(&mut options)?;
        match kind {
            SchedulerKind::Ddim | SchedulerKind::Ddpm => config.read_ancestral(&mut options)?,
            SchedulerKind::DpmSolver => config.read_dpm(&mut options)?,
            SchedulerKind::Pndm => config.read_pndm(&mut options)?,
        }
        if own == Some(kind) {
            options.finish()?;
        }
        Ok(config)
    }

    fn read_shared(&mut self, options: &mut Options) -> Result<(), ModelError> {
        self.train_timesteps = options.count("num_train_timesteps", Some(1000))?;
        self.beta_start = options.number("beta_start", Some(self.beta_start))?;
        self.beta_end = options.number("beta_end", Some(self.beta_end))?;
        for (key, value) in [("beta_start", self.beta_start), ("beta_end", self.beta_end)] {
            if value >= 1.0 {
                let allowed = "a number between 0 and 1".to_owned();
                return Err(options.refused(key, value.to_string(), allowed));
            }
        }
        self.beta_schedule = options.choice(
            "beta_schedule",
            self.beta_schedule,
            &[
                ("linear", BetaSchedule::Linear),
                ("scaled_linear", BetaSchedule::ScaledLinear),
                ("squaredcos_cap_v2", BetaSchedule::SquaredCosine),
            ],
        )?;
        self.prediction = options.choice(
            "prediction_type",
            self.prediction,
            &[
                ("epsilon", Prediction::Epsilon),
                ("sample", Prediction::Sample),
                ("v_prediction", Prediction::Velocity),
            ],
        )?;
        self.spacing = options.choice(
            "timestep_spacing",
            self.spacing,
            &[
                ("linspace", TimestepSpacing::Linspace),
                ("leading", TimestepSpacing::Leading),
                ("trailing", TimestepSpacing::Trailing),
            ],
        )?;
        if let Some(value) = options
            .take("steps_offset")
            .filter(|value| *value != json!(0))
        {
            options.default_to("steps_offset", value);
            self.steps_offset = options.count("steps_offset", None)?;
        }
        options.only("trained_betas", &[Value::Null])?;
        options.only("thresholding", &[json!(false)])?;
        options.only("rescale_betas_zero_snr", &[json!(false)])?;
        options.ignore(&["dynamic_thresholding_ratio", "sample_max_value"]);
        Ok(())
    }

    fn read_ancestral(&mut self, options: &mut Options) -> Result<(), ModelError> {
        let range = options.number("clip_sample_range", Some(1.0))? as f32;
        self.clip = options.flag("clip_sample", true)?.then_some(range);
        if self.kind == SchedulerKind::Ddim {
            self.final_alpha_one = options.flag("set_alpha_to_one", true)?;
            return Ok(());
        }
        let variances = [("fixed_small", false), ("fixed_large", true)];
        self.large_variance = options.choice("variance_type", false, &variances)?;
        Ok(())
    }

    fn read_dpm(&mut self, options: &mut Options) -> Result<(), ModelError> {
        self.order = options.choice_of("solver_order", 2, &[(json!(1), 1), (json!(2), 2)])?;
        let types = [
            ("midpoint", false),
            ("heun", true),
            ("bh1", false),
            ("bh2", false),
        ];
        self.heun = options.choice("solver_type", false, &types)?;
        self.lower_order_final = options.flag("lower_order_final", true)?;
        self.euler_at_final = options.flag("euler_at_final", false)?;
        let ends = [("zero", true), ("sigma_min", false)];
        self.final_sigma_zero = options.choice("final_sigmas_type", true, &ends)?;
        options.only("algorithm_type", &[json!("dpmsolver++")])?;
        for key in [
            "use_karras_sigmas",
            "use_exponential_sigmas",
            "use_beta_sigmas",
        ] {
            options.only(key, &[json!(false), Value::Null])?;
        }
        for key in ["use_lu_lambdas", "use_flow_sigmas", "use_dynamic_shifting"] {
            options.only(key, &[json!(false), Value::Null])?;
        }
        options.only("lambda_min_clipped", &[Value::Null])?;
        // The variance is never passed on to the scheduler.
        options.ignore(&["variance_type", "flow_shift", "time_shift_type"]);
        Ok(())
    }

    fn read_pndm(&mut self, options: &mut Options) -> Result<(), ModelError> {
        self.final_alpha_one = options.flag("set_alpha_to_one", false)?;
        if !options.flag("skip_prk_steps", false)? {
            let allowed = "true".to_owned();
            return Err(options.refused("skip_prk_steps", "false".to_owned(), allowed));
        }
        if self.prediction == Prediction::Sample {
            let allowed = "\"epsilon\", \"v_prediction\"".to_owned();
            return Err(options.refused("prediction_type", "\"sample\"".to_owned(), allowed));
        }
        // Stable Diffusion's file has them; the class does not look at them.
        options.ignore(&["clip_sample", "clip_sample_range"]);
        Ok(())
    }
}

impl Options {
    /// One of several texts, with its meaning.
    fn choice<T: Copy>(
        &mut self,
        key: &str,
        default: T,
        choices: &[(&str, T)],
    ) -> Result<T, ModelError> {
        let choices: Vec<_> = choices
            .iter()
            .map(|(text, value)| (json!(text), *value))
            .collect();
        self.choice_of(key, default, &choices)
    }

    /// One of several values, with its meaning.
    fn choice_of<T: Copy>(
        &mut self,
        key: &str,
        default: T,
        choices: &[(Value, T)],
    ) -> Result<T, ModelError> {
        let Some(found) = self.take(key) else {
            return Ok(default);
        };
        let choice = choices.iter().find(|(value, _)| *value == found);
        choice.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let list: Vec<String> = choices.iter().map(|(value, _)| value.to_string()).collect();
            self.refused(key, found.to_string(), list.join(", "))
        })
    }
}
