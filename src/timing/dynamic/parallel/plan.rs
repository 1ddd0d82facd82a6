//! What has to be computed, and where it is kept.

use crate::timing::dynamic::model::{DelayModel, Node};
use std::ops::Range;

/// The part of a node's waveform that is kept: one word of lanes per step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Steps that are computed, also before the clock edge at 0: before the first the value
    /// is that of the first, after the last it is settled.
    pub(super) computed: Range<i32>,
    /// Steps that are stored, which readers ask for.
    pub(super) stored: Range<i32>,
    /// Place of the first stored step in the store.
    pub(super) at: usize,
}

/// The order of work of one simulation.
///
/// A node at a step depends on its inputs at earlier steps, no further back
/// than their delays: to know what is captured from some step on, only a part
/// of every waveform is needed, from there back to front. Nodes that have
/// settled by then have no waveform at all.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// By node; `None` where the settled value is all that matters.
    pub(super) rows: Vec<Option<Row>>,
    /// Length of the store.
    pub(super) store: usize,
    /// The longest row, with the widest difference of delays.
    pub(super) longest: usize,
}

/// Neutral in unions of ranges.
const NOTHING: Range<i32> = Range {
    start: i32::MAX,
    end: i32::MIN,
};

impl Plan {
    /// For clock periods from `shortest` steps on.
    pub(super) fn new(model: &DelayModel, shortest: u32) -> Self {
        let nodes = model.nodes();
        let first_capture = model.capture(0);
        let mut needed = vec![i32::MAX; nodes];
        let mut stored: Vec<Range<i32>> = vec![NOTHING; nodes];
        let mut computed: Vec<Option<Range<i32>>> = vec![None; nodes];
        let mut longest = 0;
        let mut last_reader = vec![0; nodes];
        for node in (0..nodes).rev() {
            let (first, last) = (
                model.first_change(node) as i32,
                model.last_change(node) as i32,
            );
            let range = if node >= first_capture {
                // Captures are computed from these two ends on, where they are asked for.
                let from = model.captured_at(shortest) as i32;
                (from < last).then_some(from..last)
            } else {
                let from = needed[node].max(first - 1);
                (from < last).then_some(from..last + 1)
            };
            let Some(range) = range else { continue };
            for literal in model.function(node).iter().flat_map(|f| &f.literals) {
                let source = literal.source;
                let from = range.start - literal.spread().0 as i32;
                let to = range.end - literal.shortest() as i32;
                needed[source] = needed[source].min(from);
                let stored = &mut stored[source];
                *stored = stored.start.min(from)..stored.end.max(to);
                last_reader[source] = node.max(last_reader[source]);
                let length = range.len() + literal.spread().1 as usize;
                longest = longest.max(length);
            }
            computed[node] = Some(range);
        }
        let mut store = Store::default();
        let mut rows: Vec<Option<Row>> = vec![None; nodes];
        let mut leaving: Vec<Vec<Node>> = vec![Vec::new(); nodes];
        for node in 0..first_capture {
            if let Some(computed) = computed[node].clone() {
                let stored = &stored[node];
                let stored = stored.start.min(computed.start)..stored.end.max(computed.end);
                let at = store.take(stored.len());
                rows[node] = Some(Row {
                    computed,
                    stored,
                    at,
                });
                leaving[last_reader[node].max(node)].push(node);
            }
            for gone in std::mem::take(&mut leaving[node]) {
                if let Some(row) = &rows[gone] {
                    store.give(row.at..row.at + row.stored.len());
                }
            }
        }
        Self {
            rows,
            store: store.length,
            longest,
        }
    }

    /// Steps of all waveforms.
    pub(super) fn steps(&self) -> usize {
        let rows = self.rows.iter().flatten();
        rows.map(|row| row.computed.len()).sum()
    }
}

/// Places for rows, of which the lowest free one is taken.
#[derive(Default)]
struct Store {
    /// Ascending, apart from each other.
    free: Vec<Range<usize>>,
    length: usize,
}

impl Store {
    fn take(&mut self, length: usize) -> usize {
        if let Some(index) = self.free.iter().position(|range| range.len() >= length) {
            let at = self.free[index].start;
            self.free[index].start += length;
            if self.free[index].is_empty() {
                self.free.remove(index);
            }
            return at;
        }
        // A free piece at the end grows.
        let at = match self.free.last() {
            Some(last) if last.end == self.length => self.free.pop().map_or(0, |r| r.start),
            _ => self.length,
        };
        self.length = at + length;
        at
    }

    fn give(&mut self, range: Range<usize>) {
        let index = self.free.partition_point(|free| free.start < range.start);
        self.free.insert(index, range);
        if self.free.get(index + 1).map(|r| r.start) == Some(self.free[index].end) {
            self.free[index].end = self.free.remove(index + 1).end;
        }
        if index > 0 && self.free[index - 1].end == self.free[index].start {
            self.free[index - 1].end = self.free.remove(index).end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Store;

    #[test]
    fn rows_share_the_store() {
        let mut store = Store::default();
        let places = [store.take(10), store.take(5), store.take(10)];
        assert_eq!((places, store.length), ([0, 10, 15], 25));
        store.give(0..10);
        store.give(10..15);
        assert_eq!((store.take(12), store.take(3), store.length), (0, 12, 25));
        store.give(15..25);
        assert_eq!((store.take(30), store.length), (15, 45));
    }
}
