//! `drift sweep`: co-simulation at several voltages.

use super::plot::write;
use super::{Verdict, cosim, inputs, output};
use anyhow::{Result, bail};
use drift::config::ArrayConfig;
use drift::cosim::{BuildOptions, Model, build};
use drift::fault::Sampler;
use drift::golden::FaultCounts;
use drift::plot::{Axis, Lines, Mark, Point, Series, Size};
use drift::tech::{OperatingPoint, RowTimingErrors, Table};
use serde::Serialize;
use std::path::PathBuf;

/// Standard deviations beyond which a measured rate is not the table's; one
/// right point in 3000 would be called wrong.
const LIMIT: f64 = 3.6;

/// Arguments of `drift sweep`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    cosim: cosim::Args,
    /// Lowest voltage
    #[arg(long, value_name = "V")]
    from: f64,
    /// Highest voltage
    #[arg(long, value_name = "V")]
    to: f64,
    /// Voltages in all
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u64).range(2..=200))]
    points: u64,
    /// Folder for the plots and sweep.json
    #[arg(long, value_name = "DIR", default_value = "sweep")]
    out: PathBuf,
}

/// What one voltage gave.
#[derive(Serialize)]
struct Row {
    voltage: f64,
    frequency: f64,
    /// Captured psum words, in RTL.
    words: u64,
    wrong: u64,
    bit_error_rate: f64,
    /// Standard deviation that the table predicts for the rate measured.
    deviation: f64,
    table_word_wrong: f64,
    table_bit_error_rate: f64,
    faults: FaultCounts,
    mismatches: u64,
}

/// Runs the workload at every voltage, in hardware and golden model.
pub fn run(args: &Args) -> Result<Verdict> {
    if args.from >= args.to {
        bail!(
            "--from {} --to {}: expected an interval",
            args.from,
            args.to
        );
    }
    let config = inputs::config(&args.cosim.config)?;
    let workload = inputs::workload(&args.cosim.workload, args.cosim.faults.seed)?;
    let jobs = cosim::jobs(&args.cosim, &config, &workload)?;
    let table = args.cosim.faults.timing.table()?;
    let built = build(&config, BuildOptions::default(), |_, verilator| {
        eprintln!(
            "building the model with Verilator {} ...",
            verilator.version
        );
    })?;
    let model = Model::load(&built.object, &config)?;
    println!(
        "{:>7} {:>9} {:>11} {:>9} {:>10} {:>10} {:>6} {:>9} {:>9} {:>8} {:>9}",
        "V",
        "MHz",
        "words",
        "wrong",
        "BER",
        "table",
        "sigma",
        "detected",
        "located",
        "missed",
        "mismatch"
    );
    let mut rows = Vec::new();
    for step in 0..args.points {
        let share = step as f64 / (args.points - 1) as f64;
        let voltage = args.to + (args.from - args.to) * share;
        let point = OperatingPoint {
            voltage: drift::units::Volts((voltage * 1e6).round() / 1e6),
            ..args.cosim.faults.timing.point(&table)
        };
        let errors = table.errors(point)?;
        let sampler = Sampler::Timing {
            errors: errors.sampled(),
            seed: args.cosim.faults.seed,
        };
        let mut simulator = model.simulator();
        let outcome = cosim::simulate(
            &args.cosim,
            &config,
            &workload,
            &sampler,
            &jobs,
            &mut simulator,
        )?;
        let (words, first, bits) = captured(&config, &jobs, &sampler);
        let errors = errors.mean(first as f64 / words.max(1) as f64);
        let row = Row {
            voltage: point.voltage.0,
            frequency: point.frequency.0,
            words,
            wrong: outcome.faults.injected,
            bit_error_rate: bits as f64 / (32.0 * words as f64),
            deviation: deviation(&errors, words),
            table_word_wrong: errors.word_wrong,
            table_bit_error_rate: errors.ber(),
            faults: outcome.faults,
            mismatches: u64::from(outcome.divergence.is_some()),
        };
        print(&row);
        rows.push(row);
    }
    std::fs::create_dir_all(&args.out)?;
    output::record(&args.out.join("sweep.json"), &rows)?;
    let errors = error_rates(&table, &rows);
    write(&errors.into(), Size::WIDE, &args.out, "ber")?;
    write(&found(&rows).into(), Size::WIDE, &args.out, "detected")?;
    let good = |row: &Row| row.mismatches == 0 && sigmas(row).abs() <= LIMIT;
    let wrong = rows.iter().filter(|row| !good(row)).count();
    println!(
        "{wrong} of {} voltages differ from the table or between RTL and golden",
        rows.len()
    );
    Ok(if wrong == 0 {
        Verdict::Good
    } else {
        Verdict::Failed
    })
}

/// Words that the array captures in a run, those of first rows of passes, and wrong bits.
fn captured(config: &ArrayConfig, jobs: &[cosim::Job], sampler: &Sampler) -> (u64, u64, u64) {
    let (mut words, mut first, mut bits) = (0, 0, 0);
    for job in jobs {
        let tiling = job.tiling(config);
        for tile in tiling.tiles() {
            words += Sampler::psum_words(config, &tiling, &tile);
            first += Sampler::first_row_words(config, &tiling);
            let faults = sampler.tile(config, job.index, &tiling, &tile);
            let ones = faults.flips.iter().map(|f| u64::from(f.xor.count_ones()));
            bits += ones.sum::<u64>();
        }
    }
    (words, first, bits)
}

/// Standard deviation of the measured bit error rate: the wrong bits of a word come
/// together, so that words count, by the square of their wrong bits.
fn deviation(errors: &RowTimingErrors, words: u64) -> f64 {
    let square = |(mask, share): &(u32, f64)| share * f64::from(mask.count_ones()).powi(2);
    let squares: f64 = errors.masks.iter().map(square).sum();
    let mean = 32.0 * errors.ber();
    let variance = errors.word_wrong * squares - mean * mean;
    (variance.max(0.0) / words as f64).sqrt() / 32.0
}

/// How many standard deviations the measured rate is off.
fn sigmas(row: &Row) -> f64 {
    let off = row.bit_error_rate - row.table_bit_error_rate;
    // Where less than one wrong word is expected, one or two are no contradiction.
    let least = 1.0 / (row.words as f64);
    off / row.deviation.max(least)
}

fn print(row: &Row) {
    let percent = |part: u64, whole: u64| match whole {
        0 => "-".to_owned(),
        whole => format!("{:.2}%", 100.0 * part as f64 / whole as f64),
    };
    let faults = &row.faults;
    println!(
        "{:>7.4} {:>9.3} {:>11} {:>9} {:>10.3e} {:>10.3e} {:>+6.2} {:>9} {:>9} {:>8} {:>9}",
        row.voltage,
        row.frequency * 1e-6,
        row.words,
        row.wrong,
        row.bit_error_rate,
        row.table_bit_error_rate,
        sigmas(row),
        percent(faults.detected, faults.injected),
        percent(faults.located, faults.above_threshold),
        percent(faults.missed, faults.above_threshold),
        row.mismatches
    );
}

fn error_rates(table: &Table, rows: &[Row]) -> Lines {
    let measured = rows.iter().filter(|row| row.wrong > 0).map(|row| {
        let half = 1.96 * row.deviation;
        let low = (row.bit_error_rate - half).max(row.bit_error_rate * 0.01);
        Point::with_interval(
            row.voltage,
            row.bit_error_rate,
            low,
            row.bit_error_rate + half,
        )
    });
    let expected = rows.iter().filter(|row| row.table_bit_error_rate > 1e-12);
    let expected = expected.map(|row| Point::new(row.voltage, row.table_bit_error_rate));
    Lines::new(
        format!("Bit error rate: RTL and table, {}", table.name),
        Axis::linear("supply voltage / V"),
        Axis::log("bit error rate"),
    )
    .series(Series {
        mark: Mark::Line,
        ..Series::new("table", expected)
    })
    .series(Series {
        mark: Mark::Points,
        ..Series::new("RTL, 95% interval", measured)
    })
}

fn found(rows: &[Row]) -> Lines {
    let curve = |name: &str, of: fn(&FaultCounts) -> (u64, u64)| {
        let share = |row: &Row| {
            let (part, whole) = of(&row.faults);
            (whole > 0).then(|| Point::new(row.voltage, 100.0 * part as f64 / whole as f64))
        };
        Series::new(name, rows.iter().filter_map(share))
    };
    Lines::new(
        "Timing errors that the checksums find",
        Axis::linear("supply voltage / V"),
        Axis::linear("%"),
    )
    .series(curve("detected, of all", |f| (f.detected, f.injected)))
    .series(curve("located, of those >= 2^theta", |f| {
        (f.located, f.above_threshold)
    }))
    .series(curve("missed, of those >= 2^theta", |f| {
        (f.missed, f.above_threshold)
    }))
}
