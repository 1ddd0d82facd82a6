//! The plots of a technology table.

use super::errors::Rows;
use super::{OperatingPoint, Table, TechError};
use crate::plot::{Axis, Lines, Mark, Plot, Point, Series, Side};
use crate::units::{Hertz, Volts};

/// Points of a drawn curve.
const STEPS: usize = 120;
/// Bit error rates below this are not drawn.
const FLOOR: f64 = 1e-12;

/// All plots with their names: bit error rate against voltage and against
/// frequency, late bits, energy and delay.
///
/// # Errors
/// [`TechError`] when the table has no answer at its own nominal point.
pub fn plots(table: &Table) -> Result<Vec<(&'static str, Plot)>, TechError> {
    Ok(vec![
        ("ber-voltage", ber_against_voltage(table).into()),
        ("ber-frequency", ber_against_frequency(table).into()),
        ("late-bits", late_bits(table).into()),
        ("energy", energy(table)?.into()),
        ("delay", delay(table).into()),
    ])
}

fn between(low: f64, high: f64) -> impl Iterator<Item = f64> {
    (0..=STEPS).map(move |step| low + (high - low) * step as f64 / STEPS as f64)
}

/// A curve of the bit error rate; points without data or below the floor are left out.
fn rates(
    table: &Table,
    name: String,
    sigma: f64,
    points: impl Iterator<Item = (f64, OperatingPoint)>,
) -> Series {
    let rate = |(x, point)| {
        let errors = table.errors_with_noise(point, Volts(sigma)).ok()?;
        let ber = table.mean_errors(&errors).ber();
        (ber >= FLOOR).then(|| Point::new(x, ber))
    };
    Series {
        mark: Mark::Line,
        ..Series::new(name, points.filter_map(rate))
    }
}

fn ber_against_voltage(table: &Table) -> Lines {
    let (low, high) = table.delay.voltages();
    let nominal = table.nominal();
    let mut plot = Lines::new(
        format!("Bit error rate of a captured psum, {}", table.name),
        Axis::linear("supply voltage / V"),
        Axis::log("bit error rate"),
    );
    let sigma = table.margins.noise_sigma;
    for (share, sigma) in [(1.0, sigma), (1.0, 0.0), (0.75, sigma), (0.5, sigma)] {
        let frequency = Hertz(nominal.frequency.0 * share);
        let at = |v: f64| {
            let voltage = Volts(v);
            (v, OperatingPoint { voltage, frequency })
        };
        let name = if sigma > 0.0 {
            format!("{:.0} MHz", frequency.0 * 1e-6)
        } else {
            format!("{:.0} MHz, no noise", frequency.0 * 1e-6)
        };
        plot = plot.series(rates(table, name, sigma, between(low.0, high.0).map(at)));
    }
    plot.reference(Side::X, nominal.voltage.0, "nominal")
}

fn ber_against_frequency(table: &Table) -> Lines {
    let mut plot = Lines::new(
        format!("Bit error rate of a captured psum, {}", table.name),
        Axis::log("clock frequency / MHz"),
        Axis::log("bit error rate"),
    );
    let nominal = table.nominal();
    let points = &table.delay.points;
    let count = points.len();
    for index in [0, count / 3, 2 * count / 3, count - 1] {
        let voltage = Volts(points[index].voltage);
        let fastest = table.t_crit(voltage).frequency().0 / table.lowest_x(voltage);
        let at = |f: f64| {
            let frequency = Hertz(f);
            (f * 1e-6, OperatingPoint { voltage, frequency })
        };
        plot = plot.series(rates(
            table,
            voltage.to_string(),
            table.margins.noise_sigma,
            between(0.6 * fastest, fastest).map(at),
        ));
    }
    plot.reference(Side::X, nominal.frequency.0 * 1e-6, "nominal")
}

fn late_bits(table: &Table) -> Lines {
    // The highest voltage, which is the nominal one.
    let highest = &table.late[table.late.len() - 1];
    let mut plot = Lines::new(
        format!(
            "Wrong bits by T/T_crit at {} V, {}",
            highest.voltage, table.name
        ),
        Axis::linear("bit of the partial sum"),
        Axis::log("probability that it is captured wrong"),
    );
    let rows: [(&str, Rows); 2] = [("first rows", |l| &l.first), ("later rows", |l| &l.later)];
    for (name, rows) in rows {
        let wrong: Vec<_> = highest
            .curve
            .iter()
            .filter(|l| rows(l).word_wrong > 0.0)
            .collect();
        let step = wrong.len().div_ceil(4).max(1);
        for late in wrong.iter().step_by(step) {
            let bits = rows(late).bits.iter().enumerate();
            let points = bits.map(|(bit, p)| Point::new(bit as f64, *p));
            plot = plot.series(Series::new(
                format!("{:.3}, {name}", late.x),
                points.filter(|point| point.y > 0.0),
            ));
        }
    }
    plot
}

fn energy(table: &Table) -> Result<Lines, TechError> {
    let nominal = table.nominal();
    let mut plot = Lines::new(
        format!("Energy of a multiply-add, {}", table.name),
        Axis::linear("supply voltage / V"),
        Axis::linear("energy / pJ"),
    );
    let curve = |name: &str, of: fn(&super::Energy) -> f64| {
        let points = table.energy.iter();
        Series::new(name, points.map(|e| Point::new(e.voltage, of(e))))
    };
    plot = plot
        .series(curve("switching and clock", |e| {
            e.switching_pj + e.clock_pj
        }))
        .series(curve("switching", |e| e.switching_pj))
        .series(curve("clock", |e| e.clock_pj));
    let at = table.energy(nominal.voltage)?;
    let per_square = (at.switching_pj + at.clock_pj) / nominal.voltage.0.powi(2);
    let (low, high) = table.delay.voltages();
    let law = between(low.0, high.0).map(|v| Point::new(v, per_square * v * v));
    Ok(plot.series(Series {
        mark: Mark::Line,
        ..Series::new("V² from nominal", law)
    }))
}

fn delay(table: &Table) -> Lines {
    let delay = &table.delay;
    let (low, high) = delay.voltages();
    let law = between(low.0, high.0).map(|v| Point::new(v, delay.law(Volts(v)).0));
    let points = delay.points.iter();
    Lines::new(
        format!("Critical path of the PE, {}", table.name),
        Axis::linear("supply voltage / V"),
        Axis::linear("T_crit / ns"),
    )
    .series(Series {
        mark: Mark::Points,
        ..Series::new(
            "static timing",
            points.map(|point| Point::new(point.voltage, point.t_crit_ns)),
        )
    })
    .series(Series {
        mark: Mark::Line,
        ..Series::new(format!("V/(V − {:.3})^{:.3}", delay.vth, delay.alpha), law)
    })
}
