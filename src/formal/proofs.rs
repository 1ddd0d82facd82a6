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
    /// Whether a row of the array must be more than one beat of the memory bus.
    pub wide: bool,
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

/// Everything of the engine that does not decide when something happens.
const DATA_PATH: &[&str] = &[
    "drift_pe_array",
    "drift_accumulator",
    "drift_detector",
    "drift_row_encoder",
    "drift_skew",
    "drift_column_encoder",
];

/// The same, and what happens to a tile after the array.
const TIMELESS: &[&str] = &[
    "drift_pe_array",
    "drift_accumulator",
    "drift_detector",
    "drift_row_encoder",
    "drift_skew",
    "drift_column_encoder",
    "drift_result_drain",
];

/// All proofs, in the order in which they are reported.
pub const PROOFS: &[Proof] = &[
    Proof {
        name: "result_drain",
        module: "drift_result_drain",
        claim: "result stream stable until taken, as many beats as rows",
        method: Method::Reachability,
        text: harness!("result_drain"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "gemm_walker",
        module: "drift_gemm_walker",
        claim: "every walk ends, after exactly the passes of the GEMM",
        method: Method::Reachability,
        text: harness!("gemm_walker"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "engine",
        module: "drift_tile_engine",
        claim: "no bank overwritten, no tile lost, result stream stable, once quiet stays quiet",
        method: Method::Reachability,
        text: harness!("engine"),
        abstracted: DATA_PATH,
        wide: false,
        limit: 1200,
    },
    Proof {
        name: "pause",
        module: "drift_tile_engine",
        claim: "a pause makes it quiet within PassRows + PsumDelay + Lanes + 1 cycles",
        method: Method::Induction { depth: 4 },
        text: harness!("pause"),
        abstracted: TIMELESS,
        wide: false,
        limit: 300,
    },
    Proof {
        name: "tile_ends",
        module: "drift_tile_engine",
        claim: "every started tile ends, and the engine is ready again, within stated cycles",
        method: Method::Bounded { depth: 40 },
        text: harness!("tile_ends"),
        abstracted: DATA_PATH,
        wide: false,
        limit: 1200,
    },
    Proof {
        name: "frozen",
        module: "drift_tile_engine",
        claim: "while quiet no PE register changes, no PE multiplies",
        method: Method::Bounded { depth: 40 },
        text: harness!("frozen"),
        abstracted: &[
            "drift_accumulator",
            "drift_detector",
            "drift_row_encoder",
            "drift_column_encoder",
        ],
        wide: false,
        limit: 1200,
    },
    Proof {
        name: "pe_column",
        module: "drift_pe_column",
        claim: "a sum leaves nothing behind; weights change only with a swap",
        method: Method::Induction { depth: 3 },
        text: harness!("pe_column"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "row_encoder",
        module: "drift_row_encoder",
        claim: "a lane is zero where no row was accepted",
        method: Method::Induction { depth: 6 },
        text: harness!("row_encoder"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "sequencer",
        module: "drift_sequencer",
        claim: "commands only when settled, one done per start, every run ends",
        method: Method::Induction { depth: 8 },
        text: harness!("sequencer"),
        abstracted: &[],
        wide: false,
        limit: 600,
    },
    Proof {
        name: "dvfs",
        module: "drift_dvfs",
        claim: "paused and quiet in a change; frequency allowed, for any table at any time; waits count down",
        method: Method::Induction { depth: 6 },
        text: harness!("dvfs"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "supply",
        module: "drift_dvfs",
        claim: "some entry allows the highest clock at the lowest supply, with any regulator and PLL",
        method: Method::Induction { depth: 6 },
        text: harness!("supply"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "error_monitor",
        module: "drift_error_monitor",
        claim: "bias moves in one direction at a time, only while enabled",
        method: Method::Induction { depth: 6 },
        text: harness!("error_monitor"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "registers",
        module: "drift_registers",
        claim: "AXI4-Lite responses stable; no start while busy",
        method: Method::Induction { depth: 6 },
        text: harness!("registers"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "fifo",
        module: "drift_fifo",
        claim: "never over- or underflows; entries leave as they came, in order",
        method: Method::Reachability,
        text: harness!("fifo"),
        abstracted: &[],
        wide: false,
        limit: 300,
    },
    Proof {
        name: "address_map",
        module: "drift_address_map",
        claim: "two places of a matrix never share an address, in both layouts",
        method: Method::Induction { depth: 4 },
        text: harness!("address_map"),
        abstracted: &[],
        wide: true,
        limit: 300,
    },
    Proof {
        name: "tile_bursts",
        module: "drift_tile_bursts",
        claim: "bursts stay in a 4 KiB page, are stable, and add up to the tile",
        method: Method::Induction { depth: 6 },
        text: harness!("tile_bursts"),
        abstracted: &[],
        wide: true,
        limit: 300,
    },
    Proof {
        name: "repacker",
        module: "drift_repacker",
        claim: "AXI4 channels stable, bursts as announced, as many rows as asked for",
        method: Method::Induction { depth: 6 },
        text: harness!("repacker"),
        abstracted: &["drift_address_map"],
        wide: true,
        limit: 300,
    },
    Proof {
        name: "recovery",
        module: "drift_recovery",
        claim: "exactly the masked elements replaced, by the same row; result stream stable; no queue overflows",
        method: Method::Induction { depth: 6 },
        text: harness!("recovery"),
        abstracted: &["drift_repacker"],
        wide: false,
        limit: 300,
    },
];
