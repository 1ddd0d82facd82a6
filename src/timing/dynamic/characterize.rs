//! The measurements behind a technology table.

use super::columns::RowCounts;
use super::energy::energy_per_mac;
use super::late::{LateCounts, count_late};
use super::model::{Capture, DelayModel};
use super::operands::Operands;
use super::state::PeState;
use crate::tech::Energy;
use crate::timing::TimingError;
use crate::timing::liberty::Library;
use crate::timing::netlist::{Circuit, Net, Netlist};
use crate::timing::recipe::PeSignals;
use crate::timing::sta::StaticTiming;
use std::collections::BTreeSet;

/// Time steps of T_crit.
pub const RESOLUTION: u32 = 1024;

/// Clock periods of a table, the shortest being one with which a fifth of the
/// words are wrong.
const POINTS: u32 = 40;
/// Share of wrong words at the first point of a table.
const MOST_WRONG: f64 = 0.2;
/// Below this share of wrong words more vectors are needed.
const RARE: f64 = 2e-3;

/// A PE in a library: what is simulated.
#[derive(Clone, Debug)]
pub struct PeTiming {
    /// Supply in V.
    pub voltage: f64,
    /// Temperature in °C, where the library says it.
    pub temperature: Option<f64>,
    /// The delays.
    pub model: DelayModel,
    /// Static timing: the shortest period in ns that each bit of the partial sum
    /// allows.
    pub periods: Vec<f64>,
    /// Energy per multiply-add, where it was asked for.
    pub energy: Option<Energy>,
}

impl PeTiming {
    /// Binds the PE's netlist to a library. With operands its energy is
    /// measured, on so many vectors.
    ///
    /// # Errors
    /// [`TimingError`] when netlist and library do not fit.
    pub fn new(
        netlist: &Netlist,
        library: &Library,
        energy: Option<(&mut Operands<'_>, u64)>,
    ) -> Result<Self, TimingError> {
        let signals = PeSignals::of(netlist)?;
        let circuit = Circuit::bind(netlist, library)?;
        let timing = StaticTiming::of(&circuit)?;
        let ends = timing.of_register(&circuit, &signals.psum)?;
        let launch = PeState::nets(&signals);
        let inverted = |net: &Net| circuit.keeps_complement(*net).unwrap_or(false);
        let pairs = ends.iter().zip(&signals.psum);
        let capture: Vec<Capture<'_>> = pairs
            .map(|(end, net)| Capture {
                end,
                inverted: inverted(net),
            })
            .collect();
        let model = DelayModel::new(&circuit, &timing, &launch, &capture, RESOLUTION)?;
        let of_pe = signals.psum.iter().chain(&signals.word);
        let registers: BTreeSet<usize> = of_pe
            .filter_map(|net| circuit.state_of(*net))
            .map(|state| state.gate)
            .collect();
        let registers: Vec<usize> = registers.into_iter().collect();
        let voltage = library.voltage;
        let measure = |(operands, vectors)| {
            energy_per_mac(
                &circuit, &timing, &model, &registers, voltage, operands, vectors,
            )
        };
        Ok(Self {
            voltage,
            temperature: library.temperature,
            energy: energy.map(measure).transpose()?,
            periods: ends.iter().map(|end| end.period().unwrap_or(0.0)).collect(),
            model,
        })
    }
}

/// Clock periods, in steps, between which the errors of `model` go from one in
/// five words to none, and the place among them from which errors are rare; found
/// with a few vectors.
///
/// # Errors
/// As [`count_late`].
pub fn choose_periods(
    model: &DelayModel,
    operands: &mut Operands<'_>,
    vectors: u64,
) -> Result<(Vec<u32>, usize), TimingError> {
    let resolution = model.resolution();
    let pilot: Vec<u32> = (resolution / 2..=resolution).step_by(8).collect();
    let counts = count_late(model, operands, &pilot, vectors, |_| {})?;
    let often = |share: f64| {
        let of = |counts: &&LateCounts| counts.word_wrong() >= share;
        counts.iter().rev().find(of).map_or(pilot[0], |c| c.period)
    };
    let (first, rare) = (often(MOST_WRONG), often(RARE));
    let point = |n: u32| first + (resolution - first) * n / POINTS;
    let mut periods: Vec<u32> = (0..=POINTS).map(point).collect();
    periods.dedup();
    let tail = periods.partition_point(|period| *period <= rare);
    Ok((periods, tail.min(POINTS as usize)))
}

/// Removes the longest clock periods without errors, all but the first of them.
pub fn trim(counts: &mut Vec<RowCounts>) {
    let wrong = |counts: &RowCounts| counts.first.wrong + counts.later.wrong > 0;
    let last = counts.iter().rposition(wrong);
    counts.truncate(last.map_or(2, |last| last + 2));
}
