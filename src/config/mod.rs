//! Accelerator configuration: the raw YAML keys, their validation in one
//! place, and the resolved type that everything else works with.

mod points;
mod raw;
mod resolved;

pub use points::{BLOCK_CLASSES, OperatingPoint, POINTS, RunDefaults, TIMESTEP_CLASSES};
pub use resolved::{ArrayConfig, ChecksumDomain, ConfigHash, Dataflow, LAYERS, REPEAT_DEPTH};

/// The configurations that ship with the project: `(name, YAML text)`.
pub const SHIPPED: [(&str, &str); 6] = [
    ("tiny", include_str!("../../configs/tiny.yaml")),
    ("default", include_str!("../../configs/default.yaml")),
    ("edge", include_str!("../../configs/edge.yaml")),
    ("tpu", include_str!("../../configs/tpu.yaml")),
    ("tiny-os", include_str!("../../configs/tiny-os.yaml")),
    ("default-os", include_str!("../../configs/default-os.yaml")),
];

#[cfg(test)]
mod tests;
