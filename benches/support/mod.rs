//! What the benchmarks share: timing, the table and its JSON, the machine. No
//! benchmark uses all of it.
#![allow(dead_code, unused_imports)]

mod child;
mod machine;
mod measure;
mod report;
mod work;

pub use child::{answer_as_child, load_in_child};
pub use machine::Machine;
pub use measure::{Samples, cpu_time, noise, time};
pub use report::{Report, Target};
pub use work::{Work, load, on_threads, one_upset, outputs_and_captures, parse, yaml};
