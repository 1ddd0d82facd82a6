//! `drift metrics` at the command line.

use drift::image::{Colour, Image};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn drift(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder)
        .arg("metrics")
        .args(args)
        .output()
        .unwrap()
}

#[track_caller]
fn shown(folder: &Path, args: &[&str], parts: &[&str]) -> String {
    let output = drift(folder, args);
    let text = String::from_utf8(output.stdout).unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    for part in parts {
        assert!(text.contains(part), "{text} lacks {part:?}");
    }
    text
}

#[track_caller]
fn refused(folder: &Path, args: &[&str], parts: &[&str]) {
    let output = drift(folder, args);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(output.stdout.is_empty());
    for part in parts {
        assert!(message.contains(part), "{message} lacks {part:?}");
    }
}

const REFERENCE: &[u8] = include_bytes!("data/metrics/reference.safetensors");

/// Folders `a` and `b` of 40 real images, the first of `a` turned upside down,
/// and a file of labels.
fn folders() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let stored = SafeTensors::deserialize(REFERENCE).unwrap();
    let images = stored.tensor("images").unwrap();
    for set in ["a", "b"] {
        std::fs::create_dir(folder.path().join(set)).unwrap();
        for (at, bytes) in images.data().chunks_exact(1024).take(40).enumerate() {
            let mut bytes = bytes.to_vec();
            if set == "a" && at == 0 {
                bytes.reverse();
            }
            let image = Image::from_bytes(32, 32, Colour::Grey, &bytes).unwrap();
            let file = folder.path().join(set).join(format!("{at}.png"));
            image.write_png(&file).unwrap();
        }
    }
    let labels = stored.tensor("labels").unwrap();
    let labels: String = labels
        .data()
        .chunks_exact(8)
        .take(40)
        .map(|bytes| format!("{}\n", bytes[0]))
        .collect();
    std::fs::write(folder.path().join("labels.csv"), labels).unwrap();
    folder
}

#[test]
fn folders_with_labels() {
    let folder = folders();
    let args = ["a", "b", "--labels", "labels.csv", "--json", "m.json"];
    let text = shown(
        folder.path(),
        &args,
        &[
            "(20 pairs with less LPIPS are not listed)",
            "all, n = 40",
            "same class, other seed",
            "class accuracy of A",
            "FD-clf of B, n = 40",
            "40 real images",
        ],
    );
    assert!(text.lines().nth(1).unwrap().starts_with("0.png"), "{text}");
    let record = std::fs::read(folder.path().join("m.json")).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["schema"], "drift-metrics/1");
    let pairs = record["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 40);
    assert!(pairs[0]["lpips"].as_f64().unwrap() > 0.01);
    assert_eq!(pairs[1]["lpips"], 0.0);
    assert_eq!(pairs[1]["psnr_db"], Value::Null);
    // One pair of 40 differs.
    let ratio = pairs[0]["lpips"].as_f64().unwrap() / record["summary"]["lpips"].as_f64().unwrap();
    assert!((ratio - 40.0).abs() < 1e-9);
    let anchors = &record["anchors"];
    let count = |kind: &str| anchors[kind]["pairs"].as_u64().unwrap();
    assert_eq!(count("same_class") + count("other_class"), 40 * 39 / 2);
    let lpips = |kind: &str| anchors[kind]["lpips"].as_f64().unwrap();
    assert!(lpips("same_class") < lpips("other_class"));
    assert!(
        record["classifier"]["b"]["class_accuracy"]
            .as_f64()
            .unwrap()
            > 0.8
    );
    assert_eq!(record["classifier"]["a"]["fd_clf"]["n"], 40);
}

#[test]
fn single_files_and_tensors() {
    let folder = folders();
    let text = shown(folder.path(), &["a/0.png", "b/1.png"], &["all, n = 1"]);
    assert!(!text.contains("FD-clf"), "one image has no covariance");
    let equal = shown(
        folder.path(),
        &["b/1.png", "b/1.png"],
        &["inf", "1.0000", "0.000000"],
    );
    assert!(!equal.contains("anchor"), "no labels");

    let data: Vec<u8> = (0..3 * 3 * 20 * 24_usize)
        .map(|at| (at * at % 251) as u8)
        .collect();
    let view = TensorView::new(Dtype::U8, vec![3, 3, 20, 24], &data).unwrap();
    let labels = TensorView::new(Dtype::U8, vec![3], &[7, 7, 100]).unwrap();
    let file = folder.path().join("x.safetensors");
    let tensors = [("images", view), ("labels", labels)];
    std::fs::write(&file, safetensors::serialize(tensors, None).unwrap()).unwrap();
    let text = shown(
        folder.path(),
        &["x.safetensors", "x.safetensors"],
        &["all, n = 3", "mean of 1 pairs", "mean of 2 pairs"],
    );
    assert!(!text.contains("FD-clf"), "RGB is not the classifier's");
}

#[test]
fn sets_that_overlap_in_part() {
    let folder = folders();
    std::fs::remove_file(folder.path().join("a/3.png")).unwrap();
    std::fs::rename(folder.path().join("b/4.png"), folder.path().join("b/x.png")).unwrap();
    shown(
        folder.path(),
        &["a", "b"],
        &[
            "all, n = 38",
            "images of A without a partner: 1",
            "images of B without a partner: 2",
        ],
    );
}

#[test]
fn bad_input() {
    let folder = folders();
    let path = folder.path();
    refused(path, &["a", "none"], &["none", "no such file or folder"]);
    refused(
        path,
        &["labels.csv", "a"],
        &["labels.csv", "another kind", "PNG"],
    );
    std::fs::create_dir(path.join("c")).unwrap();
    refused(path, &["a", "c"], &["c", "a folder without PNG files"]);
    let grey = |width, name: &str, colour: Colour| {
        let count = width * 32 * colour.channels();
        let image = Image::from_bytes(width, 32, colour, &vec![9; count]).unwrap();
        image.write_png(&path.join(name)).unwrap();
    };
    grey(32, "c/y.png", Colour::Grey);
    grey(32, "c/z.png", Colour::Grey);
    refused(
        path,
        &["a", "c"],
        &["no image names in common", "0.png", "y.png"],
    );
    grey(33, "c/7.png", Colour::Grey);
    refused(path, &["a", "c"], &["7.png: 32x32 grey against 33x32 grey"]);
    grey(32, "c/7.png", Colour::Rgb);
    refused(path, &["a", "c"], &["7.png: 32x32 grey against 32x32 RGB"]);
    grey(12, "small.png", Colour::Grey);
    refused(
        path,
        &["small.png", "small.png"],
        &["12x32 grey", "at least 16"],
    );
    std::fs::write(path.join("c/7.png"), b"no image").unwrap();
    refused(path, &["a", "c"], &["7.png", "not a complete PNG file"]);
    std::fs::write(path.join("labels.csv"), "1\n2\nthree\n").unwrap();
    let args = ["a", "b", "--labels", "labels.csv", "--json", "m.json"];
    refused(path, &args, &["labels.csv:3", "three"]);
    std::fs::write(path.join("labels.csv"), "12\n".repeat(40)).unwrap();
    refused(path, &args, &["label 12 of image 0", "0..=9"]);
    assert!(!path.join("m.json").exists());
}
