//! The transient faults of many tiles, in one piece of memory.

use super::types::{Fault, TileFaults};

/// Transient faults tile by tile, in streaming order; no tile is without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileFlips {
    flips: Vec<Fault>,
    /// Tiles, and where the faults of each end.
    tiles: Vec<(usize, usize)>,
}

impl TileFlips {
    /// Forgets all, and keeps the memory.
    pub fn clear(&mut self) {
        self.flips.clear();
        self.tiles.clear();
    }

    /// Number of faults.
    pub fn len(&self) -> usize {
        self.flips.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.flips.is_empty()
    }

    /// Number of tiles that have faults.
    pub fn tiles(&self) -> usize {
        self.tiles.len()
    }

    /// The tiles with their faults, sorted as in [`TileFaults`].
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[Fault])> {
        let starts = std::iter::once(0).chain(self.tiles.iter().map(|(_, end)| *end));
        let tiles = self.tiles.iter().zip(starts);
        tiles.map(|(&(tile, end), start)| (tile, &self.flips[start..end]))
    }

    /// Each tile with faults of its own.
    pub fn to_tiles(&self) -> Vec<(usize, TileFaults)> {
        let faults = |flips: &[Fault]| TileFaults {
            flips: flips.to_vec(),
            stuck: Vec::new(),
        };
        let tiles = self.iter();
        tiles.map(|(tile, flips)| (tile, faults(flips))).collect()
    }

    /// Adds a tile after those that are there, `faults` in any order; none for no fault.
    ///
    /// # Panics
    /// When the tile is not after the last one.
    pub fn push(&mut self, tile: usize, faults: &[Fault]) {
        let start = self.flips.len();
        self.flips.extend_from_slice(faults);
        self.finish(tile, start);
    }

    /// Where a sampler puts the faults of the next tile: behind all others.
    pub(super) fn unfinished(&mut self) -> &mut Vec<Fault> {
        &mut self.flips
    }

    /// Makes the faults from `start` on those of a tile.
    pub(super) fn finish(&mut self, tile: usize, start: usize) {
        let last = self.tiles.last();
        assert!(last.is_none_or(|(last, _)| *last < tile), "tile {tile}");
        TileFaults::normalise_from(&mut self.flips, start);
        if self.flips.len() > start {
            self.tiles.push((tile, self.flips.len()));
        }
    }
}
