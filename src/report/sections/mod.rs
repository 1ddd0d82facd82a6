//! Sections made from records.

pub mod area;
pub mod energy;
pub mod gemm_faults;
pub mod images;
pub mod repack;
