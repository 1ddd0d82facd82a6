//! Closed forms of tiny cases, monotony, sums, and bad input.

mod area;
mod inputs;
mod machine;
mod run;
mod traffic;

use super::{Constants, Machine};
use crate::config::ArrayConfig;
use crate::model::GemmShape;
use crate::tech::Table;

fn shape(layer: &str, block: Option<usize>, kind: &str, size: (usize, usize, usize)) -> GemmShape {
    let (m, k, n) = size;
    GemmShape {
        layer: layer.to_owned(),
        block,
        kind: kind.parse().unwrap(),
        m,
        n,
        k,
        count: 1,
    }
}

fn config(name: &str) -> ArrayConfig {
    ArrayConfig::load(name).unwrap()
}

fn table() -> Table {
    Table::load("sky130-ss-n40c").unwrap()
}

fn machine(name: &str) -> Machine {
    machine_with(name, "ddr4-3200")
}

fn machine_with(name: &str, memory: &str) -> Machine {
    Machine::new(&config(name), &table(), memory, &Constants::shipped(), None).unwrap()
}
