//! An array with its technology and its memories: what a GEMM costs on it.

use super::constants::pj_per_byte;
use super::traffic::{Held, Traffic};
use super::{Constants, Cost, EnergyError, MemorySystem, Parts};
use crate::baseline::{Hardware, Work};
use crate::config::{ArrayConfig, ChecksumDomain, Dataflow};
use crate::dram::{BankCounts, Counts, Device, Energy};
use crate::golden;
use crate::model::GemmShape;
use crate::tech::{MacEnergy, OperatingPoint, Table, TechError};
use crate::tiling::Tiling;
use crate::units::Hertz;

/// pJ of a nanowatt in a second.
const PJ_PER_NW_S: f64 = 1e3;

/// What GEMMs run on.
#[derive(Clone, Debug)]
pub struct Machine {
    config: ArrayConfig,
    table: Table,
    device: Device,
    constants: Constants,
    nominal: OperatingPoint,
    buffer_pj: f64,
    accumulator_pj: f64,
    dram: DramCosts,
}

/// What the DRAM takes, in pJ.
#[derive(Clone, Copy, Debug)]
struct DramCosts {
    row: f64,
    read_burst: f64,
    write_burst: f64,
    /// Standby with an open row, and refresh, per second, of all channels.
    per_second: f64,
    /// Bytes per second of all channels.
    bandwidth: f64,
    io_per_byte: f64,
}

impl DramCosts {
    fn of(device: &Device, memory: &MemorySystem) -> Self {
        let channels = f64::from(memory.channels);
        let once = Counts {
            banks: vec![BankCounts {
                activations: 1,
                reads: 1,
                writes: 1,
                ..BankCounts::default()
            }],
            refreshes: 1,
            busy_cycles: 0,
        };
        let interval = device.timing.t_refi;
        let energy = Energy::of(device, &once, interval, interval);
        let seconds = interval as f64 / (device.clock_mhz as f64 * 1e6);
        let bursts = device.clock_mhz as f64 * 1e6 / device.timing.t_burst as f64;
        Self {
            row: energy.activate,
            read_burst: energy.read,
            write_burst: energy.write,
            per_second: channels * (energy.background + energy.refresh) / seconds,
            bandwidth: channels * bursts * device.burst_bytes as f64 * memory.efficiency.value,
            io_per_byte: 8.0 * memory.io_pj_per_bit.value,
        }
    }
}

impl Machine {
    /// Puts a machine together, with the memory of that name in the constants. `nm` overrides the
    /// feature size that the table's name stands for.
    ///
    /// # Errors
    /// [`EnergyError::Memory`], [`EnergyError::Input`] or [`EnergyError::Node`].
    pub fn new(
        config: &ArrayConfig,
        table: &Table,
        memory: &str,
        constants: &Constants,
        nm: Option<f64>,
    ) -> Result<Self, EnergyError> {
        let nm = match nm {
            Some(nm) => nm,
            None => constants.node(&table.name)?,
        };
        let memory = constants.memory(memory)?;
        let device = Device::load(&memory.device)?;
        Ok(Self {
            config: config.clone(),
            table: table.clone(),
            dram: DramCosts::of(&device, memory),
            device,
            constants: constants.clone(),
            nominal: table.nominal(),
            buffer_pj: pj_per_byte(&constants.buffer, nm),
            accumulator_pj: pj_per_byte(&constants.accumulator, nm),
        })
    }

    /// The array.
    pub fn config(&self) -> &ArrayConfig {
        &self.config
    }

    /// A channel of the DRAM.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The technology.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The nominal operating point of the technology.
    pub fn nominal(&self) -> OperatingPoint {
        self.nominal
    }

    /// The array with or without checksums.
    fn array(&self, hardware: Hardware) -> ArrayConfig {
        ArrayConfig {
            checksum: hardware == Hardware::Checksums,
            ..self.config.clone()
        }
    }

    /// Cost of one of the GEMMs of `shape` at `point`, on an array with `hardware`, with what its
    /// protection did. Of `work`, only what comes on top of a GEMM without faults is looked at.
    ///
    /// # Errors
    /// [`TechError::Voltage`] when the table does not reach the point's voltage.
    pub fn gemm(
        &self,
        shape: &GemmShape,
        point: OperatingPoint,
        hardware: Hardware,
        work: &Work,
    ) -> Result<Cost, TechError> {
        let traffic = self.traffic(hardware, shape);
        self.gemm_of(shape, &traffic, point, hardware, work)
    }

    /// As [`Machine::gemm`], with another traffic than that of a GEMM alone.
    pub(super) fn gemm_of(
        &self,
        shape: &GemmShape,
        traffic: &Traffic,
        point: OperatingPoint,
        hardware: Hardware,
        work: &Work,
    ) -> Result<Cost, TechError> {
        let array = self.array(hardware);
        let tiling = Tiling::new(&array, shape.m, shape.k, shape.n);
        let cycles = golden::schedule(&array, &tiling).cycles.0 as f64;
        let copies = if hardware == Hardware::Twice {
            2.0
        } else {
            1.0
        };

        let again = self.refetch(&array, self.held(shape), work);
        let dram_bytes =
            traffic.dram() + again + work.checkpoint_bytes_written + work.checkpoint_bytes_read;
        let dram_seconds = dram_bytes as f64 / self.dram.bandwidth;
        let nominal_seconds = work.nominal_cycles.0 as f64 / self.nominal.frequency.0;
        let compute_seconds = copies * cycles / point.frequency.0 + nominal_seconds;
        let busy = dram_seconds.max(compute_seconds);

        let one = self.array_parts(shape, point, hardware, cycles, busy / copies)?;
        let mut parts = self.memory_parts(traffic, shape, busy);
        parts.buffer *= copies;
        parts.accumulators *= copies;
        parts.redundancy = (copies - 1.0) * one.total();
        parts += one + self.recompute(&array, work)?;
        parts.dram_checkpoints = self.checkpoints(work);
        parts.dram_activations += self.stream(again, self.dram.read_burst);
        let through_regulator = one.total() * copies + parts.recompute;
        parts.regulator =
            through_regulator * (1.0 / self.constants.regulator_efficiency.value - 1.0);
        let mut cost = Cost {
            energy: parts,
            seconds: busy,
            cycles: copies * cycles + work.nominal_cycles.0 as f64,
            dram_bytes: dram_bytes as f64,
            dram_rows: (self.rows(traffic.weights)
                + self.rows(traffic.activations_read)
                + self.rows(traffic.activations_written)
                + self.rows(again)
                + work.rows_opened_writing
                + work.rows_opened_reading) as f64,
        };
        if work.nominal_visits > 0 {
            let there = self.transition(point, self.nominal)?;
            let back = self.transition(self.nominal, point)?;
            cost += there * work.nominal_visits as f64;
            cost += back * work.nominal_visits as f64;
        }
        Ok(cost)
    }

    /// Whether the weights of a network fit into the buffer's half for them, so that they stay there
    /// from the first step on.
    pub fn holds_weights(&self, shapes: &[GemmShape]) -> bool {
        let weights = shapes.iter().filter(|shape| !shape.kind.is_product());
        let bytes: f64 = weights
            .map(|s| s.k as f64 * s.n as f64 * s.count as f64)
            .sum();
        bytes <= 0.5 * self.buffer_bytes()
    }

    fn buffer_bytes(&self) -> f64 {
        self.constants.buffer_mib.value * 1024.0 * 1024.0
    }

    /// The operands of one of the GEMMs of a shape that are still on chip at its end.
    pub fn held(&self, shape: &GemmShape) -> Held {
        Held::of(shape, self.buffer_bytes())
    }

    /// Bytes that one of the GEMMs of a shape moves.
    pub fn traffic(&self, hardware: Hardware, shape: &GemmShape) -> Traffic {
        let buffer = self.buffer_bytes();
        let checksums = hardware == Hardware::Checksums;
        Traffic::of(&self.config, checksums, shape, buffer)
    }

    /// What the PEs take for a GEMM of so many cycles that occupies them for so many seconds.
    fn array_parts(
        &self,
        shape: &GemmShape,
        point: OperatingPoint,
        hardware: Hardware,
        cycles: f64,
        seconds: f64,
    ) -> Result<Parts, TechError> {
        let config = self.array(hardware);
        let mac = self.table.energy(point.voltage)?;
        let pes = (config.rows * config.columns) as f64;
        let idle = |mac: &MacEnergy, pes: f64| {
            let leakage = pes * mac.leakage_nw * seconds * PJ_PER_NW_S;
            (pes * cycles * mac.clock_pj, leakage)
        };
        let macs = shape.m as f64 * shape.n as f64 * shape.k as f64;
        let (clock, leakage) = idle(&mac, pes);
        let mut parts = Parts {
            macs: macs * mac.switching_pj,
            clock,
            leakage,
            ..Parts::default()
        };
        let logic = match hardware {
            Hardware::Plain | Hardware::Twice => return Ok(parts),
            Hardware::Razor => self.constants.razor_share.value,
            Hardware::Checksums => self.constants.checksum_logic_share.value,
        };
        parts.protection = logic * parts.total();
        if hardware == Hardware::Checksums {
            let lines = |size: usize, per_tile: usize| (size + 2 * size.div_ceil(per_tile)) as f64;
            let extended =
                lines(shape.m, config.tile_rows) * lines(shape.n, config.columns) * shape.k as f64;
            // A protected domain stays at the nominal voltage; its rows of a pass (WS) do not,
            // as they go through the PEs of the data.
            let lanes = match config.checksum_domain {
                ChecksumDomain::Shared => mac,
                ChecksumDomain::Protected => self.table.energy(self.nominal.voltage)?,
            };
            let more = (config.pe_rows() * config.lanes()) as f64 - pes;
            let (clock, leakage) = idle(&lanes, more);
            parts.protection += (extended - macs) * lanes.switching_pj + clock + leakage;
        }
        Ok(parts)
    }

    /// What buffer, accumulators and DRAM take.
    fn memory_parts(&self, traffic: &Traffic, shape: &GemmShape, seconds: f64) -> Parts {
        let constants = &self.constants;
        let read = |bytes| self.stream(bytes, self.dram.read_burst);
        let written = self.stream(traffic.activations_written, self.dram.write_burst);
        // mW · s = 10⁹ pJ.
        let leakage = constants.buffer_leakage_mw_per_mib.value * constants.buffer_mib.value * 1e9;
        debug_assert!(!shape.kind.is_product() || traffic.weights == 0);
        Parts {
            buffer: traffic.buffer as f64 * self.buffer_pj,
            accumulators: traffic.accumulators as f64 * self.accumulator_pj,
            buffer_leakage: leakage * seconds,
            dram_weights: read(traffic.weights),
            dram_activations: read(traffic.activations_read) + written,
            dram_background: self.dram.per_second * seconds,
            ..Parts::default()
        }
    }

    /// A stream of contiguous bytes, which opens every row once.
    fn stream(&self, bytes: u64, burst: f64) -> f64 {
        self.transfer(bytes, self.rows(bytes), burst)
    }

    /// Bytes in bursts of such energy, with the rows that they open.
    fn transfer(&self, bytes: u64, rows: u64, burst: f64) -> f64 {
        let bursts = bytes.div_ceil(self.device.burst_bytes) as f64;
        bursts * burst + rows as f64 * self.dram.row + bytes as f64 * self.dram.io_per_byte
    }

    /// Rows that a stream opens.
    fn rows(&self, bytes: u64) -> u64 {
        bytes.div_ceil(self.device.row_bytes)
    }

    /// Bytes that tiles computed again read from DRAM: operands that are no longer on chip. Every
    /// operand of a tile of T × C serves C or T MACs.
    fn refetch(&self, array: &ArrayConfig, held: Held, work: &Work) -> u64 {
        let of = |held: bool, uses: usize| match held {
            true => 0,
            false => work.recomputed_macs.div_ceil(uses as u64),
        };
        of(held.x, array.columns) + of(held.w, array.tile_rows)
    }

    /// Checkpoints, with the rows that their layout opens.
    fn checkpoints(&self, work: &Work) -> f64 {
        self.transfer(
            work.checkpoint_bytes_written,
            work.rows_opened_writing,
            self.dram.write_burst,
        ) + self.transfer(
            work.checkpoint_bytes_read,
            work.rows_opened_reading,
            self.dram.read_burst,
        )
    }

    /// Tiles computed again at the nominal point, with what they read on chip.
    fn recompute(&self, array: &ArrayConfig, work: &Work) -> Result<Parts, TechError> {
        if work.recomputed_macs == 0 {
            return Ok(Parts::default());
        }
        let mac = self.table.energy(self.nominal.voltage)?;
        let pes = (array.pe_rows() * array.lanes()) as f64;
        let (macs, cycles) = (work.recomputed_macs as f64, work.nominal_cycles.0 as f64);
        let seconds = cycles / self.nominal.frequency.0;
        // Every operand of a tile of T × C serves C or T MACs.
        let operands = macs * (1.0 / array.tile_rows as f64 + 1.0 / array.columns as f64);
        let sums = match array.dataflow {
            Dataflow::Ws => 8.0 * macs / array.rows as f64,
            Dataflow::Os => 0.0,
        };
        Ok(Parts {
            recompute: macs * mac.switching_pj
                + pes * cycles * mac.clock_pj
                + pes * mac.leakage_nw * seconds * PJ_PER_NW_S,
            buffer: operands * self.buffer_pj,
            accumulators: sums * self.accumulator_pj,
            ..Parts::default()
        })
    }

    /// Cost of what a protection did in a run, on top of the GEMMs, that [`Machine::gemm`] was not
    /// told: tiles recomputed, from operands of which `held` are on chip, checkpoints fetched, visits
    /// to the nominal point from `point`. Nothing of it overlaps the array's time, so that the time is
    /// an upper bound.
    ///
    /// # Errors
    /// [`TechError::Voltage`].
    pub fn recovery(
        &self,
        point: OperatingPoint,
        hardware: Hardware,
        held: Held,
        work: &Work,
    ) -> Result<Cost, TechError> {
        let array = self.array(hardware);
        let fetches = Work {
            checkpoint_bytes_written: 0,
            rows_opened_writing: 0,
            ..*work
        };
        let repeated = self.recompute(&array, work)?;
        let again = self.refetch(&array, held, work);
        let bytes = (again + work.checkpoint_bytes_read) as f64;
        let seconds =
            work.nominal_cycles.0 as f64 / self.nominal.frequency.0 + bytes / self.dram.bandwidth;
        let mut cost = Cost {
            energy: Parts {
                regulator: repeated.recompute
                    * (1.0 / self.constants.regulator_efficiency.value - 1.0),
                dram_checkpoints: self.checkpoints(&fetches),
                dram_activations: self.stream(again, self.dram.read_burst),
                dram_background: self.dram.per_second * seconds,
                ..repeated
            },
            seconds,
            cycles: work.nominal_cycles.0 as f64,
            dram_bytes: bytes,
            dram_rows: (self.rows(again) + work.rows_opened_reading) as f64,
        };
        let visits = work.nominal_visits as f64;
        cost += self.transition(point, self.nominal)? * visits;
        cost += self.transition(self.nominal, point)? * visits;
        Ok(cost)
    }

    /// Cost of a change of the operating point (design.md §7): the regulator moves, the clock
    /// settles, and the array waits. Charging the supply costs C·V·ΔV on the way up; on the way
    /// down the charge is lost, which was paid for before.
    ///
    /// # Errors
    /// [`TechError::Voltage`].
    pub fn transition(&self, from: OperatingPoint, to: OperatingPoint) -> Result<Cost, TechError> {
        if from == to {
            return Ok(Cost::default());
        }
        let constants = &self.constants;
        let rise = to.voltage.0 - from.voltage.0;
        let settle_cycles = f64::from(self.config.run.points[0].settle_cycles);
        let slower: Hertz = Hertz(from.frequency.0.min(to.frequency.0));
        let seconds =
            rise.abs() * constants.regulator_ns_per_volt.value * 1e-9 + settle_cycles / slower.0;
        let higher = if rise > 0.0 { to.voltage } else { from.voltage };
        let mac = self.table.energy(higher)?;
        let pes = (self.config.rows * self.config.columns) as f64;
        // nF · V² = 1000 pJ.
        let charge = constants.domain_capacitance_nf.value * to.voltage.0 * rise.max(0.0) * 1e3;
        Ok(Cost {
            energy: Parts {
                transitions: charge / constants.regulator_efficiency.value,
                leakage: pes * mac.leakage_nw * seconds * PJ_PER_NW_S,
                dram_background: self.dram.per_second * seconds,
                ..Parts::default()
            },
            seconds,
            ..Cost::default()
        })
    }
}
