//! The clocked model of the run sequencer in lockstep with the RTL, under
//! random pins that keep the neighbours' protocols.

use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{Sequencer, SequencerInputs, SequencerOutputs};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

#[test]
fn the_sequencer_and_its_model_agree_on_every_pin_in_every_cycle() {
    let yaml = "{rows: 3, columns: 5, tile_rows: 7, threshold_bit: 3}";
    let config = ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap();
    let mut rtl = ModuleSim::build(&config, "drift_sequencer").unwrap();
    let mut model = Sequencer::new(&config);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut held = SequencerInputs::default();
    let (mut repeats, mut was_done) = (0, false);
    let (mut runs, mut repeated, mut writes) = (0, 0, 0);
    let result = lockstep(
        &mut model,
        &mut rtl,
        100_000,
        |_, last: &SequencerOutputs| {
            let mut below = |limit: u32| rng.next_u32() % limit;
            if !last.busy_o {
                held = SequencerInputs {
                    dim_m_i: below(50),
                    dim_k_i: below(50),
                    dim_n_i: below(50),
                    protect_i: below(4) > 0,
                    layer_i: below(3) * 100,
                    step_i: below(6),
                    interval_i: below(4),
                    schedule_i: u64::from(below(u32::MAX)) << 16 | u64::from(below(1 << 16)),
                    timestep_class_i: below(4),
                    block_class_i: below(4),
                    force_i: below(8) == 0,
                    force_point_i: below(8),
                    ..SequencerInputs::default()
                };
            }
            if last.recovery_start_o {
                repeats = [0, 0, 1, 3][below(4) as usize];
            }
            repeats -= i32::from(last.repeat_ready_o);
            let ends = last.done_o && !was_done;
            was_done = last.done_o;
            runs += u32::from(ends);
            repeated += u32::from(last.repeat_ready_o);
            writes += u32::from(ends && last.checkpoint_write_o);
            SequencerInputs {
                start_i: below(3) == 0,
                clear_i: below(500) == 0,
                bias_i: below(8),
                settled_i: below(4) == 0,
                cmd_ready_i: below(3) == 0,
                recovery_idle_i: below(3) == 0,
                axi_error_i: below(200) == 0,
                repeat_valid_i: repeats > 0,
                repeat_tile_m_i: held.dim_m_i / 14,
                repeat_tile_n_i: held.dim_n_i / 10,
                ..held.clone()
            }
        },
    );
    if let Err(mismatch) = result {
        panic!("{mismatch}");
    }
    assert!(
        runs > 1000 && repeated > 500 && writes > 300,
        "{runs} {repeated} {writes}"
    );
}
