//! `drift_registers` behind its AXI4-Lite port: in lockstep with the clocked
//! model under any backpressure, and as a driver sees it.

use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{Clocked, Registers, RegistersInputs, RegistersOutputs, Signals};
use drift::registers::{self, Register};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

fn config(yaml: &str) -> ArrayConfig {
    ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap()
}

const SMALL: &str = "{rows: 4, columns: 5, tile_rows: 8, threshold_bit: 3}";
const OTHER: &str = "{rows: 200, columns: 5, tile_rows: 8, threshold_bit: 31, checksum: false,
    memory_bytes: 64, checkpoint_interval: 70, schedule: [[0, 1, 2, 3], [4, 5, 6, 7], [7, 6, 5, 4], [3, 2, 1, 0]],
    operating_points: [{voltage_mv: 1675, frequency_mhz: 2550, settle_cycles: 65535},
                       {voltage_mv: 400, frequency_mhz: 10, settle_cycles: 0}]}";

/// Bus traffic of a master that is as random as the protocol lets it be.
struct Master {
    rng: ChaCha8Rng,
    offsets: Vec<u32>,
    inputs: RegistersInputs,
    stall: u32,
    answers: [u64; 4],
}

impl Master {
    fn chance(&mut self) -> bool {
        self.rng.next_u32() % 256 >= self.stall
    }

    fn address(&mut self) -> u32 {
        let at = self.rng.next_u32() as usize % self.offsets.len();
        match self.rng.next_u32() % 8 {
            0 => self.rng.next_u32() % registers::ADDRESS_SPACE,
            low => self.offsets[at] + low % 4,
        }
    }

    fn drive(&mut self, cycle: u64, last: &RegistersOutputs) -> RegistersInputs {
        if cycle.is_multiple_of(500) {
            self.stall = [0, 0, 40, 128, 240][(self.rng.next_u32() % 5) as usize];
        }
        let before = std::mem::take(&mut self.inputs);
        if last.s_axil_bvalid_o && before.s_axil_bready_i {
            self.answers[usize::from(last.s_axil_bresp_o != 0)] += 1;
        }
        if last.s_axil_rvalid_o && before.s_axil_rready_i {
            self.answers[2 + usize::from(last.s_axil_rresp_o != 0)] += 1;
        }
        // State and counters change all the time.
        let mut next = self.random_state();
        next.hw_busy_i = match self.rng.next_u32() % 64 {
            0 => !before.hw_busy_i,
            _ => before.hw_busy_i,
        };
        // A channel that waits keeps what it shows.
        if before.s_axil_awvalid_i && !last.s_axil_awready_o {
            next.s_axil_awvalid_i = true;
            next.s_axil_awaddr_i = before.s_axil_awaddr_i;
        } else {
            next.s_axil_awvalid_i = self.chance();
            next.s_axil_awaddr_i = self.address();
        }
        if before.s_axil_wvalid_i && !last.s_axil_wready_o {
            next.s_axil_wvalid_i = true;
            next.s_axil_wdata_i = before.s_axil_wdata_i;
            next.s_axil_wstrb_i = before.s_axil_wstrb_i;
        } else {
            next.s_axil_wvalid_i = self.chance();
            next.s_axil_wdata_i = self.rng.next_u32();
            next.s_axil_wstrb_i = match self.rng.next_u32() % 32 {
                strobes @ 0..16 => strobes,
                _ => 15,
            };
        }
        if before.s_axil_arvalid_i && !last.s_axil_arready_o {
            next.s_axil_arvalid_i = true;
            next.s_axil_araddr_i = before.s_axil_araddr_i;
        } else {
            next.s_axil_arvalid_i = self.chance();
            next.s_axil_araddr_i = self.address();
        }
        next.s_axil_bready_i = self.chance();
        next.s_axil_rready_i = self.chance();
        self.inputs = next.clone();
        next
    }

    fn random_state(&mut self) -> RegistersInputs {
        let values: Vec<[u32; 2]> = RegistersInputs::NAMES
            .iter()
            .map(|name| {
                let random = [self.rng.next_u32(), self.rng.next_u32()];
                match *name {
                    "hw_current_point_i" | "hw_bias_i" => [random[0] & 7, 0],
                    "hw_voltage_code_i" | "hw_frequency_code_i" => [random[0] & 0xff, 0],
                    name if name.ends_with("prot_i") => [random[0] & 7, 0],
                    name if name.starts_with("s_axil") => [0, 0],
                    _ => [random[0], random[1] & 0xffff],
                }
            })
            .collect();
        RegistersInputs::load(&|field| &values[field])
    }
}

#[test]
fn registers_and_model_agree_on_every_pin_in_every_cycle() {
    for (seed, yaml) in [SMALL, OTHER].iter().enumerate() {
        let config = config(yaml);
        let mut rtl = ModuleSim::build(&config, "drift_registers").unwrap();
        let mut model = Registers::new(&config);
        let mut master = Master {
            rng: ChaCha8Rng::seed_from_u64(seed as u64),
            offsets: registers::map().iter().map(|r| r.offset).collect(),
            inputs: RegistersInputs::default(),
            stall: 0,
            answers: [0; 4],
        };
        let result = lockstep(&mut model, &mut rtl, 30_000, |cycle, last| {
            master.drive(cycle, last)
        });
        if let Err(mismatch) = result {
            panic!("{yaml}: {mismatch}");
        }
        eprintln!(
            "writes okay, refused, reads okay, refused: {:?}",
            master.answers
        );
        assert!(
            master.answers.iter().all(|&n| n > 500),
            "{:?}",
            master.answers
        );
    }
}

/// A driver: one access at a time.
struct Driver<M> {
    module: M,
    state: RegistersInputs,
    /// Whether the data of a write comes before its address.
    data_first: bool,
    pulses: u32,
}

type Answer = Result<u32, ()>;

impl<M: Clocked<Inputs = RegistersInputs, Outputs = RegistersOutputs>> Driver<M> {
    fn cycle(&mut self, inputs: &RegistersInputs) -> RegistersOutputs {
        let outputs = self.module.outputs(inputs);
        self.module.tick(inputs);
        self.pulses += u32::from(outputs.start_o);
        outputs
    }

    fn write_strobed(&mut self, register: &Register, data: u32, strobes: u32) -> Answer {
        let address = RegistersInputs {
            s_axil_awvalid_i: true,
            s_axil_awaddr_i: register.offset,
            ..self.state.clone()
        };
        let value = RegistersInputs {
            s_axil_wvalid_i: true,
            s_axil_wdata_i: data,
            s_axil_wstrb_i: strobes,
            ..self.state.clone()
        };
        let (first, second) = match self.data_first {
            true => (value, address),
            false => (address, value),
        };
        assert!(self.cycle(&first).s_axil_awready_o);
        self.cycle(&second);
        let wait = RegistersInputs {
            s_axil_bready_i: true,
            ..self.state.clone()
        };
        loop {
            let outputs = self.cycle(&wait);
            if outputs.s_axil_bvalid_o {
                return match outputs.s_axil_bresp_o {
                    0 => Ok(data),
                    _ => Err(()),
                };
            }
        }
    }

    fn write(&mut self, register: &Register, data: u32) -> Answer {
        self.data_first = !self.data_first;
        self.write_strobed(register, data, 15)
    }

    fn read(&mut self, register: &Register) -> Answer {
        self.read_at(register.offset)
    }

    fn read_at(&mut self, offset: u32) -> Answer {
        let ask = RegistersInputs {
            s_axil_arvalid_i: true,
            s_axil_araddr_i: offset,
            s_axil_rready_i: true,
            ..self.state.clone()
        };
        self.cycle(&ask);
        let wait = RegistersInputs {
            s_axil_rready_i: true,
            ..self.state.clone()
        };
        let outputs = self.cycle(&wait);
        assert!(outputs.s_axil_rvalid_o);
        match outputs.s_axil_rresp_o {
            0 => Ok(outputs.s_axil_rdata_o),
            _ => Err(()),
        }
    }

    fn irq(&mut self) -> bool {
        let state = self.state.clone();
        self.cycle(&state).irq_o
    }
}

/// What a driver relies on; the same for hardware and model.
fn drive(module: impl Clocked<Inputs = RegistersInputs, Outputs = RegistersOutputs>) {
    use registers::*;
    let mut driver = Driver {
        module,
        state: RegistersInputs::default(),
        data_first: false,
        pulses: 0,
    };
    // Reset values.
    assert_eq!(driver.read(&ID), Ok(0x4452_4654));
    assert_eq!(driver.read(&ARRAY), Ok(5 << 16 | 4));
    let build = driver.read(&BUILD).unwrap();
    assert_eq!(
        (
            BUILD.get(build, "tile_rows"),
            BUILD.get(build, "memory_bytes")
        ),
        (8, 16)
    );
    assert_eq!(driver.read(&CONTROL), Ok(1));
    assert_eq!(driver.read(&SCALE), Ok(16_384));
    assert_eq!(driver.read(&THRESHOLD), Ok(3));
    assert_eq!(driver.read(&CHECKPOINT_INTERVAL), Ok(10));
    assert_eq!(driver.read(&MONITOR_PANIC), Ok(u32::MAX));
    assert_eq!(driver.read(&POINT[0]), Ok(64 << 16 | 100 << 8 | 80));

    // Settings hold what their fields hold, byte by byte.
    driver.write(&GEMM_M, 0xff12_3456).unwrap();
    assert_eq!(driver.read(&GEMM_M), Ok(0x0012_3456));
    driver.write_strobed(&GEMM_M, 0x00ab_cdef, 0b0010).unwrap();
    assert_eq!(driver.read(&GEMM_M), Ok(0x0012_cd56));
    driver.write(&SCHEDULE[2], 0x0706_0504).unwrap();
    driver.write(&POINT[7], 0xdead_beef).unwrap();
    let state = driver.state.clone();
    let outputs = driver.cycle(&state);
    assert_eq!(outputs.cfg_gemm_m_o, 0x0012_cd56);
    assert_eq!(
        outputs.cfg_schedule_o >> 24 & 0xfff,
        7 << 9 | 6 << 6 | 5 << 3 | 4
    );
    assert_eq!(outputs.cfg_points_o[7], 0xdead_beef);

    // Errors.
    assert_eq!(driver.write(&STATUS, 1), Err(()));
    assert_eq!(driver.read_at(0xffc), Err(()));
    assert_eq!(driver.read_at(GEMM_M.offset + 3), Ok(0x0012_cd56));

    // A start, and what a running GEMM refuses.
    driver.write(&START, 0).unwrap();
    assert_eq!(driver.pulses, 0);
    driver.write(&START, 1).unwrap();
    assert_eq!(driver.pulses, 1);
    driver.state.hw_busy_i = true;
    assert_eq!(driver.write(&START, 1), Err(()));
    assert_eq!(driver.write(&GEMM_M, 1), Err(()));
    driver.write(&FORCE_POINT, 0x103).unwrap();
    assert_eq!(driver.read(&GEMM_M), Ok(0x0012_cd56));
    assert_eq!(driver.pulses, 1);

    // An interrupt: the event, masked, enabled, cleared although the state lasts.
    driver.state.hw_busy_i = false;
    driver.state.hw_done_i = true;
    driver.irq();
    assert!(!driver.irq());
    driver.write(&IRQ_ENABLE, 1).unwrap();
    assert!(driver.irq());
    let status = driver.read(&IRQ_STATUS).unwrap();
    assert_eq!(IRQ_STATUS.get(status, "done"), 1);
    driver.write(&IRQ_STATUS, 0b1110).unwrap();
    assert!(driver.irq());
    driver.write(&IRQ_STATUS, 1).unwrap();
    assert!(!driver.irq());
    let status = driver.read(&STATUS).unwrap();
    assert_eq!(STATUS.get(status, "done"), 1);

    // Both halves of a counter belong to the same moment.
    driver.state.hw_tiles_i = 0x0001_ffff_ffff;
    assert_eq!(driver.read(&TILES.low), Ok(0xffff_ffff));
    driver.state.hw_tiles_i += 1;
    assert_eq!(driver.read(&TILES.high), Ok(1));
    assert_eq!(driver.read(&TILES.low), Ok(0));
    assert_eq!(driver.read(&TILES.high), Ok(2));
}

#[test]
fn a_driver_finds_what_the_documentation_says() {
    let config = config(SMALL);
    drive(Registers::new(&config));
    drive(ModuleSim::build(&config, "drift_registers").unwrap());
}
