//! The experiments that campaigns can repeat.

pub mod energy;
pub mod gemm_faults;
pub mod images;
