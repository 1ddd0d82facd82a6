//! The paper's headline numbers (arXiv 2604.09073, abstract and evaluation).

use super::model::Format;

/// A number that the paper claims.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// Name in `comparison.json`.
    pub id: &'static str,
    /// The quantity.
    pub quantity: &'static str,
    /// The paper's value.
    pub value: f64,
    /// How it is written.
    pub format: Format,
    /// What the paper says around it.
    pub context: &'static str,
}

/// The claims in the order of the report.
pub const CLAIMS: [Claim; 5] = [
    Claim {
        id: "energy-saved",
        quantity: "Energy saved at equal quality",
        value: 0.36,
        format: Format::Percent,
        context: "“up to 36% energy savings … with negligible quality loss”",
    },
    Claim {
        id: "overclocking-speedup",
        quantity: "Speedup by overclocking",
        value: 1.7,
        format: Format::Ratio,
        context: "“1.7x speedup with negligible quality loss”",
    },
    Claim {
        id: "tolerable-ber",
        quantity: "Tolerable bit error rate, with over without rollback",
        value: 100.0,
        format: Format::Ratio,
        context: "“rollback-ABFT increases error tolerance by 100x”",
    },
    Claim {
        id: "row-activations",
        quantity: "DRAM row activations in recovery, row-major over repacked",
        value: 23.0,
        format: Format::Ratio,
        context: "“data layout changes decrease DRAM row activations during recovery by over 23x”",
    },
    Claim {
        id: "taylorseer-speedup",
        quantity: "Speedup together with TaylorSeer",
        value: 4.4,
        format: Format::Ratio,
        context: "“the combined system achieves a 4.4x speedup”",
    },
];
