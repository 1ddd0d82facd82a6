//! Which jobs are due. Without a stop rule all of them at once; with one, a
//! cell's next seeds become due when the decision on the former ones is made.

use super::experiment::Measure;
use super::job::Jobs;
use super::spec::Stop;
use std::collections::BTreeSet;

/// A cell's seeds.
struct Cell {
    /// What was measured, by place of the seed; the measure is empty when
    /// nothing is to be decided.
    done: Vec<Option<Option<Measure>>>,
    /// Seeds that are due or done, counted from the first.
    limit: usize,
    /// Whether no more become due.
    closed: bool,
}

/// The state of a campaign.
pub(super) struct Plan {
    jobs: Jobs,
    stop: Option<Stop>,
    cells: Vec<Cell>,
    /// Due and not handed out, as (place of the seed, cell): the first seed of
    /// every cell comes before the second of any.
    due: BTreeSet<(usize, usize)>,
    /// Handed out and not finished.
    running: usize,
}

impl Plan {
    /// A plan with the jobs in `finished` already done.
    pub fn new(
        jobs: Jobs,
        stop: Option<Stop>,
        finished: impl IntoIterator<Item = (usize, Option<Measure>)>,
    ) -> Self {
        let cells = (0..jobs.cells).map(|_| Cell {
            done: vec![None; jobs.seeds.count],
            limit: 0,
            closed: false,
        });
        let mut plan = Self {
            jobs,
            stop,
            cells: cells.collect(),
            due: BTreeSet::new(),
            running: 0,
        };
        for (job, measure) in finished {
            let (cell, place) = jobs.parts(job);
            plan.cells[cell].done[place] = Some(measure);
        }
        for cell in 0..jobs.cells {
            plan.advance(cell);
        }
        plan
    }

    /// Hands out the next job that is due.
    pub fn next(&mut self) -> Option<usize> {
        let (place, cell) = self.due.pop_first()?;
        self.running += 1;
        Some(self.jobs.number(cell, place))
    }

    /// Takes the result of a job that was handed out.
    pub fn finish(&mut self, job: usize, measure: Option<Measure>) {
        let (cell, place) = self.jobs.parts(job);
        self.cells[cell].done[place] = Some(measure);
        self.running -= 1;
        self.advance(cell);
    }

    /// Whether every job is done.
    pub fn is_complete(&self) -> bool {
        self.due.is_empty() && self.running == 0
    }

    /// Jobs that are due, running or may still become due.
    pub fn left(&self) -> usize {
        let later = self.cells.iter().enumerate().map(|(index, cell)| {
            let later = cell.limit..self.jobs.seeds.count;
            let open = !cell.closed;
            later
                .filter(|&place| open && self.jobs.owns(index, place))
                .count()
        });
        self.due.len() + self.running + later.sum::<usize>()
    }

    /// Cells that ended before their last seed.
    pub fn ended_early(&self) -> usize {
        let early = |cell: &&Cell| cell.closed && cell.limit < self.jobs.seeds.count;
        self.cells.iter().filter(early).count()
    }

    /// Whether a job is among those that the plan ever asked for.
    pub fn asked_for(&self, job: usize) -> bool {
        let (cell, place) = self.jobs.parts(job);
        self.jobs.owns(cell, place) && place < self.cells[cell].limit
    }

    /// Makes the next seeds of a cell due if all former ones are done and do
    /// not suffice.
    fn advance(&mut self, index: usize) {
        let seeds = self.jobs.seeds.count;
        loop {
            let owned = |place: &usize| self.jobs.owns(index, *place);
            let cell = &mut self.cells[index];
            let waiting = (0..cell.limit)
                .filter(owned)
                .any(|p| cell.done[p].is_none());
            if cell.closed || waiting {
                return;
            }
            let enough = cell.limit > 0
                && self
                    .stop
                    .as_ref()
                    .is_some_and(|stop| tight(&cell.done[..cell.limit], stop));
            if enough || cell.limit == seeds {
                cell.closed = true;
                return;
            }
            let from = cell.limit;
            cell.limit = match &self.stop {
                None => seeds,
                Some(stop) if from == 0 => stop.least.min(seeds),
                Some(stop) => (from + stop.batch).min(seeds),
            };
            let new = (from..cell.limit).filter(owned);
            let due = new.filter(|&place| cell.done[place].is_none());
            self.due.extend(due.map(|place| (place, index)));
        }
    }
}

/// Whether the confidence interval of a complete prefix is tight enough.
fn tight(done: &[Option<Option<Measure>>], stop: &Stop) -> bool {
    let measures: Vec<Measure> = done.iter().copied().flatten().flatten().collect();
    Measure::estimate(&measures, stop.confidence)
        .and_then(|estimate| estimate.interval)
        .is_some_and(|[low, high]| (high - low) / 2.0 <= stop.half_width)
}
