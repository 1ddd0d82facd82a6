//! Which GEMM of a workload is which layer of which step, and where the layers'
//! checkpoints lie.
//!
//! GEMMs whose names all begin with a number, as in `25.7.fc1`, are those of step 25;
//! the rest of the name is the layer. In any other workload, all GEMMs are
//! layers of a step, and the steps 0, 1, 2, … repeat them.

use super::SequenceError;
use crate::config::{ArrayConfig, BLOCK_CLASSES, LAYERS, TIMESTEP_CLASSES};
use crate::cosim::Slice;
use crate::golden::{AddressMap, Layout};
use crate::tiling::Tiling;
use crate::workload::Workload;
use std::collections::BTreeMap;

/// Steps of a workload whose names have none, unless [`Limits::steps`] says otherwise.
const DEFAULT_STEPS: usize = 3;
/// Largest number that the step register holds.
const MAX_STEP: u32 = 0xffff;

/// What is left out of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// The first steps only; for names without a step, their number.
    pub steps: Option<usize>,
    /// Only so many tiles of every step, the first ones.
    pub tiles: Option<usize>,
    /// Only this layer, by name or number.
    pub layer: Option<String>,
}

/// A layer: one checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Name without the step.
    pub name: String,
    /// Where its checkpoint lies; `tiles_n` is that of its GEMMs.
    pub map: AddressMap,
    /// M and N of its GEMMs, as far as they are run.
    slice: Slice,
    /// Column of the schedule for its block.
    pub block_class: u32,
}

/// A GEMM to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Number in the workload.
    pub gemm: usize,
    /// `{step}.{layer}`.
    pub name: String,
    /// Denoising step.
    pub step: u32,
    /// Row of the schedule for its step.
    pub timestep_class: u32,
    /// Layer, as in [`Plan::layers`].
    pub layer: usize,
    /// The part of the GEMM that is run.
    pub slice: Slice,
    /// Reduction length.
    pub k: usize,
}

impl Job {
    /// Its tiles.
    pub fn tiling(&self, config: &ArrayConfig) -> Tiling {
        Tiling::new(config, self.slice.m, self.k, self.slice.n)
    }
}

/// A sequence of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Steps in the order in which they run.
    pub steps: Vec<u32>,
    /// Layers of a step; the number of a layer is that in the LAYER register.
    pub layers: Vec<Layer>,
    /// GEMMs in the order in which they run, step after step.
    pub jobs: Vec<Job>,
}

/// A GEMM as the workload lists it.
struct Listed {
    gemm: usize,
    step: u32,
    layer: String,
    m: usize,
    k: usize,
    n: usize,
}

impl Plan {
    /// Plans the steps of a workload; the memory has `capacity` bytes.
    ///
    /// # Errors
    /// [`SequenceError`] when the workload has no such layer, too many of them, a step
    /// beyond 65535, layers that change their shape, or more checkpoints than
    /// memory.
    pub fn new(
        config: &ArrayConfig,
        workload: &Workload,
        layout: Layout,
        limits: &Limits,
        capacity: u64,
    ) -> Result<Self, SequenceError> {
        let listed = list(workload, limits)?;
        let names = layer_names(&listed);
        if names.len() > LAYERS {
            return Err(SequenceError::TooManyLayers {
                workload: workload.name().to_owned(),
                layers: names.len(),
                allowed: LAYERS,
            });
        }
        let chosen = choose(workload, &names, limits)?;
        let mut steps: Vec<u32> = listed.iter().map(|gemm| gemm.step).collect();
        steps.dedup();
        let number: BTreeMap<&str, usize> = names
            .iter()
            .enumerate()
            .map(|(i, name)| (*name, i))
            .collect();
        let mut layers: Vec<Option<Layer>> = vec![None; names.len()];
        let mut jobs = Vec::new();
        let mut left = usize::MAX;
        let mut allocator = Allocator { next: 0, capacity };
        for gemm in &listed {
            let layer = number[gemm.layer.as_str()];
            let position = steps.iter().position(|step| *step == gemm.step);
            let position = position.unwrap_or_default();
            if jobs.last().is_none_or(|job: &Job| job.step != gemm.step) {
                left = limits.tiles.unwrap_or(usize::MAX);
            }
            if chosen.is_some_and(|chosen| chosen != layer) {
                continue;
            }
            let Some(slice) = Slice::of_tiles(config, gemm.m, gemm.n, left) else {
                continue;
            };
            let job = Job {
                gemm: gemm.gemm,
                name: format!("{}.{}", gemm.step, gemm.layer),
                step: gemm.step,
                timestep_class: (position * TIMESTEP_CLASSES / steps.len()) as u32,
                layer,
                slice,
                k: gemm.k,
            };
            left = left.saturating_sub(job.tiling(config).len());
            match &layers[layer] {
                None => {
                    let tiling = job.tiling(config);
                    let map = allocator.place(config, layout, &tiling, slice, &gemm.layer)?;
                    layers[layer] = Some(Layer {
                        name: gemm.layer.clone(),
                        map,
                        slice,
                        block_class: block_class(&names, &gemm.layer),
                    });
                }
                Some(known) if known.slice != slice => {
                    let shape = |slice: Slice| format!("{}x{}", slice.m, slice.n);
                    return Err(SequenceError::Shape {
                        name: job.name,
                        found: shape(slice),
                        expected: shape(known.slice),
                    });
                }
                Some(_) => {}
            }
            jobs.push(job);
        }
        let unused = |(name, layer): (&&str, Option<Layer>)| {
            layer.unwrap_or_else(|| Layer {
                name: (*name).to_owned(),
                map: AddressMap::default(),
                slice: Slice { m: 0, n: 0 },
                block_class: 0,
            })
        };
        Ok(Self {
            layers: names.iter().zip(layers).map(unused).collect(),
            steps,
            jobs,
        })
    }
}

/// The GEMMs with step and layer, sorted by step.
fn list(workload: &Workload, limits: &Limits) -> Result<Vec<Listed>, SequenceError> {
    let shapes: Vec<_> = workload.shapes().collect();
    let split = |name: &str| -> Option<(u32, String)> {
        let (step, layer) = name.split_once('.')?;
        Some((step.parse().ok()?, layer.to_owned()))
    };
    let tags: Option<Vec<(u32, String)>> = shapes.iter().map(|(name, ..)| split(name)).collect();
    let of = |gemm: usize, step: u32, layer: String| {
        let (_, m, k, n) = shapes[gemm];
        Listed {
            gemm,
            step,
            layer,
            m,
            k,
            n,
        }
    };
    let mut listed: Vec<Listed> = match tags {
        Some(tags) => {
            let tags = tags.into_iter().enumerate();
            tags.map(|(gemm, (step, layer))| of(gemm, step, layer))
                .collect()
        }
        None => {
            let steps = limits.steps.unwrap_or(DEFAULT_STEPS) as u32;
            let of_step = |step| {
                let names = shapes.iter().enumerate();
                names.map(move |(gemm, (name, ..))| (gemm, step, (*name).to_owned()))
            };
            (0..steps)
                .flat_map(of_step)
                .map(|(gemm, step, name)| of(gemm, step, name))
                .collect()
        }
    };
    listed.sort_by_key(|gemm| gemm.step);
    if let Some(limit) = limits.steps {
        let mut steps: Vec<u32> = listed.iter().map(|gemm| gemm.step).collect();
        steps.dedup();
        if let Some(&first_out) = steps.get(limit) {
            listed.retain(|gemm| gemm.step < first_out);
        }
    }
    if let Some(last) = listed.last().filter(|gemm| gemm.step > MAX_STEP) {
        return Err(SequenceError::Step {
            workload: workload.name().to_owned(),
            step: last.step,
        });
    }
    number_repeated(&mut listed);
    Ok(listed)
}

/// A name that comes again within a step is another layer.
fn number_repeated(listed: &mut [Listed]) {
    let mut seen: BTreeMap<(u32, String), usize> = BTreeMap::new();
    for gemm in listed {
        let times = seen.entry((gemm.step, gemm.layer.clone())).or_default();
        *times += 1;
        if *times > 1 {
            gemm.layer = format!("{}#{times}", gemm.layer);
        }
    }
}

/// Names of the layers, in the order of their first appearance.
fn layer_names(listed: &[Listed]) -> Vec<&str> {
    let mut known = std::collections::BTreeSet::new();
    let layers = listed.iter().map(|gemm| gemm.layer.as_str());
    layers.filter(|layer| known.insert(*layer)).collect()
}

fn choose(
    workload: &Workload,
    names: &[&str],
    limits: &Limits,
) -> Result<Option<usize>, SequenceError> {
    let Some(wanted) = &limits.layer else {
        return Ok(None);
    };
    let by_name = names.iter().position(|name| name == wanted);
    let by_number = || wanted.parse().ok().filter(|number| *number < names.len());
    match by_name.or_else(by_number) {
        Some(layer) => Ok(Some(layer)),
        None => Err(SequenceError::NoSuchLayer {
            wanted: wanted.clone(),
            workload: workload.name().to_owned(),
            last: names.len() - 1,
            example: names[0].to_owned(),
        }),
    }
}

/// Blocks are the first parts of the layers' names; they share the classes evenly.
fn block_class(names: &[&str], layer: &str) -> u32 {
    let block = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut blocks: Vec<String> = names.iter().map(|name| block(name)).collect();
    blocks.dedup();
    let position = blocks.iter().position(|name| *name == block(layer));
    (position.unwrap_or_default() * BLOCK_CLASSES / blocks.len()) as u32
}

/// Gives every layer the next free addresses, aligned to the stride of its tiles.
struct Allocator {
    next: u64,
    capacity: u64,
}

impl Allocator {
    fn place(
        &mut self,
        config: &ArrayConfig,
        layout: Layout,
        tiling: &Tiling,
        slice: Slice,
        layer: &str,
    ) -> Result<AddressMap, SequenceError> {
        let stride = config.tile_stride() as u64;
        let tiles = tiling.len() as u64;
        let tiles_n = slice.n.div_ceil(config.columns) as u64;
        let base = self.next.next_multiple_of(stride);
        let (header_base, bytes) = match layout {
            Layout::Tile => (base, tiles * stride),
            Layout::RowMajor => {
                let rows = slice.m as u64 * tiles_n * config.row_bytes() as u64;
                (base + rows, rows + tiles * config.memory_bytes as u64)
            }
        };
        self.next = base + bytes;
        if self.next > self.capacity {
            return Err(SequenceError::Memory {
                layer: layer.to_owned(),
                bytes: self.next,
                capacity: self.capacity,
            });
        }
        Ok(AddressMap {
            layout,
            base: base as u32,
            header_base: header_base as u32,
            tiles_n: tiles_n as u32,
        })
    }
}
