//! Wrong words in whole columns of PEs: each PE takes the partial sums that the one
//! above has captured, errors included, for each clock period its own.
//!
//! With right partial sums the words of a column could be simulated in any order, at all clock
//! periods at once. But a wrong sum changes what the PEs below have to switch: in
//! sky130 at T/T_crit = 0.87 it makes their errors rarer by a fifth. So all words are
//! simulated with right sums first, at all periods at once, and those that get, or
//! had in the cycle before, a wrong sum at some period are simulated again for this period.

use super::column::Column;
use super::late::LateCounts;
use super::model::DelayModel;
use super::operands::Operands;
use super::parallel::{LANES, Parallel, each_mask};
use super::state::PeState;
use super::sums::run_checked;
use crate::config::ArrayConfig;
use crate::timing::TimingError;
use std::ops::Range;

/// Rows of a pass that are counted together. Rows of one column are alike, so that few of many
/// columns say more than many of few.
const SEGMENT: usize = 16;
/// Rows before them that are simulated, so that what was captured in the cycle before
/// has errors as well.
const RUN_UP: usize = 2;
/// Words that are simulated together: enough that those to be repeated fill batches of [`LANES`].
const BLOCK: usize = 16 * LANES;

/// Wrong words at one clock period.
#[derive(Clone, Debug, Default)]
pub struct RowCounts {
    /// In the first row of a pass, for which the weights are swapped.
    pub first: LateCounts,
    /// In all other rows.
    pub later: LateCounts,
}

impl RowCounts {
    fn new(period: u32) -> Self {
        let counts = || LateCounts {
            period,
            ..LateCounts::default()
        };
        Self {
            first: counts(),
            later: counts(),
        }
    }

    /// Clock period in steps.
    pub fn period(&self) -> u32 {
        self.first.period
    }

    /// Adds up counts of the same clock period.
    pub fn merge(&mut self, other: &Self) {
        self.first.merge(&other.first);
        self.later.merge(&other.later);
    }
}

/// Which words of a column are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassRows {
    /// All.
    All,
    /// Those of first rows only. What was captured in the row before, the last of the
    /// pass before, is taken to be right.
    First,
}

/// Simulates columns in passes drawn evenly until `words` words are counted at each of the
/// ascending `periods`, and calls `progress` with the number of them now and then. What the
/// gates compute is checked against the arithmetic.
///
/// # Errors
/// [`TimingError::Sums`] when the netlist computes another sum;
/// [`TimingError::Workload`].
pub fn count_columns(
    model: &DelayModel,
    operands: &mut Operands<'_>,
    config: &ArrayConfig,
    periods: &[u32],
    rows: PassRows,
    words: u64,
    mut progress: impl FnMut(u64),
) -> Result<Vec<RowCounts>, TimingError> {
    let mut counts: Vec<RowCounts> = periods.iter().map(|p| RowCounts::new(*p)).collect();
    let mut simulators = Simulators::new(model, periods);
    let mut done = 0;
    while done < words {
        let mut block = Block::default();
        while block.words.len() < BLOCK {
            let column = operands.pass(config)?;
            let start = (column.passes - 1) * column.lines;
            let (first, count, run_up) = match rows {
                PassRows::First => (0, 1, 0),
                PassRows::All => {
                    let segment = operands.draw(column.lines.div_ceil(SEGMENT));
                    (segment * SEGMENT, SEGMENT, RUN_UP)
                }
            };
            let last = column.lines.min(first + count);
            block.add(column, start + first..start + last, run_up);
        }
        simulators.run(&block, |place, word, mask| {
            if !block.words[word].counted {
                return;
            }
            let at = &mut counts[place];
            let counts = if block.is_first(word) {
                &mut at.first
            } else {
                &mut at.later
            };
            counts.count(mask);
        })?;
        let counted = block.words.iter().filter(|word| word.counted).count();
        done += (counted * block.pe_rows()) as u64;
        progress(done);
    }
    Ok(counts)
}

/// Words of columns that go through their PEs together.
#[derive(Default)]
struct Block {
    columns: Vec<Column>,
    words: Vec<Word>,
}

/// What one row of a pass makes of a column's PEs.
#[derive(Clone, Copy)]
struct Word {
    column: usize,
    /// Pass · lines + line.
    at: usize,
    /// The word of the cycle before; none where the PE was idle.
    before: Option<usize>,
    /// Otherwise it is only there to be the one before, and right.
    simulated: bool,
    counted: bool,
}

impl Block {
    /// Adds the words of a column that are to be counted, and what comes before them.
    fn add(&mut self, column: Column, counted: Range<usize>, run_up: usize) {
        let first = counted.start.saturating_sub(run_up);
        for at in first.saturating_sub(1)..counted.end {
            let simulated = at >= first;
            let before = self.words.len().checked_sub(1);
            self.words.push(Word {
                column: self.columns.len(),
                at,
                before: before.filter(|_| simulated && at > 0),
                simulated,
                counted: at >= counted.start,
            });
        }
        self.columns.push(column);
    }

    fn is_first(&self, word: usize) -> bool {
        let word = &self.words[word];
        word.at.is_multiple_of(self.columns[word.column].lines)
    }

    fn pe_rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.pe_rows)
    }

    /// The states before and at a word, with these sums from above.
    fn pair(&self, word: usize, pe_row: usize, above: &[i32]) -> (PeState, PeState) {
        let state = |word: usize| {
            let Word { column, at, .. } = self.words[word];
            self.columns[column].state(at, pe_row, above[word])
        };
        let before = self.words[word].before;
        (before.map(state).unwrap_or_default(), state(word))
    }
}

struct Simulators<'m> {
    all: Parallel<'m>,
    each: Vec<Parallel<'m>>,
}

impl<'m> Simulators<'m> {
    fn new(model: &'m DelayModel, periods: &[u32]) -> Self {
        let each = |period: &u32| Parallel::new(model, &[*period]);
        Self {
            all: Parallel::new(model, periods),
            each: periods.iter().map(each).collect(),
        }
    }

    /// Simulates a block, PE row by PE row, and calls `found` with the place of a period, a word
    /// and its mask for every word that was simulated, right ones too.
    fn run(
        &mut self,
        block: &Block,
        mut found: impl FnMut(usize, usize, u32),
    ) -> Result<(), TimingError> {
        let count = block.words.len();
        let simulated: Vec<usize> = (0..count).filter(|w| block.words[*w].simulated).collect();
        let zero = vec![0_i32; count];
        let mut right = zero.clone();
        let mut captured = vec![right.clone(); self.each.len()];
        for pe_row in 0..block.pe_rows() {
            let mut masks = vec![vec![0_u32; count]; self.each.len()];
            simulate(&mut self.all, block, pe_row, &simulated, &right, &mut masks)?;
            for (place, simulator) in self.each.iter_mut().enumerate() {
                let differs = |word: usize| captured[place][word] != right[word];
                let changed = |word: &usize| {
                    differs(*word) || block.words[*word].before.is_some_and(&differs)
                };
                let again: Vec<usize> = simulated.iter().copied().filter(changed).collect();
                let masks = &mut masks[place..=place];
                again.iter().for_each(|word| masks[0][*word] = 0);
                simulate(simulator, block, pe_row, &again, &captured[place], masks)?;
            }
            let product = |word| block.pair(word, pe_row, &zero).1.sum();
            let products: Vec<i32> = (0..count).map(product).collect();
            let add = |sums: &mut [i32]| {
                for (sum, product) in sums.iter_mut().zip(&products) {
                    *sum = sum.wrapping_add(*product);
                }
            };
            add(&mut right);
            for (place, (captured, masks)) in captured.iter_mut().zip(&masks).enumerate() {
                add(captured);
                for (sum, mask) in captured.iter_mut().zip(masks) {
                    *sum ^= *mask as i32;
                }
                for &word in &simulated {
                    found(place, word, masks[word]);
                }
            }
        }
        Ok(())
    }
}

/// Simulates some words of one PE row, and writes the masks of wrong ones, `[period][word]`.
fn simulate(
    simulator: &mut Parallel<'_>,
    block: &Block,
    pe_row: usize,
    words: &[usize],
    above: &[i32],
    masks: &mut [Vec<u32>],
) -> Result<(), TimingError> {
    for words in words.chunks(LANES) {
        let pairs = words.iter().map(|word| block.pair(*word, pe_row, above));
        let (old, new): (Vec<PeState>, Vec<PeState>) = pairs.unzip();
        run_checked(simulator, &old, &new)?;
        for (place, masks) in masks.iter_mut().enumerate() {
            each_mask(simulator.wrong(place), |lane, mask| {
                masks[words[lane]] = mask
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiling::Tiling;
    use crate::timing::dynamic::PeTiming;
    use crate::timing::exact::ExactErrors;
    use crate::timing::liberty::Library;
    use crate::timing::netlist::Netlist;
    use crate::timing::recipe::PE_TOP;
    use crate::workload::{Source, Workload};
    use std::collections::BTreeMap;
    use std::path::Path;

    fn timing() -> PeTiming {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing");
        let netlist = Netlist::read(&data.join("small_pe.json.gz"), PE_TOP).unwrap();
        let library = Library::read(&data.join("small.lib")).unwrap();
        PeTiming::new(&netlist, &library, None).unwrap()
    }

    /// What columns find one by one is what the simulation of the whole tile finds.
    #[test]
    fn columns_are_those_of_the_exact_tile() {
        let timing = timing();
        let config = "rows: 8\ncolumns: 8\ntile_rows: 16\ndataflow: ws\nthreshold_bit: 0\n\
                      checksum: true\nchecksum_domain: shared\n";
        let config = ArrayConfig::from_yaml(config, Path::new("test")).unwrap();
        let workload = Workload::open(&Source::TinyDit, 0).unwrap();
        let gemm = workload.gemm(0).unwrap();
        let tiling = Tiling::new(&config, gemm.m(), gemm.k(), gemm.n());
        let periods = [600, 700, 800];
        let mut simulators = Simulators::new(&timing.model, &periods);
        let tile = tiling.tile(tiling.len() - 1);
        let mut block = Block::default();
        let lanes = config.lanes();
        for lane in 0..lanes {
            let passes = 0..tiling.passes();
            let column = Column::of_tile(&gemm, &tiling, tile.index, passes, lane, &config);
            let all = 0..column.passes * column.lines;
            block.add(column, all, 0);
        }
        let mut found = vec![BTreeMap::new(); periods.len()];
        let lines = tile.rows.len() + 2;
        let mut seen = BTreeMap::new();
        let run = simulators.run(&block, |place, word, mask| {
            let pe_row = seen.entry((place, word)).or_insert(0_usize);
            if mask != 0 {
                let at = &block.words[word];
                found[place].insert((at.at / lines, at.at % lines, *pe_row, at.column), mask);
            }
            *pe_row += 1;
        });
        run.unwrap();
        for (period, found) in periods.iter().zip(found) {
            let x = f64::from(*period) / f64::from(timing.model.resolution());
            let mut exact = ExactErrors::new(&timing.model, x);
            let faults = exact.tile(&config, &tiling, &tile, gemm.x(), gemm.w());
            let line = |row: usize| {
                row - row
                    .saturating_sub(tile.rows.len())
                    .min(config.tile_rows - tile.rows.len())
            };
            let faults: BTreeMap<_, _> = faults
                .iter()
                .map(|f| {
                    let (row, column) = (f.site.pe_row as usize, f.site.pe_column as usize);
                    ((f.pass as usize, line(f.row as usize), row, column), f.xor)
                })
                .collect();
            assert_eq!(found, faults, "{period}");
            assert!(!found.is_empty());
        }
    }

    #[test]
    fn first_rows_alone_are_those_of_whole_columns_where_errors_are_rare() {
        let timing = timing();
        let config = "rows: 8\ncolumns: 8\ntile_rows: 6\ndataflow: ws\nthreshold_bit: 0\n\
                      checksum: true\nchecksum_domain: shared\n";
        let config = ArrayConfig::from_yaml(config, Path::new("test")).unwrap();
        let count = |rows, words| {
            let mut operands = Operands::random(3);
            count_columns(
                &timing.model,
                &mut operands,
                &config,
                &[800],
                rows,
                words,
                |_| {},
            )
            .unwrap()
        };
        let (all, first) = (
            count(PassRows::All, 1 << 18),
            count(PassRows::First, 1 << 15),
        );
        assert_eq!(
            (first[0].later.vectors, all[0].first.vectors * 7),
            (0, all[0].later.vectors)
        );
        assert!(first[0].first.vectors >= 1 << 15);
        let (of_all, alone) = (all[0].first.word_wrong(), first[0].first.word_wrong());
        let sigma = (of_all
            * (1.0 / all[0].first.vectors as f64 + 1.0 / first[0].first.vectors as f64))
            .sqrt();
        assert!(
            of_all > 1e-3 && (of_all - alone).abs() < 8.0 * sigma,
            "{of_all} {alone}"
        );
    }
}
