//! What a plan draws.

use super::*;
use crate::config::Dataflow;
use crate::tiling::Tiling;
use std::collections::BTreeSet;

const PLAN: Plan = Plan {
    cases: 2_000,
    arrays: 20,
    seed: 1,
    max_array: 32,
    only: None,
};

#[test]
fn arrays_are_of_every_kind() {
    let arrays: Vec<ArrayConfig> = (0..PLAN.arrays).map(|number| PLAN.array(number)).collect();
    let size = |array: &ArrayConfig| (array.rows, array.columns);
    assert_eq!(size(&arrays[0]), (2, 2));
    assert_ne!(arrays[1].rows, arrays[1].columns);
    assert_eq!(size(&arrays[2]), (32, 32));
    assert!(!arrays[3].checksum);
    for array in &arrays {
        assert!((2..=32).contains(&array.rows) && (2..=32).contains(&array.columns));
        assert!((2..=80).contains(&array.tile_rows));
        assert!(array.dataflow == Dataflow::Ws || array.tile_rows == array.rows);
    }
    let dataflows = |range: std::ops::Range<usize>| -> Vec<Dataflow> {
        arrays[range].iter().map(|array| array.dataflow).collect()
    };
    assert_eq!(dataflows(0..4), [Dataflow::Ws; 4]);
    assert_eq!(dataflows(4..8), [Dataflow::Os; 4]);
    assert!(dataflows(8..20).contains(&Dataflow::Ws) && dataflows(8..20).contains(&Dataflow::Os));
    assert_eq!(size(&arrays[6]), (32, 32));
    assert!(!arrays[7].checksum);
    let sizes: BTreeSet<_> = arrays.iter().map(size).collect();
    assert!(sizes.len() > 15, "{sizes:?}");
    let smallest = Plan {
        max_array: 2,
        ..PLAN
    };
    assert!((0..20).all(|number| size(&smallest.array(number)) == (2, 2)));
}

#[test]
fn cases_are_of_every_kind_and_in_range() {
    let (mut single, mut wide, mut tall, mut deep) = (0, 0, 0, 0);
    let (mut stalled, mut without, mut stuck, mut most) = (0, 0, 0, 0);
    for number in 0..PLAN.cases {
        let case = PLAN.case(number);
        let config = PLAN.array(case.array);
        let (m, k, n) = case.shape();
        let tiling = Tiling::new(&config, m, k, n);
        single += usize::from((m, k, n) == (1, 1, 1));
        wide += usize::from(n > config.columns);
        tall += usize::from(m > config.tile_rows);
        deep += usize::from(tiling.passes() > 4);
        stalled += usize::from(case.stalled());
        without += usize::from(case.faults.is_empty());
        stuck += case.faults.stuck().len();
        most = most.max(case.faults.len());
        for tile in tiling.tiles() {
            for fault in case.faults.tile(0, tile.index) {
                let (pass, row) = (fault.pass as usize, fault.row as usize);
                assert!(pass < tiling.passes());
                let rows = match config.dataflow {
                    Dataflow::Ws => tile.rows.len(),
                    Dataflow::Os => tiling.pass_depth(pass).len(),
                };
                let checksum_row = config.dataflow == Dataflow::Ws
                    && (config.tile_rows..config.pass_rows()).contains(&row);
                assert!(row < rows || checksum_row);
                let (pe_rows, columns) = config.faulty_pes();
                assert!((fault.site.pe_row as usize) < pe_rows);
                assert!((fault.site.pe_column as usize) < columns);
                assert_eq!(fault.xor & !fault.site.register.mask(), 0);
            }
        }
    }
    let counts = [single, wide, tall, deep, stalled, without, stuck];
    assert!(counts.iter().all(|&count| count > 40), "{counts:?}");
    assert_eq!(most, 1000);
}

#[test]
fn a_case_can_be_drawn_alone_and_runs_alone() {
    let short = Plan { cases: 50, ..PLAN };
    let (a, b) = (PLAN.case(41), short.case(41));
    assert_eq!((a.x, a.w, a.faults), (b.x, b.w, b.faults));
    let only = Plan {
        only: Some(41),
        ..PLAN
    };
    let runs: Vec<usize> = (0..20).flat_map(|array| only.cases_of(array)).collect();
    assert_eq!(runs, [41]);
    let all: BTreeSet<usize> = (0..20).flat_map(|array| PLAN.cases_of(array)).collect();
    assert_eq!(all.len(), PLAN.cases);
}
