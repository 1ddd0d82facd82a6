//! The structs of `sim/drift_sim.h`, field by field.

/// Must equal `DRIFT_SIM_ABI`.
pub(super) const ABI: u32 = 1;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    pub abi: u32,
    pub rows: u32,
    pub columns: u32,
    pub lanes: u32,
    pub tile_rows: u32,
    pub traced: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Flip {
    pub stream_row: u64,
    pub pe_row: u32,
    pub pe_column: u32,
    pub register: u32,
    pub mask: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Stuck {
    pub pe_row: u32,
    pub pe_column: u32,
    pub register: u32,
    pub mask: u32,
    pub value: u32,
}

#[repr(C)]
#[derive(Debug)]
pub(super) struct Job {
    pub x: *const i8,
    pub w: *const i8,
    pub m: u32,
    pub k: u32,
    pub n: u32,
    pub threshold_bit: u32,
    pub flips: *const Flip,
    pub flips_len: usize,
    pub stucks: *const Stuck,
    pub stucks_len: usize,
    pub y: *mut i32,
    pub row_flags: *mut u8,
    pub column_flags: *mut u8,
    pub stall_act: u32,
    pub stall_weight: u32,
    pub stall_result: u32,
    pub stall_seed: u64,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub cycles: u64,
    pub tiles: u64,
    pub flagged_rows: u64,
    pub flagged_columns: u64,
    pub masked: u64,
    pub unlocated: u64,
}

/// `enum drift_status`.
pub(super) const RUNNING: i32 = 0;
pub(super) const DONE: i32 = 1;

/// What a status above `DONE` means.
pub(super) fn violation(status: i32) -> &'static str {
    match status {
        2 => "a result packet ended early or late (tlast)",
        3 => "the mask on tuser is not row flag AND column flags",
        4 => "tkeep does not mark the columns below N",
        5 => "the engine took or gave more beats than the GEMM has",
        _ => "unknown status",
    }
}
