//! The simulators against each other, the arithmetic and static timing.

use super::characterize::PeTiming;
use super::event::{EventDriven, Pulses};
use super::operands::{Operands, Pairs};
use super::parallel::{Lanes, Parallel};
use super::sums::run_checked;
use crate::timing::TimingError;

/// What a check compared, and what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Operand pairs.
    pub vectors: u64,
    /// Bits compared between the simulators: vectors · clock periods · 32.
    pub bits: u64,
    /// Of them, those that differ.
    pub different: u64,
    /// Settled words that are not the sum.
    pub wrong_sums: u64,
    /// Bits that settled later than static timing allows.
    pub beyond_bound: u64,
    /// Latest change found, in steps of the clock period.
    pub latest: u32,
    /// Words captured wrong at any of the periods, by the event-driven simulator ...
    pub wrong_words: u64,
    /// ... and with inertial delays.
    pub wrong_words_inertial: u64,
}

impl Agreement {
    /// Whether nothing was found.
    pub fn holds(&self) -> bool {
        self.different + self.wrong_sums + self.beyond_bound == 0
    }
}

/// Simulates operand pairs with both simulators and compares every output at
/// every clock period (in steps).
///
/// # Errors
/// [`TimingError::Sums`] from the bit-parallel simulator,
/// [`TimingError::Workload`].
pub fn check(
    timing: &PeTiming,
    operands: &mut Operands<'_>,
    periods: &[u32],
    vectors: u64,
    mut progress: impl FnMut(u64),
) -> Result<Agreement, TimingError> {
    let model = &timing.model;
    let mut parallel = Parallel::new(model, periods);
    let mut reference = EventDriven::new(model, Pulses::Transport);
    let mut inertial = EventDriven::new(model, Pulses::Inertial);
    let mut pairs = Pairs::default();
    let mut found = Agreement::default();
    // Static timing in steps; rounded up, since steps were rounded to the nearest.
    let per_step = model.critical() / f64::from(model.resolution());
    let bounds: Vec<u32> = (timing.periods.iter())
        .map(|period| (period / per_step + 0.5).floor() as u32)
        .collect();
    while found.vectors < vectors {
        pairs.fill(operands)?;
        run_checked(&mut parallel, &pairs.old, &pairs.new)?;
        for (lane, (old, new)) in pairs.old.iter().zip(&pairs.new).enumerate() {
            let of = |lanes: &Lanes| lanes.0[lane / 64] >> (lane % 64) & 1 == 1;
            let (from, to) = (old.bits(), new.bits());
            reference.run(&from, &to);
            inertial.run(&from, &to);
            let sum = new.sum();
            let (mut wrong, mut wrong_inertial) = (false, false);
            for (output, bound) in bounds.iter().enumerate() {
                let settled = reference.settled(output);
                found.wrong_sums += u64::from(settled != (sum >> output & 1 == 1));
                let latest = reference.settled_after(output);
                found.beyond_bound += u64::from(latest > *bound);
                found.latest = found.latest.max(latest);
                for (place, period) in periods.iter().enumerate() {
                    let late = reference.captured(output, *period) != settled;
                    found.different += u64::from(of(&parallel.wrong(place)[output]) != late);
                    wrong |= late;
                    wrong_inertial |= inertial.captured(output, *period) != settled;
                }
                found.bits += periods.len() as u64;
            }
            found.wrong_words += u64::from(wrong);
            found.wrong_words_inertial += u64::from(wrong_inertial);
        }
        found.vectors += pairs.old.len() as u64;
        progress(found.vectors);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::liberty::Library;
    use crate::timing::netlist::Netlist;
    use crate::timing::recipe::PE_TOP;
    use std::path::Path;

    #[test]
    fn simulators_arithmetic_and_static_timing_agree_on_the_pe() {
        let beside =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/liberty/sky130_fd_sc_hd");
        let folder = std::env::var_os("DRIFT_LIBERTY_DIR").map_or(beside, |dir| dir.into());
        if !folder.is_dir() {
            eprintln!(
                "skipped: no libraries at {}; set DRIFT_LIBERTY_DIR",
                folder.display()
            );
            return;
        }
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing");
        let netlist = Netlist::read(&data.join("pe.json.gz"), PE_TOP).unwrap();
        let library = Library::read(&folder.join("ss_n40C_1v60.lib.gz")).unwrap();
        let timing = PeTiming::new(&netlist, &library, None).unwrap();
        let periods: Vec<u32> = (500..=1024).step_by(20).collect();
        let found = check(&timing, &mut Operands::random(5), &periods, 2000, |_| {}).unwrap();
        assert!(found.holds() && found.wrong_words > 100, "{found:?}");
        assert!(found.vectors >= 2000 && found.latest <= 1024, "{found:?}");
    }
}
