//! What `drift metrics` prints and records.

use super::measure::{Measured, SetScores};
use drift::metrics::{Anchor, FdClf};
use serde_json::{Value, json};
use std::path::Path;

/// Pairs that are listed; of more, those with the largest LPIPS.
const LISTED: usize = 20;

/// Prints the tables.
pub fn print(measured: &Measured) {
    let mut order: Vec<usize> = (0..measured.scores.len()).collect();
    let (count, hidden) = (order.len(), order.len().saturating_sub(LISTED));
    if hidden > 0 {
        let lpips = |at: &usize| measured.scores[*at].lpips;
        order.sort_by(|a, b| lpips(b).total_cmp(&lpips(a)));
        order.truncate(LISTED);
    }
    let width = order.iter().map(|at| measured.names[*at].chars().count());
    let width = width.chain([22]).max().unwrap_or_default();
    println!(
        "{:width$}  {:>8}  {:>8}  {:>9}",
        "pair", "PSNR/dB", "SSIM", "LPIPS"
    );
    let row = |name: &str, psnr: f64, ssim: f64, lpips: f64| {
        println!("{name:width$}  {psnr:>8.2}  {ssim:>8.4}  {lpips:>9.6}");
    };
    for at in order {
        let scores = &measured.scores[at];
        row(
            &measured.names[at],
            scores.psnr(),
            scores.ssim,
            scores.lpips,
        );
    }
    if hidden > 0 {
        println!("({hidden} pairs with less LPIPS are not listed)");
    }
    let summary = &measured.summary;
    row(
        &format!("all, n = {count}"),
        summary.psnr,
        summary.ssim,
        summary.lpips,
    );
    for (set, unmatched) in ["A", "B"].iter().zip(measured.unmatched) {
        if unmatched > 0 {
            println!("images of {set} without a partner: {unmatched}");
        }
    }
    if let Some(anchors) = &measured.anchors {
        print_anchor("same class, other seed", anchors.same_class, width);
        print_anchor("other class", anchors.other_class, width);
    }
    if let Some([a, b]) = &measured.classes {
        print_set("A", a);
        print_set("B", b);
    }
}

fn print_anchor(name: &str, anchor: Option<Anchor>, width: usize) {
    // Under the column of LPIPS.
    let place = width + 20;
    match anchor {
        Some(anchor) => println!(
            "{name:place$}  {:>9.6}  anchor: mean of {} pairs of B, deviation {:.3}",
            anchor.mean, anchor.pairs, anchor.deviation
        ),
        None => println!("{name:place$}  {:>9}  anchor: no such pairs in B", "-"),
    }
}

fn print_set(name: &str, scores: &SetScores) {
    if let Some(accuracy) = scores.accuracy {
        println!("class accuracy of {name}: {:.1}%", 100.0 * accuracy);
    }
    if let Some(FdClf { n, distance, floor }) = scores.fd_clf {
        let floor = match floor {
            Some(floor) => format!(
                "{n} real images: {:.2} +- {:.2}",
                floor.mean, floor.deviation
            ),
            None => format!("not known for {n} real images"),
        };
        println!("FD-clf of {name}, n = {n}: {distance:.2}  ({floor})");
    }
}

/// The record, `drift-metrics/1`; an infinite PSNR is null.
pub fn record(measured: &Measured, a: &Path, b: &Path) -> Value {
    let finite = |value: f64| value.is_finite().then_some(value);
    let pairs = measured.names.iter().zip(&measured.scores);
    let pairs: Vec<Value> = pairs
        .map(|(name, scores)| {
            json!({
                "name": name,
                "psnr_db": finite(scores.psnr()),
                "ssim": scores.ssim,
                "lpips": scores.lpips,
            })
        })
        .collect();
    let anchor = |anchor: Option<Anchor>| {
        anchor.map(|anchor| {
            json!({
                "pairs": anchor.pairs,
                "lpips": anchor.mean,
                "deviation": anchor.deviation,
            })
        })
    };
    let set = |scores: &SetScores| {
        json!({
            "class_accuracy": scores.accuracy,
            "fd_clf": scores.fd_clf.map(|fd| json!({
                "n": fd.n,
                "distance": fd.distance,
                "real_images": fd.floor.map(|floor| json!({
                    "distance": floor.mean,
                    "deviation": floor.deviation,
                })),
            })),
        })
    };
    let summary = &measured.summary;
    json!({
        "schema": "drift-metrics/1",
        "a": a.display().to_string(),
        "b": b.display().to_string(),
        "unmatched": { "a": measured.unmatched[0], "b": measured.unmatched[1] },
        "summary": {
            "n": summary.n,
            "psnr_db": finite(summary.psnr),
            "ssim": summary.ssim,
            "lpips": summary.lpips,
        },
        "anchors": measured.anchors.map(|anchors| json!({
            "same_class": anchor(anchors.same_class),
            "other_class": anchor(anchors.other_class),
        })),
        "classifier": measured.classes.as_ref().map(|[a, b]| json!({ "a": set(a), "b": set(b) })),
        "pairs": pairs,
    })
}
