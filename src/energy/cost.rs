//! Energy by its parts, and time.

use serde::{Deserialize, Serialize};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul};

/// Declares the parts once: fields, names and arithmetic.
macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident: $title:literal,)*) => {
        /// Energy in pJ.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
        pub struct Parts {
            $($(#[$doc])* pub $name: f64,)*
        }

        impl Parts {
            /// Title and energy of every part.
            pub fn all(&self) -> Vec<(&'static str, f64)> {
                vec![$(($title, self.$name)),*]
            }

            /// Sum of all parts, in pJ.
            pub fn total(&self) -> f64 {
                0.0 $(+ self.$name)*
            }
        }

        impl Add for Parts {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self { $($name: self.$name + other.$name),* }
            }
        }

        impl Mul<f64> for Parts {
            type Output = Self;
            fn mul(self, times: f64) -> Self {
                Self { $($name: self.$name * times),* }
            }
        }
    };
}

parts! {
    /// Switching of the MACs of outputs.
    macs: "MACs",
    /// Clock of all PEs that hold data.
    clock: "PE clocks",
    /// Leakage of all PEs that hold data.
    leakage: "PE leakage",
    /// MACs, clocks and leakage of checksum columns and rows, and their logic; or Razor flip-flops.
    protection: "protection logic",
    /// PEs in the second copy of a GEMM that runs twice.
    redundancy: "second copy",
    /// PEs in tiles computed again at the nominal point.
    recompute: "recomputed tiles",
    /// Loss of the regulator.
    regulator: "regulator loss",
    /// Voltage transitions.
    transitions: "voltage transitions",
    /// Reads and writes of the buffer.
    buffer: "buffer",
    /// Reads and writes of accumulators.
    accumulators: "accumulators",
    /// Leakage of the buffer.
    buffer_leakage: "buffer leakage",
    /// DRAM: weights, with the rows that they open.
    dram_weights: "DRAM, weights",
    /// DRAM: activations that do not fit the buffer, with the rows that they open.
    dram_activations: "DRAM, activations",
    /// DRAM: checkpoints, with the rows that they open.
    dram_checkpoints: "DRAM, checkpoints",
    /// DRAM: standby and refresh.
    dram_background: "DRAM, standby",
}

impl Parts {
    /// What the array takes, with its protection and supply.
    pub fn array(&self) -> f64 {
        let [(_, array), ..] = self.groups();
        array
    }

    /// The parts by where they are spent: the array with its protection and supply, on-chip memories,
    /// DRAM without checkpoints, checkpoints.
    pub fn groups(&self) -> [(&'static str, f64); 4] {
        let sram = self.buffer + self.accumulators + self.buffer_leakage;
        let dram = self.dram_weights + self.dram_activations + self.dram_background;
        let array = self.total() - sram - dram - self.dram_checkpoints;
        [
            ("array", array),
            ("on-chip memories", sram),
            ("DRAM", dram),
            ("checkpoints", self.dram_checkpoints),
        ]
    }
}

impl AddAssign for Parts {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// Energy and time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Energy by part, in pJ.
    pub energy: Parts,
    /// Time in s.
    pub seconds: f64,
    /// Cycles of the array.
    pub cycles: f64,
    /// Bytes read from and written to DRAM.
    pub dram_bytes: f64,
    /// DRAM rows opened for them; 0 in records from before they were counted.
    #[serde(default)]
    pub dram_rows: f64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.energy += other.energy;
        self.seconds += other.seconds;
        self.cycles += other.cycles;
        self.dram_bytes += other.dram_bytes;
        self.dram_rows += other.dram_rows;
    }
}

impl Mul<f64> for Cost {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self {
            energy: self.energy * times,
            seconds: self.seconds * times,
            cycles: self.cycles * times,
            dram_bytes: self.dram_bytes * times,
            dram_rows: self.dram_rows * times,
        }
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |mut sum, cost| {
            sum += cost;
            sum
        })
    }
}

impl Cost {
    /// Energy of the array in pJ: its PEs with what protects them, tiles computed again, its supply.
    pub fn array_pj(&self) -> f64 {
        self.energy.groups()[0].1
    }

    /// Energy in J.
    pub fn joules(&self) -> f64 {
        self.energy.total() * 1e-12
    }
}
