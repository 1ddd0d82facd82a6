//! Any module behind its pins (`sim/drift_module.h`).

use super::{New, OnModel};
use crate::cosim::abi;
use crate::cosim::error::CosimError;
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW, Symbol};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;

type PortList = unsafe extern "C" fn() -> *const c_char;
type Evaluate = unsafe extern "C" fn(*mut c_void, *const u32, *mut u32);
type Failed = unsafe extern "C" fn(*mut c_void) -> c_int;
type Flip = unsafe extern "C" fn(*mut c_void, u32, u32, u32, u32) -> c_int;
type TraceAll = unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int;

/// Name of a port, and where its words are among those of its direction.
pub(in crate::cosim) type Port = (String, Range<usize>);

/// The pins of a verilated module (`sim/drift_module.h`).
pub(in crate::cosim) struct Pins {
    raw: NonNull<c_void>,
    delete: Symbol<OnModel>,
    evaluate: Symbol<Evaluate>,
    tick: Symbol<OnModel>,
    failed: Symbol<Failed>,
    flip: Symbol<Flip>,
    trace: Symbol<TraceAll>,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    input_words: Vec<u32>,
    output_words: Vec<u32>,
    // Dropped last: the symbols above point into it.
    _library: Library,
}

// SAFETY: the object holds no thread-local state and is reached through &mut self only.
unsafe impl Send for Pins {}

impl Drop for Pins {
    fn drop(&mut self) {
        // SAFETY: `raw` came from drift_module_new of the same library and is deleted once.
        unsafe { (self.delete)(self.raw.as_ptr()) };
    }
}

impl Pins {
    /// Loads a module and resets it.
    ///
    /// # Errors
    /// [`CosimError::Load`] when the object is not one.
    pub fn load(path: &Path) -> Result<Self, CosimError> {
        let fail = |message: String| CosimError::Load {
            path: PathBuf::from(path),
            message,
        };
        // SAFETY: as in Model::load.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
            .map_err(|e| fail(e.to_string()))?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the name has this signature in sim/drift_module.h.
                unsafe { library.get($name.as_bytes()) }.map_err(|e| fail(e.to_string()))?
            };
        }
        let list: Symbol<PortList> = symbol!("drift_module_ports");
        // SAFETY: returns a static C string.
        let list = unsafe { CStr::from_ptr(list()) }.to_string_lossy();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        let (mut input_count, mut output_count) = (0, 0);
        for line in list.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            let (ports, count) = match fields[0] {
                "in" => (&mut inputs, &mut input_count),
                _ => (&mut outputs, &mut output_count),
            };
            let words: usize = fields[2].parse().map_err(|_| fail(line.to_owned()))?;
            ports.push((fields[1].to_owned(), *count..*count + words));
            *count += words;
        }
        let new: Symbol<New> = symbol!("drift_module_new");
        // SAFETY: takes nothing, returns a heap object or throws, which aborts across the C boundary.
        let raw = unsafe { new() };
        Ok(Self {
            raw: NonNull::new(raw).expect("operator new never returns null"),
            delete: symbol!("drift_module_delete"),
            evaluate: symbol!("drift_module_outputs"),
            tick: symbol!("drift_module_tick"),
            failed: symbol!("drift_module_failed"),
            flip: symbol!("drift_module_flip"),
            trace: symbol!("drift_module_trace"),
            input_words: vec![0; input_count],
            output_words: vec![0; output_count],
            inputs,
            outputs,
            _library: library,
        })
    }

    /// The input ports.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// The output ports.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// The words of all inputs, to be set before [`Pins::evaluate`].
    pub fn input_words(&mut self) -> &mut [u32] {
        &mut self.input_words
    }

    /// The words of all outputs as [`Pins::evaluate`] left them.
    pub fn output_words(&self) -> &[u32] {
        &self.output_words
    }

    /// Applies the inputs and reads the outputs, within a cycle.
    pub fn evaluate(&mut self) {
        // SAFETY: both arrays have as many words as drift_module_ports announced.
        unsafe {
            (self.evaluate)(
                self.raw.as_ptr(),
                self.input_words.as_ptr(),
                self.output_words.as_mut_ptr(),
            );
        }
    }

    /// The clock edge that ends the cycle.
    pub fn tick(&mut self) {
        // SAFETY: the module is alive.
        unsafe { (self.tick)(self.raw.as_ptr()) };
    }

    /// XORs a mask into a PE register, after a clock edge; whether the module has PEs.
    pub fn flip(&mut self, flip: &abi::Flip) -> bool {
        // SAFETY: the module is alive; the coordinates lie within the array it was built for.
        let status = unsafe {
            (self.flip)(
                self.raw.as_ptr(),
                flip.register,
                flip.pe_row,
                flip.pe_column,
                flip.mask,
            )
        };
        status == 0
    }

    /// Whether an assertion has failed.
    pub fn failed(&self) -> bool {
        // SAFETY: the module is alive; the call only reads.
        unsafe { (self.failed)(self.raw.as_ptr()) != 0 }
    }

    /// Dumps every cycle from now on into a VCD file.
    ///
    /// # Errors
    /// [`CosimError::Wave`] when the file cannot be written or the module has no tracing.
    pub fn trace(&mut self, file: &Path) -> Result<(), CosimError> {
        let fail = |message: &str| CosimError::Wave {
            path: file.to_owned(),
            message: message.to_owned(),
        };
        let name = CString::new(file.to_string_lossy().as_bytes())
            .map_err(|_| fail("the file name contains a zero byte"))?;
        // SAFETY: `name` is a C string that outlives the call.
        match unsafe { (self.trace)(self.raw.as_ptr(), name.as_ptr()) } {
            0 => Ok(()),
            _ => Err(fail(
                "cannot be opened, or the module was built without tracing",
            )),
        }
    }
}
