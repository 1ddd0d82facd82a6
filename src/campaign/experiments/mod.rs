//! The experiments that campaigns can repeat.

pub mod gemm_faults;
pub mod images;
