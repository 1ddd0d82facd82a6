//! The report: one HTML file that needs nothing else, and the data of every
//! figure and table beside it.
//!
//! Experiments fill data ([`Section`], [`Figure`], [`Table`], [`Strip`],
//! [`Finding`], [`Comparison`]); only this module knows what HTML is. A folder
//! of results is read by [`Report::from_folder`]:
//!
//! | file | what |
//! |---|---|
//! | `*.jsonl` | records of campaigns whose experiment has a section of its own |
//! | `repack.json`, `area.json` | records of `drift repack` and `drift area --sweep` |
//! | `comparison.json` | list of [`Comparison`]: our side of the paper's table, where no records above tell it |
//! | `*.section.json` | a [`Section`] each, in the order of the names; pictures of strips are files beside it |

mod comparison;
mod error;
mod folder;
mod grouped;
mod html;
mod model;
pub mod paper;
pub mod sections;
pub mod statement;
#[cfg(test)]
mod tests;
pub mod tolerance;
mod write;

pub use error::ReportError;
pub use model::{
    Column, Comparison, Figure, Finding, Format, Image, Item, Measured, Report, Section, Strip,
    StripRow, Table, Verdict,
};
pub use write::{Written, write};
