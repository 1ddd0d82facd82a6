//! The embedded default, and how a source is named.

use super::*;

#[test]
fn embedded_operands_have_the_documented_shapes() {
    let workload = open("tiny-dit").unwrap();
    assert_eq!(workload.name(), "tiny-dit");
    let mut expected = Vec::new();
    for step in [0, 25, 26] {
        for block in [0, 7] {
            let tag = |layer: &str| format!("{step}.{block}.{layer}");
            let mut add = |layer: &str, m, k, n| expected.push((tag(layer), m, k, n));
            add("fc1", 64, 128, 512);
            add("fc2", 64, 512, 128);
            add("k", 64, 128, 128);
            add("o", 64, 128, 128);
            for head in 0..4 {
                add(&format!("pv.h{head}"), 64, 64, 32);
            }
            add("q", 64, 128, 128);
            for head in 0..4 {
                add(&format!("qk.h{head}"), 64, 32, 64);
            }
            add("v", 64, 128, 128);
        }
    }
    assert_eq!(shapes(&workload), expected);
    assert_eq!(workload.len(), 84);
}

#[test]
fn embedded_operands_use_the_int8_range_and_share_weights_between_steps() {
    let workload = open("tiny-dit").unwrap();
    let gemms: Vec<_> = (0..workload.len())
        .map(|i| workload.gemm(i).unwrap())
        .collect();
    let per_step = gemms.len() / 3;
    for (index, gemm) in gemms.iter().enumerate() {
        for operand in [&gemm.x, &gemm.w] {
            let largest = operand
                .as_slice()
                .iter()
                .map(|v| v.unsigned_abs())
                .max()
                .unwrap();
            assert!((1..=127).contains(&largest), "{}: {largest}", gemm.name);
        }
        let attention = gemm.name.contains(".h");
        let later = &gemms[(index + per_step) % gemms.len()];
        assert_eq!(
            gemm.w == later.w,
            !attention,
            "{} {}",
            gemm.name,
            later.name
        );
        assert_ne!(gemm.x, later.x);
    }
}

#[test]
fn embedded_operands_equal_the_same_file_mapped() {
    let folder = Folder::new();
    let mapped = folder
        .open("copy.safetensors", crate::workload::TINY_DIT)
        .unwrap();
    let embedded = open("tiny-dit").unwrap();
    assert_eq!(mapped.hash(), embedded.hash());
    assert_eq!(mapped.name(), "copy");
    for index in [0, 5, 83] {
        assert_eq!(mapped.gemm(index).unwrap(), embedded.gemm(index).unwrap());
    }
}

#[test]
fn an_index_beyond_the_end_is_an_error() {
    let workload = open("tiny-dit").unwrap();
    let message = workload.gemm(84).unwrap_err().to_string();
    assert_eq!(
        message,
        "tiny-dit: GEMM 84 is not allowed; expected an index below 84"
    );
}

#[test]
fn sources_are_told_by_their_extension() {
    let parse = |text| Workload::parse_source(text).unwrap();
    let pair = |x: &str, w: &str| Source::NpyPair {
        x: x.into(),
        w: w.into(),
    };
    assert_eq!(parse("tiny-dit"), Source::TinyDit);
    assert_eq!(
        parse("a/b.safetensors"),
        Source::Safetensors("a/b.safetensors".into())
    );
    assert_eq!(parse("B.CSV"), Source::ShapesCsv("B.CSV".into()));
    assert_eq!(parse("x.npy,w.npy"), pair("x.npy", "w.npy"));
    assert_eq!(parse("a,b/x.npy, w.npy"), pair("a,b/x.npy", "w.npy"));
}

#[test]
fn other_sources_are_refused_with_what_is_allowed() {
    for text in [
        "",
        "tiny",
        "x.npy",
        "x.npy,",
        "x.npy,w.csv.gz",
        "model.onnx",
        ".csv",
    ] {
        let message = Workload::parse_source(text).unwrap_err().to_string();
        for part in [
            &format!("{text:?}"),
            "tiny-dit",
            ".safetensors",
            ".csv",
            "X.npy,W.npy",
        ] {
            assert!(message.contains(part), "{message} lacks {part}");
        }
    }
}
