//! What stands around the accelerator in a session.

use super::{MemoryModel, Settings};
use crate::config::{ArrayConfig, OperatingPoint};
use crate::soc::{Backpressure, Board, Host, MemoryPort, Regulator, Sink, Slew, Source, Stalls};
use std::cell::RefCell;
use std::rc::Rc;

/// How the regulator and the PLL of the board answer.
const SLEW: Slew = Slew {
    cycles_per_code: 4,
    latency: 20,
    jitter: 0,
};
/// When the memory answers: of a board whose type can be named.
pub(super) type Latency = Box<dyn FnMut(u64, bool, u32, u32) -> u64>;

/// The surroundings; everything stalls on its own seed.
pub(super) fn board(
    config: &ArrayConfig,
    settings: &Settings,
    memory: &Rc<RefCell<MemoryModel>>,
) -> Board<Latency> {
    let stalls = |part: u64| Stalls {
        chance: settings.stall.into(),
        seed: settings.seed.wrapping_mul(31).wrapping_add(part),
    };
    let behind = Rc::clone(memory);
    let latency: Latency = Box::new(move |cycle, write, address, bytes| {
        behind.borrow_mut().answer(cycle, write, address, bytes)
    });
    let mut port = MemoryPort::new(config.memory_bytes, latency, settings.seed);
    let behind = Rc::clone(memory);
    port.pace_beats(move || behind.borrow_mut().beats());
    port.backpressure = Backpressure {
        stall: settings.stall,
        ..Backpressure::default()
    };
    let OperatingPoint {
        voltage_code,
        frequency_code,
        ..
    } = config.run.points[0];
    Board::new(
        Host::new(stalls(1)),
        port,
        (
            Regulator::new(voltage_code, SLEW, settings.seed),
            Regulator::new(frequency_code, SLEW, settings.seed),
        ),
        (Source::new(stalls(2)), Source::new(stalls(3))),
        Sink::new(stalls(4)),
    )
}
