//! The technology table exactly as its file has it (schema `drift-tech/2`).

use serde::{Deserialize, Serialize};

/// Version of the file format.
pub const SCHEMA: &str = "drift-tech/2";

/// What one PE in one technology does at every voltage and clock period:
/// delays, timing errors and energy, with where they come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// [`SCHEMA`].
    pub schema: String,
    /// Name of technology and corner.
    pub name: String,
    /// How the table was made.
    pub origin: Origin,
    /// What the nominal operating point keeps in reserve.
    pub margins: Margins,
    /// The critical path against voltage.
    pub delay: Delay,
    /// Rows of a pass in the array that the errors were counted in, checksum rows
    /// included: the share of first rows in means over all rows.
    pub pass_rows: u32,
    /// Timing errors, a curve for each characterised voltage, ascending; without
    /// supply noise.
    pub late: Vec<LateCurve>,
    /// Energy per MAC, ascending in voltage.
    pub energy: Vec<Energy>,
}

/// Where a table comes from: enough to make it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The command line that made the table.
    pub command: String,
    /// SHA-256 of the gate netlist, in hexadecimal.
    pub netlist_sha256: String,
    /// Synthesis recipe and version of Yosys.
    pub recipe: String,
    /// The libraries.
    pub liberty: Vec<LibertyFile>,
    /// The operands that the errors were counted with.
    pub workload: String,
    /// Operand pairs in all.
    pub vectors: u64,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Name of the table that this one was scaled from; absent in measured tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaled_from: Option<String>,
    /// Publications and remarks that figures rest on.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// A Liberty file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LibertyFile {
    /// Its name, without folders.
    pub file: String,
    /// SHA-256 of the unpacked text, in hexadecimal.
    pub sha256: String,
    /// Supply voltage in V.
    pub voltage: f64,
}

/// What separates the nominal operating point from the first timing error.
/// Every saving of energy hangs on these.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Margins {
    /// Nominal supply in V: that of the sign-off corner.
    pub sign_off_voltage: f64,
    /// How far in V the supply may droop at nominal frequency.
    pub voltage_droop: f64,
    /// Share of the frequency that is kept in reserve on top, 0..1.
    pub frequency_guardband: f64,
    /// Standard deviation of the supply noise in V, which is in every
    /// probability that is asked for.
    pub noise_sigma: f64,
}

/// Critical path against voltage: the alpha-power law
/// T_crit(V) = T_crit(V0) · V/V0 · ((V0 − Vth)/(V − Vth))^α.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    /// V0 in V.
    pub nominal_voltage: f64,
    /// T_crit(V0) in ns: static timing of the slowest bit, setup included.
    pub t_crit_ns: f64,
    /// Vth in V.
    pub vth: f64,
    /// α.
    pub alpha: f64,
    /// Root mean square of the law's relative errors at the points.
    pub fit_rms: f64,
    /// What static timing found, ascending in voltage.
    pub points: Vec<DelayPoint>,
}

/// Critical path at one voltage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelayPoint {
    /// Supply in V.
    pub voltage: f64,
    /// Shortest safe clock period in ns.
    pub t_crit_ns: f64,
}

/// Timing errors at one supply voltage.
///
/// Against T / T_crit they would be the same at every voltage if all cells slowed
/// down alike; in sky130's slow corner they differ twofold between 1.28 V and 1.76 V.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateCurve {
    /// Supply in V.
    pub voltage: f64,
    /// Ascending in x = T / T_crit; above the last x there are no errors.
    pub curve: Vec<Late>,
}

/// Timing errors at one clock period.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Late {
    /// Clock period over critical path: T / T_crit(V).
    pub x: f64,
    /// In the first row of a pass, for which the weights are swapped.
    pub first: LateWords,
    /// In all other rows.
    pub later: LateWords,
}

/// How often words are captured wrong, and which bits of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateWords {
    /// Probability that a captured psum word has any wrong bit.
    pub word_wrong: f64,
    /// Captured words behind it.
    pub vectors: u64,
    /// Probability that a bit is wrong, lowest bit first: 32.
    pub bits: Vec<f64>,
    /// Wrong words by their pattern: XOR mask and share among the wrong words.
    /// Shares add up to 1; empty when no word is wrong.
    pub masks: Vec<(u32, f64)>,
}

/// Energy of a MAC (one PE, one cycle) at one voltage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Energy {
    /// Supply in V.
    pub voltage: f64,
    /// Switching of gates and registers, in pJ.
    pub switching_pj: f64,
    /// Clock pins of the registers, in pJ.
    pub clock_pj: f64,
    /// Leakage power, in nW.
    pub leakage_nw: f64,
}
