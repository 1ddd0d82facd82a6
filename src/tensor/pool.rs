//! Memory of tensors that are gone, for those that come.
//!
//! A forward pass makes the same few sizes again and again. Given back to the system they
//! would be mapped, filled with zeros by it, and unmapped each time, which costs more
//! than much of the arithmetic on them.

use std::cell::RefCell;
use std::collections::HashMap;

/// Bytes that a thread keeps at most.
const KEPT: usize = 128 << 20;

/// Vectors by their length.
#[derive(Default)]
struct Pool {
    free: HashMap<usize, Vec<Vec<f32>>>,
    bytes: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// A vector of so many values, whatever they are.
pub fn take(len: usize) -> Vec<f32> {
    let found = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        let found = pool.free.get_mut(&len).and_then(Vec::pop);
        if found.is_some() {
            pool.bytes -= len * size_of::<f32>();
        }
        found
    });
    // A thread that ends has no pool any more.
    found.ok().flatten().unwrap_or_else(|| vec![0.0; len])
}

/// Gives a vector back.
pub(super) fn give(values: Vec<f32>) {
    let bytes = values.len() * size_of::<f32>();
    // Nothing is lost where there is no pool any more.
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if bytes > 0 && pool.bytes + bytes <= KEPT {
            pool.bytes += bytes;
            pool.free.entry(values.len()).or_default().push(values);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_back_by_length_and_no_more_than_allowed_are_kept() {
        give(vec![7.0; 1234]);
        assert_eq!(take(1234), [7.0; 1234]);
        assert_eq!(take(1234), [0.0; 1234]);
        for _ in 0..3 {
            give(vec![1.0; KEPT / 8]);
        }
        let kept = POOL.with(|pool| pool.borrow().bytes);
        assert!(kept <= KEPT, "{kept}");
        assert!(take(0).is_empty());
    }
}
