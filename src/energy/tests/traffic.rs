//! What a GEMM moves.

use super::{config, shape};
use crate::energy::traffic::Traffic;

#[test]
fn traffic_of_a_gemm_by_hand() {
    // 16×16, T = 64: 2 rows of tiles, 3 columns of tiles, 2 passes.
    let gemm = shape("x", None, "linear", (100, 32, 40));
    let found = Traffic::of(&config("default"), false, &gemm, 1e9);
    assert_eq!(found.buffer, 3 * 100 * 32 + 2 * 32 * 40 + 100 * 40);
    assert_eq!(found.accumulators, 4 * (100 * 40 * 3 + 100 * 40));
    assert_eq!((found.weights, found.dram()), (32 * 40, 32 * 40));
    let checked = Traffic::of(&config("default"), true, &gemm, 1e9);
    assert_eq!(checked.accumulators, 4 * (104 * 46 * 3 + 100 * 40));
    assert_eq!(checked.buffer, found.buffer);
    // Nothing fits: X comes once per column of tiles, W once per row of tiles.
    let none = Traffic::of(&config("default"), false, &gemm, 100.0);
    assert_eq!(none.weights, 2 * 32 * 40);
    assert_eq!(none.activations_read, 3 * 100 * 32);
    assert_eq!(none.activations_written, 100 * 40);
    // A row of tiles of X fits into a quarter: it comes once.
    let band = Traffic::of(&config("default"), false, &gemm, 4.0 * 50.0 * 32.0);
    assert_eq!(band.activations_read, 100 * 32);
    // The second operand of a product is an activation.
    let product = shape("x", None, "attn_qk_self", (100, 32, 40));
    let found = Traffic::of(&config("default"), false, &product, 1e9);
    assert_eq!(found.dram(), 0);
    let found = Traffic::of(&config("default"), false, &product, 100.0);
    assert_eq!(
        (found.weights, found.activations_read),
        (0, 3 * 3200 + 2 * 1280)
    );
    let os = Traffic::of(&config("default-os"), false, &gemm, 1e9);
    assert_eq!(os.accumulators, 4 * 2 * 100 * 40);
}

#[test]
fn a_convolution_reads_its_input_once_per_element() {
    for (kind, expected) in [
        ("linear", 4096 * 2880),
        ("conv1x1", 4096 * 2880),
        ("conv3x3", 4096 * 320),
        ("conv3x3s2", 4 * 4096 * 320),
        ("conv2x2s2", 4096 * 2880),
    ] {
        let gemm = shape("x", None, kind, (4096, 2880, 320));
        assert_eq!(gemm.input_elements(), expected, "{kind}");
    }
    let gemm = shape("x", None, "conv3x3", (4096, 2880, 320));
    let found = Traffic::of(&config("tpu"), false, &gemm, 2e6);
    assert_eq!(found.activations_read, 4096 * 320);
}
