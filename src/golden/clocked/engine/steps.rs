//! The front of the output-stationary engine (`drift_step_sequencer`,
//! `drift_weight_buffer`, `drift_tag_pipeline`).

use super::walker::Walker;
use super::{EngineInputs, Front, Operands, bytes};
use crate::config::ArrayConfig;
use ndarray::Array2;
use std::collections::VecDeque;

/// Beats that the weight buffer holds.
const HELD: usize = 2;

/// Accepts steps, and follows the rows of finished tiles out of the array.
pub(super) struct Steps {
    config: ArrayConfig,
    /// The weight stream, and the steps.
    weights: Position,
    steps: Position,
    /// Beats in the weight buffer.
    held: usize,
    /// Cycles until the last accepted step has passed the whole array; after a
    /// reset, until what it held has.
    flight: usize,
    bank: usize,
    bank_busy: [bool; 2],
    leaving: Option<Leaving>,
    /// Rows on their way beside the array, the youngest first. A bank stands for
    /// the end of the tile in it.
    tags: VecDeque<Option<Tag>>,
    /// Tiles whose operands are arriving or complete, the oldest first.
    tiles: VecDeque<Operands>,
    /// Tiles whose steps have all been accepted, but which are not complete.
    tiles_ahead: usize,
}

/// A stream's position within a GEMM.
struct Position {
    walker: Walker,
    /// Step of the pass.
    step: usize,
}

impl Position {
    fn ends_pass(&self) -> bool {
        self.step + 1 == self.walker.depth()
    }

    fn ends_tile(&self) -> bool {
        self.ends_pass() && self.walker.last_pass()
    }

    /// k of the step, given R.
    fn k(&self, rows: usize) -> usize {
        self.walker.pass() * rows + self.step
    }

    fn tick(&mut self, load: bool, dims: (usize, usize, usize), accepted: bool) {
        let ends_pass = accepted && self.ends_pass();
        if accepted {
            self.step = if ends_pass { 0 } else { self.step + 1 };
        }
        self.walker.tick(load, dims, ends_pass);
    }
}

/// The tile that leaves the array: which PE row next, for which bank.
#[derive(Clone, Copy)]
struct Leaving {
    pe_row: usize,
    data_rows: usize,
    bank: usize,
}

#[derive(Clone, Copy)]
struct Tag {
    ends_tile_in: Option<usize>,
}

impl Steps {
    pub fn new(config: &ArrayConfig) -> Self {
        let position = || Position {
            walker: Walker::new(config),
            step: 0,
        };
        Self {
            weights: position(),
            steps: position(),
            held: 0,
            flight: flight(config),
            bank: 0,
            bank_busy: [false; 2],
            leaving: None,
            // Three stages to the bottom of column 0, and one per column.
            tags: vec![None; 3 + config.lanes()].into(),
            tiles: VecDeque::new(),
            tiles_ahead: 0,
            config: config.clone(),
        }
    }

    fn last_pe_row(&self) -> usize {
        self.config.pe_rows() - 1
    }

    /// Tag of the row that leaves the array next; PE rows beyond the data rows
    /// have none.
    fn tag(&self) -> Option<Tag> {
        let leaving = self.leaving?;
        let is_data = leaving.pe_row < leaving.data_rows;
        if !is_data && leaving.pe_row < self.config.rows {
            return None;
        }
        let last = if self.config.checksum {
            self.last_pe_row()
        } else {
            leaving.data_rows - 1
        };
        Some(Tag {
            ends_tile_in: (leaving.pe_row == last).then_some(leaving.bank),
        })
    }

    fn accepts_step(&self, inputs: &EngineInputs) -> bool {
        self.act_ready(inputs.pause_i) && inputs.s_axis_act_tvalid_i
    }

    fn accepts_weight(&self, inputs: &EngineInputs) -> bool {
        self.weight_ready(inputs.pause_i) && inputs.s_axis_weight_tvalid_i
    }
}

/// Cycles that a step takes through the array.
fn flight(config: &ArrayConfig) -> usize {
    config.pe_rows() + config.lanes() + 1
}

impl Front for Steps {
    fn flushed(&self) -> bool {
        self.flight == 0
    }

    fn active(&self) -> bool {
        self.steps.walker.active() || self.bank_busy.contains(&true)
    }

    fn quiet(&self, inputs: &EngineInputs) -> bool {
        let tags_empty = self.tag().is_none() && self.tags.iter().all(Option::is_none);
        inputs.pause_i && self.flight == 0 && tags_empty
    }

    fn act_ready(&self, pause: bool) -> bool {
        if !self.steps.walker.active() || self.held == 0 || pause {
            return false;
        }
        // The tile before must have left the array when this one is complete.
        let array_free = self
            .leaving
            .is_none_or(|leaving| leaving.pe_row == self.last_pe_row());
        !self.steps.ends_tile() || (array_free && !self.bank_busy[self.bank])
    }

    fn weight_ready(&self, pause: bool) -> bool {
        self.weights.walker.active() && self.held < HELD && !pause
    }

    fn receive(&mut self, inputs: &EngineInputs) {
        let rows = self.config.rows;
        if self.accepts_weight(inputs) {
            let k = self.weights.k(rows);
            let tile = self.weights.walker.tile();
            if k == 0 {
                let depth = self.weights.walker.total_depth();
                self.tiles.push_back(Operands {
                    x: Array2::zeros((tile.rows.len(), depth)),
                    w: Array2::zeros((depth, tile.columns.len())),
                });
            }
            let operands = self.tiles.back_mut().expect("opened by its first weight");
            let beat = bytes(&inputs.s_axis_weight_tdata_i);
            for (value, byte) in operands.w.row_mut(k).iter_mut().zip(beat) {
                *value = byte;
            }
        }
        if self.accepts_step(inputs) {
            let k = self.steps.k(rows);
            let operands = &mut self.tiles[self.tiles_ahead];
            let beat = bytes(&inputs.s_axis_act_tdata_i);
            for (value, byte) in operands.x.column_mut(k).iter_mut().zip(beat) {
                *value = byte;
            }
        }
    }

    fn tile_done(&self) -> Option<usize> {
        self.tags.back().copied().flatten()?.ends_tile_in
    }

    fn finished(&mut self) -> Operands {
        self.tiles_ahead -= 1;
        self.tiles.pop_front().expect("its steps have passed")
    }

    fn tick(
        &mut self,
        load: bool,
        dims: (usize, usize, usize),
        inputs: &EngineInputs,
        released: Option<usize>,
    ) {
        let (step, weight) = (self.accepts_step(inputs), self.accepts_weight(inputs));
        let tag = self.tag();
        self.tags.pop_back();
        self.tags.push_front(tag);
        if let Some(bank) = released {
            self.bank_busy[bank] = false;
        }
        let last_pe_row = self.last_pe_row();
        self.leaving = self
            .leaving
            .filter(|leaving| leaving.pe_row < last_pe_row)
            .map(|leaving| Leaving {
                pe_row: leaving.pe_row + 1,
                ..leaving
            });
        if step && self.steps.ends_tile() {
            self.leaving = Some(Leaving {
                pe_row: 0,
                data_rows: self.steps.walker.tile().rows.len(),
                bank: self.bank,
            });
            self.bank_busy[self.bank] = true;
            self.bank = 1 - self.bank;
            self.tiles_ahead += 1;
        }
        self.flight = if step {
            flight(&self.config)
        } else {
            self.flight.saturating_sub(1)
        };
        self.held = self.held + usize::from(weight) - usize::from(step);
        self.steps.tick(load, dims, step);
        self.weights.tick(load, dims, weight);
    }
}
