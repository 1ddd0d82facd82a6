//! Protections without checksums.

use super::*;

#[test]
fn without_protection_errors_stay() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (5, 6, 7), 1);
    case.upset(0, 0, 0, (0, 0), 1 << 30);
    let (y, work) = case.mend(&mut Unprotected, "layer", 0);
    assert_eq!(y, case.spoil().faulty);
    assert_eq!(work.faulty_tiles, 1);
}

#[test]
fn dmr_is_exact_and_pays_twice() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (8, 6, 12), 2);
    case.upset(1, 0, 0, (0, 0), 1);
    case.upset(4, 1, 2, (0, 3), 1 << 31);
    // In a checksum column, which this array does not have.
    case.upset(5, 0, 0, (0, 4), 1);
    let (y, work) = case.mend(&mut Dmr, "layer", 0);
    assert_eq!(y, case.spoil().exact);
    assert_eq!(work.redundant_macs, work.macs);
    assert_eq!(work.recomputed_tiles, 4);
    assert_eq!(work.recomputed_macs, 4 * 4 * 4 * 6);
    // With every tile spoilt there are no others.
    for tile in 0..6 {
        case.upset(tile, 0, 3, (3, 1), 1);
    }
    assert_eq!(case.mend(&mut Dmr, "layer", 0).1.recomputed_tiles, 6);
}

/// The product that element (row, column) of the GEMM takes in at step k.
fn product(case: &Case, row: usize, column: usize, k: usize) -> i32 {
    i32::from(case.x[[row, k]]) * i32::from(case.w[[k, column]])
}

#[test]
fn te_drop_gives_up_the_product_of_the_next_pe() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (11, 10, 18), 3);
    // Tile 6 covers rows 4..8 and columns 4..8; pass 1 covers k 4..8.
    case.upset(6, 1, 2, (1, 3), 0x8000_0001);
    let (y, work) = case.mend(&mut ThunderVolt, "layer", 0);
    let mut expected = case.spoil().exact;
    expected[[6, 7]] -= product(&case, 6, 7, 6);
    assert_eq!(y, expected);
    assert_eq!((work.razor_corrections, work.dropped_products), (1, 1));
    assert_eq!(work.recomputed_tiles, 0);
}

#[test]
fn the_last_pe_of_a_column_loses_nothing_and_neither_do_padded_ones() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (11, 10, 18), 3);
    case.upset(0, 0, 0, (3, 0), 1);
    // The last pass covers k 8 and 9: nothing is below PE row 1.
    case.upset(0, 2, 1, (1, 1), 1);
    case.upset(0, 2, 2, (3, 2), 1);
    let (y, work) = case.mend(&mut ThunderVolt, "layer", 0);
    assert_eq!(y, case.spoil().exact);
    assert_eq!((work.razor_corrections, work.dropped_products), (3, 0));
}

#[test]
fn a_mac_that_gives_up_its_product_is_not_late() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (4, 4, 4), 4);
    for pe_row in 0..3 {
        case.upset(0, 0, 1, (pe_row, 2), 1 << 5);
    }
    let (y, work) = case.mend(&mut ThunderVolt, "layer", 0);
    let mut expected = case.spoil().exact;
    // PE 0 is late, 1 gives up, 2 is late, 3 gives up.
    expected[[1, 2]] -= product(&case, 1, 2, 1) + product(&case, 1, 2, 3);
    assert_eq!(y, expected);
    assert_eq!((work.razor_corrections, work.dropped_products), (2, 2));
}

#[test]
fn in_an_output_stationary_array_the_same_pe_gives_up_the_next_step() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Os), (5, 10, 4), 5);
    // Step 7 is pass 1, row 3; the last step is 9: pass 2, row 1.
    case.upset(0, 1, 3, (2, 1), 1 << 31);
    case.upset(1, 2, 1, (0, 0), 1 << 31);
    let (y, work) = case.mend(&mut ThunderVolt, "layer", 0);
    let mut expected = case.spoil().exact;
    expected[[2, 1]] -= product(&case, 2, 1, 8);
    assert_eq!(y, expected);
    assert_eq!((work.razor_corrections, work.dropped_products), (2, 1));
}

#[test]
fn razor_does_not_see_other_registers() {
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (4, 4, 4), 6);
    case.upset(0, 0, 0, (0, 0), 1 << 31);
    let mut activation = case.faults[0].flips[0];
    activation.row = 2;
    activation.site.register = Register::Activation;
    activation.xor = 0x40;
    case.faults[0].flips.push(activation);
    let (y, work) = case.mend(&mut ThunderVolt, "layer", 0);
    let spoilt = case.spoil();
    assert_eq!(y.row(2), spoilt.faulty.row(2));
    assert_ne!(y.row(2), spoilt.exact.row(2));
    let mut first = spoilt.exact.row(0).to_owned();
    first[0] -= product(&case, 0, 0, 1);
    assert_eq!(y.row(0), first);
    assert_eq!(work.dropped_products, 1);
}

#[test]
fn a_tile_more_costs_its_passes_or_its_steps() {
    let interval = super::super::gemm::tile_interval;
    // 12 + 2 rows for each of three passes; the weight load of 2R − 1 cycles is shorter.
    let ws = array(4, 4, 12, Dataflow::Ws);
    assert_eq!(interval(&ws, 9, true).0, 3 * 14);
    assert_eq!(interval(&ws, 9, false).0, 3 * 12);
    // It is longer here.
    assert_eq!(interval(&array(8, 4, 4, Dataflow::Ws), 40, true).0, 5 * 15);
    // K steps, or the rows of PEs that the tile before leaves one after the other.
    let os = array(5, 3, 5, Dataflow::Os);
    assert_eq!(interval(&os, 30, true).0, 30);
    assert!(interval(&os, 1, true).0 >= 7);
}
