//! The tile engine with its loop in C++ (`sim/drift_sim.h`).

use super::{New, OnModel};
use crate::config::ArrayConfig;
use crate::cosim::abi;
use crate::cosim::error::CosimError;
use crate::cosim::rtl_run::{RtlJob, RtlResult};
use crate::golden::Counters;
use crate::units::Cycles;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};
use std::ffi::{CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::sync::Arc;

type Describe = unsafe extern "C" fn(*mut abi::Shape);
type Start = unsafe extern "C" fn(*mut c_void, *const abi::Job);
type Run = unsafe extern "C" fn(*mut c_void, u64) -> c_int;
type Rows = unsafe extern "C" fn(*mut c_void) -> u64;
type ReadCounters = unsafe extern "C" fn(*mut c_void, *mut abi::Counters);
type Bare = unsafe extern "C" fn(*mut c_void, u64);
type Trace = unsafe extern "C" fn(*mut c_void, *const c_char, u64, u64) -> c_int;

/// The functions of one loaded shared object.
struct Functions {
    new: Symbol<New>,
    delete: Symbol<OnModel>,
    start: Symbol<Start>,
    run: Symbol<Run>,
    rows: Symbol<Rows>,
    counters: Symbol<ReadCounters>,
    bare: Symbol<Bare>,
    trace: Symbol<Trace>,
    // Dropped last: the symbols above point into it.
    _library: Library,
}

/// A verilated model, loaded; any number of simulators can be made from it,
/// and models of several configurations can be loaded at once.
#[derive(Clone)]
pub struct Model {
    functions: Arc<Functions>,
    config: ArrayConfig,
}

impl Model {
    /// Loads a shared object that was built for `config`.
    ///
    /// # Errors
    /// [`CosimError::Load`] when it is not a model of this ABI and shape.
    pub fn load(path: &Path, config: &ArrayConfig) -> Result<Self, CosimError> {
        let fail = |message: String| CosimError::Load {
            path: PathBuf::from(path),
            message,
        };
        // SAFETY: the object was built by us from sim/ and the generated RTL; its initialisers only set
        // up static tables. RTLD_LOCAL keeps the symbols of several models apart.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|e| fail(e.to_string()))?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the name has this signature in sim/drift_sim.h, whose ABI number is checked below.
                unsafe { library.get($name.as_bytes()) }.map_err(|e| fail(e.to_string()))?
            };
        }
        let describe: Symbol<Describe> = symbol!("drift_sim_describe");
        let mut shape = abi::Shape::default();
        // SAFETY: `shape` is a valid, writable struct of the header's layout.
        unsafe { describe(&mut shape) };
        let expected = [
            config.rows,
            config.columns,
            config.lanes(),
            config.tile_rows,
        ];
        let found = [shape.rows, shape.columns, shape.lanes, shape.tile_rows].map(|v| v as usize);
        if shape.abi != abi::ABI || found != expected {
            return Err(fail(format!(
                "built for ABI {} and shape {found:?}, expected ABI {} and {expected:?}",
                shape.abi,
                abi::ABI
            )));
        }
        let functions = Functions {
            new: symbol!("drift_sim_new"),
            delete: symbol!("drift_sim_delete"),
            start: symbol!("drift_sim_start"),
            run: symbol!("drift_sim_run"),
            rows: symbol!("drift_sim_rows"),
            counters: symbol!("drift_sim_counters"),
            bare: symbol!("drift_sim_bare"),
            trace: symbol!("drift_sim_trace"),
            _library: library,
        };
        Ok(Self {
            functions: Arc::new(functions),
            config: config.clone(),
        })
    }

    /// A fresh simulator, reset and idle.
    pub fn simulator(&self) -> Simulator {
        // SAFETY: takes nothing, returns a heap object or throws, which aborts across the C boundary.
        let raw = unsafe { (self.functions.new)() };
        Simulator {
            raw: NonNull::new(raw).expect("operator new never returns null"),
            before: abi::Counters::default(),
            model: self.clone(),
        }
    }
}

/// One running instance of a model. It may move between threads, but is used
/// from one at a time.
pub struct Simulator {
    raw: NonNull<c_void>,
    before: abi::Counters,
    model: Model,
}

// SAFETY: the object holds no thread-local state and is reached through &mut self only.
unsafe impl Send for Simulator {}

impl Drop for Simulator {
    fn drop(&mut self) {
        // SAFETY: `raw` came from drift_sim_new of the same library and is deleted once.
        unsafe { (self.model.functions.delete)(self.raw.as_ptr()) };
    }
}

impl Simulator {
    /// Streams one GEMM through the hardware. `progress` hears the number of
    /// result rows received, about every `slice` cycles.
    ///
    /// # Errors
    /// [`CosimError::Protocol`] when the hardware hangs or breaks AXI4-Stream rules.
    pub fn run(
        &mut self,
        job: &RtlJob<'_>,
        slice: u64,
        mut progress: impl FnMut(u64),
    ) -> Result<RtlResult, CosimError> {
        let functions = &*self.model.functions;
        let (m, k, n) = (job.x.nrows(), job.x.ncols(), job.w.ncols());
        let mut result = RtlResult::sized(&self.model.config, job.tiling());
        let flips = job.flips(&self.model.config);
        let stucks = job.stucks();
        let raw = abi::Job {
            x: job.x.as_slice().expect("row-major operand").as_ptr(),
            w: job.w.as_slice().expect("row-major operand").as_ptr(),
            m: m as u32,
            k: k as u32,
            n: n as u32,
            threshold_bit: job.threshold_bit,
            flips: flips.as_ptr(),
            flips_len: flips.len(),
            stucks: stucks.as_ptr(),
            stucks_len: stucks.len(),
            y: result.y.as_mut_ptr(),
            row_flags: result.row_flags.as_mut_ptr(),
            column_flags: result.column_flags.as_mut_ptr(),
            stall_act: u32::from(job.stalls.act),
            stall_weight: u32::from(job.stalls.weight),
            stall_result: u32::from(job.stalls.result),
            stall_seed: job.stalls.seed,
        };
        // SAFETY: all pointers outlive the loop below, after which the model no longer uses them; the
        // buffers have the sizes the header asks for.
        unsafe { (functions.start)(self.raw.as_ptr(), &raw) };
        let limit = job.cycle_limit(&self.model.config);
        let mut spent = 0;
        loop {
            // SAFETY: as above; `raw` and the buffers are alive.
            let status = unsafe { (functions.run)(self.raw.as_ptr(), slice) };
            // SAFETY: plain getter.
            let rows = unsafe { (functions.rows)(self.raw.as_ptr()) };
            spent += slice;
            progress(rows);
            match status {
                abi::DONE => break,
                abi::RUNNING if spent < limit => {}
                abi::RUNNING => {
                    let message = format!("no end after {spent} cycles; the engine hangs");
                    return Err(CosimError::Protocol { rows, message });
                }
                status => {
                    let message = abi::violation(status).to_owned();
                    return Err(CosimError::Protocol { rows, message });
                }
            }
        }
        let mut now = abi::Counters::default();
        // SAFETY: `now` is a writable struct of the header's layout.
        unsafe { (functions.counters)(self.raw.as_ptr(), &mut now) };
        let before = std::mem::replace(&mut self.before, now);
        result.counters = Counters {
            cycles: Cycles(now.cycles - before.cycles),
            tiles: now.tiles - before.tiles,
            flagged_rows: now.flagged_rows - before.flagged_rows,
            flagged_columns: now.flagged_columns - before.flagged_columns,
            masked: now.masked - before.masked,
            unlocated: now.unlocated - before.unlocated,
        };
        Ok(result)
    }

    /// Clocks the bare model with constant operands: the yardstick of the
    /// benchmarks. The simulator is not usable for jobs afterwards.
    pub fn run_bare(mut self, cycles: Cycles) {
        // SAFETY: the model is alive and idle or busy with its own constant operands.
        unsafe { (self.model.functions.bare)(self.raw_mut(), cycles.0) };
    }

    fn raw_mut(&mut self) -> *mut c_void {
        self.raw.as_ptr()
    }

    /// Dumps the cycles of tiles `first..=last` of the next job into a VCD file.
    ///
    /// # Errors
    /// [`CosimError::Wave`] when the file cannot be written or the model has no tracing.
    pub fn trace(&mut self, file: &Path, first: u64, last: u64) -> Result<(), CosimError> {
        let fail = |message: &str| CosimError::Wave {
            path: file.to_owned(),
            message: message.to_owned(),
        };
        let name = CString::new(file.to_string_lossy().as_bytes())
            .map_err(|_| fail("the file name contains a zero byte"))?;
        // SAFETY: `name` is a C string that outlives the call.
        let status =
            unsafe { (self.model.functions.trace)(self.raw.as_ptr(), name.as_ptr(), first, last) };
        if status == 0 {
            Ok(())
        } else {
            Err(fail(
                "cannot be opened, or the model was built without tracing",
            ))
        }
    }
}
