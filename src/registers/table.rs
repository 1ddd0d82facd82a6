//! The table.

use super::{Counter, Field, Kind, Register, Reset};
use crate::config::{
    ArrayConfig, BLOCK_CLASSES, ChecksumDomain, Dataflow, POINTS, TIMESTEP_CLASSES,
};
use Kind::{Constant, CountHigh, CountLow, Enable, Event, Pulse, Setting, Status};
use Reset::{Config, Fixed};

/// What `ID` reads as: "DRFT" in ASCII.
pub const ID_VALUE: u32 = 0x4452_4654;
/// What `VERSION` reads as: raised whenever this table changes.
pub const VERSION_VALUE: u32 = 1;

/// Declares registers as constants and collects them.
macro_rules! registers {
    ($($name:ident @ $offset:literal $($locked:ident)?: $doc:literal [$($field:expr),+ $(,)?])+) => {
        $(
            #[doc = $doc]
            pub const $name: Register = Register {
                name: stringify!($name),
                offset: $offset,
                locked: registers!(@locked $($locked)?),
                doc: $doc,
                fields: &[$($field),+],
            };
        )+
        const SINGLE: &[Register] = &[$($name),+];
    };
    (@locked locked) => { true };
    (@locked) => { false };
}

/// Declares counters as constants and collects them.
macro_rules! counters {
    ($($name:ident @ $offset:literal $port:literal: $doc:literal)+) => {
        $(
            #[doc = $doc]
            pub const $name: Counter = Counter {
                low: Register {
                    name: concat!(stringify!($name), "_LO"),
                    offset: $offset,
                    locked: false,
                    doc: $doc,
                    fields: &[Field::new("low", 0, 32, CountLow, "Bits 31:0; keeps bits 47:32 for `_HI`.")
                        .port($port, 0)],
                },
                high: Register {
                    name: concat!(stringify!($name), "_HI"),
                    offset: $offset + 4,
                    locked: false,
                    doc: $doc,
                    fields: &[Field::new("high", 0, 16, CountHigh, "Bits 47:32 at the last read of a `_LO`.")
                        .port($port, 32)],
                },
            };
        )+
        /// All counters with the names of their ports.
        pub const COUNTERS: &[(&str, Counter)] = &[$(($port, $name)),+];
    };
}

const fn flag(name: &'static str, bit: u32, kind: Kind, doc: &'static str) -> Field {
    Field::new(name, bit, 1, kind, doc)
}

registers! {
    ID @ 0x000: "Says that this is the accelerator." [
        Field::new("id", 0, 32, Constant(Fixed(ID_VALUE)), "\"DRFT\" in ASCII."),
    ]
    VERSION @ 0x004: "Version of this register map." [
        Field::new("version", 0, 32, Constant(Fixed(VERSION_VALUE)), "Raised whenever the map changes."),
    ]
    ARRAY @ 0x008: "Size of the array." [
        Field::new("rows", 0, 9, Constant(Config("rows", |c| c.rows as u32)), "PE rows, along K."),
        Field::new("columns", 16, 9, Constant(Config("columns", |c| c.columns as u32)), "PE columns, along N."),
    ]
    BUILD @ 0x00c: "What else was generated." [
        Field::new("tile_rows", 0, 9, Constant(Config("tile_rows", |c| c.tile_rows as u32)), "Rows of a tile, along M."),
        Field::new("dataflow", 12, 1, Constant(Config("dataflow", |c| u32::from(c.dataflow != Dataflow::Ws))), "0: weight-stationary, 1: output-stationary."),
        Field::new("checksum", 13, 1, Constant(Config("checksum", |c| u32::from(c.checksum))), "The array has checksums."),
        Field::new("protected_domain", 14, 1, Constant(Config("checksum_domain", |c| u32::from(c.checksum_domain == ChecksumDomain::Protected))), "The checksum columns have a supply of their own."),
        Field::new("memory_bytes", 16, 7, Constant(Config("memory_bytes", |c| c.memory_bytes as u32)), "Bytes of a beat on the memory bus."),
    ]
    CONTROL @ 0x010 locked: "How a GEMM is computed." [
        flag("protect", 0, Setting(Config("checksum", |c| u32::from(c.checksum))), "Correct what the checksums find."),
        flag("adaptive", 1, Setting(Fixed(0)), "The error monitor moves the operating point."),
        flag("row_major", 2, Setting(Fixed(0)), "Layout of checkpoints: 0 a tile is contiguous, 1 rows of the matrix are."),
        flag("no_checkpoint_recompute", 3, Setting(Fixed(0)), "A faulty tile without checkpoint is 0 kept, 1 computed again at point 0."),
        flag("unlocated_recompute", 4, Setting(Fixed(0)), "A tile with flags in one direction only is 0 kept, 1 computed again at point 0."),
    ]
    STATUS @ 0x014: "What the accelerator is doing." [
        flag("busy", 0, Status, "A GEMM runs."),
        flag("done", 1, Status, "The last GEMM is finished."),
        flag("dvfs_busy", 2, Status, "The operating point is being changed."),
        flag("dvfs_fault", 3, Status, "Point 0 could not be reached; the clock is as low as the PLL lets it."),
        flag("panic", 4, Status, "Too many flags: point 0 is forced."),
        flag("axi_error", 5, Status, "The memory has answered with an error."),
    ]
    IRQ_ENABLE @ 0x018: "Which events raise the interrupt." [
        flag("done", 0, Enable, "See IRQ_STATUS."),
        flag("panic", 1, Enable, "See IRQ_STATUS."),
        flag("dvfs_fault", 2, Enable, "See IRQ_STATUS."),
        flag("axi_error", 3, Enable, "See IRQ_STATUS."),
    ]
    IRQ_STATUS @ 0x01c: "Events since they were cleared; an event wins over a simultaneous clear." [
        flag("done", 0, Event, "A GEMM was finished."),
        flag("panic", 1, Event, "A panic began."),
        flag("dvfs_fault", 2, Event, "Point 0 could not be reached."),
        flag("axi_error", 3, Event, "The memory answered with an error."),
    ]
    START @ 0x020 locked: "Starts a GEMM." [
        flag("start", 0, Pulse, "1: start."),
    ]
    PANIC_CLEAR @ 0x024: "Ends a panic." [
        flag("panic_clear", 0, Pulse, "1: the scheduled operating point is in effect again."),
    ]
    FAULT_CLEAR @ 0x028: "Ends a fault of regulator or PLL." [
        flag("fault_clear", 0, Pulse, "1: operating points that failed are tried again."),
    ]
    CHECKPOINT_CLEAR @ 0x02c locked: "Forgets all checkpoints." [
        flag("checkpoint_clear", 0, Pulse, "1: no checkpoint is valid."),
    ]
    GEMM_M @ 0x030 locked: "Rows of X and Y." [
        Field::new("gemm_m", 0, 24, Setting(Fixed(0)), "M."),
    ]
    GEMM_K @ 0x034 locked: "Columns of X, rows of W." [
        Field::new("gemm_k", 0, 24, Setting(Fixed(0)), "K; at most 65536."),
    ]
    GEMM_N @ 0x038 locked: "Columns of W and Y." [
        Field::new("gemm_n", 0, 24, Setting(Fixed(0)), "N."),
    ]
    LAYER @ 0x03c locked: "Which checkpoint the GEMM belongs to." [
        Field::new("layer", 0, 8, Setting(Fixed(0)), "Number of the checkpoint."),
    ]
    CHECKPOINT_BASE @ 0x040 locked: "Where the layer's checkpoint lies." [
        Field::new("checkpoint_base", 0, 32, Setting(Fixed(0)), "Byte address."),
    ]
    HEADER_BASE @ 0x044 locked: "Where the headers of a row-major checkpoint lie." [
        Field::new("header_base", 0, 32, Setting(Fixed(0)), "Byte address."),
    ]
    SCALE @ 0x048 locked: "Factor on restored values." [
        Field::new("scale", 0, 16, Setting(Fixed(16_384)), "Unsigned, 14 fraction bits: 16384 is 1."),
    ]
    THRESHOLD @ 0x04c locked: "Sensitivity of the checksums." [
        Field::new("threshold", 0, 5, Setting(Config("threshold_bit", |c| c.threshold_bit)), "Syndromes of magnitude 2^threshold and above are flagged."),
    ]
    STEP @ 0x050 locked: "Denoising step." [
        Field::new("step", 0, 16, Setting(Fixed(0)), "Number of the step."),
    ]
    CHECKPOINT_INTERVAL @ 0x054 locked: "How often checkpoints are written." [
        Field::new("checkpoint_interval", 0, 16, Setting(Config("checkpoint_interval", |c| c.run.checkpoint_interval)), "Steps from one checkpoint to the next."),
    ]
    TIMESTEP_CLASS @ 0x058 locked: "Row of the schedule." [
        Field::new("timestep_class", 0, 2, Setting(Fixed(0)), "Class of the step."),
    ]
    BLOCK_CLASS @ 0x05c locked: "Column of the schedule." [
        Field::new("block_class", 0, 2, Setting(Fixed(0)), "Class of the transformer block."),
    ]
    FORCE_POINT @ 0x060: "Overrides schedule and error monitor, but not a panic." [
        Field::new("force_point", 0, 3, Setting(Fixed(0)), "The operating point."),
        flag("force_enable", 8, Setting(Fixed(0)), "Use it."),
    ]
    DVFS_TIMEOUT @ 0x064: "Patience with regulator and PLL." [
        Field::new("dvfs_timeout", 0, 16, Setting(Fixed(10_000)), "Cycles that they have to answer a request."),
    ]
    CURRENT_POINT @ 0x068: "The operating point that there is." [
        Field::new("current_point", 0, 3, Status, "The point reached last."),
        Field::new("bias", 4, 3, Status, "Points towards nominal that the error monitor asks for."),
        Field::new("voltage_code", 16, 8, Status, "Code requested last."),
        Field::new("frequency_code", 24, 8, Status, "Code requested last."),
    ]
    MONITOR_WINDOW @ 0x070: "Window of the error monitor." [
        Field::new("monitor_window", 0, 16, Setting(Fixed(64)), "Tiles; 0 counts as 1."),
    ]
    MONITOR_HIGH @ 0x074: "Upper limit of the hysteresis." [
        Field::new("monitor_high", 0, 32, Setting(Fixed(32)), "A window with more flagged lines moves one point towards nominal."),
    ]
    MONITOR_LOW @ 0x078: "Lower limit of the hysteresis." [
        Field::new("monitor_low", 0, 32, Setting(Fixed(8)), "A window with fewer flagged lines is calm."),
    ]
    MONITOR_PATIENCE @ 0x07c: "Slowness of the way back." [
        Field::new("monitor_patience", 0, 8, Setting(Fixed(4)), "Calm windows in a row that move one point back; 0 counts as 1."),
    ]
    MONITOR_PANIC @ 0x080: "Limit of a panic." [
        Field::new("monitor_panic", 0, 32, Setting(Fixed(u32::MAX)), "A window with more flagged lines forces point 0 until PANIC_CLEAR."),
    ]
}

fn voltage<const I: usize>(config: &ArrayConfig) -> u32 {
    u32::from(config.run.points[I].voltage_code)
}

fn frequency<const I: usize>(config: &ArrayConfig) -> u32 {
    u32::from(config.run.points[I].frequency_code)
}

fn settle<const I: usize>(config: &ArrayConfig) -> u32 {
    u32::from(config.run.points[I].settle_cycles)
}

fn scheduled<const T: usize, const B: usize>(config: &ArrayConfig) -> u32 {
    u32::from(config.run.schedule[T][B])
}

macro_rules! point {
    ($i:literal) => {
        Register {
            name: concat!("POINT", $i),
            offset: 0x0a0 + 4 * $i,
            locked: false,
            doc: "An operating point; 0 is nominal.",
            fields: &[
                Field::new(
                    "voltage",
                    0,
                    8,
                    Setting(Config("operating_points", voltage::<$i>)),
                    "(millivolt - 400) / 5.",
                )
                .port("points", 32 * $i),
                Field::new(
                    "frequency",
                    8,
                    8,
                    Setting(Config("operating_points", frequency::<$i>)),
                    "Megahertz / 10; allowed at this voltage and above.",
                )
                .port("points", 32 * $i + 8),
                Field::new(
                    "settle",
                    16,
                    16,
                    Setting(Config("operating_points", settle::<$i>)),
                    "Cycles to wait after the regulator reports the voltage.",
                )
                .port("points", 32 * $i + 16),
            ],
        }
    };
}

macro_rules! block {
    ($name:literal, $t:literal, $b:literal) => {
        Field::new(
            $name,
            8 * $b,
            3,
            Setting(Config("schedule", scheduled::<$t, $b>)),
            "Point of this class of blocks.",
        )
        .port("schedule", 3 * (BLOCK_CLASSES as u32 * $t + $b))
    };
}

macro_rules! schedule {
    ($t:literal) => {
        Register {
            name: concat!("SCHEDULE", $t),
            offset: 0x0c0 + 4 * $t,
            locked: false,
            doc: "Operating points of a class of timesteps.",
            fields: &[
                block!("block0", $t, 0),
                block!("block1", $t, 1),
                block!("block2", $t, 2),
                block!("block3", $t, 3),
            ],
        }
    };
}

/// The table of operating points.
pub const POINT: [Register; POINTS] = [
    point!(0),
    point!(1),
    point!(2),
    point!(3),
    point!(4),
    point!(5),
    point!(6),
    point!(7),
];

/// The schedule: a register per class of timesteps.
pub const SCHEDULE: [Register; TIMESTEP_CLASSES] =
    [schedule!(0), schedule!(1), schedule!(2), schedule!(3)];

counters! {
    ENGINE_CYCLES @ 0x100 "engine_cycles": "Cycles in which the engine was busy."
    TILES @ 0x108 "tiles": "Finished tiles."
    FLAGGED_ROWS @ 0x110 "flagged_rows": "Flagged rows."
    FLAGGED_COLUMNS @ 0x118 "flagged_columns": "Flagged columns."
    MASKED @ 0x120 "masked": "Elements in correction masks."
    UNLOCATED @ 0x128 "unlocated": "Lines flagged where no line of the other direction is."
    ROLLBACKS @ 0x130 "rollbacks": "Tiles corrected from a checkpoint."
    RESTORED @ 0x138 "restored": "Elements replaced from checkpoints."
    RECOMPUTES @ 0x140 "recomputes": "Tiles computed again."
    KEPT @ 0x148 "kept": "Faulty tiles that were kept."
    OVERFLOWS @ 0x150 "overflows": "Tiles to be computed again that found the queue full."
    CHECKPOINTS @ 0x158 "checkpoints": "Tiles written to a checkpoint."
    STALL_CYCLES @ 0x160 "stall_cycles": "Cycles in which recovery held results back."
    RECOVERY_CYCLES @ 0x168 "recovery_cycles": "Cycles in which recovery was busy."
    AXI_ERRORS @ 0x170 "axi_errors": "Error responses of the memory."
    TRANSITIONS @ 0x180 "transitions": "Operating points reached by a change."
    DVFS_TIMEOUTS @ 0x188 "dvfs_timeouts": "Requests that regulator or PLL did not answer in time."
    CHANGE_CYCLES @ 0x190 "change_cycles": "Cycles in which the operating point was being changed."
    WINDOWS @ 0x198 "windows": "Windows that the error monitor finished."
    RAISES @ 0x1a0 "raises": "Steps towards nominal."
    LOWERS @ 0x1a8 "lowers": "Steps back."
    PANICS @ 0x1b0 "panics": "Panics."
    RUNNING_CYCLES @ 0x1b8 "running_cycles": "Cycles in which the accelerator was busy."
}

/// All registers by rising offset.
pub fn map() -> Vec<Register> {
    let counters = COUNTERS.iter().flat_map(|(_, c)| [c.low, c.high]);
    let mut map = SINGLE.to_vec();
    map.extend(POINT.into_iter().chain(SCHEDULE).chain(counters));
    map.sort_by_key(|register| register.offset);
    map
}
