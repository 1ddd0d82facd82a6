//! DRIFT: generator and co-simulation harness of a fault-tolerant int8
//! systolic-array accelerator for diffusion models (arXiv 2604.09073).
//!
//! The modules depend on each other in one direction only:
//!
//! ```text
//! verify, sequence ─► cosim ─► soc ─► golden ─► fault ─► tiling ─► config ◄─ registers, rtl ◄─ cosim, synth, formal
//! fast: int8 GEMMs and sparse fault effects, equal to golden; knows golden, fault, tiling, config
//! workload: operands; tool: external programs, for cosim, synth and formal
//! timing: delays of the synthesised PE and what goes wrong with them, knows synth, tool, rtl, workload, golden and tech
//! tech: from a voltage and a frequency to fault probabilities, knows fault
//! baseline: what DRIFT and other protections make of a GEMM's faults, knows fast, golden and dram
//! policy: which operating point a GEMM runs at, knows tech; energy: what it costs, knows model, baseline, policy and dram
//! forecast: TaylorSeer, features forecast over steps; knows nothing, model asks it
//! dram: the memory behind the accelerator's AXI port, knows only input
//! diffusion: schedulers and the denoising loop, on model
//! infer: images on the accelerator, on diffusion, fast, baseline and policy
//! model: denoisers of the diffusers layout; every GEMM of theirs goes through `model::GemmEngine`
//! text: text encoders and autoencoders (cargo feature `text`), on model; infer knows nothing of them
//! metrics: quality of images, knows image and assets; image: PNG files, sets, grids; assets: trained networks
//! campaign: grids of experiments, recorded, resumed and merged; on the engines
//! report: HTML of results, on campaign and plot
//! plot: figures as SVG and PNG, knows nothing of the rest
//! input: files that are read, and what can be wrong with one; knows nothing
//! waves: a rollback as a waveform and a picture, on cosim
//! ```
//!
//! Nothing but [`cosim`] knows Verilator's model; nothing in the library prints.
#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod assets;
pub mod atomic;
pub mod baseline;
pub mod campaign;
pub mod config;
pub mod cosim;
pub mod diffusion;
pub mod dram;
pub mod energy;
pub mod fast;
pub mod fault;
pub mod forecast;
pub mod formal;
pub mod golden;
pub mod image;
pub mod infer;
pub mod input;
mod mapping;
pub mod metrics;
pub mod model;
pub mod plot;
pub mod policy;
pub mod quant;
pub mod registers;
pub mod report;
pub mod rtl;
pub mod sequence;
pub mod soc;
pub mod synth;
pub mod tech;
pub mod tensor;
#[cfg(feature = "text")]
pub mod text;
pub mod tiling;
pub mod timing;
pub mod tool;
pub mod units;
pub mod verify;
pub mod waves;
pub mod workload;
