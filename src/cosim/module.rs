//! A single generated module behind its pins, and the comparison of two
//! clocked modules cycle by cycle.

use super::abi;
use super::build::{BuildOptions, BuiltModel, build_product};
use super::error::CosimError;
use super::ffi::Pins;
use super::product::Product;
use super::rtl_run::register_number;
use crate::config::ArrayConfig;
use crate::fault::Site;
use crate::golden::clocked::{Clocked, Signals};
use crate::tool::Verilator;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::path::Path;

/// A generated module under Verilator with the pins `I` and `O`.
pub struct ModuleSim<I, O> {
    pins: Pins,
    /// Words of every field of `I` and `O` among those of the ports.
    inputs: Vec<Range<usize>>,
    outputs: Vec<Range<usize>>,
    pe_rows: usize,
    lanes: usize,
    kind: PhantomData<(I, O)>,
}

impl<I: Signals, O: Signals> ModuleSim<I, O> {
    /// Builds (or finds) a module of a configuration, with its assertions, and
    /// resets it.
    ///
    /// # Errors
    /// [`CosimError`] when it cannot be built, or when its ports are not the
    /// fields of `I` and `O`.
    pub fn build(config: &ArrayConfig, module: &str) -> Result<Self, CosimError> {
        let options = BuildOptions {
            assertions: true,
            ..BuildOptions::default()
        };
        Ok(Self::build_with(config, module, options, |_, _| {})?.0)
    }

    /// As [`ModuleSim::build`], with a say in how; `notice` is called when a build
    /// starts.
    pub(super) fn build_with(
        config: &ArrayConfig,
        module: &str,
        options: BuildOptions,
        notice: impl FnOnce(&Path, &Verilator),
    ) -> Result<(Self, BuiltModel), CosimError> {
        let product = Product::module(module, config.dataflow);
        let built = build_product(config, &product, options, notice)?;
        Ok((Self::load(config, &built)?, built))
    }

    fn load(config: &ArrayConfig, built: &BuiltModel) -> Result<Self, CosimError> {
        let pins = Pins::load(&built.object)?;
        let resolve = |names: &[&str], ports: &[(String, Range<usize>)]| {
            let found: Vec<&String> = ports.iter().map(|(name, _)| name).collect();
            let missing = names.iter().find(|name| !found.iter().any(|f| f == *name));
            let extra = found.iter().find(|f| !names.contains(&f.as_str()));
            if let Some(name) = missing
                .map(|n| n.to_string())
                .or(extra.map(|n| n.to_string()))
            {
                return Err(CosimError::Load {
                    path: built.object.clone(),
                    message: format!("port {name} is not in both the model and the RTL"),
                });
            }
            let range = |name: &&str| {
                let port = ports.iter().find(|(found, _)| found == name);
                port.expect("checked above").1.clone()
            };
            Ok(names.iter().map(range).collect())
        };
        Ok(Self {
            inputs: resolve(I::NAMES, pins.inputs())?,
            outputs: resolve(O::NAMES, pins.outputs())?,
            pins,
            pe_rows: config.pe_rows(),
            lanes: config.lanes(),
            kind: PhantomData,
        })
    }

    /// XORs a mask into a PE register, after a clock edge.
    ///
    /// # Panics
    /// When the module has no PEs, or the PE is outside the array.
    pub fn flip(&mut self, site: Site, mask: u32) {
        let inside =
            (site.pe_row as usize) < self.pe_rows && (site.pe_column as usize) < self.lanes;
        assert!(inside, "{site:?} is outside the array");
        self.flip_raw(&abi::Flip {
            stream_row: 0,
            pe_row: site.pe_row,
            pe_column: site.pe_column,
            register: register_number(site.register),
            mask,
        });
    }

    /// As [`ModuleSim::flip`], for a fault that lies within the array.
    pub(super) fn flip_raw(&mut self, flip: &abi::Flip) {
        assert!(self.pins.flip(flip), "the module has no PEs");
    }

    /// Whether an assertion of the RTL has failed; Verilator has printed it.
    pub fn assertion_failed(&self) -> bool {
        self.pins.failed()
    }

    /// Dumps all cycles from now on into a VCD file.
    ///
    /// # Errors
    /// [`CosimError::Wave`] when it cannot be written.
    pub fn trace(&mut self, file: &Path) -> Result<(), CosimError> {
        self.pins.trace(file)
    }
}

impl<I: Signals, O: Signals> Clocked for ModuleSim<I, O> {
    type Inputs = I;
    type Outputs = O;

    fn outputs(&mut self, inputs: &I) -> O {
        let words = self.pins.input_words();
        let ranges = &self.inputs;
        let mut next = (usize::MAX, 0);
        inputs.store(&mut |field, word| {
            let at = if next.0 == field { next.1 } else { 0 };
            // A value may have more words than its port: those must be zero.
            match ranges[field].clone().nth(at) {
                Some(index) => words[index] = word,
                None => assert_eq!(word, 0, "{} does not fit its port", I::NAMES[field]),
            }
            next = (field, at + 1);
        });
        self.pins.evaluate();
        let words = self.pins.output_words();
        O::load(&|field| &words[self.outputs[field].clone()])
    }

    fn tick(&mut self, _: &I) {
        self.pins.tick();
    }
}

/// The first cycle and port in which two modules differ, or a failed assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Cycle since the start of the comparison.
    pub cycle: u64,
    /// Output port, or "assertion".
    pub port: String,
    /// Words that the RTL shows.
    pub rtl: Vec<u32>,
    /// Words that the model shows.
    pub model: Vec<u32>,
}

impl Mismatch {
    /// A failed assertion of the RTL.
    pub(super) fn assertion(cycle: u64) -> Self {
        Self {
            cycle,
            port: "assertion".to_owned(),
            rtl: Vec::new(),
            model: Vec::new(),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cycle {}, {}: RTL {:x?}, model {:x?}",
            self.cycle, self.port, self.rtl, self.model
        )
    }
}

/// The words of each output.
fn words<S: Signals>(signals: &S) -> Vec<Vec<u32>> {
    let mut all = vec![Vec::new(); S::NAMES.len()];
    signals.store(&mut |field, word| all[field].push(word));
    all
}

/// Compares what the RTL and the model show in one cycle; values may differ in
/// leading zero words.
pub(crate) fn difference<S: Signals>(cycle: u64, rtl: &S, model: &S) -> Option<Mismatch> {
    if rtl == model {
        return None;
    }
    let (rtl, model) = (words(rtl), words(model));
    let significant = |words: &[u32]| {
        let used = words.iter().rposition(|&w| w != 0).map_or(0, |i| i + 1);
        words[..used].to_vec()
    };
    (0..S::NAMES.len())
        .find(|&field| significant(&rtl[field]) != significant(&model[field]))
        .map(|field| Mismatch {
            cycle,
            port: S::NAMES[field].to_owned(),
            rtl: rtl[field].clone(),
            model: model[field].clone(),
        })
}

/// Clocks a model and the RTL with the same inputs; `drive` makes those of a
/// cycle from its number and from the outputs of the cycle before.
///
/// # Errors
/// The first [`Mismatch`].
pub fn lockstep<M: Clocked>(
    model: &mut M,
    rtl: &mut ModuleSim<M::Inputs, M::Outputs>,
    cycles: u64,
    mut drive: impl FnMut(u64, &M::Outputs) -> M::Inputs,
) -> Result<(), Mismatch> {
    let mut last = M::Outputs::default();
    for cycle in 0..cycles {
        let inputs = drive(cycle, &last);
        let found = rtl.outputs(&inputs);
        let expected = model.outputs(&inputs);
        if let Some(mismatch) = difference(cycle, &found, &expected) {
            return Err(mismatch);
        }
        rtl.tick(&inputs);
        model.tick(&inputs);
        if rtl.assertion_failed() {
            return Err(Mismatch::assertion(cycle));
        }
        last = expected;
    }
    Ok(())
}
