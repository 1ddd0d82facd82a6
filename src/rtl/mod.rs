//! Generator of the SystemVerilog: parameters are computed and checked here,
//! the askama templates only place them.

mod emit;
mod params;
mod register_file;
mod templates;

pub use emit::{ACCELERATOR, RtlError, RtlFile, TOP, generate, write};
pub use params::Params;

#[cfg(test)]
mod tests;
