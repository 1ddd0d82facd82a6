//! What surrounds the accelerator on its chip, and behaves the same whether
//! the accelerator is the RTL or its model: the host that programs it, the
//! streams of operands and results, the memory, the regulator and the PLL.

mod board;
pub mod driver;
mod host;
mod memory;
mod regulator;
mod sink;
mod stalls;
mod streams;

pub use board::{Board, Entered};
pub use host::{Host, HostPins, HostView, Operation, Response};
pub use memory::{Backpressure, MasterPins, Memory, MemoryPort, SlavePins};
pub use regulator::{Misbehaviour, Regulator, Slew};
pub use sink::{ReceivedTile, Sink};
pub use stalls::Stalls;
pub use streams::{Beat, OperandFeed, Source};
