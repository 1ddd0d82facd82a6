//! Proofs of the generated RTL's assertions with SymbiYosys.
//!
//! A proof is a harness module in `formal/` that surrounds one generated
//! module with assumptions about its environment and further assertions. The
//! RTL under proof is generated from the same templates as hardware is, for a
//! small array and with narrow dimensions and counters.

mod error;
mod proofs;
mod run;

pub use error::FormalError;
pub use proofs::{Method, PROOFS, Proof};
pub use run::{Outcome, Prover, params};

#[cfg(test)]
mod tests;
