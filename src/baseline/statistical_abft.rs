//! Statistical ABFT, ReaLM (arXiv 2503.24053, DAC 2025): a tile is computed again only when its
//! errors lie in the critical region of frequency and magnitude.
//!
//! Followed from the abstract and the authors' repository (2000012835xt/ReaLM-DAC): errors are
//! described by how many there are (frequency) and how large they are (magnitude); their product is
//! the matrix-sum deviation (MSD), which a small circuit collects with the count while a GEMM runs;
//! thresholds differ between network components, those before a normalisation being the sensitive
//! ones.
//!
//! Not verified, as the paper's body was not at hand:
//! - the shape of the region. Here: it is bounded below in count, in mean magnitude and in MSD.
//! - what is counted. Here: columns whose deviation is not zero, and the sum of their magnitudes;
//!   signs do not cancel, as they do in a plain sum.
//! - the thresholds. Those here are starting points, to be found by error injection for a model.

use super::{FaultyGemm, Hardware, PerLayer, Protection, Syndromes, Work};
use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

/// How a layer bears errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Component {
    /// A few large errors spoil the result: a normalisation follows on the residual stream.
    Sensitive,
    /// Errors stay within the layer.
    Resilient,
}

/// The component that a layer of the diffusers library belongs to: what writes to the residual
/// stream, which every block normalises, is sensitive, and so are embeddings and final layers.
pub fn component(layer: &str, block: Option<usize>) -> Component {
    let writes_to_residual = ["to_out.0", "net.2", "proj_out", "conv2", "conv_shortcut"];
    if block.is_none() || writes_to_residual.iter().any(|end| layer.ends_with(end)) {
        Component::Sensitive
    } else {
        Component::Resilient
    }
}

/// Errors that are at least so many, so large, and so large together are computed again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalRegion {
    /// Columns of a tile that deviate; at least 1 counts.
    pub frequency: u64,
    /// log2 of the mean magnitude of their deviations.
    pub log2_magnitude: f64,
    /// log2 of the sum of the magnitudes.
    pub log2_deviation: f64,
}

impl CriticalRegion {
    /// Starting point for a component.
    pub fn starting_point(component: Component) -> Self {
        match component {
            Component::Sensitive => Self {
                frequency: 1,
                log2_magnitude: 10.0,
                log2_deviation: 12.0,
            },
            Component::Resilient => Self {
                frequency: 2,
                log2_magnitude: 14.0,
                log2_deviation: 18.0,
            },
        }
    }

    /// Whether errors of this count and sum of magnitudes lie in the region.
    pub fn contains(&self, frequency: u64, deviation: u64) -> bool {
        let log2 = |value: f64| value.log2();
        frequency >= self.frequency.max(1)
            && log2(deviation as f64 / frequency as f64) >= self.log2_magnitude
            && log2(deviation as f64) >= self.log2_deviation
    }
}

/// Checksums with statistics of the errors.
#[derive(Clone, Debug)]
pub struct StatisticalAbft {
    /// Region of sensitive layers.
    pub sensitive: PerLayer<CriticalRegion>,
    /// Region of resilient layers.
    pub resilient: PerLayer<CriticalRegion>,
}

impl Default for StatisticalAbft {
    fn default() -> Self {
        let region = |component| PerLayer::uniform(CriticalRegion::starting_point(component));
        Self {
            sensitive: region(Component::Sensitive),
            resilient: region(Component::Resilient),
        }
    }
}

impl Protection for StatisticalAbft {
    fn name(&self) -> &str {
        "statistical-abft"
    }

    fn hardware(&self) -> Hardware {
        Hardware::Checksums
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, mut y: ArrayViewMut2<'_, i32>) -> Work {
        let mut work = gemm.plain_work(true);
        let regions = match component(gemm.place.layer, gemm.place.block) {
            Component::Sensitive => &self.sensitive,
            Component::Resilient => &self.resilient,
        };
        let region = *regions.of(gemm.place.layer);
        for faulty in gemm.tiles {
            let data_rows = faulty.tile.rows.len();
            let syndromes = Syndromes::of(gemm.config, data_rows, faulty.deltas);
            let frequency = syndromes.columns.len() as u64;
            if frequency == 0 {
                continue;
            }
            work.detected_tiles += 1;
            let magnitudes = syndromes.columns.iter().map(|(_, e)| e.unsigned_abs());
            let deviation: u64 = magnitudes.map(u64::from).sum();
            if region.contains(frequency, deviation) {
                gemm.recompute(faulty, true, &mut y, &mut work);
            } else {
                work.kept_tiles += 1;
            }
        }
        work
    }
}
