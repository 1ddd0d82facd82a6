//! Area of protections. What the generated RTL has is what synthesis found of it ([`ArrayArea`]): the
//! checksums of every ABFT, DRIFT's rollback with repacking and error monitor, the change of operating
//! points. What it has not (DMR's comparison, Razor flip-flops, other papers' statistics) is counted
//! with the constants of `configs/energy.yaml`.

use super::AreaConstants;
use crate::baseline::ProtectionKind;
use crate::synth::{ArrayArea, MemoryArea};
use serde::Serialize;

/// Bits of a psum.
const PSUM_BITS: f64 = 32.0;

/// What is added to the tile engine without checksums, as shares of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AreaOverhead {
    /// Gates and flip-flops.
    pub logic: f64,
    /// Memory bits; `None` where the record of the sweep does not tell parts apart.
    pub memory: Option<f64>,
}

/// Area of a protection on an array whose areas are in NAND2 equivalents; with the sequencer of
/// operating points where the schedule has several.
///
/// - Repacking and row-major checkpoints are modes of the same unit.
/// - DRIFT without rollback is its checksums: the error monitor is counted with rollback.
/// - Corrections by syndromes and orders to compute a tile again are left to the controller, which is
///   nobody's overhead here.
pub fn area_overhead(
    kind: ProtectionKind,
    several_points: bool,
    array: &ArrayArea,
    constants: &AreaConstants,
) -> AreaOverhead {
    use ProtectionKind as Kind;
    let side = array.size as f64;
    let razor = &constants.razor_nand2_per_psum_bit;
    let psum_bit = razor.value + constants.te_drop_nand2_per_psum_bit.value;
    let logic = match kind {
        Kind::None => 0.0,
        Kind::Dmr => side * constants.compare_nand2_per_column.value / array.plain,
        Kind::Thundervolt => side * side * PSUM_BITS * psum_bit / array.plain,
        Kind::Abft | Kind::DriftKeep | Kind::DriftZero => array.checksums,
        Kind::ApproxAbft => array.checksums + constants.matrix_sum_nand2.value / array.plain,
        Kind::StatisticalAbft => array.checksums + constants.statistics_share.value,
        Kind::Drift | Kind::DriftRowMajor => array.recovery,
    };
    let memory = |memory: &MemoryArea| match kind {
        Kind::None | Kind::Thundervolt => 0.0,
        Kind::Dmr => constants.copy_banks.value * memory.bank as f64 / memory.plain as f64,
        Kind::Abft | Kind::ApproxAbft | Kind::StatisticalAbft => memory.checksums,
        Kind::DriftKeep | Kind::DriftZero => memory.checksums,
        Kind::Drift | Kind::DriftRowMajor => memory.recovery,
    };
    let moved = if several_points { 1.0 } else { 0.0 };
    AreaOverhead {
        logic: logic + moved * (array.dvfs - array.recovery),
        memory: array
            .memory
            .as_ref()
            .map(|parts| memory(parts) + moved * (parts.dvfs - parts.recovery)),
    }
}
