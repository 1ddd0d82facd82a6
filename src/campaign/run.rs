//! Running a campaign on threads.

use super::error::CampaignError;
use super::experiment::{Experiment, Record};
use super::job::{Jobs, Shard, digest, job_id};
use super::plan::Plan;
use super::records::{Header, RecordFile};
use super::spec::Spec;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// A record's line as it is written.
#[derive(Serialize)]
struct Written<'a, C, R> {
    job: usize,
    id: &'a str,
    cell: &'a C,
    seed: u64,
    record: &'a R,
}

/// The part of a line that estimates need.
#[derive(Deserialize)]
struct Stored<R> {
    record: R,
}

/// How far a campaign is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Records in the file.
    pub done: usize,
    /// Jobs that are left; fewer if cells end early.
    pub left: usize,
}

/// What a finished campaign did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Records in the file.
    pub records: usize,
    /// Those of them that were there before.
    pub resumed: usize,
    /// Cells that ended before their last seed.
    pub ended_early: usize,
}

/// What the threads share.
struct Shared<'a> {
    plan: Plan,
    file: RecordFile,
    done: usize,
    failure: Option<CampaignError>,
    observer: &'a mut (dyn FnMut(Progress) + Send),
}

/// Wakes the others when a thread panics in a job, so that none waits for it.
struct Alarm<'a, 'b>(&'a Mutex<Shared<'b>>, &'a Condvar, &'a Mutex<bool>);

impl Drop for Alarm<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            // The lock orders this before the next look at the flag.
            let _state = lock(self.0);
            *self.2.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.1.notify_all();
        }
    }
}

/// The state stays usable when a thread panicked: it is changed only between
/// whole records.
fn lock<'a, T>(mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs every job of the shard that is not yet in `file`. The observer hears
/// of every record.
///
/// # Errors
/// [`CampaignError::Foreign`] for the records of another campaign,
/// [`CampaignError::Job`] for the first job that fails; records that are
/// already written stay, and the next run goes on from them.
pub fn run<E: Experiment>(
    experiment: &E,
    spec: &Spec,
    shard: Shard,
    threads: NonZeroUsize,
    file: &Path,
    observer: &mut (dyn FnMut(Progress) + Send),
) -> Result<Outcome, CampaignError> {
    let quantities = E::Record::QUANTITIES;
    if let Some(stop) = &spec.stop
        && !quantities.contains(&stop.quantity.as_str())
    {
        let allowed = format!("one of {}", quantities.join(", "));
        return Err(spec.refused("stop.quantity", &stop.quantity, allowed));
    }
    let jobs = Jobs {
        cells: experiment.cells().len(),
        seeds: spec.seeds,
        shard,
        by_cell: spec.stop.is_some(),
    };
    let header = Header::new(
        &spec.name,
        E::NAME,
        fingerprint(experiment, spec),
        jobs.total(),
        shard,
    );
    let (records, lines, complete) = RecordFile::open(file, &header)?;
    let resumed = lines.len();
    let (mut finished, mut seen) = (Vec::with_capacity(resumed), HashSet::new());
    for (index, line) in lines.iter().enumerate() {
        let damaged = |message: String| CampaignError::Damaged {
            file: file.to_owned(),
            line: index + 2,
            message,
        };
        let (cell, place) = jobs.parts(line.job);
        let known = line.job < jobs.total()
            && job_id(E::NAME, &experiment.cells()[cell], jobs.seed(place)) == line.id;
        if !known || !seen.insert(line.job) {
            let problem = if known {
                "is there twice"
            } else {
                "is unknown"
            };
            return Err(damaged(format!("job {} {problem}", line.id)));
        }
        let stored: Stored<E::Record> = serde_json::from_str(&line.text)
            .map_err(|error| damaged(format!("not a record: {error}")))?;
        finished.push((line.job, measure(spec, &stored.record)));
    }
    let plan = Plan::new(jobs, spec.stop.clone(), finished);
    if let Some(line) = lines.iter().find(|line| !plan.asked_for(line.job)) {
        return Err(CampaignError::Incomplete {
            what: format!(
                "{}: job {} is there before those that decide on it",
                file.display(),
                line.id
            ),
        });
    }
    let shared = Mutex::new(Shared {
        plan,
        file: records,
        done: resumed,
        failure: None,
        observer,
    });
    let (woken, panicked) = (Condvar::new(), Mutex::new(false));
    thread::scope(|scope| {
        for _ in 0..threads.get() {
            scope.spawn(|| {
                let _alarm = Alarm(&shared, &woken, &panicked);
                work(experiment, spec, &jobs, &shared, &woken, &panicked);
            });
        }
    });
    let mut shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    shared.file.synchronise()?;
    if let Some(failure) = shared.failure {
        return Err(failure);
    }
    if !complete {
        shared.file.complete()?;
        shared.file.synchronise()?;
    }
    Ok(Outcome {
        records: shared.done,
        resumed,
        ended_early: shared.plan.ended_early(),
    })
}

/// A thread: job after job until none is left or one has failed.
fn work<E: Experiment>(
    experiment: &E,
    spec: &Spec,
    jobs: &Jobs,
    shared: &Mutex<Shared<'_>>,
    woken: &Condvar,
    panicked: &Mutex<bool>,
) {
    loop {
        let job = {
            let mut state = lock(shared);
            loop {
                if state.failure.is_some() || state.plan.is_complete() || *lock(panicked) {
                    woken.notify_all();
                    return;
                }
                if let Some(job) = state.plan.next() {
                    break job;
                }
                state = woken.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        };
        let (cell, place) = jobs.parts(job);
        let (cell, seed) = (&experiment.cells()[cell], jobs.seed(place));
        let started = Instant::now();
        let result = experiment.run(cell, seed);
        let took = started.elapsed();
        let mut guard = lock(shared);
        let state = &mut *guard;
        let written = match result {
            Ok(record) => {
                let id = job_id(E::NAME, cell, seed);
                let written = Written {
                    job,
                    id: &id,
                    cell,
                    seed,
                    record: &record,
                };
                let line = serde_json::to_string(&written).expect("records are plain data");
                state
                    .file
                    .append(&line, &id, took)
                    .map(|()| measure(spec, &record))
            }
            Err(source) => Err(CampaignError::Job {
                job: format!(
                    "{} with seed {seed}",
                    serde_json::to_string(cell).expect("cells are plain data")
                ),
                source,
            }),
        };
        match written {
            Ok(measure) => {
                state.plan.finish(job, measure);
                state.done += 1;
                (state.observer)(Progress {
                    done: state.done,
                    left: state.plan.left(),
                });
            }
            // The first failure is the one that is told.
            Err(failure) => {
                state.failure.get_or_insert(failure);
            }
        }
        woken.notify_all();
    }
}

/// What the stop rule looks at.
fn measure<R: Record>(spec: &Spec, record: &R) -> Option<super::Measure> {
    let stop = spec.stop.as_ref()?;
    record.measure(&stop.quantity)
}

/// Identity of a campaign's results: everything but its name, the shard and
/// the number of threads.
fn fingerprint<E: Experiment>(experiment: &E, spec: &Spec) -> String {
    digest(&(
        E::NAME,
        experiment.fingerprint(),
        experiment.cells(),
        spec.seeds,
        &spec.stop,
    ))
}
