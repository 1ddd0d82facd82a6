//! The clocked model of the tile engine in lockstep with the RTL: every pin in
//! every cycle, under stalls and pauses.

use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{Engine, EngineInputs, EngineOutputs};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

fn words(rng: &mut ChaCha8Rng, bytes: usize) -> Vec<u32> {
    let mut words: Vec<u32> = (0..bytes.div_ceil(4)).map(|_| rng.next_u32()).collect();
    if !bytes.is_multiple_of(4) {
        *words.last_mut().unwrap() &= u32::MAX >> (32 - 8 * (bytes % 4));
    }
    words
}

#[test]
fn the_engine_and_its_model_agree_on_every_pin_in_every_cycle() {
    for (number, yaml) in [
        "{rows: 4, columns: 4, tile_rows: 8, threshold_bit: 3}",
        "{rows: 3, columns: 5, tile_rows: 2, threshold_bit: 3}",
        "{rows: 2, columns: 2, tile_rows: 5, threshold_bit: 3, checksum: false}",
        "{rows: 4, columns: 4, tile_rows: 4, threshold_bit: 3, dataflow: os}",
        "{rows: 5, columns: 2, tile_rows: 5, threshold_bit: 3, dataflow: os, checksum: false}",
    ]
    .iter()
    .enumerate()
    {
        let config = ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap();
        let mut rtl = ModuleSim::build(&config, "drift_tile_engine").unwrap();
        let mut model = Engine::new(&config);
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
        let (mut stall, mut pause) = (0, false);
        let mut tiles = 0;
        let result = lockstep(
            &mut model,
            &mut rtl,
            20_000,
            |cycle, last: &EngineOutputs| {
                tiles = last.tiles_o;
                if cycle % 500 == 0 {
                    stall = [0, 0, 20, 128, 230][(rng.next_u32() % 5) as usize];
                }
                if rng.next_u32() % 100 == 0 {
                    pause = !pause && rng.next_u32() % 2 == 0;
                }
                let mut chance = || rng.next_u32() % 256 >= stall;
                let (act, weight, ready, command) = (chance(), chance(), chance(), chance());
                EngineInputs {
                    cmd_valid_i: command,
                    cmd_m_i: rng.next_u32() % 20,
                    cmd_k_i: rng.next_u32() % 14,
                    cmd_n_i: rng.next_u32() % 14,
                    threshold_bit_i: 3,
                    pause_i: pause,
                    s_axis_act_tvalid_i: act,
                    s_axis_act_tdata_i: words(&mut rng, config.rows),
                    s_axis_weight_tvalid_i: weight,
                    s_axis_weight_tdata_i: words(&mut rng, config.columns),
                    m_axis_result_tready_i: ready,
                }
            },
        );
        if let Err(mismatch) = result {
            panic!("{yaml}: {mismatch}");
        }
        assert!(tiles > 100, "{yaml}: only {tiles} tiles");
    }
}
