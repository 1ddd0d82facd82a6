//! `drift characterize`.

use super::progress::Progress;
use super::{Verdict, inputs};
use anyhow::{Context, Result, bail};
use drift::config::ArrayConfig;
use drift::tech::{
    AlphaPower, Delay, DelayPoint, Late, LateCurve, LibertyFile, Margins, Origin, SCHEMA, Table,
};
use drift::timing::dynamic::{
    Operands, PassRows, PeTiming, RESOLUTION, RowCounts, check, choose_periods, count_columns, trim,
};
use drift::timing::liberty::{Corner, Library};
use drift::timing::netlist::Netlist;
use drift::timing::recipe::{PE_TOP, SynthesisedPe, synthesise_pe};
use drift::workload::Workload;
use sha2::{Digest, Sha256};
use std::path::PathBuf;

/// Vectors that are enough to see where the errors begin.
const PILOT: u64 = 1 << 16;
/// Margins of a new table, until somebody knows better: 10% of the frequency, and 10 mV of
/// supply noise.
const GUARDBAND: f64 = 0.1;
const NOISE: f64 = 0.01;

/// Arguments of `drift characterize`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// Liberty files (.lib, .lib.gz) of one library at different voltages, A.lib+B.lib where it is split; the PE is mapped with the first
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    liberty: Vec<PathBuf>,
    /// Operands: tiny-dit, a .safetensors or .csv file, X.npy,W.npy, or random
    #[arg(long, default_value = "tiny-dit")]
    workload: String,
    /// Write the technology table here
    #[arg(long, value_name = "FILE", required_unless_present = "check")]
    out: Option<PathBuf>,
    /// Name of the technology in the table [default: that of the first library]
    #[arg(long)]
    name: Option<String>,
    /// Instead of measuring, compare so many operand pairs: both simulators with each other, with the arithmetic and with static timing
    #[arg(long, value_name = "N", conflicts_with = "out")]
    check: Option<u64>,
    /// Captured words per voltage for the common errors: so many of all rows, and as many of first rows only
    #[arg(long, default_value_t = 500_000, value_name = "N")]
    vectors: u64,
    /// Further ones per voltage for the rare errors
    #[arg(long, default_value_t = 3_000_000, value_name = "N")]
    tail_vectors: u64,
    /// Operand pairs per voltage for the energy
    #[arg(long, default_value_t = 8192, value_name = "N")]
    energy_vectors: u64,
    /// Seed of the PEs that are drawn, and of drawn operands
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Where operands come from.
struct Source<'a> {
    workload: Option<Workload>,
    config: &'a ArrayConfig,
    seed: u64,
}

impl<'a> Source<'a> {
    fn open(args: &Args, config: &'a ArrayConfig) -> Result<Self> {
        let named = args.workload != "random";
        let open = || inputs::workload(&args.workload, args.seed);
        Ok(Self {
            workload: named.then(open).transpose()?,
            config,
            seed: args.seed,
        })
    }

    fn operands(&self) -> Operands<'_> {
        match &self.workload {
            Some(workload) => Operands::of_workload(workload, self.config, self.seed),
            None => Operands::random(self.seed),
        }
    }

    fn name(&self) -> String {
        match &self.workload {
            Some(workload) => format!(
                "{} ({}) on {} rows x {} columns, tiles of {} rows",
                workload.name(),
                workload.hash(),
                self.config.rows,
                self.config.columns,
                self.config.tile_rows
            ),
            None => {
                "random: uniform activations and weights, partial sums of random length".to_owned()
            }
        }
    }
}

/// Measures a technology table, or checks how it would be measured.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let source = Source::open(args, &config)?;
    let pe = synthesise_pe(&config, &args.liberty[0])?;
    let netlist = Netlist::parse(&pe.json, PE_TOP)?;
    match args.check {
        Some(vectors) => compare(args, &source, &netlist, vectors),
        None => measure(args, &source, &netlist, &pe),
    }
}

/// Both simulators, arithmetic and static bound, at every voltage.
fn compare(args: &Args, source: &Source<'_>, netlist: &Netlist, vectors: u64) -> Result<Verdict> {
    let mut good = true;
    println!(
        "{:>7} {:>9} {:>11} {:>9} {:>10} {:>10} {:>9} {:>10}",
        "V", "vectors", "bits", "differ", "wrong sums", "late words", "latest", "past bound"
    );
    for file in &args.liberty {
        let timing = PeTiming::new(netlist, &Library::read(file)?, None)?;
        let periods: Vec<u32> = (RESOLUTION / 2..=RESOLUTION).step_by(16).collect();
        let mut progress = Progress::new(vectors, "operand pairs");
        let step = |done| progress.at(done, "comparing");
        let found = check(&timing, &mut source.operands(), &periods, vectors, step)?;
        progress.finish();
        println!(
            "{:>7.3} {:>9} {:>11} {:>9} {:>10} {:>10} {:>9.4} {:>10}",
            timing.voltage,
            found.vectors,
            found.bits,
            found.different,
            found.wrong_sums,
            found.wrong_words,
            f64::from(found.latest) / f64::from(RESOLUTION),
            found.beyond_bound
        );
        println!(
            "        with inertial delays {} late words",
            found.wrong_words_inertial
        );
        good &= found.holds();
    }
    println!("late words: at T/T_crit of 0.5 or more; latest: in T_crit");
    Ok(if good { Verdict::Good } else { Verdict::Failed })
}

/// What was measured at one voltage.
struct Measured {
    timing: PeTiming,
    late: Vec<RowCounts>,
    file: LibertyFile,
}

impl Measured {
    /// What the table has of this voltage.
    fn curve(&self) -> LateCurve {
        let mut counts = self.late.clone();
        trim(&mut counts);
        LateCurve {
            voltage: self.timing.voltage,
            curve: counts.iter().map(entry).collect(),
        }
    }
}

fn entry(counts: &RowCounts) -> Late {
    Late {
        x: f64::from(counts.period()) / f64::from(RESOLUTION),
        first: counts.first.entry(),
        later: counts.later.entry(),
    }
}

fn measure(
    args: &Args,
    source: &Source<'_>,
    netlist: &Netlist,
    pe: &SynthesisedPe,
) -> Result<Verdict> {
    let Some(out) = &args.out else {
        bail!("--out is missing")
    };
    let each = args.vectors + args.tail_vectors;
    let mut progress = Progress::new(2 * each * args.liberty.len() as u64, "captured words");
    let mut grid = None;
    let mut all: Vec<Measured> = Vec::new();
    for (index, file) in args.liberty.iter().enumerate() {
        let corner = Corner::read(file)?;
        let library = corner.library()?;
        let energy = Some((&mut source.operands(), args.energy_vectors));
        let timing = PeTiming::new(netlist, &library, energy)?;
        let (periods, tail) = match &grid {
            Some(grid) => grid,
            None => grid.insert(choose_periods(
                &timing.model,
                &mut source.operands(),
                PILOT,
            )?),
        };
        let at = format!("{:.3} V", timing.voltage);
        let mut done = 2 * index as u64 * each;
        let mut late: Vec<RowCounts> = Vec::new();
        // All voltages see the same operands.
        for rows in [PassRows::All, PassRows::First] {
            let mut operands = source.operands();
            for (from, words) in [(0, args.vectors), (*tail, args.tail_vectors)] {
                let found = count_columns(
                    &timing.model,
                    &mut operands,
                    source.config,
                    &periods[from..],
                    rows,
                    words,
                    |n| progress.at(done + n.min(words), &at),
                )?;
                done += words;
                if late.is_empty() {
                    late = found;
                } else {
                    let counted = late[from..].iter_mut().zip(&found);
                    counted.for_each(|(late, more)| late.merge(more));
                }
            }
        }
        all.push(Measured {
            file: LibertyFile {
                file: corner.name(),
                sha256: sha256(corner.texts()),
                voltage: timing.voltage,
            },
            timing,
            late,
        });
    }
    progress.finish();
    let names: Vec<String> = all.iter().map(|m| m.file.file.clone()).collect();
    all.sort_by(|a, b| a.timing.voltage.total_cmp(&b.timing.voltage));
    let table = table(args, source, pe, &all, &names)?;
    report(&all, &table);
    table.write(out)?;
    println!("\nwritten to {}", out.display());
    Ok(Verdict::Good)
}

/// Puts the table together; `files` are the libraries as they were given.
fn table(
    args: &Args,
    source: &Source<'_>,
    pe: &SynthesisedPe,
    all: &[Measured],
    files: &[String],
) -> Result<Table> {
    let points: Vec<(f64, f64)> = all
        .iter()
        .map(|m| (m.timing.voltage, m.timing.model.critical()))
        .collect();
    let law = AlphaPower::fit(&points)?;
    let highest = points.last().context("no library")?;
    let (nominal_voltage, t_crit_ns) = (highest.0, round(highest.1));
    let late: Vec<LateCurve> = all.iter().map(Measured::curve).collect();
    let sources = vec![
        "late: transport delays of static timing's transitions and loads, ideal clock, no wires; the same operands at every voltage; columns of PEs drawn evenly from all tiles, with the partial sums that the PE above captures, errors included; first: row 0 of a pass, for which the weights are swapped".to_owned(),
        "masks: the 96 commonest, or as many as make up 99.9%; every other wrong word counts as the listed mask that agrees best with its highest bits".to_owned(),
        "energy: half CV^2 per edge with the library's pin capacitances, and its internal power; of one PE with its registers; inertial delays".to_owned(),
        "margins: guardband and supply noise are assumptions, not measurements".to_owned(),
    ];
    Ok(Table {
        schema: SCHEMA.to_owned(),
        name: args.name.clone().unwrap_or_else(|| {
            let first = files.first().map_or("", String::as_str);
            first.split('.').next().unwrap_or_default().to_owned()
        }),
        origin: Origin {
            command: format!(
                "drift characterize --config {} --workload {} --vectors {} --tail-vectors {} --energy-vectors {} --seed {} --liberty {}",
                args.config,
                args.workload,
                args.vectors,
                args.tail_vectors,
                args.energy_vectors,
                args.seed,
                files.join(" ")
            ),
            netlist_sha256: sha256(std::iter::once(&*pe.verilog)),
            recipe: format!(
                "Yosys {}, script {}",
                pe.yosys,
                sha256(std::iter::once(&*pe.script))
            ),
            liberty: all.iter().map(|m| m.file.clone()).collect(),
            workload: source.name(),
            vectors: all
                .iter()
                .filter_map(|m| {
                    let both = |l: &RowCounts| l.first.vectors + l.later.vectors;
                    m.late.iter().map(both).max()
                })
                .sum(),
            seed: args.seed,
            scaled_from: None,
            sources,
        },
        margins: Margins {
            sign_off_voltage: nominal_voltage,
            voltage_droop: 0.0,
            frequency_guardband: GUARDBAND,
            noise_sigma: NOISE,
        },
        delay: Delay {
            nominal_voltage,
            t_crit_ns,
            vth: round(law.threshold),
            alpha: round(law.alpha),
            fit_rms: round(law.rms),
            points: points
                .iter()
                .map(|(voltage, t)| DelayPoint {
                    voltage: *voltage,
                    t_crit_ns: round(*t),
                })
                .collect(),
        },
        pass_rows: source.config.pass_rows() as u32,
        late,
        energy: all
            .iter()
            .filter_map(|m| m.timing.energy)
            .map(|mut energy| {
                energy.switching_pj = round(energy.switching_pj);
                energy.clock_pj = round(energy.clock_pj);
                energy.leakage_nw = round(energy.leakage_nw);
                energy
            })
            .collect(),
    })
}

/// Six digits after the point: what a reader can use.
fn round(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

fn report(all: &[Measured], table: &Table) {
    println!(
        "{:>7} {:>10} {:>13} {:>9} {:>11}",
        "V", "T_crit/ns", "switching/pJ", "clock/pJ", "leakage/nW"
    );
    for measured in all {
        let timing = &measured.timing;
        if let Some(energy) = timing.energy {
            println!(
                "{:>7.3} {:>10.4} {:>13.4} {:>9.4} {:>11.4}",
                timing.voltage,
                timing.model.critical(),
                energy.switching_pj,
                energy.clock_pj,
                energy.leakage_nw
            );
        }
    }
    for (title, of) in [
        (
            "first rows",
            (|l| l.first.word_wrong()) as fn(&RowCounts) -> f64,
        ),
        ("later rows", |l| l.later.word_wrong()),
    ] {
        print!("\nP(word wrong), {title}\n{:>7}", "x");
        for measured in all {
            print!(" {:>7.2} V", measured.timing.voltage);
        }
        println!();
        let longest = table.late.iter().map(|late| late.curve.len()).max();
        for place in 0..longest.unwrap_or(0) {
            let period = all[0].late[place].period();
            print!("{:>7.4}", f64::from(period) / f64::from(RESOLUTION));
            for measured in all {
                print!(" {:>9.2e}", of(&measured.late[place]));
            }
            println!();
        }
    }
}

fn sha256<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut digest = Sha256::new();
    texts.for_each(|text| digest.update(text.as_bytes()));
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
