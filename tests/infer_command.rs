//! `drift infer` at the command line: audits that agree, an audit that does not and
//! the command that replays it, and everything that is refused.

use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const WEIGHTS: &str = "diffusion_pytorch_model.safetensors";

fn drift(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .args(args)
        .output()
        .unwrap()
}

/// `drift infer` into a folder of its own.
fn infer(out: &TempDir, args: &[&str]) -> Output {
    let folder = out.path().to_str().unwrap();
    drift(&[&["infer", "--out", folder], args].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// An image of two steps on an array of 4×4.
const QUICK: [&str; 11] = [
    "--config",
    "tiny",
    "--steps",
    "2",
    "--n",
    "1",
    "--guidance",
    "1",
    "--upsets",
    "1",
    "--no-reference",
];

#[test]
fn audited_tiles_agree_with_the_hardware() {
    let out = tempfile::tempdir().unwrap();
    let output = infer(&out, &[&QUICK[..], &["--audit-rate", "0.01"]].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let line = shown.lines().find(|line| line.contains("audited"));
    let line = line.unwrap_or_else(|| panic!("{shown}"));
    assert!(line.ends_with("all equal"), "{line}");
    let audited: u64 = line.split_whitespace().nth(5).unwrap().parse().unwrap();
    assert!(audited > 50, "{line}");
    assert!(!out.path().join("mismatch").exists());
}

#[test]
fn an_audit_that_differs_fails_and_its_command_replays_it() {
    for theta in ["10", "3"] {
        let out = tempfile::tempdir().unwrap();
        let more = [
            "--audit-rate",
            "0.01",
            "--sabotage",
            "--threshold-bit",
            theta,
        ];
        let output = infer(&out, &[&QUICK[..], &more].concat());
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(output.stdout.is_empty());
        let first = message.lines().find(|line| line.contains("MISMATCH"));
        let first = first.unwrap_or_else(|| panic!("{message}"));
        assert!(first.contains("step 0, ") && first.contains("(seed 1)"));
        let (_, difference) = first.split_once("RTL ").unwrap();
        let (rtl, rest) = difference.split_once(", fast engine ").unwrap();
        let fast = rest.split_whitespace().next().unwrap();
        assert_ne!(rtl, fast);

        let folder = out.path().join("mismatch");
        for file in ["x.npy", "w.npy", "faults.jsonl"] {
            assert!(folder.join(file).is_file(), "{file}");
        }
        let command = message
            .lines()
            .find_map(|line| line.strip_prefix("  drift "))
            .unwrap_or_else(|| panic!("{message}"));
        assert!(command.contains(&format!("--threshold-bit {theta}")));
        let replay: Vec<&str> = command.split_whitespace().collect();
        let again = drift(&replay);
        let found = text(&again.stdout) + &text(&again.stderr);
        assert_eq!(again.status.code(), Some(1), "{found}");
        assert!(found.contains(rtl) && found.contains(fast), "{found}");
        assert!(folder.join("tile.fst").is_file());
        // Without the upset behind its back, hardware and model agree on the tile.
        let honest: Vec<&str> = replay.into_iter().filter(|a| *a != "--sabotage").collect();
        let agrees = drift(&honest);
        assert!(agrees.status.success(), "{}", text(&agrees.stderr));
    }
}

#[track_caller]
fn refused(args: &[&str], parts: &[&str]) {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("images");
    let output = drift(&[&["infer", "--out", folder.to_str().unwrap()], args].concat());
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
    assert!(output.stdout.is_empty(), "{args:?}");
    for part in parts {
        assert!(message.contains(part), "{args:?}: {message} lacks {part:?}");
    }
    assert!(!folder.exists(), "{args:?} left something behind");
}

#[test]
fn arguments_that_do_not_fit_are_refused() {
    let cases: [(&[&str], &[&str]); 17] = [
        (&["--classes", "10"], &["--classes 10", "0..=9"]),
        (&["--classes", "shoe"], &["shoe", "--classes"]),
        (&["--guidance", "NaN"], &["--guidance NaN", "finite number"]),
        (&["--protection", "luck"], &["luck", "thundervolt", "drift"]),
        (
            &["--activations", "per-token", "--protection", "drift"],
            &["--activations per-token", "per-tensor or static"],
        ),
        (&["--activations", "int4"], &["int4", "per-token"]),
        (
            &["--calibration", "none.json"],
            &["--calibration", "--activations static"],
        ),
        (
            &["--activations", "static", "--calibration", "none.json"],
            &["none.json"],
        ),
        (
            &["--ber", "1e-7", "--fault-steps", "5..2"],
            &["--fault-steps 5..2", "A <= B"],
        ),
        (
            &["--ber", "1e-7", "--fault-steps", "early"],
            &["--fault-steps early", "A..B"],
        ),
        (&["--ber", "1.5"], &["--ber 1.5", "0..=1"]),
        (&["--audit-rate", "2"], &["--audit-rate 2", "0..=1"]),
        (&["--audit-rate", "NaN"], &["--audit-rate NaN", "0..=1"]),
        (&["--sabotage"], &["--sabotage", "--audit-rate"]),
        (
            &["--engine", "f32", "--ber", "1e-7"],
            &["--engine f32", "fast, golden or rtl"],
        ),
        (&["--model", "no-such-model"], &["no-such-model"]),
        (&["--threshold-bit", "32"], &["32", "--threshold-bit"]),
    ];
    for (args, parts) in cases {
        refused(args, parts);
    }
}

/// The shipped adaptive schedule.
const ADAPTIVE: &str = "configs/schedules/adaptive.yaml";

#[test]
fn an_adaptive_schedule_runs_alike_on_any_number_of_threads() {
    let record = |threads: &str| {
        let out = tempfile::tempdir().unwrap();
        let schedule = Path::new(env!("CARGO_MANIFEST_DIR")).join(ADAPTIVE);
        let schedule = schedule.to_str().unwrap();
        let args = "--n 2 --steps 8 --protection drift --no-reference --threads";
        let args: Vec<&str> = args
            .split(' ')
            .chain([threads, "--schedule", schedule])
            .collect();
        let output = infer(&out, &args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains("changes of the point"));
        let record = std::fs::read_to_string(out.path().join("record.json")).unwrap();
        let mut record: serde_json::Value = serde_json::from_str(&record).unwrap();
        record.as_object_mut().unwrap().remove("seconds");
        let image = std::fs::read(out.path().join("images.png")).unwrap();
        (record, image)
    };
    let (one, two) = (record("1"), record("2"));
    assert_eq!(one, two);
    let points = &one.0["points"];
    let tiles: u64 = points["tiles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tiles| tiles.as_u64().unwrap())
        .sum();
    assert_eq!(Some(tiles), one.0["tiles"].as_u64());
    // It begins at the first point away from nominal and goes down.
    assert!(points["lowers"].as_u64().unwrap() > 0, "{points}");
}

#[test]
fn adaptive_schedules_that_cannot_be_used_are_refused() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join(ADAPTIVE);
    let blind = [
        "--schedule",
        shipped.to_str().unwrap(),
        "--protection",
        "dmr",
    ];
    refused(&blind, &["--protection dmr", "checksums"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.yaml");
    let yaml = std::fs::read_to_string(&shipped).unwrap();
    for (from, to, part) in [
        ("patience: 16", "patience: 300", "adaptive.patience: 300"),
        ("start: 6", "start: 9", "adaptive.start: 9"),
    ] {
        std::fs::write(&file, yaml.replace(from, to)).unwrap();
        let args = [
            "--protection",
            "drift",
            "--schedule",
            file.to_str().unwrap(),
        ];
        refused(&args, &["s.yaml", part, "expected 0..="]);
    }
}

#[cfg(not(feature = "text"))]
#[test]
fn prompts_need_a_program_with_text_encoders() {
    refused(
        &["--prompts", "captions.json"],
        &[
            "--prompts captions.json",
            "cargo build --release --features text",
        ],
    );
}

/// A copy of the small DiT with another configuration or other tensors.
struct Damaged(TempDir);

/// Tensors by name.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

impl Damaged {
    fn copy() -> Self {
        let fixture: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models/dit");
        let folder = tempfile::tempdir().unwrap();
        for entry in std::fs::read_dir(fixture).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
        Self(folder)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn option(key: &str, value: serde_json::Value) -> Self {
        let damaged = Self::copy();
        let file = damaged.file("config.json");
        let text = std::fs::read_to_string(&file).unwrap();
        let mut config: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&text).unwrap();
        config.insert(key.to_owned(), value);
        std::fs::write(&file, serde_json::to_string(&config).unwrap()).unwrap();
        damaged
    }

    fn tensors(change: impl FnOnce(&mut Tensors)) -> Self {
        let damaged = Self::copy();
        let bytes = std::fs::read(damaged.file(WEIGHTS)).unwrap();
        let owned = |view: TensorView<'_>| {
            let shape = view.shape().to_vec();
            (view.dtype(), shape, view.data().to_vec())
        };
        let stored = SafeTensors::deserialize(&bytes).unwrap().tensors();
        let mut tensors: Tensors = stored
            .into_iter()
            .map(|(name, view)| (name, owned(view)))
            .collect();
        change(&mut tensors);
        let views = tensors.iter().map(|(name, (dtype, shape, data))| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        std::fs::write(damaged.file(WEIGHTS), serialize(views, None).unwrap()).unwrap();
        damaged
    }

    #[track_caller]
    fn refused(&self, parts: &[&str]) {
        let folder = self.0.path().to_str().unwrap();
        refused(&["--model", folder], parts);
    }
}

#[test]
fn models_that_cannot_be_used_are_refused() {
    let name = "transformer_blocks.0.attn1.to_k.weight";
    Damaged::option("_class_name", "FluxTransformer2DModel".into()).refused(&[
        "config.json",
        "FluxTransformer2DModel",
        "DiTTransformer2DModel",
    ]);
    Damaged::option("norm_type", "layer_norm".into()).refused(&[
        "config.json",
        "norm_type",
        "ada_norm_zero",
    ]);
    Damaged::option("invented", 7.into()).refused(&["config.json", "invented"]);
    Damaged::tensors(|tensors| {
        tensors.remove(name);
    })
    .refused(&[name, "nothing is not allowed", "[32, 32]"]);
    Damaged::tensors(|tensors| {
        let (_, shape, data) = tensors.get_mut(name).unwrap();
        let bytes = data.len() / shape[0];
        shape[0] -= 1;
        data.truncate(data.len() - bytes);
    })
    .refused(&[WEIGHTS, name, "shape"]);
    Damaged::tensors(|tensors| {
        // NaN in f16.
        tensors.get_mut(name).unwrap().2[10..12].copy_from_slice(&0x7e00u16.to_le_bytes());
    })
    .refused(&[WEIGHTS, name, "NaN at element 5"]);
    let truncated = Damaged::copy();
    let bytes = std::fs::read(truncated.file(WEIGHTS)).unwrap();
    std::fs::write(truncated.file(WEIGHTS), &bytes[..5000]).unwrap();
    truncated.refused(&[WEIGHTS, "expected a complete safetensors file"]);
}
