//! Protections by name, as command lines and campaign specs give them.

use super::{
    Abft, ApproxAbft, Dmr, Drift, DriftSettings, Protection, Recovery, StatisticalAbft,
    ThunderVolt, Unprotected,
};
use crate::dram::Device;
use crate::golden::Layout;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A protection with its default thresholds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtectionKind {
    /// [`Unprotected`].
    None,
    /// [`Dmr`].
    Dmr,
    /// [`ThunderVolt`].
    Thundervolt,
    /// [`Abft`].
    Abft,
    /// [`ApproxAbft`].
    ApproxAbft,
    /// [`StatisticalAbft`].
    StatisticalAbft,
    /// [`Drift`].
    Drift,
    /// [`Drift`] whose masked elements stay.
    DriftKeep,
    /// [`Drift`] whose masked elements become zero.
    DriftZero,
    /// [`Drift`] with row-major checkpoints.
    DriftRowMajor,
}

impl ProtectionKind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::Dmr,
        Self::Thundervolt,
        Self::Abft,
        Self::ApproxAbft,
        Self::StatisticalAbft,
        Self::Drift,
        Self::DriftKeep,
        Self::DriftZero,
        Self::DriftRowMajor,
    ];

    /// Name on the command line, in specs and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Dmr => "dmr",
            Self::Thundervolt => "thundervolt",
            Self::Abft => "abft",
            Self::ApproxAbft => "approx-abft",
            Self::StatisticalAbft => "statistical-abft",
            Self::Drift => "drift",
            Self::DriftKeep => "drift-keep",
            Self::DriftZero => "drift-zero",
            Self::DriftRowMajor => "drift-row-major",
        }
    }

    /// The protection with that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether elements are restored from checkpoints, which takes one activation scale per GEMM.
    pub fn rolls_back(self) -> bool {
        matches!(self, Self::Drift | Self::DriftRowMajor)
    }

    /// Whether the array has checksums, whose flags the error monitor counts.
    pub fn has_checksums(self) -> bool {
        !matches!(self, Self::None | Self::Dmr | Self::Thundervolt)
    }

    /// A fresh one for an image. `settings` are DRIFT's, of which its ablations override what
    /// they ablate.
    pub fn build(self, settings: DriftSettings, device: &Device) -> Box<dyn Protection> {
        let drift = |settings| Box::new(Drift::new(settings, device));
        match self {
            Self::None => Box::new(Unprotected),
            Self::Dmr => Box::new(Dmr),
            Self::Thundervolt => Box::new(ThunderVolt),
            Self::Abft => Box::new(Abft),
            Self::ApproxAbft => Box::new(ApproxAbft::default()),
            Self::StatisticalAbft => Box::new(StatisticalAbft::default()),
            Self::Drift => drift(settings),
            Self::DriftKeep => drift(DriftSettings {
                recovery: Recovery::Keep,
                ..settings
            }),
            Self::DriftZero => drift(DriftSettings {
                recovery: Recovery::Zero,
                ..settings
            }),
            Self::DriftRowMajor => drift(DriftSettings {
                layout: Layout::RowMajor,
                ..settings
            }),
        }
    }
}

impl fmt::Display for ProtectionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
