//! One random case: a GEMM, its operands, θ, faults and stalls.

use super::Plan;
use super::draw::Draw;
use super::faults;
use crate::config::ArrayConfig;
use crate::cosim::Stalls;
use crate::fault::FaultList;
use crate::golden;
use crate::tiling::Tiling;
use ndarray::Array2;

/// Bounds of a case: cycles without stalls, and those times the PEs.
const MAX_CYCLES: u64 = 6_000;
const MAX_PE_CYCLES: u64 = 3_000_000;
/// Some dimensions that divide nothing.
const PRIMES: [usize; 12] = [2, 3, 5, 7, 11, 13, 17, 31, 61, 67, 97, 127];

/// Everything that defines one case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Number in its plan.
    pub number: usize,
    /// Number of its array in the plan.
    pub array: usize,
    /// Activations M×K.
    pub x: Array2<i8>,
    /// Weights K×N.
    pub w: Array2<i8>,
    /// θ.
    pub threshold_bit: u32,
    /// Faults of GEMM 0.
    pub faults: FaultList,
    /// Stalls of the streams; none in two thirds of the cases.
    pub stalls: Stalls,
}

impl Case {
    /// Draws a case from its own stream.
    pub(super) fn draw(plan: &Plan, number: usize) -> Self {
        let array = plan.array_of(number);
        let config = plan.array(array);
        let draw = &mut Draw::new(plan.seed, number as u64);
        let (m, k, n) = shape(draw, &config);
        Self {
            number,
            array,
            x: operand(draw, m, k),
            w: operand(draw, k, n),
            threshold_bit: draw.below(32) as u32,
            faults: faults::list(draw, &config, &Tiling::new(&config, m, k, n)),
            stalls: stalls(draw),
        }
    }

    /// M, K and N.
    pub fn shape(&self) -> (usize, usize, usize) {
        (self.x.nrows(), self.x.ncols(), self.w.ncols())
    }

    /// Whether a stream can stall, so that the cycle count is not defined.
    pub fn stalled(&self) -> bool {
        self.stalls != Stalls::default()
    }
}

/// A shape, halved where it is too long until it is cheap enough.
fn shape(draw: &mut Draw, config: &ArrayConfig) -> (usize, usize, usize) {
    if draw.one_in(32) {
        return (1, 1, 1);
    }
    let units = [config.tile_rows, config.rows, config.columns];
    let mut shape = units.map(|unit| dimension(draw, unit));
    if draw.one_in(8) {
        // Many passes.
        shape[1] = config.rows * draw.within(5..=24) - draw.below(config.rows);
    }
    let pes = (config.rows * config.lanes()) as u64;
    loop {
        let [m, k, n] = shape;
        let cycles = golden::schedule(config, &Tiling::new(config, m, k, n))
            .cycles
            .0;
        if cycles <= MAX_CYCLES && cycles * pes <= MAX_PE_CYCLES {
            return (m, k, n);
        }
        let longest = (0..3).max_by_key(|&i| shape[i].div_ceil(units[i]));
        let longest = longest.expect("there are three dimensions");
        shape[longest] = shape[longest].div_ceil(2);
    }
}

/// A dimension of a GEMM that is cut into pieces of `unit`.
fn dimension(draw: &mut Draw, unit: usize) -> usize {
    let whole = unit * draw.within(1..=5);
    match draw.below(6) {
        0 => 1,
        1 => draw.choose(&PRIMES),
        2 => whole,
        3 => whole - 1,
        4 => whole + 1,
        _ => draw.within(1..=whole),
    }
}

/// Values of every kind that int8 arithmetic can get wrong.
fn operand(draw: &mut Draw, rows: usize, columns: usize) -> Array2<i8> {
    let mut values = draw.bytes(rows * columns);
    let change: Option<fn(i8) -> i8> = match draw.below(10) {
        0 => Some(|v| if v < 0 { -128 } else { 127 }),
        1 => Some(|_| -128),
        2 => Some(|_| 127),
        3 => Some(|_| 0),
        4 => Some(|v| v % 3),
        // Three quarters zeros.
        5 => Some(|v| if v & 3 == 0 { v } else { 0 }),
        _ => None,
    };
    if let Some(change) = change {
        for value in &mut values {
            *value = change(*value);
        }
    }
    Array2::from_shape_vec((rows, columns), values).expect("as many values as elements")
}

fn stalls(draw: &mut Draw) -> Stalls {
    if !draw.one_in(3) {
        return Stalls::default();
    }
    // Each stream never stalls, now and then, or mostly.
    let mut chance = || {
        let most = draw.choose(&[0, 32, 200]);
        draw.within(0..=most) as u8
    };
    Stalls {
        act: chance(),
        weight: chance(),
        result: chance().max(1),
        seed: draw.bits(),
    }
}
