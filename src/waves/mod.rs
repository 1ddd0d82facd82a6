//! A rollback from flag to merge: simulated, recorded cycle by cycle, written
//! as a small FST, and drawn as a timing diagram.

mod diagram;
mod error;
mod recording;
mod rollback;
#[cfg(test)]
mod tests;

pub use diagram::svg;
pub use error::WavesError;
pub use recording::Recording;
pub use rollback::record;
