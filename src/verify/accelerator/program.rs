//! Random programs: tables of operating points, and a sequence of GEMMs of a
//! few layers over some denoising steps.

use crate::config::ArrayConfig;
use crate::fault::TileFaults;
use crate::golden::accelerator::GemmRequest;
use crate::golden::{AddressMap, Layout};
use crate::registers as r;
use crate::soc::Operation;
use crate::soc::driver::RunSettings;
use crate::tiling::Tiling;
use crate::verify::draw::Draw;
use crate::verify::faults;
use ndarray::Array2;

/// Bytes of memory between the checkpoints of two layers.
const REGION: u32 = 0x10_0000;

/// What the host does in a run.
pub(super) struct Program {
    /// Register accesses before the first GEMM.
    pub setup: Vec<Operation>,
    pub gemms: Vec<Gemm>,
}

/// One GEMM, and what the host does before it.
pub(in crate::verify) struct Gemm {
    pub before: Vec<Operation>,
    pub clears_checkpoints: bool,
    /// Cycles in which the host does nothing.
    pub idle: u64,
    pub settings: RunSettings,
    pub faults: Vec<TileFaults>,
    x: Array2<i8>,
    w: Array2<i8>,
    threshold_bit: u32,
    protect: bool,
    layer: u32,
    step: u32,
    interval: u32,
    map: AddressMap,
    scale: u16,
    recompute_missing: bool,
    recompute_unlocated: bool,
}

impl Gemm {
    pub fn request(&self) -> GemmRequest<'_> {
        GemmRequest {
            x: self.x.view(),
            w: self.w.view(),
            faults: &self.faults,
            threshold_bit: self.threshold_bit,
            protect: self.protect,
            layer: self.layer,
            step: self.step,
            interval: self.interval,
            map: self.map,
            scale: self.scale,
            recompute_missing: self.recompute_missing,
            recompute_unlocated: self.recompute_unlocated,
        }
    }
}

fn write(register: &r::Register, value: u32) -> Operation {
    Operation::Write(register.offset, value)
}

impl Program {
    pub fn draw(draw: &mut Draw, config: &ArrayConfig) -> Self {
        let layers: Vec<Layer> = (0..draw.within(1..=3))
            .map(|number| Layer::draw(draw, config, number as u32))
            .collect();
        let interval = draw.choose(&[1, 1, 2, 3, 10]);
        let adaptive = draw.one_in(2);
        let layout = if draw.one_in(2) {
            Layout::Tile
        } else {
            Layout::RowMajor
        };
        let mut gemms = Vec::new();
        let mut step = draw.below(1 << 16) as u32;
        for _ in 0..draw.within(1..=4) {
            for layer in &layers {
                if !draw.one_in(6) {
                    gemms.push(layer.gemm(draw, config, step, interval, layout, adaptive));
                }
            }
            step = (step + 1) & 0xffff;
        }
        Self {
            setup: setup(draw),
            gemms,
        }
    }
}

/// Random tables. The voltages do not rise with the frequencies: the rule must
/// hold for any table.
fn setup(draw: &mut Draw) -> Vec<Operation> {
    let mut operations = Vec::new();
    for point in &r::POINT {
        let settle = draw.below(40) as u32;
        operations.push(write(point, settle << 16 | draw.below(1 << 16) as u32));
    }
    for row in &r::SCHEDULE {
        operations.push(write(row, draw.bits() as u32 & 0x0707_0707));
    }
    let most = draw.choose(&[4, 40]);
    operations.extend([
        write(&r::DVFS_TIMEOUT, draw.within(20..=900) as u32),
        write(&r::MONITOR_WINDOW, draw.within(0..=6) as u32),
        write(&r::MONITOR_HIGH, draw.within(0..=most) as u32),
        write(&r::MONITOR_LOW, draw.within(0..=most) as u32),
        write(&r::MONITOR_PATIENCE, draw.within(0..=3) as u32),
    ]);
    if draw.one_in(3) {
        operations.push(write(&r::MONITOR_PANIC, draw.within(0..=most) as u32));
    }
    operations
}

/// A layer: its shape and weights are the same in every step.
struct Layer {
    number: u32,
    w: Array2<i8>,
    rows: usize,
    map: AddressMap,
}

impl Layer {
    fn draw(draw: &mut Draw, config: &ArrayConfig, number: u32) -> Self {
        // Sometimes more tiles than the repeat FIFO holds.
        let (across, passes) = if draw.one_in(5) { (6, 1) } else { (3, 3) };
        let rows = draw.within(1..=across * config.tile_rows.min(24));
        let k = draw.within(1..=passes * config.rows);
        let n = draw.within(1..=across * config.columns);
        let base = REGION * (number + 1) + (draw.below(64) * config.memory_bytes) as u32;
        Self {
            number: number * 85,
            w: matrix(draw, k, n),
            rows,
            map: AddressMap {
                layout: Layout::Tile,
                base,
                header_base: base + REGION / 2,
                tiles_n: 0,
            },
        }
    }

    fn gemm(
        &self,
        draw: &mut Draw,
        config: &ArrayConfig,
        step: u32,
        interval: u32,
        layout: Layout,
        adaptive: bool,
    ) -> Gemm {
        let tiling = Tiling::new(config, self.rows, self.w.nrows(), self.w.ncols());
        let list = faults::list(draw, config, &tiling);
        let mut before = Vec::new();
        let clears_checkpoints = draw.one_in(20);
        if clears_checkpoints {
            before.push(write(&r::CHECKPOINT_CLEAR, 1));
        }
        if draw.one_in(4) {
            before.push(write(&r::PANIC_CLEAR, 1));
            before.push(write(&r::FAULT_CLEAR, 1));
        }
        if draw.one_in(6) {
            let enable = r::FORCE_POINT.field("force_enable").mask();
            let point = draw.below(8) as u32;
            before.push(write(&r::FORCE_POINT, point | draw.choose(&[0, enable])));
        }
        if draw.one_in(4) {
            before.push(Operation::Read(r::CURRENT_POINT.offset));
            before.push(Operation::Read(r::STATUS.offset));
        }
        Gemm {
            before,
            clears_checkpoints,
            idle: draw.choose(&[0, 0, 10, 200]),
            settings: RunSettings {
                adaptive,
                timestep_class: draw.below(4) as u32,
                block_class: draw.below(4) as u32,
            },
            faults: tiling
                .tiles()
                .map(|tile| TileFaults {
                    flips: list.tile(0, tile.index).to_vec(),
                    stuck: Vec::new(),
                })
                .collect(),
            x: matrix(draw, self.rows, self.w.nrows()),
            w: self.w.clone(),
            threshold_bit: draw.choose(&[0, 4, 8, 10, 16, 24, 31]),
            protect: !draw.one_in(6),
            layer: self.number,
            step,
            interval,
            map: AddressMap { layout, ..self.map },
            scale: draw.choose(&[1 << 14, 15_000, 20_000, 0xffff, 0]),
            recompute_missing: draw.one_in(2),
            recompute_unlocated: draw.one_in(2),
        }
    }
}

fn matrix(draw: &mut Draw, rows: usize, columns: usize) -> Array2<i8> {
    let values = draw.bytes(rows * columns);
    Array2::from_shape_vec((rows, columns), values).expect("as many values as elements")
}
