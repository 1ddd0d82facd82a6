//! The whole accelerator: a few denoising steps of one layer, with faults,
//! rollback, checkpoints and a change of operating point.

use drift::config::ArrayConfig;
use drift::cosim::Accelerator;
use drift::fault::{Fault, Register, Site, TileFaults};
use drift::golden::accelerator::{Accelerator as Golden, GemmRequest};
use drift::golden::{AddressMap, Layout};
use drift::soc::driver::RunSettings;
use drift::soc::{Board, Host, MemoryPort, Regulator, Sink, Slew, Source, Stalls};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

fn board(config: &ArrayConfig) -> Board<impl FnMut(u64, bool, u32, u32) -> u64 + use<>> {
    let slew = Slew {
        cycles_per_code: 1,
        latency: 2,
        jitter: 0,
    };
    let nominal = &config.run.points[0];
    let latency = |cycle, _, _, _| cycle + 20;
    Board::new(
        Host::new(Stalls::default()),
        MemoryPort::new(config.memory_bytes, latency, 1),
        (
            Regulator::new(nominal.voltage_code, slew, 1),
            Regulator::new(nominal.frequency_code, slew, 2),
        ),
        (
            Source::new(Stalls::default()),
            Source::new(Stalls::default()),
        ),
        Sink::new(Stalls::default()),
    )
}

#[test]
fn steps_of_a_layer_roll_back_to_the_checkpoint_of_an_earlier_step() {
    let yaml = "{rows: 4, columns: 4, tile_rows: 8, threshold_bit: 3, memory_bytes: 8}";
    let config = ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap();
    let mut accelerator = Accelerator::with_rtl(&config, board(&config)).unwrap();
    let mut golden = Golden::new(&config);
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut matrix =
        |rows, columns| Array2::from_shape_fn((rows, columns), |_| rng.next_u32() as i8);
    let (x, w) = (matrix(19, 11), matrix(11, 10));
    for step in 0..4u32 {
        let faults: Vec<TileFaults> = (0..9u32)
            .map(|tile| TileFaults {
                flips: (tile % 3 == step % 3)
                    .then_some(Fault {
                        pass: 1,
                        row: tile % 3,
                        site: Site {
                            pe_row: 2,
                            pe_column: tile % 2,
                            register: Register::Psum,
                        },
                        xor: 1 << 20,
                    })
                    .into_iter()
                    .collect(),
                stuck: Vec::new(),
            })
            .collect();
        let request = GemmRequest {
            x: x.view(),
            w: w.view(),
            faults: &faults,
            threshold_bit: 10,
            protect: true,
            layer: 7,
            step,
            interval: 2,
            map: AddressMap {
                layout: Layout::Tile,
                base: 0x1_0000,
                header_base: 0,
                tiles_n: 0,
            },
            scale: 16_384,
            recompute_missing: true,
            recompute_unlocated: false,
        };
        let settings = RunSettings {
            timestep_class: step,
            ..RunSettings::default()
        };
        let received = accelerator.run(&request, &settings, 100_000).unwrap();
        let expected = golden.run(&request);
        assert_eq!(received.len(), expected.len());
        for ((number, tile), expected) in received.iter().zip(&expected) {
            assert_eq!(*number, expected.tile);
            let y: Vec<u32> = expected.y.iter().map(|&y| y as u32).collect();
            assert_eq!(tile.rows.concat(), y, "step {step}, tile {number}");
            assert_eq!(tile.rolled_back(4), expected.rolled_back);
            assert_eq!(tile.repeated_later(4), expected.repeated_later);
        }
    }
    let counters = accelerator.counters().unwrap();
    assert_eq!(counters["rollbacks"], golden.recovery.rollbacks);
    assert_eq!(counters["restored"], golden.recovery.restored);
    assert_eq!(counters["recomputes"], golden.recovery.recomputes);
    assert_eq!(counters["checkpoints"], golden.recovery.checkpoints);
    assert!(golden.recovery.rollbacks > 0 && golden.recovery.recomputes > 0);
    for (&address, bytes) in golden.memory() {
        assert_eq!(
            &accelerator.board.memory.memory.read(address, bytes.len()),
            bytes
        );
    }
    eprintln!("{} cycles, {counters:?}", accelerator.cycle());
}
