//! The proofs.

/// How a proof is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Bounded model checking: every run of `depth` cycles from reset.
    Bounded {
        /// Cycles.
        depth: u32,
    },
    /// k-induction: every run of any length.
    Induction {
        /// Cycles of the induction step.
        depth: u32,
    },
    /// Property-directed reachability: every run of any length.
    Reachability,
}

/// One harness and what is done with it.
#[derive(Clone, Copy, Debug)]
pub struct Proof {
    /// Name, for `--only` and for files.
    pub name: &'static str,
    /// The generated module under proof.
    pub module: &'static str,
    /// What is proved, in words.
    pub claim: &'static str,
    /// How.
    pub method: Method,
    /// SystemVerilog of the harness.
    pub text: &'static str,
    /// Modules below whose outputs may take any value in any cycle.
    pub abstracted: &'static [&'static str],
    /// Time limit in seconds.
    pub limit: u32,
}

impl Proof {
    /// Name of the harness module.
    pub fn harness(&self) -> String {
        format!("drift_formal_{}", self.name)
    }
}

macro_rules! harness {
    ($name:literal) => {
        include_str!(concat!("../../formal/drift_formal_", $name, ".sv"))
    };
}

/// All proofs, in the order in which they are reported.
pub const PROOFS: &[Proof] = &[
    Proof {
        name: "result_drain",
        module: "drift_result_drain",
        claim: "result stream stable until taken; one row per beat, tlast after the rows of the tile",
        method: Method::Reachability,
        text: harness!("result_drain"),
        abstracted: &[],
        limit: 300,
    },
    Proof {
        name: "gemm_walker",
        module: "drift_gemm_walker",
        claim: "every walk ends; tiles and passes have between 1 and all rows, columns, lanes",
        method: Method::Reachability,
        text: harness!("gemm_walker"),
        abstracted: &[],
        limit: 300,
    },
];
