//! The fast engine against the golden model, on the cases and programs that
//! hardware and golden model are compared with. No simulator is needed.

use super::accelerator::{AcceleratorPlan, gemms};
use super::{Case, Plan};
use crate::config::ArrayConfig;
use crate::fast::{self, Cut, PackedWeights, Product, TileEffect};
use crate::fault::{TileFaults, TileFlips};
use crate::golden::accelerator::Accelerator as Golden;
use crate::golden::{self, TileResult};
use crate::tiling::Tiling;
use ndarray::{Array2, s};

/// What was compared, and the failure that ended it.
#[derive(Clone, Debug, Default)]
pub struct FastSummary {
    /// Cases, or runs; the failed one included.
    pub cases: usize,
    /// GEMMs of all cases.
    pub gemms: usize,
    /// Tiles, each compared bit for bit.
    pub tiles: u64,
    /// Faults; a permanent one counts once per tile.
    pub faults: usize,
    /// Outputs and checksums that faults changed.
    pub deltas: usize,
    /// Tiles rolled back.
    pub rollbacks: u64,
    /// Number of the case that failed, and how.
    pub failure: Option<(usize, String)>,
}

/// Compares the cases of a plan up to the first failure. `progress` hears how
/// many are over.
pub fn run_fast(plan: &Plan, mut progress: impl FnMut(usize)) -> FastSummary {
    let mut summary = FastSummary::default();
    let only = |case: &usize| plan.only.is_none_or(|only| only == *case);
    for number in (0..plan.cases).filter(only) {
        let case = plan.case(number);
        let config = plan.array(case.array);
        let outcome = compare_case(&config, &case, &mut summary);
        summary.cases += 1;
        progress(summary.cases);
        if let Err(message) = outcome {
            summary.failure = Some((number, message));
            break;
        }
    }
    summary
}

/// One GEMM with its faults.
fn compare_case(
    config: &ArrayConfig,
    case: &Case,
    summary: &mut FastSummary,
) -> Result<(), String> {
    let (m, k, n) = case.shape();
    let tiling = Tiling::new(config, m, k, n);
    let faults: Vec<TileFaults> = tiling
        .tiles()
        .map(|tile| TileFaults {
            flips: case.faults.tile(0, tile.index).to_vec(),
            stuck: case.faults.stuck().to_vec(),
        })
        .collect();
    let (x, w) = (case.x.view(), case.w.view());
    let expected = golden::gemm(config, x, w, &faults, case.threshold_bit);
    // Every other case has its weights as diffusers stores them.
    let packed = if case.number.is_multiple_of(2) {
        PackedWeights::new(w)
    } else {
        PackedWeights::from_transposed(w.t().as_standard_layout().view())
    };
    let faulty = faults.iter().cloned().enumerate();
    let effects = fast::effects(config, &tiling, x, &packed, faulty, case.threshold_bit);
    let mut y = fast::multiply(x, &packed);
    let mut counters = fast::counters(config, &tiling, &effects);
    counters.cycles = expected.counters.cycles;
    if counters != expected.counters {
        return Err(format!(
            "counters: fast {counters:?}, golden {:?}",
            expected.counters
        ));
    }
    let none = TileEffect::default();
    let mut next = effects.iter().peekable();
    for (tile, result) in tiling.tiles().zip(&expected.tiles) {
        let found = next
            .next_if(|effect| effect.tile == tile.index)
            .unwrap_or(&none);
        found.apply(&tiling, &mut y.view_mut());
        let at = |what: &str| {
            Err(format!(
                "tile {}: {what}: {found:?}, {result:?}",
                tile.index
            ))
        };
        if !same_effect(found, result) {
            return at("deltas or flags differ");
        }
        let within = result.y.slice(s![.., ..tile.columns.len()]);
        if y.slice(s![tile.rows.clone(), tile.columns.clone()]) != within {
            return at("outputs differ");
        }
        let faults = &faults[tile.index];
        let outcomes = found.classify(config, &tiling, faults, case.threshold_bit);
        if outcomes != golden::classify(config, faults, result, case.threshold_bit) {
            return at("outcomes differ");
        }
        summary.deltas += found.deltas.len();
        summary.faults += faults.flips.len() + faults.stuck.len();
    }
    if let Some(effect) = next.next() {
        return Err(format!("out of order: {effect:?}"));
    }
    if case.faults.stuck().is_empty() {
        compare_blocks(config, case, &packed, &y)?;
    }
    summary.gemms += 1;
    summary.tiles += tiling.len() as u64;
    Ok(())
}

/// The same outputs block by block, with what the faults add to these alone.
fn compare_blocks(
    config: &ArrayConfig,
    case: &Case,
    packed: &PackedWeights,
    y: &Array2<i32>,
) -> Result<(), String> {
    let (m, k, n) = case.shape();
    let tiling = Tiling::new(config, m, k, n);
    let mut flips = TileFlips::default();
    for tile in 0..tiling.len() {
        flips.push(tile, case.faults.tile(0, tile));
    }
    let x = case.x.as_standard_layout();
    let deltas = fast::output_deltas(config, &tiling, x.view(), packed, &flips);
    let cut = [Cut::Any, Cut::Rows][case.number / 2 % 2];
    let mut found = vec![0i32; m * n];
    let product = Product::new(x.view(), packed, cut, deltas);
    product.run(
        1 + case.number % 3,
        &mut Vec::new(),
        (&mut found, n),
        |sums, y| {
            let rows = sums.values.chunks_exact(sums.columns.len()).enumerate();
            for (row, values) in rows {
                y[row * n..][sums.columns.clone()].copy_from_slice(values);
            }
        },
    );
    let differs = y.iter().zip(&found).position(|(a, b)| a != b);
    differs.map_or(Ok(()), |at| {
        Err(format!(
            "row {}, column {}: differs in blocks",
            at / n,
            at % n
        ))
    })
}

fn same_effect(found: &TileEffect, expected: &TileResult) -> bool {
    let deltas = expected.deltas.iter().map(|(&(m, j), &d)| (m, j, d));
    found.deltas.iter().copied().eq(deltas)
        && found.row_flags == set(&expected.row_flags)
        && found.column_flags == set(&expected.column_flags)
}

/// The numbers of the set flags.
fn set(flags: &[bool]) -> Vec<usize> {
    let lines = flags.iter().enumerate().filter(|(_, flag)| **flag);
    lines.map(|(line, _)| line).collect()
}

/// Compares random programs of the accelerator up to the first failure.
pub fn run_fast_accelerators(
    plan: &AcceleratorPlan,
    mut progress: impl FnMut(usize),
) -> FastSummary {
    let mut summary = FastSummary::default();
    let only = |run: &usize| plan.only.is_none_or(|only| only == *run);
    for run in (0..plan.runs).filter(only) {
        let outcome = compare_program(plan, run, &mut summary);
        summary.cases += 1;
        progress(summary.cases);
        if let Err(message) = outcome {
            summary.failure = Some((run, message));
            break;
        }
    }
    summary
}

fn compare_program(
    plan: &AcceleratorPlan,
    run: usize,
    summary: &mut FastSummary,
) -> Result<(), String> {
    let config = plan.array_of(run);
    let mut golden = Golden::new(&config);
    let mut fast = fast::Accelerator::new(&config);
    for (number, gemm) in gemms(plan, run).iter().enumerate() {
        let at = |message: String| Err(format!("GEMM {number}: {message}"));
        if gemm.clears_checkpoints {
            golden.clear_checkpoints();
            fast.clear_checkpoints();
        }
        let request = gemm.request();
        let (m, k, n) = (request.x.nrows(), request.x.ncols(), request.w.ncols());
        let tiling = Tiling::new(&config, m, k, n);
        let expected = golden.run(&request);
        let w = PackedWeights::new(request.w);
        let faults = request.faults.iter().cloned().enumerate();
        let found = fast.run(&fast::Request::new(&request, &w), faults);
        for tile in expected.iter().filter(|tile| !tile.repeated_later) {
            let place = tiling.tile(tile.tile);
            let within = tile.y.slice(s![.., ..place.columns.len()]);
            if found.y.slice(s![place.rows, place.columns]) != within {
                return at(format!("tile {}: outputs differ: {tile:?}", tile.tile));
            }
        }
        let mut fates = found.effects.iter().peekable();
        for tile in &expected[..tiling.len()] {
            let none = (TileEffect::default(), fast::Fate::Delivered);
            let fate = fates.next_if(|(effect, _)| effect.tile == tile.tile);
            let (effect, fate) = fate.unwrap_or(&none);
            let same = effect.row_flags == set(&tile.row_flags)
                && effect.column_flags == set(&tile.column_flags)
                && tile.rolled_back == (*fate == fast::Fate::RolledBack)
                && tile.repeated_later == (*fate == fast::Fate::Recomputed);
            if !same {
                return at(format!("{effect:?} {fate:?}, golden {tile:?}"));
            }
        }
        if fast.recovery != golden.recovery || fast.engine != golden.engine {
            return at(format!(
                "counters: fast {:?} {:?}, golden {:?} {:?}",
                fast.recovery, fast.engine, golden.recovery, golden.engine
            ));
        }
        let map = golden::AddressMap {
            tiles_n: n.div_ceil(config.columns) as u32,
            ..request.map
        };
        for (tile, checkpoint) in tiling.tiles().zip(fast.checkpoint(request.layer)) {
            let across = map.tiles_n;
            let (tile_m, tile_n) = (tile.index as u32 / across, tile.index as u32 % across);
            let memory = golden.memory();
            let header = &memory[&map.header(&config, tile_m, tile_n)];
            let mut same = header[0] == checkpoint.exponent;
            for (row, mantissas) in checkpoint.mantissas.chunks(config.columns).enumerate() {
                let address = map.row(&config, tile_m, tile_n, row as u32);
                for (beat, mantissas) in mantissas.chunks(config.memory_bytes).enumerate() {
                    let address = address.wrapping_add((beat * config.memory_bytes) as u32);
                    let bytes = mantissas.iter().map(|&m| m as u8);
                    same &= memory[&address][..mantissas.len()]
                        .iter()
                        .copied()
                        .eq(bytes);
                }
            }
            if !same {
                return at(format!("tile {}: checkpoints differ", tile.index));
            }
        }
        summary.gemms += 1;
        summary.tiles += expected.len() as u64;
        summary.faults += gemm.faults.iter().map(|f| f.flips.len()).sum::<usize>();
        let deltas = found.effects.iter().map(|(effect, _)| effect.deltas.len());
        summary.deltas += deltas.sum::<usize>();
    }
    summary.rollbacks += golden.recovery.rollbacks;
    Ok(())
}
