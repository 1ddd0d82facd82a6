//! `drift_error_monitor` and its clocked model in lockstep.

use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{ErrorMonitor, ErrorMonitorInputs, ErrorMonitorOutputs};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

#[test]
fn monitor_and_model_agree_in_every_cycle() {
    let yaml = "{rows: 4, columns: 4, tile_rows: 8, threshold_bit: 3}";
    let config = ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap();
    let mut rtl = ModuleSim::build(&config, "drift_error_monitor").unwrap();
    let mut model = ErrorMonitor::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut below = move |limit: u32| rng.next_u32() % limit;
    let mut limits = ErrorMonitorInputs::default();
    let mut flags = 1;
    let mut shown = ErrorMonitorOutputs::default();
    let result = lockstep(&mut model, &mut rtl, 200_000, |cycle, last| {
        shown = last.clone();
        if cycle.is_multiple_of(1000) {
            flags = [1, 2, 5, 13][below(4) as usize];
            limits = ErrorMonitorInputs {
                enable_i: below(8) > 0,
                window_i: below(12),
                high_limit_i: below(40),
                low_limit_i: below(30),
                panic_limit_i: if below(2) == 0 { u32::MAX } else { below(150) },
                patience_i: below(5),
                ..ErrorMonitorInputs::default()
            };
        }
        ErrorMonitorInputs {
            tile_valid_i: below(2) == 0,
            tile_flags_i: below(flags),
            enable_i: limits.enable_i && below(300) > 0,
            panic_clear_i: below(20) == 0,
            ..limits.clone()
        }
    });
    if let Err(mismatch) = result {
        panic!("{mismatch}");
    }
    let seen = [
        shown.windows_o,
        shown.raises_o,
        shown.lowers_o,
        shown.panics_o,
    ];
    eprintln!("windows, raises, lowers, panics: {seen:?}");
    assert!(seen.iter().all(|&count| count > 100), "{seen:?}");
}
