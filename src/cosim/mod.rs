//! Co-simulation: builds the generated RTL with Verilator, drives it, and
//! compares every output with the golden model.

mod abi;
mod accelerator;
mod build;
mod calendar;
mod compare;
mod error;
mod ffi;
mod harness;
mod module;
mod product;
mod record;
mod registers;
mod rtl_run;
mod wave;

pub use accelerator::{Accelerator, AcceleratorError};
pub use build::{BuildOptions, BuiltModel, build};
pub use compare::{Divergence, Quantity, compare};
pub use error::CosimError;
pub use ffi::{Model, Simulator};
pub use harness::{Check, GemmReport, SABOTAGE, Slice, check_gemm};
pub use module::{Mismatch, ModuleSim, lockstep};
pub use record::{RECORD_SCHEMA, Record};
pub use rtl_run::{RtlJob, RtlResult, Stalls};
pub use wave::vcd_to_fst;
