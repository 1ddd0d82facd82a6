//! Noise and schedules. That whole trajectories are those of diffusers is checked
//! in tests/models.rs.

use super::{Scheduler, SchedulerConfig, SchedulerKind, standard_normal};
use std::path::Path;

#[test]
fn noise_is_normal_and_depends_on_all_its_keys() {
    let noise = standard_normal(1, 2, 3, 100_001);
    let mean = |f: fn(f64) -> f64| noise.iter().map(|x| f(f64::from(*x))).sum::<f64>() / 100_001.0;
    assert!(mean(|x| x).abs() < 0.02);
    assert!((mean(|x| x * x) - 1.0).abs() < 0.03);
    assert!((mean(|x| x.powi(4)) - 3.0).abs() < 0.2);
    assert_eq!(noise[..5], standard_normal(1, 2, 3, 5));
    for other in [[0, 2, 3], [1, 0, 3], [1, 2, 0]] {
        assert_ne!(noise[..5], standard_normal(other[0], other[1], other[2], 5));
    }
    assert!(standard_normal(1, 2, 3, 0).is_empty());
}

fn message(text: &str) -> String {
    let error = SchedulerConfig::parse(Path::new("s.json"), text, None).unwrap_err();
    error.to_string()
}

#[test]
fn options_that_would_change_the_result_are_refused() {
    assert_eq!(
        message(r#"{"_class_name": "LMSDiscreteScheduler"}"#),
        "s.json: _class_name: \"LMSDiscreteScheduler\" is not allowed; expected DDIMScheduler, \
         DDPMScheduler, DPMSolverMultistepScheduler, PNDMScheduler"
    );
    assert_eq!(
        message(r#"{"_class_name": "PNDMScheduler"}"#),
        "s.json: skip_prk_steps: false is not allowed; expected true"
    );
    let cases = [
        (
            r#""beta_schedule": "sigmoid""#,
            "beta_schedule: \"sigmoid\"",
        ),
        (r#""thresholding": true"#, "thresholding: true"),
        (r#""beta_end": -1"#, "beta_end: -1"),
        (r#""beta_end": 1.5"#, "beta_end: 1.5"),
        (r#""num_train_timesteps": 0"#, "num_train_timesteps: 0"),
        (r#""steps_offset": "x""#, "steps_offset: \"x\""),
        (r#""invented": 3"#, "invented: 3"),
    ];
    for (option, found) in cases {
        let text = message(&format!(r#"{{"_class_name": "DDIMScheduler", {option}}}"#));
        assert!(
            text.starts_with(&format!("s.json: {found} is not allowed; expected ")),
            "{text}"
        );
    }
}

#[test]
fn another_scheduler_takes_what_it_knows() {
    let text = r#"{"_class_name": "PNDMScheduler", "beta_schedule": "scaled_linear",
        "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1,
        "lambda_min_clipped": -Infinity}"#;
    let config = SchedulerConfig::parse(Path::new("s.json"), text, Some(SchedulerKind::Ddim));
    let config = config.unwrap();
    assert!(!config.final_alpha_one);
    assert_eq!(config.steps_offset, 1);
}

#[test]
fn the_number_of_steps_is_checked() {
    let mut config = SchedulerConfig::new(SchedulerKind::Ddim);
    for steps in [0, 1001] {
        let error = Scheduler::new(&config, steps).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "steps: {steps} is not allowed; expected 1 to 1000, the timesteps of the training"
            )
        );
    }
    config.steps_offset = 1;
    let error = Scheduler::new(&config, 1000).unwrap_err().to_string();
    assert!(
        error.ends_with("timestep 1000 is beyond the training's 1000"),
        "{error}"
    );
}
