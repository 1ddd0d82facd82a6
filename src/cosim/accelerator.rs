//! The whole accelerator in its surroundings: RTL and clocked model in
//! lockstep, one set of surroundings for both.

use super::build::{BuildOptions, BuiltModel};
use super::calendar::Calendar;
use super::error::CosimError;
use super::harness::SABOTAGE;
use super::module::{Mismatch, ModuleSim, difference};
use super::rtl_run::{RtlJob, Stalls};
use crate::config::{ArrayConfig, Dataflow};
use crate::golden::accelerator::GemmRequest;
use crate::golden::clocked::{self, Clocked, TopInputs, TopOutputs};
use crate::registers::{COUNTERS, Counter};
use crate::rtl;
use crate::soc::driver::{self, RunSettings};
use crate::soc::{Board, OperandFeed, ReceivedTile, Response};
use crate::tiling::Tiling;
use crate::tool::Verilator;
use std::collections::BTreeMap;
use std::path::Path;
use thiserror::Error;

/// Why a run of the accelerator ended early.
#[derive(Debug, Error)]
pub enum AcceleratorError {
    /// RTL and model differ.
    #[error("RTL and model differ in {0}")]
    Mismatch(Box<Mismatch>),
    /// The GEMM did not end.
    #[error("no end after {cycles} cycles; {beats} operand beats are left")]
    Hangs {
        /// Cycles since its start.
        cycles: u64,
        /// Beats that were not taken.
        beats: usize,
    },
    /// A register access was answered with an error.
    #[error("the accelerator refused {0:?}")]
    Refused(Response),
}

/// RTL, if there is any, and model of an accelerator, in lockstep.
pub struct Accelerator<L> {
    config: ArrayConfig,
    rtl: Option<ModuleSim<TopInputs, TopOutputs>>,
    model: clocked::Accelerator,
    /// What surrounds both.
    pub board: Board<L>,
    calendar: Calendar,
    cycle: u64,
    /// Flip a bit of the RTL that the model is not told of.
    sabotage: bool,
}

impl<L: FnMut(u64, bool, u32, u32) -> u64> Accelerator<L> {
    /// The clocked model alone.
    pub fn model_only(config: &ArrayConfig, board: Board<L>) -> Self {
        Self {
            config: config.clone(),
            rtl: None,
            model: clocked::Accelerator::new(config),
            board,
            calendar: Calendar::default(),
            cycle: 0,
            sabotage: false,
        }
    }

    /// RTL and model.
    ///
    /// # Errors
    /// [`CosimError`] when the RTL cannot be built.
    pub fn with_rtl(config: &ArrayConfig, board: Board<L>) -> Result<Self, CosimError> {
        let mut all = Self::model_only(config, board);
        all.rtl = Some(ModuleSim::build(config, rtl::ACCELERATOR)?);
        Ok(all)
    }

    /// As [`Accelerator::with_rtl`], with a say in how the RTL is built: assertions
    /// are on in any case, and `notice` is called when a build starts.
    ///
    /// # Errors
    /// [`CosimError`] when the RTL cannot be built.
    pub fn with_rtl_built(
        config: &ArrayConfig,
        board: Board<L>,
        traced: bool,
        notice: impl FnOnce(&Path, &Verilator),
    ) -> Result<(Self, BuiltModel), CosimError> {
        let options = BuildOptions {
            traced,
            assertions: true,
        };
        let (rtl, built) = ModuleSim::build_with(config, rtl::ACCELERATOR, options, notice)?;
        let mut all = Self::model_only(config, board);
        all.rtl = Some(rtl);
        Ok((all, built))
    }

    /// Flips one bit in the RTL behind the model's back in the next GEMM, to see
    /// that a difference is found.
    pub fn sabotage(&mut self) {
        self.sabotage = true;
    }

    /// Dumps the RTL's cycles from now on into a VCD file.
    ///
    /// # Errors
    /// [`CosimError::Wave`] when there is no RTL with tracing.
    pub fn trace(&mut self, file: &Path) -> Result<(), CosimError> {
        match &mut self.rtl {
            Some(rtl) => rtl.trace(file),
            None => Err(CosimError::Wave {
                path: file.to_owned(),
                message: "there is no RTL in this run".to_owned(),
            }),
        }
    }

    /// Cycles since reset.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// One clock cycle.
    fn step(&mut self) -> Result<(), Mismatch> {
        let cycle = self.cycle;
        let inputs = self.board.drive(cycle);
        let outputs = self.model.outputs(&inputs);
        if let Some(rtl) = &mut self.rtl {
            let found = rtl.outputs(&inputs);
            if let Some(mismatch) = difference(cycle, &found, &outputs) {
                return Err(mismatch);
            }
            rtl.tick(&inputs);
            if rtl.assertion_failed() {
                return Err(Mismatch::assertion(cycle));
            }
        }
        self.model.tick(&inputs);
        if let Some(entered) = self.board.observe(&inputs, &outputs) {
            self.calendar.enter(cycle);
            if entered.ends_pass && self.config.dataflow == Dataflow::Ws {
                // The engine appends the checksum rows at once.
                for digit in 1..=self.config.checksum_rows() as u64 {
                    self.calendar.enter(cycle + digit);
                }
            }
        }
        for flip in self.calendar.strike(cycle) {
            if let Some(rtl) = &mut self.rtl {
                rtl.flip_raw(&flip);
            }
        }
        self.cycle += 1;
        Ok(())
    }

    /// Clocks until the host has done everything.
    fn until_idle(&mut self, limit: u64) -> Result<(), AcceleratorError> {
        let start = self.cycle;
        while !self.board.host.idle() {
            if self.cycle - start > limit {
                return Err(AcceleratorError::Hangs {
                    cycles: self.cycle - start,
                    beats: self.board.beats_left(),
                });
            }
            self.step()
                .map_err(|mismatch| AcceleratorError::Mismatch(Box::new(mismatch)))?;
        }
        Ok(())
    }

    /// Clocks idle cycles.
    ///
    /// # Errors
    /// [`AcceleratorError::Mismatch`].
    pub fn idle(&mut self, cycles: u64) -> Result<(), AcceleratorError> {
        for _ in 0..cycles {
            self.step()
                .map_err(|mismatch| AcceleratorError::Mismatch(Box::new(mismatch)))?;
        }
        Ok(())
    }

    /// Executes register accesses; what they read.
    ///
    /// # Errors
    /// [`AcceleratorError`], also when the accelerator refuses an access.
    pub fn access(
        &mut self,
        operations: impl IntoIterator<Item = crate::soc::Operation>,
    ) -> Result<Vec<u32>, AcceleratorError> {
        self.board.host.push(operations);
        self.until_idle(100_000)?;
        let responses = self.board.host.responses();
        if let Some(refused) = responses.iter().find(|response| !response.okay) {
            return Err(AcceleratorError::Refused(*refused));
        }
        Ok(responses.iter().map(|response| response.data).collect())
    }

    /// Runs a GEMM from its program to its interrupt. `limit` is the number of
    /// cycles after which it counts as hanging. Returns the tiles with their
    /// numbers, in the order in which they came.
    ///
    /// # Errors
    /// [`AcceleratorError`].
    pub fn run(
        &mut self,
        request: &GemmRequest<'_>,
        settings: &RunSettings,
        limit: u64,
    ) -> Result<Vec<(usize, ReceivedTile)>, AcceleratorError> {
        let (x, w) = (request.x, request.w);
        let mut injected = request.faults.to_vec();
        if std::mem::take(&mut self.sabotage)
            && let Some(first) = injected.first_mut()
        {
            first.flips.insert(0, SABOTAGE);
        }
        let job = RtlJob {
            tiling: Tiling::new(&self.config, x.nrows(), x.ncols(), w.ncols()),
            x,
            w,
            faults: &injected,
            threshold_bit: request.threshold_bit,
            stalls: Stalls::default(),
        };
        self.calendar = Calendar::new(job.flips(&self.config));
        self.model.expect(request.faults.to_vec());
        self.board
            .stream(OperandFeed::new(&self.config, x.to_owned(), w.to_owned()));
        self.board.host.push(driver::run_gemm(request, settings));
        self.until_idle(limit)?;
        let responses = self.board.host.responses();
        if let Some(refused) = responses.iter().find(|response| !response.okay) {
            return Err(AcceleratorError::Refused(*refused));
        }
        let received = self.board.received();
        Ok(received
            .into_iter()
            .map(|(number, tile)| (number, tile.clone()))
            .collect())
    }

    /// All event counters, read through their registers.
    ///
    /// # Errors
    /// [`AcceleratorError`].
    pub fn counters(&mut self) -> Result<BTreeMap<&'static str, u64>, AcceleratorError> {
        let read = |(name, counter): &(&'static str, Counter)| {
            (*name, self.access(driver::read_counter(counter)))
        };
        let read: Vec<_> = COUNTERS.iter().map(read).collect();
        read.into_iter()
            .map(|(name, halves)| {
                let halves = halves?;
                Ok((name, u64::from(halves[0]) | u64::from(halves[1]) << 32))
            })
            .collect()
    }
}
