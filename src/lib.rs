//! DRIFT: generator and co-simulation harness of a fault-tolerant int8
//! systolic-array accelerator for diffusion models (arXiv 2604.09073).
//!
//! The modules depend on each other in one direction only:
//!
//! ```text
//! verify, sequence ─► cosim ─► soc ─► golden ─► fault ─► tiling ─► config ◄─ registers, rtl ◄─ cosim, synth, formal
//! workload: operands; tool: external programs, for cosim, synth and formal
//! timing: delays of the synthesised PE and what goes wrong with them, knows synth, tool, rtl, workload, golden and tech
//! tech: from a voltage and a frequency to fault probabilities, knows fault and timing
//! dram: the memory behind the accelerator's AXI port, knows only config
//! plot: figures as SVG and PNG, knows nothing of the rest
//! waves: a rollback as a waveform and a picture, on cosim
//! ```
//!
//! Nothing but [`cosim`] knows Verilator's model; nothing in the library prints.
#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod atomic;
pub mod config;
pub mod cosim;
pub mod dram;
pub mod fault;
pub mod formal;
pub mod golden;
pub mod plot;
pub mod registers;
pub mod rtl;
pub mod sequence;
pub mod soc;
pub mod synth;
pub mod tech;
pub mod tiling;
pub mod timing;
pub mod tool;
pub mod units;
pub mod verify;
pub mod waves;
pub mod workload;
