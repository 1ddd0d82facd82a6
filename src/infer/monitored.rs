//! Faults of the adaptive mode: the error monitor moves the operating point while GEMMs run, by the
//! flags of the tiles that they are made of.
//!
//! As in the hardware, tile by tile. The flags of a tile come out while the next one is in the array,
//! so that they decide the points from the one after that on; a GEMM begins when everything before it
//! has been looked at. A change in the middle of a tile is not modelled: it counts from the next tile on.
//! Every point draws from streams of its own for each tile, so that a tile has the same faults whatever
//! point its neighbours have.

use crate::config::ArrayConfig;
use crate::fault::{Sampler, TileFaults};
use crate::golden::monitor::Event;
use crate::policy::{Adaptive, Cell, Classes, Policy};
use crate::tiling::Tiling;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// What an image's tiles ran at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointsUsed {
    /// Tiles at each point of the table.
    pub tiles: Vec<u64>,
    /// Cycles in which rows of those tiles enter the array.
    pub cycles: Vec<u64>,
    /// Changes of the point: from, to, how often.
    pub changes: Vec<(u8, u8, u64)>,
    /// Windows that the monitor finished.
    pub windows: u64,
    /// Steps towards nominal.
    pub raises: u64,
    /// Steps back.
    pub lowers: u64,
    /// Windows with a panic.
    pub panics: u64,
}

impl PointsUsed {
    fn ran(&mut self, point: u8, cycles: u64) {
        let point = usize::from(point);
        let room = self.tiles.len().max(point + 1);
        self.tiles.resize(room, 0);
        self.cycles.resize(room, 0);
        self.tiles[point] += 1;
        self.cycles[point] += cycles;
    }

    fn changed(&mut self, from: u8, to: u8, times: u64) {
        let place = self
            .changes
            .binary_search_by_key(&(from, to), |(from, to, _)| (*from, *to));
        match place {
            Ok(at) => self.changes[at].2 += times,
            Err(at) => self.changes.insert(at, (from, to, times)),
        }
    }

    fn event(&mut self, event: Event) {
        self.windows += u64::from(event.window);
        self.raises += u64::from(event.raise);
        self.lowers += u64::from(event.lower);
        self.panics += u64::from(event.panic);
    }

    /// Share of the cycles at each point.
    pub fn shares(&self) -> Vec<f64> {
        let all: u64 = self.cycles.iter().sum();
        let share = |cycles: &u64| *cycles as f64 / all.max(1) as f64;
        self.cycles.iter().map(share).collect()
    }
}

impl AddAssign<&PointsUsed> for PointsUsed {
    fn add_assign(&mut self, other: &PointsUsed) {
        let room = self.tiles.len().max(other.tiles.len());
        self.tiles.resize(room, 0);
        self.cycles.resize(room, 0);
        for (point, (tiles, cycles)) in other.tiles.iter().zip(&other.cycles).enumerate() {
            self.tiles[point] += tiles;
            self.cycles[point] += cycles;
        }
        for &(from, to, times) in &other.changes {
            self.changed(from, to, times);
        }
        self.windows += other.windows;
        self.raises += other.raises;
        self.lowers += other.lowers;
        self.panics += other.panics;
    }
}

/// A schedule that the monitor moves, with what each of its points does to tiles. One per image.
#[derive(Clone, Debug)]
pub struct Monitored {
    policy: Adaptive,
    classes: Classes,
    /// By point; 0 is nominal and has none.
    samplers: Vec<Sampler>,
    /// Point of the last tile.
    at: Option<u8>,
    used: PointsUsed,
}

/// What a point would do to the tiles of a GEMM.
struct AtPoint {
    faults: Vec<(usize, TileFaults)>,
    /// Flagged lines of those tiles.
    flags: Vec<u32>,
}

impl Monitored {
    /// At the start of an image. `samplers` has the faults of every point that the schedule can reach.
    pub fn new(policy: Adaptive, classes: Classes, samplers: Vec<Sampler>) -> Self {
        Self {
            policy,
            classes,
            samplers,
            at: None,
            used: PointsUsed::default(),
        }
    }

    /// The same for another image: streams of its own.
    pub(super) fn map_samplers(&self, change: impl FnMut(&Sampler) -> Sampler) -> Self {
        Self {
            samplers: self.samplers.iter().map(change).collect(),
            ..self.clone()
        }
    }

    /// What the tiles ran at so far.
    pub fn used(&self) -> &PointsUsed {
        &self.used
    }

    /// The cell of a GEMM.
    pub(super) fn cell(&self, step: usize, block: Option<usize>) -> Cell {
        self.classes.cell(step, block)
    }

    /// Runs the tiles of a GEMM, each of so many cycles: the point of each, where `flags` says how many
    /// lines of a tile are flagged at a point.
    fn walk(
        &mut self,
        cell: Cell,
        cycles: &[u64],
        mut flags: impl FnMut(usize, u8) -> u32,
    ) -> Vec<u8> {
        // The point that the next tile starts at, and the one that is wanted after what is known.
        let mut next = self.policy.point(cell);
        let mut points = Vec::with_capacity(cycles.len());
        for (tile, &cycles) in cycles.iter().enumerate() {
            let point = next;
            // The next tile starts before this one's flags are out.
            next = self.policy.point(cell);
            self.moved(point);
            self.used.ran(point, cycles);
            points.push(point);
            let flagged = flags(tile, point);
            self.observe(flagged);
        }
        points
    }

    fn moved(&mut self, point: u8) {
        if let Some(before) = self.at.replace(point)
            && before != point
        {
            self.used.changed(before, point, 1);
        }
    }

    fn observe(&mut self, flagged: u32) {
        let event = self.policy.tile(flagged);
        self.used.event(event);
    }

    /// The faults of a GEMM at the points that its tiles run at, in streaming order. `flags` says
    /// how many lines are flagged in each of the tiles that it is given.
    pub(super) fn faults(
        &mut self,
        (config, tiling): (&ArrayConfig, &Tiling),
        number: usize,
        cell: Cell,
        flags: impl Fn(&[(usize, TileFaults)]) -> Vec<u32>,
    ) -> Vec<(usize, TileFaults)> {
        let passes = tiling.passes() as u64;
        let more = if config.checksum { 2 } else { 0 };
        let cycles = tiling
            .tiles()
            .map(|tile| passes * (tile.rows.len() as u64 + more));
        let cycles: Vec<u64> = cycles.collect();
        let samplers = std::mem::take(&mut self.samplers);
        let mut by_point: BTreeMap<u8, AtPoint> = BTreeMap::new();
        let points = self.walk(cell, &cycles, |tile, point| {
            if point == 0 {
                return 0;
            }
            let found = by_point.entry(point).or_insert_with(|| {
                let faults = samplers[usize::from(point)].faulty_tiles(config, number, tiling);
                let flags = flags(&faults);
                AtPoint { faults, flags }
            });
            let place = found.faults.binary_search_by_key(&tile, |(tile, _)| *tile);
            place.map_or(0, |at| found.flags[at])
        });
        self.samplers = samplers;
        let mut chosen: Vec<(usize, TileFaults)> = Vec::new();
        for (point, found) in by_point {
            let here = found
                .faults
                .into_iter()
                .filter(|(tile, _)| points[*tile] == point);
            chosen.extend(here);
        }
        chosen.sort_by_key(|(tile, _)| *tile);
        chosen
    }

    /// Tiles that are computed again at the nominal point pass the monitor as well, without flags.
    pub(super) fn repeated(&mut self, tiles: u64) {
        for _ in 0..tiles {
            self.observe(0);
        }
    }
}

#[cfg(test)]
mod tests;
