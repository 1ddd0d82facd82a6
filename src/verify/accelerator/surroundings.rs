//! Random surroundings: stalls, memory latencies, errors, and regulators that
//! misbehave.

use crate::config::ArrayConfig;
use crate::dram::{Access, Device, Memory as Dram};
use crate::soc::{
    Backpressure, Board, Host, MemoryPort, Misbehaviour, Regulator, Sink, Slew, Source, Stalls,
};
use crate::verify::draw::Draw;

/// When the memory answers.
#[derive(Clone, Copy, Debug)]
enum Latency {
    Fixed(u64),
    /// Up to so many cycles, by request.
    Random(u64),
    Dram,
}

/// Everything around the accelerator.
pub(super) struct Surroundings {
    host: Stalls,
    act: Stalls,
    weight: Stalls,
    result: Stalls,
    latency: Latency,
    backpressure: Backpressure,
    slew: [Slew; 2],
    misbehaviour: [Option<(u64, Misbehaviour)>; 2],
    seed: u64,
}

/// Latency of the memory, whatever kind it is.
pub(super) type BoxedLatency = Box<dyn FnMut(u64, bool, u32, u32) -> u64>;

impl Surroundings {
    pub fn draw(draw: &mut Draw) -> Self {
        let unruly = draw.one_in(2);
        let mut stalls = || {
            let most = draw.choose(&[0, 32, 200]);
            let chance = if unruly { draw.within(0..=most) } else { 0 };
            Stalls {
                chance: chance as u32,
                seed: draw.bits(),
            }
        };
        let (host, act, weight, result) = (stalls(), stalls(), stalls(), stalls());
        let latency = match draw.below(3) {
            0 => Latency::Fixed(draw.within(1..=80) as u64),
            1 => Latency::Random(draw.within(1..=300) as u64),
            _ => Latency::Dram,
        };
        let backpressure = Backpressure {
            stall: if unruly { draw.below(220) as u8 } else { 0 },
            errors: if draw.one_in(6) {
                draw.within(200..=8000) as u16
            } else {
                0
            },
            data_first: unruly && draw.one_in(4),
        };
        let slew = [(); 2].map(|()| Slew {
            cycles_per_code: draw.within(1..=3) as u32,
            latency: draw.within(0..=20) as u32,
            jitter: draw.below(10) as u32,
        });
        let misbehaviour = [(); 2].map(|()| {
            draw.one_in(6).then(|| {
                let how = match draw.below(3) {
                    0 => Misbehaviour::Dead,
                    1 => Misbehaviour::Silent,
                    _ => Misbehaviour::Late(draw.within(1..=600) as u32),
                };
                (draw.below(6) as u64, how)
            })
        });
        Self {
            host,
            act,
            weight,
            result,
            latency,
            backpressure,
            slew,
            misbehaviour,
            seed: draw.bits(),
        }
    }

    /// Whether anything stalls.
    pub fn unruly(&self) -> bool {
        let stalls = [self.host, self.act, self.weight, self.result];
        self.backpressure.stall > 0 || stalls.iter().any(|stalls| stalls.chance > 0)
    }

    /// Whether the memory answers with errors now and then.
    pub fn memory_errors(&self) -> bool {
        self.backpressure.errors > 0
    }

    fn latency(&self) -> BoxedLatency {
        match self.latency {
            Latency::Fixed(cycles) => Box::new(move |cycle, _, _, _| cycle + cycles),
            Latency::Random(most) => {
                let stalls = Stalls {
                    chance: 0,
                    seed: self.seed,
                };
                Box::new(move |cycle, _, address, _| {
                    cycle + 1 + stalls.random(cycle ^ u64::from(address)) % most
                })
            }
            Latency::Dram => {
                let device = Device::load("ddr4-3200-x16").expect("a shipped device");
                let mut dram = Dram::new(&device, device.clock_ratio());
                Box::new(move |cycle, write, address, bytes| {
                    let access = if write { Access::Write } else { Access::Read };
                    dram.access(cycle, access, u64::from(address), bytes).first
                })
            }
        }
    }

    /// The surroundings, wired.
    pub fn board(&self, config: &ArrayConfig) -> Board<BoxedLatency> {
        let mut memory = MemoryPort::new(config.memory_bytes, self.latency(), self.seed);
        memory.backpressure = self.backpressure;
        let nominal = &config.run.points[0];
        let regulator = |number: usize, code| {
            let regulator = Regulator::new(code, self.slew[number], self.seed ^ number as u64);
            match self.misbehaviour[number] {
                Some((from, how)) => regulator.misbehave(from, how),
                None => regulator,
            }
        };
        Board::new(
            Host::new(self.host),
            memory,
            (
                regulator(0, nominal.voltage_code),
                regulator(1, nominal.frequency_code),
            ),
            (Source::new(self.act), Source::new(self.weight)),
            Sink::new(self.result),
        )
    }
}
