//! `drift`: generate the accelerator, check it by co-simulation, lint and
//! synthesise it. `drift help` lists the commands.
//!
//! Exit status: 0 success; 1 hardware and golden model disagree, or a check
//! found something; 2 bad input, or a tool or file that cannot be used.
#![deny(missing_docs)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
