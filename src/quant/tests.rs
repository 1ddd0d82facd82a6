//! Rounding, scales, and values that only a faulty run has.

use super::*;

fn quantise(x: &[f32], m: usize, k: usize, scales: Scales) -> Quantised {
    Rows::dense(x, m, k).quantise(scales)
}

fn tensor_scale(x: &[f32]) -> Scales {
    Scales::Tensor(Rows::dense(x, 1, x.len()).tensor_scale())
}

fn token_scales(x: &[f32], m: usize, k: usize) -> Scales {
    Scales::Token(Rows::dense(x, m, k).token_scales())
}

#[test]
fn rounds_half_to_even_and_saturates() {
    let x = [0.5, 1.5, -0.5, -2.5, 126.6, 200.0, -200.0, 0.0];
    let found = quantise(&x, 1, 8, Scales::Tensor(1.0));
    assert_eq!(
        found.q.as_slice().unwrap(),
        [0, 2, 0, -2, 127, 127, -127, 0]
    );
}

#[test]
fn the_largest_magnitude_becomes_127() {
    for length in [1, 2, 31, 32, 33, 97] {
        let mut x: Vec<f32> = (0..length).map(|i| (i as f32 * 0.7).sin() * 0.9).collect();
        x[length / 2] = -3.0;
        assert_eq!(magnitude(&x), 3.0);
        let found = quantise(&x, 1, length, tensor_scale(&x));
        assert_eq!(found.q[[0, length / 2]], -127);
        for (&x, &q) in x.iter().zip(&found.q) {
            assert!((x - f32::from(q) * found.scales.row(0)).abs() <= 0.5001 * 3.0 / 127.0);
        }
    }
}

#[test]
fn each_token_has_its_scale() {
    let x = [1.0, -2.0, 100.0, 50.0];
    let found = quantise(&x, 2, 2, token_scales(&x, 2, 2));
    assert_eq!(found.q.as_slice().unwrap(), [64, -127, 127, 64]);
    assert_eq!(found.scales.row(1), 100.0 / 127.0);
}

#[test]
fn zeros_and_wild_values_are_harmless() {
    let zeros = [0.0; 3];
    assert_eq!(tensor_scale(&zeros), Scales::Tensor(1.0));
    let subnormal = [f32::MIN_POSITIVE / 4.0; 3];
    assert_eq!(
        quantise(&subnormal, 1, 3, tensor_scale(&subnormal)).q[[0, 0]],
        0
    );
    let wild = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 2.0];
    let found = quantise(&wild, 1, 4, tensor_scale(&wild));
    assert_eq!(found.q.as_slice().unwrap(), [0, 127, -127, 127]);
    assert_eq!(quantise(&[], 0, 5, token_scales(&[], 0, 5)).q.dim(), (0, 5));
}

#[test]
fn each_output_channel_has_its_scale() {
    let w = QuantisedWeights::new(&[1.0, -0.5, 0.0, 0.0, 8.0, 2.0], 3, 2);
    assert_eq!(w.q.as_slice().unwrap(), [127, -64, 0, 0, 127, 32]);
    assert_eq!(w.scales, [1.0 / 127.0, 1.0, 8.0 / 127.0]);
}

#[test]
fn a_calibration_survives_its_file_and_knows_its_model() {
    let mut seen = Observer::default();
    seen.see("a", &[1.0, -2.0]);
    seen.see("a", &[1.5]);
    seen.see("zero", &[0.0]);
    let mut other = Observer::default();
    other.see("a", &[2.5]);
    seen.merge(other);
    let made = seen.finish("abc", "two values");
    assert_eq!(made.scale("a"), Some(2.5 / 127.0));
    assert_eq!(made.scale("zero"), None);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.json");
    made.write(&path).unwrap();
    assert_eq!(Calibration::read(&path, "abc").unwrap(), made);

    let message = Calibration::read(&path, "xyz").unwrap_err().to_string();
    assert!(
        message.contains("made for the model abc, not for xyz"),
        "{message}"
    );
    for (text, expected) in [
        ("{", "EOF"),
        (
            r#"{"schema":"drift-calibration/1","model":"abc","origin":"","magnitudes":{"a":-1}}"#,
            "a: magnitude -1 is not allowed",
        ),
        (
            r#"{"schema":"x","model":"abc","origin":"","magnitudes":{}}"#,
            "schema is \"x\"",
        ),
        (
            r#"{"schema":"x","model":"abc","origin":"","magnitudes":{},"b":1}"#,
            "unknown field `b`",
        ),
    ] {
        std::fs::write(&path, text).unwrap();
        let message = Calibration::read(&path, "abc").unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}
