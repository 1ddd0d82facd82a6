//! Building and loading in a process of its own: a child can have its own
//! cache directory, and has not loaded the model before.

use super::measure::Samples;
use drift::config::ArrayConfig;
use drift::cosim::{BuildOptions, Model, build};
use drift::tool::Verilator;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// YAML of the configuration that a child shall load; set in children only.
const ROLE: &str = "DRIFT_BENCH_CHILD";

/// In a child: loads the model, prints the seconds and whether it was cached,
/// and returns true. Elsewhere: returns false.
pub fn answer_as_child() -> bool {
    let Ok(yaml) = std::env::var(ROLE) else {
        return false;
    };
    let config = ArrayConfig::from_yaml(&yaml, Path::new(ROLE)).expect("the parent's own YAML");
    let started = Instant::now();
    let built =
        build(&config, BuildOptions::default(), |_, _| {}).unwrap_or_else(|e| panic!("{e}"));
    let model = Model::load(&built.object, &config).unwrap_or_else(|e| panic!("{e}"));
    let simulator = model.simulator();
    let seconds = started.elapsed().as_secs_f64();
    drop(simulator);
    println!("{seconds} {}", built.cached);
    true
}

/// Time from `build()` to a fresh simulator in a child process: with the warm
/// cache, or with a new and empty one. The tools are installed in either case.
pub fn load_in_child(samples: &mut Samples, yaml: &str, verilator: &Verilator, empty: bool) {
    let mut command = Command::new(std::env::current_exe().expect("the benchmark's own binary"));
    command
        .env(ROLE, yaml)
        .env("DRIFT_VERILATOR", &verilator.binary)
        .env("VERILATOR_ROOT", &verilator.root)
        .stderr(Stdio::inherit());
    let cache = tempfile::tempdir().expect("a temporary folder");
    if empty {
        command.env("DRIFT_CACHE_DIR", cache.path());
    }
    let output = command.output().expect("the benchmark can start itself");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.trim().split_once(' ');
    let Some((seconds, cached)) = answer.filter(|_| output.status.success()) else {
        panic!("the child ended with {} and said {text:?}", output.status);
    };
    assert_eq!(cached == "false", empty, "cache hit and miss mixed up");
    samples.push(seconds.parse().expect("a number of seconds"));
}
