//! Builds a verilated model once per content: sources, flags, Verilator,
//! compiler and processor make a hash, and the hash names a folder of the
//! cache. A build happens in a temporary folder that is renamed when complete,
//! so that concurrent processes never see half a model.

use super::error::CosimError;
use super::product::{self, Product};
use super::registers;
use crate::config::{ArrayConfig, Dataflow};
use crate::rtl;
use crate::tool::{self, Compiler, Verilator};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Name of the shared object in its cache folder.
const OBJECT: &str = "model.so";

/// Verilator's flags.
const VERILATE: [&str; 9] = [
    "--cc",
    "--prefix",
    "Vdrift",
    "-Wno-fatal",
    "-O3",
    "--x-assign",
    "fast",
    "--x-initial",
    "fast",
];

/// Unrolled and unsplit, so that the C++ compiler can vectorise the array. Verilator
/// 5.006 forgets the declaration of the index when it makes copies of 40 words
/// and more into loops.
const UNROLLED: [&str; 10] = [
    "--reloop-limit",
    "1000000",
    "--unroll-count",
    "1000000",
    "--unroll-stmts",
    "100000000",
    "--output-split",
    "0",
    "--output-split-cfuncs",
    "0",
];

/// Left as loops: a large array compiles in seconds, and simulates slower.
const LOOPED: [&str; 4] = ["--unroll-count", "4", "--unroll-stmts", "100"];

/// PEs up to which an output-stationary array is unrolled; the time to compile grows faster
/// than their number. A weight-stationary one is always: it compiles one column.
const UNROLL_UP_TO: usize = 2304;

fn unroll(config: &ArrayConfig) -> &'static [&'static str] {
    let small = config.pe_rows() * config.lanes() <= UNROLL_UP_TO;
    match config.dataflow {
        Dataflow::Os if !small => &LOOPED,
        _ => &UNROLLED,
    }
}

/// What moves from column to column, one word more than the array has rows, is copied by one loop;
/// vectors of a word for each column of a square array are worth a statement for each word.
fn expand(config: &ArrayConfig) -> [String; 2] {
    let limit = match config.dataflow {
        Dataflow::Ws => config.rows,
        Dataflow::Os => VERILATOR_EXPANDS,
    };
    ["--expand-limit".to_owned(), limit.to_string()]
}

/// Without the optimisation of newer Verilators that draws what a column gets from its neighbour into the
/// column's own function: the columns would no longer share one.
fn shared_columns(config: &ArrayConfig, verilator: &Verilator) -> &'static [&'static str] {
    match config.dataflow {
        Dataflow::Ws if verilator.optimises_across_scopes() => &["-fno-dfg"],
        _ => &[],
    }
}

/// Verilator's own limit, in words.
const VERILATOR_EXPANDS: usize = 64;

/// Flags of every C++ compilation. `-fno-gnu-unique` and hidden visibility keep
/// the Verilator runtimes of several loaded models apart.
const CXX: [&str; 8] = [
    "-std=gnu++17",
    "-fPIC",
    "-fno-gnu-unique",
    "-fvisibility=hidden",
    "-DVL_IGNORE_UNKNOWN_ARCH",
    "-DVL_THREADED=0",
    "-w",
    "-fno-strict-aliasing",
];

/// Optimisation of the runtime, which is not on the hot path.
const CXX_RUNTIME: [&str; 1] = ["-O1"];

/// How to build.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuildOptions {
    /// With waveform dumping, which costs speed even while nothing is dumped.
    pub traced: bool,
    /// With the RTL's assertions.
    pub assertions: bool,
}

/// A model in the cache.
#[derive(Clone, Debug)]
pub struct BuiltModel {
    /// The shared object.
    pub object: PathBuf,
    /// Whether it was there already.
    pub cached: bool,
    /// Time of the build, or of finding it.
    pub elapsed: Duration,
    /// The Verilator that built it.
    pub verilator: Verilator,
}

/// Builds the tile engine of a configuration with the co-simulation loop, or
/// finds it in the cache. `notice` is called when a build starts, with the
/// folder it will land in.
///
/// # Errors
/// [`CosimError`] when a tool is missing or fails, or the cache cannot be written.
pub fn build(
    config: &ArrayConfig,
    options: BuildOptions,
    notice: impl FnOnce(&Path, &Verilator),
) -> Result<BuiltModel, CosimError> {
    build_product(config, &Product::engine(config.dataflow), options, notice)
}

/// As [`build`], for any module and the C++ around it.
pub(super) fn build_product(
    config: &ArrayConfig,
    product: &Product,
    options: BuildOptions,
    notice: impl FnOnce(&Path, &Verilator),
) -> Result<BuiltModel, CosimError> {
    let started = Instant::now();
    // Only newer Verilators take loops over arrays that are not unrolled.
    let verilator = if unroll(config) == LOOPED {
        Verilator::locate_pinned_or_newer()?
    } else {
        Verilator::locate()?
    };
    let compiler = Compiler::locate()?;
    let files = rtl::generate(config, "drift rtl")?;
    let cache = tool::cache_dir()?.join("models");
    let folder = cache.join(key(config, product, &files, options, &verilator, &compiler));
    let object = folder.join(OBJECT);
    let found = |cached| BuiltModel {
        object: object.clone(),
        cached,
        elapsed: started.elapsed(),
        verilator: verilator.clone(),
    };
    if object.is_file() {
        return Ok(found(true));
    }
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| CosimError::Cache { path, source }
    };
    std::fs::create_dir_all(&cache).map_err(failed(&cache))?;
    // One process builds, others wait; a crash releases the lock.
    let lock_path = folder.with_extension("lock");
    let lock = std::fs::File::create(&lock_path).map_err(failed(&lock_path))?;
    lock.lock().map_err(failed(&lock_path))?;
    if object.is_file() {
        return Ok(found(true));
    }
    notice(&folder, &verilator);
    let work = tempfile::Builder::new()
        .prefix("build-")
        .tempdir_in(&cache)
        .map_err(failed(&cache))?;
    for file in &files {
        let path = work.path().join(&file.name);
        std::fs::write(&path, &file.text).map_err(failed(&path))?;
    }
    for (name, text) in &product.sources {
        let path = work.path().join(name);
        std::fs::write(&path, text).map_err(failed(&path))?;
    }
    verilate(work.path(), config, product, options, &verilator)?;
    let write = |path: PathBuf, text: String| std::fs::write(&path, text).map_err(failed(&path));
    write(
        work.path().join("drift_columns.h"),
        registers::columns_header(config.lanes()),
    )?;
    let class = work.path().join("obj").join(registers::COLUMN_CLASS);
    if let Ok(header) = std::fs::read_to_string(&class) {
        write(class, registers::aligned(&header))?;
    }
    if product.lists_ports {
        let read = work.path().join("obj/Vdrift.h");
        let header = std::fs::read_to_string(&read).map_err(failed(&read))?;
        let path = work.path().join("drift_ports.h");
        write(path, product::ports_header(&header))?;
    }
    compile(work.path(), config, product, options, &verilator, &compiler)?;
    let complete = work.keep();
    std::fs::rename(&complete, &folder).map_err(failed(&folder))?;
    Ok(found(false))
}

/// Name of the cache folder: a hash over everything that shapes the object.
fn key(
    config: &ArrayConfig,
    product: &Product,
    files: &[rtl::RtlFile],
    options: BuildOptions,
    verilator: &Verilator,
    compiler: &Compiler,
) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    for file in files {
        add(&file.name);
        add(&file.text);
    }
    add(&product.top);
    expand(config).iter().for_each(|flag| add(flag));
    for (name, text) in &product.sources {
        add(name);
        add(text);
    }
    for define in &product.defines {
        add(define);
    }
    for flag in VERILATE
        .iter()
        .chain(unroll(config))
        .chain(shared_columns(config, verilator))
        .chain(&CXX)
        .chain(product.optimisation)
        .chain(&CXX_RUNTIME)
    {
        add(flag);
    }
    add(&format!("{options:?}"));
    add(&verilator.version);
    add(&compiler.command);
    add(&compiler.version);
    add(&processor());
    hash.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What `-march=native` depends on; a cache may be shared between machines.
fn processor() -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    cpuinfo
        .lines()
        .filter(|line| line.starts_with("model name") || line.starts_with("flags"))
        .take(2)
        .fold(std::env::consts::ARCH.to_owned(), |text, line| text + line)
}

fn verilate(
    work: &Path,
    config: &ArrayConfig,
    product: &Product,
    options: BuildOptions,
    verilator: &Verilator,
) -> Result<(), CosimError> {
    let mut command = verilator.command();
    command
        .current_dir(work)
        .args(VERILATE)
        .args(unroll(config))
        .args(expand(config))
        .args(shared_columns(config, verilator))
        .args(["--top-module", &product.top, "-Mdir", "obj"])
        .arg(if options.assertions {
            "--assert"
        } else {
            "--no-assert"
        });
    if options.traced {
        command.args(["--trace", "--trace-structs", "--trace-max-array", "1024"]);
    }
    let settings = product.sources.iter().map(|(name, _)| name);
    command.args(settings.filter(|name| name.ends_with(".vlt")));
    command.args(["-f", "drift.f"]);
    run(command, "verilator")
}

/// Compiles the model in one process and the runtime in another, then links.
fn compile(
    work: &Path,
    config: &ArrayConfig,
    product: &Product,
    options: BuildOptions,
    verilator: &Verilator,
    compiler: &Compiler,
) -> Result<(), CosimError> {
    let include = verilator.root.join("include");
    let base = || {
        let mut command = compiler.start();
        command
            .current_dir(work)
            .args(CXX)
            .arg("-Iobj")
            .arg("-I.")
            .arg(format!("-I{}", include.display()))
            .arg(format!("-I{}", include.join("vltstd").display()))
            .arg(format!("-DVM_TRACE={}", u8::from(options.traced)))
            .arg(format!(
                "-DDRIFT_ASSERTIONS={}",
                u8::from(options.assertions)
            ))
            .arg(format!("-DDRIFT_ROWS={}", config.rows))
            .arg(format!("-DDRIFT_PE_ROWS={}", config.pe_rows()))
            .arg(format!("-DDRIFT_COLUMNS={}", config.columns))
            .arg(format!("-DDRIFT_LANES={}", config.lanes()))
            .arg(format!("-DDRIFT_TILE_ROWS={}", config.tile_rows))
            .args(&product.defines);
        command
    };
    let unit = |name: &str, text: String| {
        let path = work.join(name);
        std::fs::write(&path, text).map_err(|source| CosimError::Cache { path, source })
    };
    let include_all = |paths: Vec<String>| -> String {
        paths
            .into_iter()
            .map(|path| format!("#include \"{path}\"\n"))
            .collect()
    };
    // Single translation units parse Verilator's large headers once.
    let mut generated: Vec<String> = std::fs::read_dir(work.join("obj"))
        .map_err(|source| CosimError::Cache {
            path: work.join("obj"),
            source,
        })?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".cpp"))
        .collect();
    generated.sort();
    unit("unit_model.cpp", include_all(generated))?;
    let mut runtime = vec!["verilated.cpp".to_owned()];
    if include.join("verilated_threads.cpp").is_file() {
        runtime.push("verilated_threads.cpp".to_owned());
    }
    if options.traced {
        runtime.push("verilated_vcd_c.cpp".to_owned());
    }
    let wrapper = product.wrapper();
    let mut model = base();
    model
        .args(product.optimisation)
        .args(["-c", "unit_model.cpp", wrapper]);
    let mut others = Vec::new();
    for source in &runtime {
        let mut command = base();
        command
            .args(CXX_RUNTIME)
            .arg("-c")
            .arg(include.join(source));
        others.push(command);
    }
    std::thread::scope(|scope| {
        let runtime = scope.spawn(|| {
            others
                .into_iter()
                .try_for_each(|command| run(command, &compiler.command))
        });
        run(model, &compiler.command)?;
        runtime.join().expect("the compiler thread does not panic")
    })?;
    let mut link = compiler.start();
    link.current_dir(work)
        .args(["-shared", "-Wl,-Bsymbolic", "-o", OBJECT])
        .args(["unit_model.o", &wrapper.replace(".cpp", ".o")])
        .args(runtime.iter().map(|source| source.replace(".cpp", ".o")))
        .args(["-pthread"]);
    run(link, &compiler.command)
}

/// Runs a build step; its output appears only when it fails.
fn run(mut command: Command, program: &str) -> Result<(), CosimError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| CosimError::Build {
            program: program.to_owned(),
            status: "cannot be started".to_owned(),
            output: error.to_string(),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    Err(CosimError::Build {
        program: program.to_owned(),
        status: output.status.to_string(),
        output: lines[lines.len().saturating_sub(30)..].join("\n"),
    })
}
