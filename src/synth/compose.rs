//! Counts of large arrays from those of small ones.
//!
//! All arrays of a sweep are square, with the tile rows in proportion to their
//! size n. A kind of module (all modules of a name, whatever their parameters)
//! then has a number of instances, and counts per instance, that are linear in
//! n: PEs of a column, lanes of a restorer. Triangular delay lines and memories
//! are quadratic in n, exactly. What depends on the logarithm of n (counters,
//! addresses) is taken as linear as well: an error, but a small one.

use super::stat::{Counts, DesignArea};
use std::collections::BTreeMap;

/// Sizes that a composition starts from: the slopes are between the last two.
pub const SAMPLES: [usize; 3] = [4, 8, 16];

/// The module that is a triangle of flip-flops.
const TRIANGULAR: &str = "drift_skew";

/// Instances of a kind of module, and all of them together.
type Kinds = BTreeMap<String, (u64, Counts)>;

/// A field of [`Counts`].
type Field = fn(&mut Counts) -> &mut u64;

/// The counts of a square array of `size` from synthesised arrays of the sizes
/// [`SAMPLES`], leaving out the module `without` and all below it.
pub fn compose(samples: [&DesignArea; 3], size: usize, without: Option<&str>) -> Counts {
    let samples = samples.map(|design| kinds(design, without));
    let mut total = Counts::default();
    for name in samples[2].keys() {
        let zero = (0, Counts::default());
        let kind = samples.each_ref().map(|s| *s.get(name).unwrap_or(&zero));
        total = total + one_kind(name, kind, size);
    }
    total
}

fn one_kind(name: &str, kind: [(u64, Counts); 3], size: usize) -> Counts {
    let instances = linear(kind.map(|(instances, _)| instances as f64), size);
    let mut composed = Counts::default();
    let fields: [(Field, bool); 5] = [
        (|c| &mut c.gates, name == TRIANGULAR),
        (|c| &mut c.flip_flops, name == TRIANGULAR),
        (|c| &mut c.latches, name == TRIANGULAR),
        (|c| &mut c.memory_bits, true),
        (|c| &mut c.micro_area, name == TRIANGULAR),
    ];
    for (field, squares) in fields {
        let all = kind.map(|(_, mut counts)| *field(&mut counts) as f64);
        let value = if squares {
            quadratic(all, size)
        } else {
            let each = [0, 1, 2].map(|i| all[i] / (kind[i].0.max(1) as f64));
            instances * linear(each, size)
        };
        *field(&mut composed) = value.round().max(0.0) as u64;
    }
    composed
}

/// The line through the last two samples.
fn linear(samples: [f64; 3], size: usize) -> f64 {
    let [_, a, b] = SAMPLES.map(|n| n as f64);
    samples[2] + (samples[2] - samples[1]) / (b - a) * (size as f64 - b)
}

/// The parabola through all samples.
fn quadratic(samples: [f64; 3], size: usize) -> f64 {
    let [a, b, c] = SAMPLES.map(|n| n as f64);
    let n = size as f64;
    let first = (samples[1] - samples[0]) / (b - a);
    let second = ((samples[2] - samples[1]) / (c - b) - first) / (c - a);
    samples[0] + (n - a) * (first + second * (n - b))
}

/// Adds up the modules of a design by their names in the source.
fn kinds(design: &DesignArea, without: Option<&str>) -> Kinds {
    let mut found = Kinds::new();
    visit(design, &design.top, 1, without, &mut found);
    found
}

fn visit(design: &DesignArea, name: &str, times: u64, without: Option<&str>, found: &mut Kinds) {
    let source = name.split('#').next().unwrap_or(name);
    let module = design.modules.iter().find(|m| m.name == name);
    let Some(module) = module.filter(|_| Some(source) != without) else {
        return;
    };
    let entry = found.entry(source.to_owned()).or_default();
    *entry = (entry.0 + times, entry.1 + module.own * times);
    for (child, count) in &module.submodules {
        visit(design, child, times * count, without, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A design with the hierarchy of an engine: n + 2 strips of n PEs, a
    /// triangle of flip-flops, a memory of n words of n bits, and a rest.
    fn engine(n: u64) -> DesignArea {
        let stat = format!(
            r#"{{ "modules": {{
              "\\top": {{ "num_cells_by_type": {{ "$_NAND_": {top}, "$paramod\\drift_skew\\L=1": 1,
                "$paramod\\strip\\N=1": {strips}, "memory": 1, "odd": 1 }} }},
              "$paramod\\drift_skew\\L=1": {{ "num_cells_by_type": {{ "$_DFF_P_": {triangle} }} }},
              "$paramod\\strip\\N=1": {{ "num_cells_by_type": {{ "$_NAND_": {strip} }} }},
              "memory": {{ "num_memory_bits": {bits}, "num_cells_by_type": {{}} }},
              "odd": {{ "num_cells_by_type": {{ "below": 2 }} }},
              "below": {{ "num_cells_by_type": {{ "$_NAND_": 77 }} }} }} }}"#,
            top = 30 * n + 11,
            strips = n + 2,
            strip = 500 * n + 7,
            triangle = 8 * n * (n - 1) / 2,
            bits = n * n,
        );
        DesignArea::from_stat(&stat, "top", None).unwrap()
    }

    #[test]
    fn rows_of_parts_triangles_and_memories_are_composed_exactly() {
        let samples = SAMPLES.map(|n| engine(n as u64));
        for size in [16, 32, 100, 128] {
            let composed = compose(samples.each_ref(), size, None);
            assert_eq!(composed, engine(size as u64).total, "{size}");
        }
    }

    #[test]
    fn a_module_is_left_out_with_all_below_it() {
        let samples = SAMPLES.map(|n| engine(n as u64));
        let all = compose(samples.each_ref(), 32, None);
        let some = compose(samples.each_ref(), 32, Some("odd"));
        assert_eq!(all.gates - some.gates, 2 * 77);
    }
}
