//! Which GEMMs of the images have which faults.

use super::Args;
use anyhow::{Result, bail};
use drift::config::{ArrayConfig, Dataflow};
use drift::fault::Sampler;
use drift::infer::{FaultPlan, ModelSource, Rule, Selector};
use drift::policy::DvfsSchedule;
use drift::tech::Table;

/// The faults of the run; none if no GEMM can have any.
pub fn plan(args: &Args, config: &ArrayConfig) -> Result<Option<FaultPlan>> {
    let sampler = args.faults.drawn(config)?;
    if matches!(sampler, Sampler::None) {
        return Ok(None);
    }
    let selector = Selector {
        steps: args.fault_steps.as_deref().map(steps).transpose()?,
        blocks: args.fault_blocks.clone(),
        layers: args.fault_layers.clone(),
        kinds: None,
    };
    Ok(Some(FaultPlan::new(vec![Rule { selector, sampler }])))
}

/// The timing errors of a schedule.
pub fn scheduled(
    schedule: &DvfsSchedule,
    args: &Args,
    config: &ArrayConfig,
    source: &ModelSource,
) -> Result<FaultPlan> {
    if config.dataflow != Dataflow::Ws {
        bail!(
            "--config {}: dataflow {} is not allowed; expected ws with --schedule: tables are of \
             such a PE",
            args.config,
            config.dataflow
        );
    }
    let table = Table::load(&schedule.tech)?;
    let sampler = |point| -> Result<Sampler> {
        Ok(Sampler::Timing {
            errors: table.errors(point)?.sampled(),
            seed: args.faults.seed,
        })
    };
    let points = schedule.operating_points(&table).into_iter().map(sampler);
    let samplers = points.collect::<Result<Vec<_>>>()?;
    let size = (args.steps, source.denoiser.config().blocks());
    Ok(FaultPlan::of(schedule, size, &samplers))
}

/// `A..B`, both included, as a range without its end.
fn steps(text: &str) -> Result<[usize; 2]> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => Ok([first, last.saturating_add(1)]),
        _ => bail!("--fault-steps {text}: expected A..B with A <= B"),
    }
}
