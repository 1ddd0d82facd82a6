//! Lint and synthesis of generated RTL: three linters that must all be
//! content, and Yosys's counts of gates, flip-flops and memory bits, with the
//! area of a library's cells where one is given.

mod area;
mod compose;
mod elaborate;
mod error;
mod filelist;
mod lint;
mod mapping;
mod protection;
mod record;
mod stat;
mod sweep;

pub use area::{AreaReport, Overhead, Row, area};
pub use compose::{SAMPLES, compose};
pub(crate) use elaborate::elaborate;
pub use error::SynthError;
pub use lint::{LintReport, ToolResult, lint};
pub use mapping::{CellLibrary, LibraryCell};
pub use protection::{Protection, REALM_OVERHEAD, protection};
pub use record::{ArrayArea, MemoryArea, NAND2, SWEEP_SCHEMA, SweepRecord};
pub use stat::{Counts, DesignArea, ModuleArea};
pub use sweep::{SizedProtection, SizedRtl, sizes_needed, sweep};

#[cfg(test)]
mod tests;
