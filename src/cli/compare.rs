//! `drift tech compare`: a technology table against the gates themselves.

use super::exact::GatePe;
use super::plot::write;
use super::progress::Progress;
use super::{Verdict, inputs};
use anyhow::{Result, bail};
use drift::config::{ArrayConfig, Dataflow};
use drift::fault::{Sampler, TileFaults};
use drift::golden;
use drift::plot::{Axis, Lines, Mark, Point, Series, Size};
use drift::tech::{OperatingPoint, Table};
use drift::tiling::{Tile, Tiling};
use drift::units::{Hertz, Nanoseconds, Volts};
use drift::workload::{Gemm, Workload};
use std::path::PathBuf;

/// Critical paths of one netlist differ by rounding only.
const SAME_NETLIST: f64 = 1e-4;

/// Arguments of `drift tech compare`.
#[derive(clap::Args)]
pub struct Args {
    /// Technology table: shipped name or YAML file
    #[arg(long, value_name = "TABLE", default_value = drift::tech::DEFAULT)]
    tech: String,
    /// Liberty file of the voltage to compare at
    #[arg(long, value_name = "FILE")]
    liberty: PathBuf,
    /// pe.json that the table was made with, of `drift synth --out` [default: map the PE to the library]
    #[arg(long, value_name = "FILE")]
    netlist: Option<PathBuf>,
    /// Shipped name (tiny, default, edge, tpu) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// tiny-dit, FILE.safetensors, X.npy,W.npy or SHAPES.csv
    #[arg(long, default_value = "tiny-dit")]
    workload: String,
    /// Tiles, evenly from the whole workload
    #[arg(long, default_value_t = 200)]
    tiles: usize,
    /// Clock periods, in critical paths
    #[arg(long, value_delimiter = ',', default_value = "0.84,0.87,0.9,0.92")]
    at: Vec<f64>,
    /// Seed of the sampled faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Largest relative difference of the rates of wrong words
    #[arg(long, default_value_t = 0.1)]
    tolerance: f64,
    /// Folder for the plot of output errors, SVG and PNG
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Errors at one operating point by one of the two ways.
#[derive(Clone, Debug, Default)]
struct Errors {
    words: u64,
    wrong: u64,
    /// In the first rows of passes.
    first: RowWords,
    bits: u64,
    outputs: u64,
    wrong_outputs: u64,
    /// Outputs whose error has its highest bit here.
    sizes: [u64; 32],
}

/// Captured words of first rows.
#[derive(Clone, Copy, Debug, Default)]
struct RowWords {
    words: u64,
    wrong: u64,
}

impl Errors {
    fn rate(&self) -> f64 {
        self.wrong as f64 / self.words.max(1) as f64
    }

    /// Share of outputs that are wrong by 2^bit or more.
    fn at_least(&self, bit: usize) -> f64 {
        self.sizes[bit..].iter().sum::<u64>() as f64 / self.outputs.max(1) as f64
    }

    fn add(&mut self, work: &Work<'_>, tile: &Tile, faults: &TileFaults) {
        let (config, tiling) = (work.config, &work.tiling);
        self.words += Sampler::psum_words(config, tiling, tile);
        self.wrong += faults.flips.len() as u64;
        self.first.words += Sampler::first_row_words(config, tiling);
        self.first.wrong += faults.flips.iter().filter(|f| f.row == 0).count() as u64;
        let ones = faults
            .flips
            .iter()
            .map(|fault| u64::from(fault.xor.count_ones()));
        self.bits += ones.sum::<u64>();
        self.outputs += (tile.rows.len() * tile.columns.len()) as u64;
        let (x, w) = (work.gemm.x(), work.gemm.w());
        let result = golden::tile(config, tiling, tile, x, w, faults, config.threshold_bit);
        for (&(row, column), &delta) in &result.deltas {
            if delta != 0 && row < tile.rows.len() && column < tile.columns.len() {
                self.sizes[delta.unsigned_abs().ilog2() as usize] += 1;
                self.wrong_outputs += 1;
            }
        }
    }
}

/// A GEMM and the number of its first tile in the workload.
struct Work<'a> {
    config: &'a ArrayConfig,
    gemm: Gemm,
    tiling: Tiling,
    index: usize,
}

/// Compares, and prints a line for each operating point.
pub fn run(args: &Args) -> Result<Verdict> {
    let table = Table::load(&args.tech)?;
    let config = inputs::config(&args.config)?;
    if config.dataflow != Dataflow::Ws {
        bail!("--config {}: expected dataflow ws", args.config);
    }
    let workload = inputs::workload(&args.workload, args.seed)?;
    let pe = GatePe::load(&config, &args.liberty, args.netlist.as_deref())?;
    let (own, of_table) = (pe.critical().0, table.t_crit(pe.voltage).0);
    println!("technology {}, {}", table.name, table.origin.command);
    println!(
        "critical path at {}: {own:.4} ns, in the table {of_table:.4} ns",
        pe.voltage
    );
    if (own / of_table - 1.0).abs() > SAME_NETLIST {
        bail!("the table was made with another netlist; give it with --netlist");
    }
    let points: Vec<f64> = args.at.iter().map(|x| pe.on_grid(*x)).collect();
    let found = compare(args, &table, &pe, &config, &workload, &points)?;
    println!(
        "\n{:>8} {:>7} {:>9} {:>10} {:>8} {:>11} {:>11} {:>11} {:>7} {:>10} {:>9} {:>9} {:>9}",
        "T/T_crit",
        "V",
        "MHz",
        "words",
        "wrong",
        "P(gates)",
        "P(table)",
        "P(sampled)",
        "table",
        "first rows",
        "in table",
        "bits/word",
        "in table"
    );
    let mut good = 0;
    for (point, gates, sampled, errors) in &found {
        let first_share = gates.first.words as f64 / gates.words.max(1) as f64;
        let expected = errors.mean(first_share);
        let ratio = expected.word_wrong / gates.rate();
        good += usize::from((ratio - 1.0).abs() <= args.tolerance);
        let of_first = gates.first.wrong as f64 / gates.wrong.max(1) as f64;
        let of_first_expected = first_share * errors.first.word_wrong / expected.word_wrong;
        let per_word = |bits: f64, wrong: f64| bits / wrong.max(f64::MIN_POSITIVE);
        println!(
            "{:>8.4} {:>7.3} {:>9.3} {:>10} {:>8} {:>11.4e} {:>11.4e} {:>11.4e} {:>+6.1}% {:>9.1}% {:>8.1}% {:>9.2} {:>9.2}",
            table.x(*point),
            point.voltage.0,
            point.frequency.0 * 1e-6,
            gates.words,
            gates.wrong,
            gates.rate(),
            expected.word_wrong,
            sampled.rate(),
            100.0 * (ratio - 1.0),
            100.0 * of_first,
            100.0 * of_first_expected,
            per_word(gates.bits as f64, gates.wrong as f64),
            per_word(expected.ber() * 32.0, expected.word_wrong)
        );
    }
    println!(
        "\n{:>8} {:>14} {:>14}",
        "T/T_crit", "outputs wrong", "by the table"
    );
    for (point, gates, sampled, _) in &found {
        let share = |e: &Errors| 100.0 * e.wrong_outputs as f64 / e.outputs.max(1) as f64;
        println!(
            "{:>8.4} {:>13.3}% {:>13.3}%",
            table.x(*point),
            share(gates),
            share(sampled)
        );
    }
    if let Some(folder) = &args.out {
        write(
            &plot(&table, &found).into(),
            Size::WIDE,
            folder,
            "table-against-gates",
        )?;
    }
    println!(
        "{good} of {} operating points within {}%; without supply noise",
        found.len(),
        100.0 * args.tolerance
    );
    Ok(if good == found.len() {
        Verdict::Good
    } else {
        Verdict::Failed
    })
}

type Found = (OperatingPoint, Errors, Errors, drift::tech::TimingErrors);

fn compare(
    args: &Args,
    table: &Table,
    pe: &GatePe,
    config: &ArrayConfig,
    workload: &Workload,
    points: &[f64],
) -> Result<Vec<Found>> {
    let critical = table.t_crit(pe.voltage);
    let mut found = Vec::new();
    let mut simulators = Vec::new();
    for &x in points {
        let period = Nanoseconds(critical.0 * x);
        let point = OperatingPoint {
            voltage: pe.voltage,
            frequency: Hertz(period.frequency().0),
        };
        let errors = table.errors_with_noise(point, Volts(0.0))?;
        let sampler = Sampler::Timing {
            errors: errors.sampled(),
            seed: args.seed,
        };
        simulators.push((pe.at(x), sampler));
        found.push((point, Errors::default(), Errors::default(), errors));
    }
    let sizes: Vec<usize> = workload
        .shapes()
        .map(|(_, m, k, n)| Tiling::new(config, m, k, n).len())
        .collect();
    let total: usize = sizes.iter().sum();
    let chosen = args.tiles.min(total);
    let mut wanted = (0..chosen).map(|i| i * total / chosen.max(1)).peekable();
    let mut progress = Progress::new(chosen as u64, "tiles");
    let (mut first, mut done) = (0, 0);
    for (index, &size) in sizes.iter().enumerate() {
        if wanted.peek().is_some_and(|next| *next < first + size) {
            let gemm = workload.gemm(index)?;
            let tiling = Tiling::new(config, gemm.m(), gemm.k(), gemm.n());
            let work = Work {
                config,
                gemm,
                tiling,
                index,
            };
            while let Some(next) = wanted.next_if(|next| *next < first + size) {
                let tile = work.tiling.tile(next - first);
                for ((gates, sampler), found) in simulators.iter_mut().zip(&mut found) {
                    let (x, w) = (work.gemm.x(), work.gemm.w());
                    let flips = gates.tile(config, &work.tiling, &tile, x, w);
                    let exact = TileFaults {
                        flips,
                        stuck: Vec::new(),
                    };
                    found.1.add(&work, &tile, &exact);
                    let drawn = sampler.tile(config, work.index, &work.tiling, &tile);
                    found.2.add(&work, &tile, &drawn);
                }
                done += 1;
                progress.at(done, &work.gemm.name);
            }
        }
        first += size;
    }
    progress.finish();
    Ok(found)
}

/// Share of outputs wrong by 2^b or more, by both ways.
fn plot(table: &Table, found: &[Found]) -> Lines {
    let mut plot = Lines::new(
        format!("Output errors: {} and its gates", table.name),
        Axis::linear("b"),
        Axis::log("share of outputs wrong by 2^b or more"),
    );
    let series = |name: String, errors: &Errors, mark| {
        let of = |bit: usize| Point::new(bit as f64, errors.at_least(bit));
        let points = (0..32).map(of).filter(|point| point.y > 0.0);
        Series {
            mark,
            ..Series::new(name, points)
        }
    };
    for (point, gates, sampled, _) in found {
        let x = table.x(*point);
        plot = plot
            .series(series(format!("gates, {x:.3}"), gates, Mark::Line))
            .series(series(format!("table, {x:.3}"), sampled, Mark::Points));
    }
    plot
}
