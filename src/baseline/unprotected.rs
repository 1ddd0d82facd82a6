//! No protection: errors stay. The array has no checksums.

use super::{FaultyGemm, Hardware, Protection, Work};
use ndarray::ArrayViewMut2;

/// The array as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unprotected;

impl Protection for Unprotected {
    fn name(&self) -> &str {
        "none"
    }

    fn hardware(&self) -> Hardware {
        Hardware::Plain
    }

    fn looks_at(&self, _gemm: &FaultyGemm<'_>, _faulty: bool) -> bool {
        false
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, _y: ArrayViewMut2<'_, i32>) -> Work {
        gemm.plain_work(false)
    }
}
