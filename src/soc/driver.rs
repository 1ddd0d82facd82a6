//! How a host runs a GEMM: the register accesses, in order.

use super::Operation;
use crate::golden::Layout;
use crate::golden::accelerator::GemmRequest;
use crate::registers as r;

/// What else the host chooses for a GEMM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunSettings {
    /// The error monitor moves the operating point.
    pub adaptive: bool,
    /// Row of the schedule, 0..4.
    pub timestep_class: u32,
    /// Column of the schedule, 0..4.
    pub block_class: u32,
}

/// Programs a GEMM, starts it, waits for its end and acknowledges it.
pub fn run_gemm(request: &GemmRequest<'_>, settings: &RunSettings) -> Vec<Operation> {
    let control = [
        ("protect", request.protect),
        ("adaptive", settings.adaptive),
        ("row_major", request.map.layout == Layout::RowMajor),
        ("no_checkpoint_recompute", request.recompute_missing),
        ("unlocated_recompute", request.recompute_unlocated),
    ];
    let control = control
        .iter()
        .filter(|(_, on)| *on)
        .fold(0, |bits, (name, _)| bits | r::CONTROL.field(name).mask());
    let done = r::IRQ_STATUS.field("done").mask();
    let write = |register: &r::Register, value: u32| Operation::Write(register.offset, value);
    vec![
        write(&r::CONTROL, control),
        write(&r::IRQ_ENABLE, done),
        write(&r::GEMM_M, request.x.nrows() as u32),
        write(&r::GEMM_K, request.x.ncols() as u32),
        write(&r::GEMM_N, request.w.ncols() as u32),
        write(&r::LAYER, request.layer),
        write(&r::CHECKPOINT_BASE, request.map.base),
        write(&r::HEADER_BASE, request.map.header_base),
        write(&r::SCALE, u32::from(request.scale)),
        write(&r::THRESHOLD, request.threshold_bit),
        write(&r::STEP, request.step),
        write(&r::CHECKPOINT_INTERVAL, request.interval),
        write(&r::TIMESTEP_CLASS, settings.timestep_class),
        write(&r::BLOCK_CLASS, settings.block_class),
        write(&r::START, 1),
        Operation::WaitInterrupt,
        write(&r::IRQ_STATUS, done),
    ]
}

/// Reads a counter: the lower half first, which keeps the upper one.
pub fn read_counter(counter: &r::Counter) -> [Operation; 2] {
    [
        Operation::Read(counter.low.offset),
        Operation::Read(counter.high.offset),
    ]
}
