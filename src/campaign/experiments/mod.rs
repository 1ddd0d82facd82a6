//! The experiments that campaigns can repeat.

mod arrays;
pub mod energy;
pub mod gemm_faults;
pub mod images;

use arrays::arrays;
