//! What protections add to an array, as statements about parts that were synthesised.

use crate::baseline::ProtectionKind as Kind;
use crate::energy::{AreaOverhead, Constants, area_overhead};
use crate::synth::{ArrayArea, MemoryArea};

fn array(size: usize, plain: f64) -> ArrayArea {
    ArrayArea {
        size,
        plain,
        checksums: 0.2,
        recovery: 0.4,
        dvfs: 0.41,
        registers: 0.5,
        memory_bits: 0.9,
        memory: Some(MemoryArea {
            plain: 100_000,
            bank: 40_000,
            checksums: 0.1,
            recovery: 0.8,
            dvfs: 0.8,
        }),
        composed: false,
    }
}

fn of(kind: Kind, several_points: bool) -> AreaOverhead {
    let constants = Constants::shipped();
    area_overhead(kind, several_points, &array(16, 344_000.0), &constants.area)
}

#[test]
fn what_the_rtl_has_is_what_was_synthesised() {
    let logic = |kind| of(kind, false).logic;
    assert_eq!(logic(Kind::None), 0.0);
    for kind in [Kind::Abft, Kind::DriftKeep, Kind::DriftZero] {
        assert_eq!(logic(kind), 0.2, "{kind}");
    }
    for kind in [Kind::Drift, Kind::DriftRowMajor] {
        assert_eq!(logic(kind), 0.4, "{kind}");
    }
    for kind in [Kind::ApproxAbft, Kind::StatisticalAbft] {
        assert!(
            logic(kind) > logic(Kind::Abft) && logic(kind) < logic(Kind::Drift),
            "{kind}"
        );
    }
    // A sequencer of points is the same for all.
    for kind in Kind::ALL {
        let more = of(kind, true).logic - logic(kind);
        assert!((more - 0.01).abs() < 1e-12, "{kind}: {more}");
    }
}

#[test]
fn what_it_has_not_grows_with_pes_or_columns() {
    let constants = Constants::shipped();
    let nand2 = |kind, size| {
        let array = array(size, 1e6);
        area_overhead(kind, false, &array, &constants.area).logic * array.plain
    };
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    near(
        nand2(Kind::Thundervolt, 32),
        4.0 * nand2(Kind::Thundervolt, 16),
    );
    near(nand2(Kind::Dmr, 32), 2.0 * nand2(Kind::Dmr, 16));
    // Every psum flip-flop of 5.33 has a shadow, which is no smaller than a latch.
    assert!(nand2(Kind::Thundervolt, 1) > 32.0 * 3.0);
}

#[test]
fn memory_is_told_by_part_or_not_at_all() {
    let memory = |kind| of(kind, false).memory;
    assert_eq!(memory(Kind::Thundervolt), Some(0.0));
    assert_eq!(memory(Kind::Abft), Some(0.1));
    assert_eq!(memory(Kind::Drift), Some(0.8));
    // Both banks once more.
    assert_eq!(memory(Kind::Dmr), Some(0.8));
    let old = ArrayArea {
        memory: None,
        ..array(16, 344_000.0)
    };
    let constants = Constants::shipped();
    assert_eq!(
        area_overhead(Kind::Drift, false, &old, &constants.area).memory,
        None
    );
}
