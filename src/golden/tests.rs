//! The golden model against a naive one that clocks every PE register, and
//! against the definitions.

use super::*;

#[test]
fn digits_are_exact_over_the_whole_range() {
    for sum in -32768..=32512 {
        let (hi, lo) = digits(sum);
        assert_eq!(256 * i32::from(hi) + i32::from(lo), sum);
    }
}

#[test]
fn threshold_includes_the_most_negative_syndrome() {
    assert!(exceeds(i32::MIN, 31));
    assert!(!exceeds(i32::MAX, 31));
    assert!(exceeds(-1, 0) && !exceeds(0, 0));
    assert!(exceeds(-1024, 10) && !exceeds(1023, 10));
}
