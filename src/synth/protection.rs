//! What protecting an array costs, part by part.

use super::SynthError;
use super::area::synthesise;
use super::stat::{Counts, DesignArea};
use crate::rtl;
use crate::tool::Yosys;
use std::path::Path;

/// Circuit area that ReaLM adds, as its abstract says (arXiv 2503.24053). The
/// abstract does not say for which size of array.
pub const REALM_OVERHEAD: f64 = 0.0142;

/// Counts of an accelerator's parts, each with its submodules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    /// The tile engine without checksums.
    pub plain: Counts,
    /// The tile engine with checksums.
    pub checked: Counts,
    /// Rollback, repacking and error monitor.
    pub recovery: Counts,
    /// Change of operating points.
    pub dvfs: Counts,
    /// Registers and sequencer, some of which any accelerator has.
    pub control: Counts,
}

impl Protection {
    /// Takes the parts from the synthesised accelerator and the synthesised
    /// tile engine without checksums.
    pub(super) fn of(accelerator: &DesignArea, plain: &DesignArea) -> Self {
        let parts = |names: &[&str]| {
            let modules = accelerator.modules.iter();
            let wanted = modules.filter(|m| names.contains(&m.name.as_str()));
            wanted.fold(Counts::default(), |sum, m| sum + m.whole * m.instances)
        };
        Self {
            plain: plain.total,
            checked: parts(&[rtl::TOP]),
            recovery: parts(&["drift_recovery", "drift_error_monitor"]),
            dvfs: parts(&["drift_dvfs"]),
            control: parts(&["drift_registers", "drift_sequencer"]),
        }
    }

    /// What `measure` of the checksums; of checksums and recovery; of these and
    /// DVFS; of the whole accelerator is more than that of the plain engine:
    /// 0.1 is ten per cent more.
    pub fn overheads(&self, measure: impl Fn(&Counts) -> u64) -> [f64; 4] {
        let base = measure(&self.plain) as f64;
        let mut sum = 0.0;
        [self.checked, self.recovery, self.dvfs, self.control].map(|part| {
            sum += measure(&part) as f64;
            sum / base - 1.0
        })
    }
}

/// Synthesises the accelerator of the RTL in `with`, and the tile engine of the
/// RTL in `without`, which has no checksums.
///
/// # Errors
/// As [`super::area`].
pub fn protection(with: &Path, without: &Path) -> Result<Protection, SynthError> {
    let yosys = Yosys::locate_pinned_or_newer()?;
    std::thread::scope(|scope| {
        let plain = scope.spawn(|| synthesise(&yosys, without, rtl::TOP, None));
        let accelerator = synthesise(&yosys, with, rtl::ACCELERATOR, None);
        let plain = plain.join().expect("the thread does not panic")?;
        Ok(Protection::of(&accelerator?, &plain))
    })
}
