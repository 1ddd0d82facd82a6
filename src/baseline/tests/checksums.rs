//! Protections with checksums, fault by fault.

use super::*;

/// 3 × 5 tiles of 4 × 4, K in two passes and a rest.
fn case() -> Case {
    Case::new(array(4, 4, 4, Dataflow::Ws), (11, 10, 18), 7)
}

#[test]
fn syndromes_from_deltas_are_those_of_the_whole_tile() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for round in 0..50 {
        let mut case = case();
        for _ in 0..1 + round % 7 {
            let (row, column) = (below(&mut rng, 6) as u32, below(&mut rng, 6) as u32);
            let xor = 1 << below(&mut rng, 32);
            case.upset(0, 0, row, (below(&mut rng, 4) as u32, column), xor);
        }
        case.faults[0]
            .flips
            .dedup_by_key(|f| (f.pass, f.row, f.site));
        let deltas = &case.spoil().deltas[0];
        let tile = case.tiling.tile(0);
        for theta in [0, 5, 20, 31] {
            let whole = golden::tile(
                &case.config,
                &case.tiling,
                &tile,
                case.x.view(),
                case.w.view(),
                &case.faults[0],
                theta,
            );
            let flags = Syndromes::of(&case.config, 4, deltas).flags(theta);
            let set =
                |flags: &[bool]| -> Vec<usize> { (0..flags.len()).filter(|&i| flags[i]).collect() };
            assert_eq!(flags.rows, set(&whole.row_flags));
            assert_eq!(flags.columns, set(&whole.column_flags));
        }
    }
}

#[test]
fn abft_subtracts_a_single_error_and_recomputes_nothing() {
    let mut case = case();
    case.upset(6, 1, 2, (3, 1), 1 << 9);
    let (y, work) = case.mend(&mut Abft, "layer", 0);
    assert_eq!(y, case.spoil().exact);
    assert_eq!((work.corrected, work.recomputed_tiles), (1, 0));
    assert_eq!((work.faulty_tiles, work.detected_tiles), (1, 1));
}

#[test]
fn abft_recomputes_a_tile_with_two_errors_and_pays_for_it() {
    let mut case = case();
    case.upset(6, 1, 2, (3, 1), 1 << 9);
    case.upset(6, 0, 1, (0, 2), 1);
    let (y, work) = case.mend(&mut Abft, "layer", 0);
    assert_eq!(y, case.spoil().exact);
    assert_eq!((work.corrected, work.recomputed_tiles), (0, 1));
    // 4 + 2 rows and columns, K = 10; three passes of 2R − 1 = 7 cycles.
    assert_eq!(work.recomputed_macs, 6 * 6 * 10);
    assert_eq!(work.nominal_cycles.0, 3 * 7);
    assert_eq!(work.nominal_visits, 1);
}

#[test]
fn a_wrong_checksum_alone_changes_nothing() {
    for (row, column) in [(1, 5), (5, 1)] {
        let mut case = case();
        case.upset(0, 0, row, (2, column), 1 << 3);
        let (y, work) = case.mend(&mut Abft, "layer", 0);
        assert_eq!(y, case.spoil().exact);
        assert_eq!((work.detected_tiles, work.kept_tiles), (1, 1));
        assert_eq!(work.recomputed_tiles + work.corrected, 0);
    }
}

#[test]
fn work_counts_macs_of_outputs_and_of_checksums() {
    let case = case();
    for mut protection in every_protection() {
        let (_, work) = case.mend(protection.as_mut(), "layer", 0);
        assert_eq!(work.macs, 11 * 10 * 18);
        // Three rows of tiles, five columns of tiles, two checksum lines each.
        let extended = (11 + 6) * 10 * (18 + 10);
        let checksums = if protection.hardware() == Hardware::Checksums {
            extended - work.macs
        } else {
            0
        };
        assert_eq!(work.checksum_macs, checksums, "{}", protection.name());
        assert_eq!(work.faulty_tiles + work.detected_tiles, 0);
    }
}

fn approx(matrix: u64, line: u64) -> ApproxAbft {
    let mut thresholds = PerLayer::uniform(Thresholds::default());
    thresholds
        .layers
        .insert("mlp".to_owned(), Thresholds { matrix, line });
    ApproxAbft { thresholds }
}

#[test]
fn approx_abft_ignores_what_lies_below_the_layers_threshold() {
    let mut case = case();
    case.upset(0, 2, 1, (1, 2), 1 << 6);
    let (faulty, exact) = (case.spoil().faulty, case.spoil().exact);
    let mut protection = approx(64, 0);
    let (y, work) = case.mend(&mut protection, "mlp", 0);
    assert_eq!(y, faulty);
    assert_eq!(work.detected_tiles, 0);
    // Another layer has the default: everything counts.
    let (y, work) = case.mend(&mut protection, "attention", 0);
    assert_eq!(y, exact);
    assert_eq!(work.corrected, 1);
}

#[test]
fn approx_abft_corrects_a_line_of_errors_and_leaves_small_ones() {
    let mut case = case();
    // The upsets come last in K, so the deltas are ± the bits; no carry changes other bits.
    case.upset(0, 2, 1, (3, 0), 1 << 20);
    case.upset(0, 2, 1, (3, 2), 1 << 21);
    case.upset(0, 2, 3, (3, 1), 1 << 2);
    let spoilt = case.spoil();
    let (y, work) = case.mend(&mut approx(1000, 1000), "mlp", 0);
    assert_eq!((work.corrected, work.recomputed_tiles), (2, 0));
    let wrong: Vec<i32> = (&y - &spoilt.exact)
        .iter()
        .copied()
        .filter(|d| *d != 0)
        .collect();
    assert_eq!(wrong.len(), 1);
    assert_eq!(wrong[0].unsigned_abs(), 4);
    // With every deviation counted there are two rows and three columns.
    let (y, work) = case.mend(&mut approx(0, 0), "mlp", 0);
    assert_eq!((work.corrected, work.recomputed_tiles), (0, 1));
    assert_eq!(y, spoilt.exact);
}

#[test]
fn statistical_abft_recomputes_in_the_critical_region_alone() {
    let region = CriticalRegion {
        frequency: 2,
        log2_magnitude: 10.0,
        log2_deviation: 12.0,
    };
    for (frequency, deviation, expected) in [
        (0, 0, false),
        (1, 1 << 20, false),
        (2, 1 << 20, true),
        (2, (1 << 12) - 1, false),
        (2, 1 << 12, true),
        (4, 1 << 12, true),
        (5, 1 << 12, false),
    ] {
        assert_eq!(region.contains(frequency, deviation), expected);
    }
    let mut case = case();
    case.upset(0, 2, 1, (3, 0), 1 << 12);
    let spoilt = case.spoil();
    let mut protection = StatisticalAbft {
        sensitive: PerLayer::uniform(CriticalRegion {
            frequency: 1,
            ..region
        }),
        resilient: PerLayer::uniform(region),
    };
    let (y, work) = case.mend(&mut protection, "blocks.0.attn1.to_q", 0);
    assert_eq!(y, spoilt.faulty);
    assert_eq!((work.kept_tiles, work.recomputed_tiles), (1, 0));
    let (y, work) = case.mend(&mut protection, "blocks.0.attn1.to_out.0", 0);
    assert_eq!(y, spoilt.exact);
    assert_eq!((work.kept_tiles, work.recomputed_tiles), (0, 1));
}

#[test]
fn layers_that_write_to_the_residual_stream_are_sensitive() {
    for (layer, block, expected) in [
        (
            "transformer_blocks.3.attn1.to_q",
            Some(3),
            Component::Resilient,
        ),
        (
            "transformer_blocks.3.attn1.to_out.0",
            Some(3),
            Component::Sensitive,
        ),
        (
            "transformer_blocks.3.ff.net.0.proj",
            Some(3),
            Component::Resilient,
        ),
        (
            "transformer_blocks.3.ff.net.2",
            Some(3),
            Component::Sensitive,
        ),
        ("pos_embed.proj", None, Component::Sensitive),
    ] {
        assert_eq!(component(layer, block), expected, "{layer}");
    }
}
