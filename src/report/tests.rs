use super::*;
use crate::plot::{Axis, Lines, Point, Series, Size, png};
use std::path::Path;

fn figure(id: &str) -> Item {
    let plot = Lines::new("t", Axis::linear("x"), Axis::linear("y"))
        .series(Series::new("s", [Point::with_interval(1.0, 2.0, 1.0, 3.0)]));
    Item::Figure(Box::new(Figure {
        id: id.to_owned(),
        caption: "A <caption> & more".to_owned(),
        plot: plot.into(),
        command: "drift campaign 'a<b'".to_owned(),
    }))
}

fn section() -> Section {
    Section {
        id: "bits".to_owned(),
        title: "Bits".to_owned(),
        prose: vec!["Text with `code` & <signs>.".to_owned()],
        items: vec![
            figure("by-bit"),
            Item::Table(Table {
                id: "cells".to_owned(),
                columns: vec![Column::text("Name"), Column::number("Value")],
                rows: vec![vec!["a, b".to_owned(), "1".to_owned()]],
                ..Table::default()
            }),
            Item::Strip(Strip {
                id: "strip".to_owned(),
                rows: vec![StripRow {
                    label: "clean".to_owned(),
                    images: vec![Image {
                        file: "clean.png".into(),
                        alt: "a bag".to_owned(),
                        ..Image::default()
                    }],
                }],
                ..Strip::default()
            }),
            Item::Finding(Finding {
                statement: "High bits hurt more".to_owned(),
                paper: "They do (figure 3)".to_owned(),
                verdict: Verdict::Fails,
                effect: None,
                evidence: "0.1 against 0.2".to_owned(),
                records: vec!["bits.jsonl".to_owned()],
                command: "drift campaign bits.yaml".to_owned(),
            }),
        ],
    }
}

/// A folder with a section, a picture and a comparison.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes);
    let text = serde_json::to_string(&section()).expect("plain data");
    put("10-bits.section.json", text.as_bytes()).expect("written");
    let picture = png(&Lines::default().svg(Size::NARROW), 0.1).expect("a picture");
    put("clean.png", &picture).expect("written");
    let comparison = Comparison {
        claim: "energy-saved".to_owned(),
        ours: Some(Measured {
            value: 0.284,
            interval: Some([0.27, 0.3]),
        }),
        definition: String::new(),
        cause: "Sky130 & its <wires>".to_owned(),
        command: String::new(),
    };
    let text = serde_json::to_string(&[comparison]).expect("plain data");
    put("comparison.json", text.as_bytes()).expect("written");
    folder
}

fn read(folder: &Path) -> Result<Report, ReportError> {
    Report::from_folder(folder)
}

#[test]
fn the_page_is_whole_and_escaped() {
    let folder = folder();
    let report = read(folder.path()).expect("readable");
    let written = write(&report, folder.path()).expect("written");
    let page = std::fs::read_to_string(&written.page).expect("a page");
    for part in [
        "A &#60;caption&#62; &#38; more",
        "<code>code</code> &#38; &#60;signs&#62;.",
        "28%",
        "27% to 30%",
        "36%",
        "Sky130 &#38; its &#60;wires&#62;",
        "src=\"data:image/png;base64,iVBOR",
        "does not hold",
        "not measured",
        "<svg xmlns",
    ] {
        assert!(page.contains(part), "{part:?} is missing");
    }
    // One file: nothing is fetched from anywhere.
    for part in ["<link", "<script", "@import", "url(", "src=\"http"] {
        assert!(!page.contains(part), "{part:?} is there");
    }
    assert_eq!(written.data, 6);
    let csv = std::fs::read_to_string(folder.path().join("data/cells.csv")).expect("data");
    assert_eq!(csv, "Name,Value\n\"a, b\",1\n");
    let csv = std::fs::read_to_string(folder.path().join("data/by-bit.csv")).expect("data");
    assert_eq!(csv, "series,x,y,low,high,label\ns,1.0,2.0,1.0,3.0,\n");
}

#[test]
fn the_same_results_make_the_same_bytes() {
    let (one, two) = (folder(), folder());
    let page = |folder: &Path| {
        let written = write(&read(folder).expect("readable"), folder).expect("written");
        std::fs::read(written.page).expect("a page")
    };
    assert_eq!(page(one.path()), page(two.path()));
}

#[track_caller]
fn refused(edit: impl Fn(&Path), parts: &[&str]) {
    let folder = folder();
    edit(folder.path());
    let message = read(folder.path()).expect_err("refused").to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_file() {
    let put = |name: &'static str, text: &'static str| {
        move |folder: &Path| std::fs::write(folder.join(name), text).expect("written")
    };
    refused(
        put("comparison.json", "[{\"claim\":\"peace\",\"ours\":null}]"),
        &["comparison.json", "peace", "energy-saved"],
    );
    refused(put("comparison.json", "{"), &["comparison.json", "line 1"]);
    refused(
        put(
            "x.section.json",
            "{\"id\":\"x\",\"title\":\"\",\"colour\":1}",
        ),
        &["x.section.json", "colour"],
    );
    refused(
        put("x.section.json", "{\"id\":\"bits\",\"title\":\"\"}"),
        &["bits", "twice"],
    );
    refused(
        put("x.section.json", "{\"id\":\"A b\",\"title\":\"\"}"),
        &["A b", "a-z"],
    );
    refused(put("clean.png", "no"), &["clean.png", "not a PNG"]);
    refused(put("r.jsonl", "no\n"), &["r.jsonl:1", "header"]);
    refused(
        |folder| std::fs::remove_file(folder.join("clean.png")).expect("removed"),
        &["clean.png"],
    );
    let empty = tempfile::tempdir().expect("a folder");
    let message = read(empty.path()).expect_err("refused").to_string();
    assert!(message.contains("no results"), "{message}");
}

#[test]
fn numbers_are_written_as_their_claims_are() {
    assert_eq!(Format::Percent.text(0.36), "36%");
    assert_eq!(Format::Percent.text(0.0314), "3.1%");
    assert_eq!(Format::Ratio.text(1.7), "1.7×");
    assert_eq!(Format::Ratio.text(23.4), "23×");
    assert_eq!(Format::Number.text(0.012_345), "0.0123");
}

/// A line of `repack.json`.
fn repacked(layout: &str, alone: u64) -> String {
    let cost = format!(
        "{{\"recoveries\":10,\"activations\":{alone},\"alone_activations\":{alone},\"recovery_cycles\":9,\"late_cycles\":9,\"cycles\":99}}"
    );
    format!(
        "{{\"array\":\"16x16\",\"layout\":\"{layout}\",\"rtl\":true,\"quiet\":{cost},\"writing\":{cost}}}"
    )
}

#[test]
fn records_tell_rows_of_the_papers_table() {
    let folder = folder();
    let put = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("written");
    };
    let record = |schema: &str| {
        format!(
            "{{\"schema\":\"{schema}\",\"drift\":\"0\",\"workload\":\"w\",\"workload_hash\":\"0\",\"dram\":\"d\",\"every\":1,\
             \"seed\":1,\"measured\":[{},{}],\"by_address\":[]}}",
            repacked("row_major", 84),
            repacked("tile", 10)
        )
    };
    put("repack.json", &record("drift-repack/1"));
    let report = read(folder.path()).expect("readable");
    let claims: Vec<&str> = report
        .comparisons
        .iter()
        .map(|row| row.claim.as_str())
        .collect();
    assert_eq!(claims, ["energy-saved", "row-activations"]);
    let ours = report.comparisons[1].ours.expect("measured");
    assert!((ours.value - 8.4).abs() < 1e-12);
    // A file may not say it again.
    put(
        "comparison.json",
        "[{\"claim\":\"row-activations\",\"ours\":null}]",
    );
    let message = read(folder.path()).expect_err("refused").to_string();
    assert!(
        message.contains("comparison.json: claim row-activations"),
        "{message}"
    );
    put("repack.json", &record("drift-repack/9"));
    let message = read(folder.path()).expect_err("refused").to_string();
    assert!(
        message.contains("repack.json: schema: drift-repack/9"),
        "{message}"
    );
}
