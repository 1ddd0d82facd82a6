//! Where the faults of a denoising run come from: rules of a selector (which
//! GEMMs) and a sampler (which faults), the first that fits. One seed per image.
//! A schedule of operating points is a rule for each class that is away from nominal; one that the error
//! monitor moves is no rule, but decided tile by tile.

use super::monitored::{Monitored, PointsUsed};
use crate::fault::Sampler;
use crate::model::{GemmKind, GemmTag};
use crate::policy::{Cell, Classes, DvfsSchedule, Schedule};
use serde::{Deserialize, Serialize};

/// Chooses GEMMs; what is not given chooses all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selector {
    /// Denoising steps `[first, end)`, 0 being the noisiest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<[usize; 2]>,
    /// Blocks; −1 stands for what is in no block: embeddings and final layers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Vec<i64>>,
    /// Parts of layer names, such as `attn1.to_q` or `ff.`; one of them must occur.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<String>>,
    /// Kinds of GEMM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Vec<Kind>>,
}

/// A kind of GEMM, whatever its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A fully connected layer.
    Linear,
    /// A convolution.
    Conv,
    /// Scores of an attention: QKᵀ.
    Qk,
    /// Output of an attention: PV.
    Pv,
}

impl From<GemmKind> for Kind {
    fn from(kind: GemmKind) -> Self {
        match kind {
            GemmKind::Linear => Kind::Linear,
            GemmKind::Conv { .. } => Kind::Conv,
            GemmKind::QkSelf | GemmKind::QkCross => Kind::Qk,
            GemmKind::PvSelf | GemmKind::PvCross => Kind::Pv,
        }
    }
}

impl Selector {
    /// Whether it chooses a GEMM.
    pub fn chooses(&self, tag: &GemmTag<'_>) -> bool {
        let block = tag.block.map_or(-1, |block| block as i64);
        self.steps
            .is_none_or(|[first, end]| (first..end).contains(&tag.step))
            && self.blocks.as_ref().is_none_or(|all| all.contains(&block))
            && self
                .layers
                .as_ref()
                .is_none_or(|parts| parts.iter().any(|part| tag.layer.contains(part.as_str())))
            && self
                .kinds
                .as_ref()
                .is_none_or(|kinds| kinds.contains(&tag.kind.into()))
    }
}

/// A selector and what happens to the GEMMs that it chooses.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Which GEMMs.
    pub selector: Selector,
    /// Their faults.
    pub sampler: Sampler,
}

/// All rules of a run, in order of precedence.
#[derive(Clone, Debug, Default)]
pub struct FaultPlan {
    rules: Vec<Rule>,
    /// Instead of rules.
    monitored: Option<Monitored>,
}

impl FaultPlan {
    /// No faults.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same sampler for every GEMM.
    pub fn everywhere(sampler: Sampler) -> Self {
        Self::new(vec![Rule {
            selector: Selector::default(),
            sampler,
        }])
    }

    /// Rules, the first that fits a GEMM counts.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            monitored: None,
        }
    }

    /// The faults of a schedule's file, fixed or adaptive, in a run of `steps` steps and a network of
    /// `blocks` blocks: `samplers` has those of every point. Point 0 is nominal and has none.
    ///
    /// # Panics
    /// When the schedule names a point without a sampler.
    pub fn of(
        schedule: &DvfsSchedule,
        (steps, blocks): (usize, usize),
        samplers: &[Sampler],
    ) -> Self {
        let classes = schedule.classes.classes(steps, blocks);
        match schedule.monitored() {
            None => Self::scheduled(&schedule.schedule, &classes, (steps, blocks), samplers),
            Some(policy) => Self {
                rules: Vec::new(),
                monitored: Some(Monitored::new(policy, classes, samplers.to_vec())),
            },
        }
    }

    /// The faults of a schedule, in a run of `steps` steps and a network of `blocks` blocks:
    /// `samplers` has those of every point. Point 0 is nominal and has none.
    ///
    /// # Panics
    /// When the schedule names a point without a sampler.
    pub fn scheduled(
        schedule: &Schedule,
        classes: &Classes,
        (steps, blocks): (usize, usize),
        samplers: &[Sampler],
    ) -> Self {
        let away = Cell::all().filter(|cell| schedule.of(*cell) > 0);
        let rule = |cell: Cell| {
            let of_block = |block| classes.cell(0, block).block == cell.block;
            let within = (0..blocks).filter(|block| of_block(Some(*block)));
            let outside = of_block(None).then_some(-1);
            let begin = |class: usize| match class {
                0 => 0,
                class => classes.steps.get(class - 1).copied().unwrap_or(steps),
            };
            let class = usize::from(cell.timestep);
            Rule {
                selector: Selector {
                    steps: Some([begin(class), begin(class + 1)]),
                    blocks: Some(
                        outside
                            .into_iter()
                            .chain(within.map(|b| b as i64))
                            .collect(),
                    ),
                    ..Selector::default()
                },
                sampler: samplers[usize::from(schedule.of(cell))].clone(),
            }
        };
        Self::new(away.map(rule).collect())
    }

    /// The plan of one image: the same rules with streams of its own.
    pub fn for_image(&self, image: u64) -> Self {
        let reseed = |sampler: &Sampler| {
            let mut sampler = sampler.clone();
            match &mut sampler {
                Sampler::Uniform { seed, .. }
                | Sampler::Timing { seed, .. }
                | Sampler::Upsets { seed, .. } => *seed = image_seed(*seed, image),
                Sampler::None | Sampler::List(_) => {}
            }
            sampler
        };
        let rule = |rule: &Rule| Rule {
            selector: rule.selector.clone(),
            sampler: reseed(&rule.sampler),
        };
        Self {
            rules: self.rules.iter().map(rule).collect(),
            monitored: self
                .monitored
                .as_ref()
                .map(|monitored| monitored.map_samplers(reseed)),
        }
    }

    /// The adaptive mode of this image.
    pub(super) fn monitored(&mut self) -> Option<&mut Monitored> {
        self.monitored.as_mut()
    }

    /// What its tiles ran at so far.
    pub(super) fn points_used(&self) -> Option<&PointsUsed> {
        self.monitored.as_ref().map(Monitored::used)
    }

    /// The rule that counts for a GEMM and its sampler.
    pub fn sampler(&self, tag: &GemmTag<'_>) -> Option<(usize, &Sampler)> {
        let mut rules = self.rules.iter().enumerate();
        let (index, rule) = rules.find(|(_, rule)| rule.selector.chooses(tag))?;
        Some((index, &rule.sampler))
    }
}

/// The seed of an image's streams: SplitMix64's finaliser (Steele, Lea, Flood 2014) spreads
/// neighbouring seeds and images over all seeds.
pub fn image_seed(seed: u64, image: u64) -> u64 {
    let mut z = seed.wrapping_add(image.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
