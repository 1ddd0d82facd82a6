//! What a protection makes of the faults of a GEMM: DRIFT's and those that it is compared with.
//!
//! A [`FaultyGemm`] names the tiles that have faults and what those did, as sparse differences
//! from the exact result. A [`Protection`] sees what its hardware would see (checksums, a second
//! copy, late flip-flops), mends the outputs in place, and says in a [`Work`] what that cost: in
//! events, which [`crate::energy`] turns into joules and seconds.
//!
//! | protection | detects by | mends by |
//! |---|---|---|
//! | [`Unprotected`] | | |
//! | [`Dmr`] | a second copy | recomputing the tile |
//! | [`ThunderVolt`] | Razor flip-flops | giving up the next product |
//! | [`Abft`] | exact checksums | the syndrome, else recomputing the tile |
//! | [`ApproxAbft`] | matrix sum, then row and column sums above thresholds | the syndromes, else recomputing the tile |
//! | [`StatisticalAbft`] | number and magnitude of the deviations | recomputing the tile in a critical region |
//! | [`Drift`] | checksums above 2^θ | elements of a checkpoint |
//!
//! The papers' bodies were not at hand while this was written: abstracts, reviews and, for ReaLM,
//! the authors' repository were. Each file says what could not be checked.
//!
//! A recomputed tile runs at the nominal operating point and is exact.

mod abft;
mod approx_abft;
mod dmr;
mod drift;
mod gemm;
mod kind;
mod per_layer;
mod statistical_abft;
mod syndromes;
mod thundervolt;
mod unprotected;
mod work;

pub use abft::Abft;
pub use approx_abft::{ApproxAbft, Thresholds};
pub use dmr::Dmr;
pub use drift::{Drift, DriftSettings, Recovery, checkpoint_work, rollback_work};
pub use gemm::{FaultyGemm, FaultyTile, Place, recompute_work};
pub use kind::ProtectionKind;
pub use per_layer::PerLayer;
pub use statistical_abft::{Component, CriticalRegion, StatisticalAbft, component};
pub use syndromes::{Flags, Syndromes};
pub use thundervolt::ThunderVolt;
pub use unprotected::Unprotected;
pub use work::Work;

use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

/// What a protection adds to the array, whether anything goes wrong or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hardware {
    /// Nothing.
    Plain,
    /// Every GEMM runs twice.
    Twice,
    /// Razor flip-flops in every PE.
    Razor,
    /// Checksum columns and rows, and their detector.
    Checksums,
}

/// A protection of the array, with what it remembers from one GEMM to the next.
pub trait Protection {
    /// Name in records and reports.
    fn name(&self) -> &str;

    /// What it adds to the array.
    fn hardware(&self) -> Hardware;

    /// Whether [`Protection::mend`] looks at the outputs of a GEMM, of which all but the
    /// tiles is given, and whether any are faulty. Where it does not, it may be given no
    /// outputs and no tiles, and who calls counts the faulty ones.
    fn looks_at(&self, _gemm: &FaultyGemm<'_>, faulty: bool) -> bool {
        faulty
    }

    /// Mends `y`, the M×N outputs with all faults in them, and says what that cost.
    ///
    /// # Panics
    /// When `y` is not M×N, though it is looked at.
    fn mend(&mut self, gemm: &FaultyGemm<'_>, y: ArrayViewMut2<'_, i32>) -> Work;
}

#[cfg(test)]
mod tests;
