//! What protection costs in square arrays of many sizes, in minutes.
//!
//! Each part of the accelerator is synthesised by itself, which is much faster
//! than all of it in one run. Engine and recovery of large arrays are composed of
//! those of small ones, see [`super::compose`].

use super::SynthError;
use super::area::synthesise;
use super::compose::{SAMPLES, compose};
use super::mapping::CellLibrary;
use super::protection::Protection;
use super::stat::{Counts, DesignArea};
use crate::rtl;
use crate::tool::Yosys;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

/// Yosys processes at a time.
const PROCESSES: usize = 2;

/// Part of `drift_recovery` that is synthesised at every size: how a row is cut
/// into beats depends on whether it is wider than one.
const REPACKER: &str = "drift_repacker";
const RECOVERY: &str = "drift_recovery";
const MONITOR: &str = "drift_error_monitor";
const SEQUENCER: &str = "drift_sequencer";
/// Part of the engine that is the same with and without checksums.
const COLUMN: &str = "drift_pe_column";
/// Parts that are the same at every size.
const DVFS: &str = "drift_dvfs";
const REGISTERS: &str = "drift_registers";

/// Directories of RTL of one size.
#[derive(Clone, Debug)]
pub struct SizedRtl {
    /// With checksums.
    pub with: PathBuf,
    /// Without checksums.
    pub without: PathBuf,
}

/// What protection costs at one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizedProtection {
    /// The parts.
    pub parts: Protection,
    /// Whether engine and recovery are composed of smaller ones.
    pub composed: bool,
}

/// A part to synthesise, by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Job {
    size: usize,
    top: &'static str,
    checksum: bool,
}

/// Sizes whose RTL a sweep over `sizes` needs, those above `largest` composed.
pub fn sizes_needed(sizes: &[usize], largest: usize) -> BTreeSet<usize> {
    let mut needed: BTreeSet<usize> = sizes.iter().copied().collect();
    if sizes.iter().any(|&size| size > largest) {
        needed.extend(SAMPLES);
    }
    needed
}

/// Synthesises arrays of `sizes` up to `largest`, which is at least the last of
/// [`SAMPLES`], and composes those above. `rtl` has the RTL of every size of
/// [`sizes_needed`]: square arrays whose tile rows are in proportion to the
/// size, and alike in everything else. Cells are generic, or those of `library`.
///
/// # Errors
/// As [`super::area`].
pub fn sweep(
    sizes: &[usize],
    largest: usize,
    rtl: &BTreeMap<usize, SizedRtl>,
    library: Option<&CellLibrary>,
) -> Result<Vec<SizedProtection>, SynthError> {
    let mut found = synthesise_all(&jobs(rtl.keys().copied(), largest), rtl, library)?;
    map_columns_once(&mut found);
    let results = sizes.iter().map(|&size| SizedProtection {
        parts: if size > largest {
            composed(&found, size)
        } else {
            whole(&found, size)
        },
        composed: size > largest,
    });
    Ok(results.collect())
}

/// The parts to synthesise, those that take longest first.
fn jobs(sizes: impl Iterator<Item = usize>, largest: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (index, size) in sizes.enumerate() {
        let mut add = |top, checksum| {
            jobs.push(Job {
                size,
                top,
                checksum,
            });
        };
        if size <= largest {
            add(rtl::TOP, true);
            add(rtl::TOP, false);
            add(RECOVERY, true);
        } else {
            add(REPACKER, true);
        }
        add(MONITOR, true);
        add(SEQUENCER, true);
        if index == 0 {
            add(DVFS, true);
            add(REGISTERS, true);
        }
    }
    jobs.sort_by_key(|job| {
        let heavy = [rtl::TOP, RECOVERY].contains(&job.top);
        std::cmp::Reverse((heavy, job.size))
    });
    jobs
}

fn synthesise_all(
    jobs: &[Job],
    rtl: &BTreeMap<usize, SizedRtl>,
    library: Option<&CellLibrary>,
) -> Result<BTreeMap<Job, DesignArea>, SynthError> {
    let yosys = Yosys::locate_pinned_or_newer()?;
    let queue = Mutex::new(jobs.iter());
    let work = || {
        let mut done = Vec::new();
        loop {
            let next = queue.lock().expect("no thread panics").next();
            let Some(job) = next else {
                return Ok::<_, SynthError>(done);
            };
            let directories = &rtl[&job.size];
            let directory = if job.checksum {
                &directories.with
            } else {
                &directories.without
            };
            done.push((*job, synthesise(&yosys, directory, job.top, library)?));
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(work)).collect();
        let mut found = BTreeMap::new();
        for thread in threads {
            found.extend(thread.join().expect("the thread does not panic")?);
        }
        Ok(found)
    })
}

type Found = BTreeMap<Job, DesignArea>;

/// Gives the engines without checksums the columns of those with them.
fn map_columns_once(found: &mut Found) {
    let engines: Vec<Job> = found.keys().copied().collect();
    for job in engines {
        let checked = Job {
            checksum: true,
            ..job
        };
        if job.checksum || !found.contains_key(&checked) {
            continue;
        }
        let plain = found.remove(&job).expect("it was there");
        let plain = plain.with_module_of(COLUMN, &found[&checked]);
        found.insert(job, plain);
    }
}

fn total(found: &Found, size: usize, top: &'static str) -> Counts {
    found[&Job {
        size,
        top,
        checksum: true,
    }]
        .total
}

/// The parts that are small, or the same at every size.
fn small(found: &Found, size: usize) -> (Counts, Counts, Counts) {
    let first = found.keys().map(|job| job.size).min().unwrap_or(size);
    let control = total(found, first, REGISTERS) + total(found, size, SEQUENCER);
    (
        total(found, size, MONITOR),
        total(found, first, DVFS),
        control,
    )
}

fn whole(found: &Found, size: usize) -> Protection {
    let (monitor, dvfs, control) = small(found, size);
    let plain = Job {
        size,
        top: rtl::TOP,
        checksum: false,
    };
    Protection {
        plain: found[&plain].total,
        checked: total(found, size, rtl::TOP),
        recovery: total(found, size, RECOVERY) + monitor,
        dvfs,
        control,
    }
}

fn composed(found: &Found, size: usize) -> Protection {
    let (monitor, dvfs, control) = small(found, size);
    let from = |top, checksum, without| {
        let sample = |size| {
            &found[&Job {
                size,
                top,
                checksum,
            }]
        };
        compose(SAMPLES.map(sample), size, without)
    };
    let recovery = from(RECOVERY, true, Some(REPACKER)) + total(found, size, REPACKER);
    Protection {
        plain: from(rtl::TOP, false, None),
        checked: from(rtl::TOP, true, None),
        recovery: recovery + monitor,
        dvfs,
        control,
    }
}
