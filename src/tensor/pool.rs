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
    lengths: HashMap<usize, Length>,
    bytes: usize,
}

/// Vectors of one length.
#[derive(Default)]
struct Length {
    free: Vec<Vec<f32>>,
    /// How many were made because none was free: never more are wanted at a time.
    made: usize,
}

thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}

/// A vector of so many values, whatever they are.
pub fn take(len: usize) -> Vec<f32> {
    let found = POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        let length = pool.lengths.entry(len).or_default();
        let found = length.free.pop();
        match found {
            Some(_) => pool.bytes -= len * size_of::<f32>(),
            None => length.made += 1,
        }
        found
    });
    // A thread that ends has no pool any more.
    found.ok().flatten().unwrap_or_else(|| vec![0.0; len])
}

/// Gives a vector back. One of a length that nobody takes is not kept.
pub(super) fn give(values: Vec<f32>) {
    let bytes = values.len() * size_of::<f32>();
    // Nothing is lost where there is no pool any more.
    let _ = POOL.try_with(|pool| {
        let pool = &mut *pool.borrow_mut();
        let Some(length) = pool.lengths.get_mut(&values.len()) else {
            return;
        };
        if length.free.len() < length.made && pool.bytes + bytes <= KEPT {
            pool.bytes += bytes;
            length.free.push(values);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_come_back_by_length_and_no_more_than_were_wanted() {
        give(vec![7.0; 1234]);
        assert_eq!(take(1234), [0.0; 1234]);
        give(vec![7.0; 1234]);
        give(vec![8.0; 1234]);
        assert_eq!(take(1234), [7.0; 1234]);
        assert_eq!(take(1234), [0.0; 1234]);
        let large: Vec<_> = (0..3).map(|_| take(KEPT / 8)).collect();
        large.into_iter().for_each(give);
        let kept = POOL.with(|pool| pool.borrow().bytes);
        assert!(kept > 0 && kept <= KEPT, "{kept}");
        assert!(take(0).is_empty());
    }
}
