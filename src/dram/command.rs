//! What the controller tells the memory.

/// A command on the DRAM's command bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// DRAM clock cycle.
    pub cycle: u64,
    /// What it is.
    pub kind: CommandKind,
}

/// What a command does, and to which bank (numbered in the order of addresses).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Opens a row.
    Activate {
        /// Bank.
        bank: usize,
        /// Row.
        row: u64,
    },
    /// Closes the row of one bank.
    Precharge {
        /// Bank.
        bank: usize,
    },
    /// Closes the rows of all banks.
    PrechargeAll,
    /// Reads a burst.
    Read {
        /// Bank.
        bank: usize,
        /// Burst within the row.
        column: u64,
    },
    /// Writes a burst.
    Write {
        /// Bank.
        bank: usize,
        /// Burst within the row.
        column: u64,
    },
    /// Refreshes some rows of all banks.
    Refresh,
}

/// Somebody who watches a [`super::Memory`]. `()` watches nothing.
pub trait Observer {
    /// A command was issued. Commands come in the order of their cycles.
    fn command(&mut self, _command: Command) {}
    /// A burst of a request is over: its aligned byte address, and the accelerator
    /// cycle from which on its data can be used (read) or are stored (write).
    fn burst(&mut self, _address: u64, _cycle: u64) {}
}

impl Observer for () {}
