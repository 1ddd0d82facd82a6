//! Sections made from the records of campaigns.

pub mod gemm_faults;
pub mod images;
