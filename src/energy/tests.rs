//! Closed forms of tiny cases, monotony, sums, and bad input.

use super::constants::pj_per_byte;
use super::shapes::parse;
use super::traffic::Traffic;
use super::*;
use crate::baseline::{Hardware, Work};
use crate::config::{ArrayConfig, SHIPPED};
use crate::forecast::FullSteps;
use crate::golden::{Layout, schedule};
use crate::model::GemmShape;
use crate::policy::{Cell, Classes, Schedule};
use crate::tech::{OperatingPoint, Table};
use crate::tiling::Tiling;
use crate::units::{Cycles, Hertz, Volts};
use std::path::Path;

fn shape(layer: &str, block: Option<usize>, kind: &str, size: (usize, usize, usize)) -> GemmShape {
    let (m, k, n) = size;
    GemmShape {
        layer: layer.to_owned(),
        block,
        kind: kind.parse().unwrap(),
        m,
        n,
        k,
        count: 1,
    }
}

fn config(name: &str) -> ArrayConfig {
    let (_, yaml) = SHIPPED.iter().find(|(known, _)| *known == name).unwrap();
    ArrayConfig::from_yaml(yaml, Path::new(name)).unwrap()
}

fn table() -> Table {
    Table::load("sky130-ss-n40c").unwrap()
}

fn machine(name: &str) -> Machine {
    machine_with(name, "ddr4-3200")
}

fn machine_with(name: &str, memory: &str) -> Machine {
    Machine::new(&config(name), &table(), memory, &Constants::shipped(), None).unwrap()
}

#[test]
fn on_chip_memories_follow_their_nodes() {
    let constants = Constants::shipped();
    for memories in [&constants.buffer, &constants.accumulator] {
        for memory in memories {
            assert!((pj_per_byte(memories, memory.nm) - memory.pj_per_byte).abs() < 1e-12);
        }
        let between = pj_per_byte(memories, 14.0);
        assert!(memories[1].pj_per_byte < between && between < memories[0].pj_per_byte);
        assert!(pj_per_byte(memories, 130.0) > memories[0].pj_per_byte);
        assert_eq!(pj_per_byte(&memories[..1], 3.0), memories[0].pj_per_byte);
    }
    assert_eq!(constants.node("sky130-ss-n40C").unwrap(), 130.0);
    assert_eq!(constants.node("scaled-14nm").unwrap(), 14.0);
}

#[test]
fn traffic_of_a_gemm_by_hand() {
    // 16×16, T = 64: 2 rows of tiles, 3 columns of tiles, 2 passes.
    let gemm = shape("x", None, "linear", (100, 32, 40));
    let found = Traffic::of(&config("default"), false, &gemm, 1e9);
    assert_eq!(found.buffer, 3 * 100 * 32 + 2 * 32 * 40 + 100 * 40);
    assert_eq!(found.accumulators, 4 * (100 * 40 * 3 + 100 * 40));
    assert_eq!((found.weights, found.dram()), (32 * 40, 32 * 40));
    let checked = Traffic::of(&config("default"), true, &gemm, 1e9);
    assert_eq!(checked.accumulators, 4 * (104 * 46 * 3 + 100 * 40));
    assert_eq!(checked.buffer, found.buffer);
    // Nothing fits: X comes once per column of tiles, W once per row of tiles.
    let none = Traffic::of(&config("default"), false, &gemm, 100.0);
    assert_eq!(none.weights, 2 * 32 * 40);
    assert_eq!(none.activations_read, 3 * 100 * 32);
    assert_eq!(none.activations_written, 100 * 40);
    // A row of tiles of X fits into a quarter: it comes once.
    let band = Traffic::of(&config("default"), false, &gemm, 4.0 * 50.0 * 32.0);
    assert_eq!(band.activations_read, 100 * 32);
    // The second operand of a product is an activation.
    let product = shape("x", None, "attn_qk_self", (100, 32, 40));
    let found = Traffic::of(&config("default"), false, &product, 1e9);
    assert_eq!(found.dram(), 0);
    let found = Traffic::of(&config("default"), false, &product, 100.0);
    assert_eq!(
        (found.weights, found.activations_read),
        (0, 3 * 3200 + 2 * 1280)
    );
    let os = Traffic::of(&config("default-os"), false, &gemm, 1e9);
    assert_eq!(os.accumulators, 4 * 2 * 100 * 40);
}

#[test]
fn a_convolution_reads_its_input_once_per_element() {
    for (kind, expected) in [
        ("linear", 4096 * 2880),
        ("conv1x1", 4096 * 2880),
        ("conv3x3", 4096 * 320),
        ("conv3x3s2", 4 * 4096 * 320),
        ("conv2x2s2", 4096 * 2880),
    ] {
        let gemm = shape("x", None, kind, (4096, 2880, 320));
        assert_eq!(gemm.input_elements(), expected, "{kind}");
    }
    let gemm = shape("x", None, "conv3x3", (4096, 2880, 320));
    let found = Traffic::of(&config("tpu"), false, &gemm, 2e6);
    assert_eq!(found.activations_read, 4096 * 320);
}

#[test]
fn energy_of_a_gemm_by_hand() {
    for name in ["default", "default-os"] {
        let machine = machine(name);
        let gemm = shape("x", None, "linear", (100, 32, 40));
        let point = machine.nominal();
        let found = machine
            .gemm(&gemm, point, Hardware::Plain, &Work::default())
            .unwrap();
        let mut plain = config(name);
        plain.checksum = false;
        let cycles = schedule(&plain, &Tiling::new(&plain, 100, 32, 40)).cycles.0 as f64;
        assert_eq!(found.cycles, cycles);
        // Far from bound by the DRAM.
        let seconds = cycles / point.frequency.0;
        assert!((found.seconds / seconds - 1.0).abs() < 1e-12);
        let mac = table().energy(point.voltage).unwrap();
        let parts = found.energy;
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        near(parts.macs, 100.0 * 32.0 * 40.0 * mac.switching_pj);
        near(parts.clock, 256.0 * cycles * mac.clock_pj);
        near(parts.leakage, 256.0 * mac.leakage_nw * seconds * 1e3);
        near(
            parts.regulator,
            (parts.macs + parts.clock + parts.leakage) / 9.0,
        );
        assert_eq!(parts.protection + parts.redundancy + parts.recompute, 0.0);
        // 1280 bytes of weights: 20 bursts of 64, one row, I/O.
        let io = 1280.0 * 8.0 * 5.0;
        assert!(parts.dram_weights > io && parts.dram_weights < 3.0 * io);
        let sum: f64 = parts.all().iter().map(|(_, part)| part).sum();
        near(sum, parts.total());
    }
}

#[test]
fn a_gemm_with_few_rows_waits_for_its_weights() {
    let machine = machine("tpu");
    let gemm = shape("x", None, "linear", (2, 1152, 6912));
    // Fast enough that the array is not the limit.
    let point = OperatingPoint {
        frequency: Hertz(1e12),
        ..machine.nominal()
    };
    let found = machine
        .gemm(&gemm, point, Hardware::Plain, &Work::default())
        .unwrap();
    let bandwidth = 0.8 * 25.6e9;
    assert!((found.seconds * bandwidth / (1152.0 * 6912.0) - 1.0).abs() < 1e-9);
}

fn total(machine: &Machine, point: OperatingPoint, hardware: Hardware, work: &Work) -> Cost {
    let gemm = shape("x", Some(0), "linear", (256, 128, 512));
    machine.gemm(&gemm, point, hardware, work).unwrap()
}

#[test]
fn voltage_frequency_and_protection_move_energy_and_time_as_they_must() {
    let machine = machine("edge");
    let nominal = machine.nominal();
    let none = Work::default();
    let at = |volts: f64| {
        let point = OperatingPoint {
            voltage: Volts(volts),
            ..nominal
        };
        total(&machine, point, Hardware::Plain, &none)
    };
    let voltages = [1.28, 1.35, 1.44, 1.6, 1.76];
    for pair in voltages.windows(2) {
        assert!(at(pair[0]).joules() < at(pair[1]).joules());
        assert_eq!(at(pair[0]).seconds, at(pair[1]).seconds);
    }
    let faster = OperatingPoint {
        frequency: Hertz(nominal.frequency.0 * 1.7),
        ..nominal
    };
    let plain = total(&machine, nominal, Hardware::Plain, &none);
    let fast = total(&machine, faster, Hardware::Plain, &none);
    assert!((plain.seconds / fast.seconds - 1.7).abs() < 1e-9);
    assert!(fast.joules() < plain.joules());

    let of = |hardware| total(&machine, nominal, hardware, &none);
    let (checked, razor, twice) = (
        of(Hardware::Checksums),
        of(Hardware::Razor),
        of(Hardware::Twice),
    );
    for protected in [checked, razor, twice] {
        assert!(protected.joules() > plain.joules());
    }
    assert_eq!(twice.cycles, 2.0 * plain.cycles);
    assert_eq!(razor.seconds, plain.seconds);
    // 34 × 34 PEs instead of 32 × 32, and two rows more per 64.
    let share = checked.energy.protection / (checked.energy.macs + checked.energy.clock);
    assert!((0.05..0.2).contains(&share), "{share}");
    // The array's energy twice, and its on-chip traffic.
    let array = plain.energy.macs + plain.energy.clock;
    let again = array + plain.energy.buffer + plain.energy.accumulators;
    assert!((twice.energy.redundancy / again - 1.0).abs() < 1e-3);
}

#[test]
fn work_on_top_costs_energy_time_and_traffic() {
    let machine = machine("edge");
    let low = OperatingPoint {
        voltage: Volts(1.4),
        ..machine.nominal()
    };
    let plain = total(&machine, low, Hardware::Checksums, &Work::default());
    let recompute = Work {
        recomputed_macs: 66 * 34 * 128,
        nominal_cycles: Cycles(4 * 66),
        nominal_visits: 1,
        ..Work::default()
    };
    let repeated = total(&machine, low, Hardware::Checksums, &recompute);
    assert!(repeated.energy.recompute > 0.0 && repeated.energy.transitions > 0.0);
    let transitions = machine.transition(low, machine.nominal()).unwrap().seconds
        + machine.transition(machine.nominal(), low).unwrap().seconds;
    let more = 264.0 / machine.nominal().frequency.0 + transitions;
    assert!((repeated.seconds - plain.seconds - more).abs() < 1e-15);

    let checkpoint = |rows| Work {
        checkpoint_bytes_written: 100_000,
        rows_opened_writing: rows,
        ..Work::default()
    };
    let [few, many] =
        [13, 400].map(|rows| total(&machine, low, Hardware::Checksums, &checkpoint(rows)).energy);
    assert!(few.dram_checkpoints > 100_000.0 * 40.0);
    assert!(many.dram_checkpoints > few.dram_checkpoints);
    assert_eq!(many.buffer, few.buffer);
}

#[test]
fn a_transition_charges_the_supply_on_the_way_up() {
    let machine = machine("edge");
    let (low, high) = (
        OperatingPoint {
            voltage: Volts(1.4),
            frequency: Hertz(50e6),
        },
        OperatingPoint {
            voltage: Volts(1.6),
            frequency: Hertz(100e6),
        },
    );
    let up = machine.transition(low, high).unwrap();
    // 10 nF · 1.6 V · 0.2 V / 0.9, in pJ; 0.2 V at 100 ns/V, 64 cycles of 20 ns.
    assert!((up.energy.transitions / (10e3 * 1.6 * 0.2 / 0.9) - 1.0).abs() < 1e-9);
    assert!((up.seconds / (20e-9 + 64.0 * 20e-9) - 1.0).abs() < 1e-9);
    let down = machine.transition(high, low).unwrap();
    assert_eq!((down.energy.transitions, down.seconds), (0.0, up.seconds));
    assert_eq!(machine.transition(low, low).unwrap(), Cost::default());
}

fn network() -> Vec<GemmShape> {
    let mut shapes = vec![shape("pos_embed.proj", None, "conv4x4s4", (64, 48, 128))];
    for block in 0..4 {
        let name = |layer: &str| format!("transformer_blocks.{block}.{layer}");
        let mut add = |layer: &str, kind: &str, size| {
            shapes.push(shape(&name(layer), Some(block), kind, size));
        };
        add("norm1.linear", "linear", (1, 128, 768));
        add("attn1.to_q", "linear", (64, 128, 128));
        add("attn1.qk", "attn_qk_self", (64, 32, 64));
        add("ff.net.2", "linear", (64, 512, 128));
    }
    shapes
}

fn run<'a>(machine: &'a Machine, shapes: &'a [GemmShape], points: &'a [OperatingPoint]) -> Run<'a> {
    Run {
        machine,
        shapes,
        steps: 12,
        classes: Classes::protecting(12, 3, 4, 1),
        schedule: Schedule::paper(1),
        points,
        hardware: Hardware::Checksums,
        checkpoints: Some(Analytic {
            interval: 5,
            rollbacks: 0.5,
            layout: Layout::Tile,
        }),
        errors: None,
        full_steps: None,
    }
}

#[test]
fn a_run_is_the_sum_of_its_gemms() {
    let machine = machine("default");
    let shapes = network();
    let low = OperatingPoint {
        voltage: Volts(1.4),
        ..machine.nominal()
    };
    let points = [machine.nominal(), low];
    let run = run(&machine, &shapes, &points);
    let report = run.report().unwrap();
    // From step 3 on: down behind block 0, up for the next step's embedding.
    assert_eq!(report.transitions, 9 * 2 - 1);
    let mut transitions = Cost::default();
    for _ in 0..9 {
        transitions += machine.transition(points[0], points[1]).unwrap();
    }
    for _ in 0..8 {
        transitions += machine.transition(points[1], points[0]).unwrap();
    }
    let gemms: Cost = report.by_kind.values().copied().sum();
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    near(gemms.joules() + transitions.joules(), report.total.joules());
    near(gemms.seconds + transitions.seconds, report.total.seconds);
    near(report.by_cell.iter().sum::<f64>(), gemms.energy.total());
    let macs: u64 = shapes.iter().map(GemmShape::macs).sum();
    assert_eq!(report.macs, 12 * macs);
    // Without simulated faults nothing is rolled back at nominal: the cells say so.
    let nominal = Run {
        schedule: Schedule::uniform(0),
        ..run.clone()
    };
    let nominal = nominal.report().unwrap();
    assert_eq!(nominal.transitions, 0);
    for cell in Cell::all().filter(|cell| cell.timestep == 0 || cell.block == 0) {
        near(
            report.by_cell[cell.index()].max(1e-300),
            nominal.by_cell[cell.index()].max(1e-300),
        );
    }
}

#[test]
fn checkpoints_cost_by_interval_and_layout() {
    let machine = machine("default");
    let shapes = network();
    let points = [machine.nominal(), machine.nominal()];
    let base = run(&machine, &shapes, &points);
    let energy = |checkpoints| {
        let run = Run {
            checkpoints,
            ..base.clone()
        };
        run.report().unwrap().parts().dram_checkpoints
    };
    let with = |interval, layout| {
        energy(Some(Analytic {
            interval,
            rollbacks: 0.0,
            layout,
        }))
    };
    assert_eq!(energy(None), 0.0);
    let once = with(12, Layout::Tile);
    // 12 steps: writes in 0, 5 and 10.
    assert!((with(5, Layout::Tile) / once - 3.0).abs() < 1e-9);
    assert!((with(1, Layout::Tile) / once - 12.0).abs() < 1e-9);
    // Fetches from a wide matrix open a row for every line of a tile, unless it is repacked.
    let wide = [shape("x", Some(3), "linear", (64, 8, 4608))];
    let energy = |layout| {
        let checkpoints = Analytic {
            interval: 12,
            rollbacks: 1.0,
            layout,
        };
        let run = Run {
            shapes: &wide,
            checkpoints: Some(checkpoints),
            ..base.clone()
        };
        run.report().unwrap().parts().dram_checkpoints
    };
    assert!(energy(Layout::RowMajor) > energy(Layout::Tile));
}

#[test]
fn taylorseer_leaves_out_the_branches_of_steps_between() {
    let machine = machine("default");
    let shapes = network();
    let points = [machine.nominal(), machine.nominal()];
    let base = run(&machine, &shapes, &points);
    let full = base.report().unwrap();
    let forecast = Run {
        full_steps: Some(FullSteps::every(4)),
        ..base.clone()
    };
    let forecast = forecast.report().unwrap();
    // Steps 0, 1, 5 and 9 are full.
    let branches: u64 = shapes
        .iter()
        .filter(|shape| crate::forecast::is_forecast(&shape.layer))
        .map(GemmShape::macs)
        .sum();
    assert_eq!(full.macs - forecast.macs, 8 * branches);
    assert!(forecast.total.joules() < full.total.joules());
    let every = Run {
        full_steps: Some(FullSteps::every(1)),
        ..base.clone()
    };
    assert_eq!(every.report().unwrap(), full);
}

#[test]
fn a_schedule_beyond_the_table_and_a_voltage_beyond_it_are_refused() {
    let machine = machine("default");
    let shapes = network();
    let points = [machine.nominal()];
    let error = run(&machine, &shapes, &points).report().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schedule names point 1; expected one of the 1 points of the table"
    );
    let low = OperatingPoint {
        voltage: Volts(0.1),
        ..machine.nominal()
    };
    let error = run(&machine, &shapes, &[machine.nominal(), low]).report();
    assert!(error.unwrap_err().to_string().contains("0.1 V"));
}

const LIST: &str = "\
model,layer_name,block_index,kind,M,N,K,count
x,pos_embed.proj,-1,conv2x2s2,2048,1152,16,1
x,transformer_blocks.0.attn1.qk,0,attn_qk_self,1024,1024,72,16
";

#[test]
fn shape_lists_are_read_and_doubled_by_guidance() {
    let shapes = parse(LIST, Path::new("x.csv")).unwrap();
    assert_eq!((shapes[0].block, shapes[1].block), (None, Some(0)));
    assert_eq!(
        (shapes[1].m, shapes[1].n, shapes[1].k, shapes[1].count),
        (1024, 1024, 72, 16)
    );
    assert_eq!(shapes[0].clone().guided().m, 4096);
    assert_eq!(shapes[1].clone().guided().count, 32);
    let bare = parse(
        "layer_name,block_index,kind,M,N,K\na,1,linear,2,3,4\n",
        Path::new("x"),
    );
    assert_eq!(bare.unwrap()[0].count, 1);
}

#[test]
fn bad_shape_lists_are_refused_with_the_place() {
    let error = |text: &str| parse(text, Path::new("x.csv")).unwrap_err().to_string();
    assert!(error("a,b\n1,2\n").contains("no column \"layer_name\""));
    assert!(error("layer_name,block_index,kind,M,N,K\n").contains("holds no GEMM"));
    assert_eq!(
        error(&LIST.replace("1024,1024,72", "1024,0,72")),
        "x.csv:3: N: 0 is not allowed; expected an integer in 1..=16777215"
    );
    assert_eq!(
        error(&LIST.replace(",-1,", ",-2,")),
        "x.csv:2: block_index: -2 is not allowed; expected -1 or 0..=65535"
    );
    assert!(error(&LIST.replace("72,16", "70000,16")).contains("K: 70000"));
    assert!(error("layer_name,block_index,kind,M,N,K\na,1\n").starts_with("x.csv: "));
    for kind in [
        "convolution",
        "conv3x2",
        "conv3",
        "conv0x0",
        "conv3x3s0",
        "attn",
    ] {
        let message = error(&LIST.replace("conv2x2s2", kind));
        let start = format!("x.csv:2: kind: {kind} is not allowed; expected linear, attn_qk_self");
        assert!(message.starts_with(&start), "{message}");
    }
}

#[test]
fn bad_constants_are_refused() {
    let text = include_str!("../../configs/energy.yaml");
    let error = |from: &str, to: &str| {
        assert!(text.contains(from));
        let changed = text.replacen(from, to, 1);
        Constants::from_yaml(&changed, Path::new("e.yaml"))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error("    value: 0.8\n", "    value: 1.5\n"),
        "e.yaml: memories.ddr4-3200.efficiency: 1.5 is not allowed; expected a share above 0 and up to 1"
    );
    assert!(error("value: 24\n", "value: -1\n").contains("buffer_mib: -1"));
    assert!(error("drift-energy/1", "drift-energy/2").contains("schema"));
    assert!(error("pj_per_byte: 12.5", "pj_per_byte: 0").contains("buffer[0].pj_per_byte: 0"));
    assert!(error("- nm: 7\n", "- nm: 45\n").contains("buffer[1].nm: 45"));
    assert!(error("buffer_mib:", "bufer_mib:").contains("bufer_mib"));
    assert!(error("channels: 1", "channels: 0").contains("memories.ddr4-3200.channels: 0"));
    assert!(error("name: hbm2", "name: ddr4-3200").contains("memories[3].name: ddr4-3200"));
    let unknown = Constants::shipped()
        .memory("lpddr")
        .unwrap_err()
        .to_string();
    assert_eq!(
        unknown,
        "memory lpddr is not allowed; expected one of ddr4-3200, ddr4-3200-1chip, ddr4-3200-4ch, \
         hbm2"
    );
    let unknown = Constants::shipped().node("gf180").unwrap_err().to_string();
    assert!(unknown.contains("gf180") && unknown.contains("sky130, 14nm"));
}

#[test]
fn memories_differ_in_bandwidth_and_energy() {
    let gemm = shape("x", None, "linear", (2, 1152, 6912));
    let cost = |memory: &str| {
        let machine = machine_with("tpu", memory);
        let point = OperatingPoint {
            frequency: Hertz(1e12),
            ..machine.nominal()
        };
        machine
            .gemm(&gemm, point, Hardware::Plain, &Work::default())
            .unwrap()
    };
    let [one, four, hbm] = ["ddr4-3200", "ddr4-3200-4ch", "hbm2"].map(cost);
    // All wait for the DRAM: 25.6, 102.4 and 256 GB/s.
    assert!((one.seconds / four.seconds - 4.0).abs() < 1e-9);
    assert!((one.seconds / hbm.seconds - 10.0).abs() < 1e-9);
    assert!((one.energy.dram_weights / four.energy.dram_weights - 1.0).abs() < 1e-12);
    assert!(hbm.energy.dram_weights < 0.5 * one.energy.dram_weights);
    let parts = hbm.energy;
    let sum: f64 = parts.groups().iter().map(|(_, part)| part).sum();
    assert!((sum / parts.total() - 1.0).abs() < 1e-12);
    assert_eq!(parts.groups()[3], ("checkpoints", 0.0));
}

#[test]
fn errors_decide_what_is_rolled_back_and_recomputed() {
    let machine = machine("default");
    let shapes = network();
    let low = OperatingPoint {
        voltage: Volts(1.7),
        ..machine.nominal()
    };
    let points = [machine.nominal(), low];
    let base = run(&machine, &shapes, &points);
    let of = |word_wrong: f64, recomputed: f64| {
        let run = Run {
            errors: Some(Errors {
                word_wrong: vec![0.0, word_wrong],
                rolled_back: 1.0,
                recomputed,
            }),
            ..base.clone()
        };
        run.report().unwrap().total
    };
    let share = |rollbacks| {
        let checkpoints = base.checkpoints.map(|c| Analytic { rollbacks, ..c });
        let run = Run {
            checkpoints,
            ..base.clone()
        };
        run.report().unwrap().total
    };
    assert_eq!(of(0.0, 0.0), share(0.0));
    assert_eq!(of(1.0, 0.0), share(1.0));
    let some = of(1e-6, 0.0).energy.dram_checkpoints;
    assert!(share(0.0).energy.dram_checkpoints < some);
    assert!(some < share(1.0).energy.dram_checkpoints);
    let recomputed = of(1.0, 1.0);
    assert!(recomputed.energy.recompute > 0.5 * recomputed.energy.macs);
    assert!(recomputed.seconds > 1.5 * of(1.0, 0.0).seconds);
}

#[test]
fn recovery_costs_what_the_gemms_are_charged_for_it() {
    let machine = machine("edge");
    let low = OperatingPoint {
        voltage: Volts(1.4),
        ..machine.nominal()
    };
    let work = Work {
        recomputed_macs: 66 * 34 * 128,
        nominal_cycles: Cycles(4 * 66),
        nominal_visits: 3,
        checkpoint_bytes_read: 5000,
        rows_opened_reading: 7,
        ..Work::default()
    };
    let with = total(&machine, low, Hardware::Checksums, &work);
    let without = total(&machine, low, Hardware::Checksums, &Work::default());
    let alone = machine.recovery(low, &work).unwrap();
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    let more = |part: fn(&Parts) -> f64| part(&with.energy) - part(&without.energy);
    near(alone.energy.recompute, more(|p| p.recompute));
    near(alone.energy.transitions, more(|p| p.transitions));
    near(alone.energy.dram_checkpoints, more(|p| p.dram_checkpoints));
    // The fetch overlaps in the GEMM, and does not here.
    assert!(alone.seconds > with.seconds - without.seconds);
    near(alone.dram_bytes, 5000.0);
    assert_eq!(
        machine.recovery(low, &Work::default()).unwrap(),
        Cost::default()
    );
}

#[test]
fn weights_that_fit_the_buffer_come_from_dram_once() {
    let machine = machine("default");
    let points = [machine.nominal()];
    let weights = |shapes: &[GemmShape], steps| {
        let run = Run {
            steps,
            schedule: Schedule::uniform(0),
            checkpoints: None,
            ..run(&machine, shapes, &points)
        };
        run.report().unwrap().parts().dram_weights
    };
    let small = network();
    assert!(machine.holds_weights(&small));
    assert_eq!(weights(&small, 7), weights(&small, 1));
    // 12 MiB are half of the buffer; a byte more does not fit.
    let large = [
        shape("a", None, "linear", (8, 4096, 2048)),
        shape("b", None, "linear", (8, 2049, 2048)),
    ];
    assert!(!machine.holds_weights(&large));
    let ratio = weights(&large, 7) / weights(&large, 1);
    assert!((ratio - 7.0).abs() < 1e-9, "{ratio}");
}
