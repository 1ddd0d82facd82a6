//! What `drift infer` leaves behind: images, a record, and the summary.

use super::Args;
use crate::cli::output;
use anyhow::{Context, Result};
use drift::baseline::{ProtectionKind, Work};
use drift::image::{Image, grid};
use drift::infer::{Made, ModelSource, PointsUsed, Setting, picture};
use drift::metrics::{Anchor, Classifier, FdClf, Lpips, RealImages, Summary, anchors, compare};
use drift::policy::DvfsSchedule;
use drift::tensor::Tensor;
use safetensors::{Dtype, tensor::TensorView};
use serde_json::json;
use std::path::Path;

/// Version of the record.
const SCHEMA: &str = "drift-infer/1";
/// Pairs of images for an anchor.
const ANCHOR_PAIRS: usize = 10_000;

/// A finished run.
pub struct Finished {
    /// Images, in order.
    pub made: Vec<Made>,
    /// Their error-free twins, if there are any.
    pub reference: Option<Vec<Made>>,
    /// Class of each image, of models with classes.
    pub classes: Option<Vec<usize>>,
    /// Prompt of each image, if there are any.
    pub prompts: Option<Vec<String>>,
    /// Seconds of the images and of their twins.
    pub seconds: (f64, f64),
}

/// Sums over all images.
#[derive(Default)]
struct Sums {
    gemms: u64,
    tiles: u64,
    faults: u64,
    audited: u64,
    work: Work,
    /// In the adaptive mode.
    points: Option<PointsUsed>,
}

/// What the images are worth.
#[derive(Default)]
struct Quality {
    against_clean: Option<Summary>,
    same_class: Option<Anchor>,
    other_class: Option<Anchor>,
    /// Of the images, and of the error-free ones.
    accuracy: [Option<f64>; 2],
    fd_clf: [Option<FdClf>; 2],
}

/// Writes everything into the output folder and prints a summary.
pub fn write(
    args: &Args,
    source: &ModelSource,
    (setting, schedule): (&Setting, Option<&DvfsSchedule>),
    kind: ProtectionKind,
    finished: &Finished,
) -> Result<()> {
    let pictures = pictures_of(&finished.made);
    let clean = finished.reference.as_deref().and_then(pictures_of);
    match &pictures {
        Some(pictures) => {
            save(pictures, finished, &args.out, "images")?;
            if let Some(clean) = &clean {
                save(clean, finished, &args.out, "reference")?;
            }
        }
        None => save_latents(&finished.made, &args.out.join("latents.safetensors"))?,
    }
    let quality = match &pictures {
        Some(pictures) => quality(pictures, clean.as_deref(), finished)?,
        None => Quality::default(),
    };
    let mut sums = Sums::default();
    for made in &finished.made {
        sums.gemms += made.totals.gemms;
        sums.tiles += made.totals.tiles;
        sums.faults += made.totals.faults;
        sums.audited += made.totals.audited;
        for work in made.totals.work.values() {
            sums.work += *work;
        }
        if let Some(points) = &made.totals.points {
            *sums.points.get_or_insert_with(PointsUsed::default) += points;
        }
    }
    let record = json!({
        "schema": SCHEMA,
        "drift": env!("CARGO_PKG_VERSION"),
        "model": args.model,
        "model_hash": source.hash,
        "config": setting.config,
        "config_hash": setting.config.hash().to_string(),
        "engine": args.engine,
        "activations": args.activations,
        "protection": kind.name(),
        "interval": args.interval,
        "threshold_bit": setting.threshold_bit,
        "steps": args.steps,
        "taylorseer": args.taylorseer,
        "guidance": args.guidance,
        "seed": args.faults.seed,
        "classes": finished.classes,
        "prompts": finished.prompts,
        "faults_from": args.faults.replay(),
        "schedule": schedule,
        "gemms": sums.gemms,
        "tiles": sums.tiles,
        "macs": sums.work.macs,
        "faults": sums.faults,
        "audited_tiles": sums.audited,
        "work": sums.work,
        "points": sums.points,
        "lpips": quality.against_clean.map(|s| s.lpips),
        "psnr_db": quality.against_clean.map(|s| s.psnr),
        "ssim": quality.against_clean.map(|s| s.ssim),
        "lpips_same_class_other_seed": quality.same_class.map(|anchor| anchor.mean),
        "lpips_other_class": quality.other_class.map(|anchor| anchor.mean),
        "class_accuracy": quality.accuracy[0],
        "class_accuracy_error_free": quality.accuracy[1],
        "fd_clf": quality.fd_clf[0].map(|fd| fd.distance),
        "fd_clf_error_free": quality.fd_clf[1].map(|fd| fd.distance),
        "fd_clf_real_floor": quality.fd_clf[0].and_then(|fd| fd.floor).map(|floor| floor.mean),
        "seconds": finished.seconds.0,
        "seconds_error_free": finished.reference.as_ref().map(|_| finished.seconds.1),
    });
    output::record(&args.out.join("record.json"), &record)?;
    print(args, setting, kind, finished, &sums, &quality);
    Ok(())
}

fn pictures_of(made: &[Made]) -> Option<Vec<Image>> {
    made.iter().map(|made| picture(&made.latents)).collect()
}

/// One PNG per image, and all of them as a grid.
fn save(pictures: &[Image], finished: &Finished, out: &Path, name: &str) -> Result<()> {
    let folder = out.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("{}: cannot be emptied", folder.display()))?;
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    for (index, picture) in pictures.iter().enumerate() {
        let class = finished.classes.as_ref().map(|classes| classes[index]);
        let class = class.map_or(String::new(), |class| format!("-class{class}"));
        picture.write_png(&folder.join(format!("{index:05}{class}.png")))?;
    }
    let columns = if pictures.len() > 10 {
        10
    } else {
        pictures.len()
    };
    grid(pictures, columns, 2)?.write_png(&out.join(format!("{name}.png")))?;
    Ok(())
}

/// Latents of an autoencoder, [n, C, H, W], for a decoder elsewhere.
fn save_latents(made: &[Made], file: &Path) -> Result<()> {
    let all = Tensor::stack(&made.iter().map(|made| &made.latents).collect::<Vec<_>>());
    let values = all.values_or_empty().iter();
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    let view = TensorView::new(Dtype::F32, all.shape().to_vec(), &bytes)?;
    let bytes = safetensors::serialize([("latents", view)], None)?;
    output::write(file, bytes)
}

fn quality(pictures: &[Image], clean: Option<&[Image]>, finished: &Finished) -> Result<Quality> {
    let mut quality = Quality::default();
    let views: Vec<&Image> = pictures.iter().collect();
    let clean: Option<Vec<&Image>> = clean.map(|clean| clean.iter().collect());
    if let Some(clean) = &clean {
        let (scores, features) = compare(&Lpips::embedded(), &views, clean)?;
        quality.against_clean = Summary::new(&scores);
        if let Some(classes) = &finished.classes {
            let found = anchors(&features, classes, ANCHOR_PAIRS, 1)?;
            (quality.same_class, quality.other_class) = (found.same_class, found.other_class);
        }
    }
    if views.iter().all(|image| Classifier::takes(image)) {
        let classifier = Classifier::embedded();
        let real = RealImages::embedded();
        for (set, images) in [Some(&views), clean.as_ref()].into_iter().enumerate() {
            let Some(images) = images else { continue };
            let classified = classifier.classify(images)?;
            if let Some(classes) = &finished.classes {
                let accuracy = drift::metrics::Classified::accuracy(&classified, classes)?;
                quality.accuracy[set] = Some(accuracy);
            }
            if images.len() > 1 {
                quality.fd_clf[set] = Some(real.distance(&classified)?);
            }
        }
    }
    Ok(quality)
}

fn print(
    args: &Args,
    setting: &Setting,
    kind: ProtectionKind,
    finished: &Finished,
    sums: &Sums,
    quality: &Quality,
) {
    let config = &setting.config;
    println!(
        "\n{} images of {} in {} steps{}, guidance {}, seed {}: {} engine{}",
        finished.made.len(),
        args.model,
        args.steps,
        args.taylorseer
            .map_or(String::new(), |forecast| format!(", TaylorSeer {forecast}")),
        args.guidance,
        args.faults.seed,
        args.engine,
        if args.engine == "f32" {
            String::new()
        } else {
            format!(
                ", {}x{} {}, theta {}, protection {kind}",
                config.rows, config.columns, config.dataflow, setting.threshold_bit
            )
        }
    );
    println!(
        "seconds                       {:>14.2}  {:.3} an image",
        finished.seconds.0,
        finished.seconds.0 / finished.made.len().max(1) as f64
    );
    for (name, value, note) in [
        ("GEMMs", sums.gemms, ""),
        ("tiles", sums.tiles, ""),
        ("MACs", sums.work.macs, ""),
        ("faults injected", sums.faults, ""),
        ("tiles with faults", sums.work.faulty_tiles, ""),
        ("  detected", sums.work.detected_tiles, ""),
        ("  rolled back", sums.work.rollbacks, ""),
        ("  recomputed", sums.work.recomputed_tiles, ""),
        ("elements restored", sums.work.restored, ""),
        ("tiles audited on the RTL", sums.audited, "  all equal"),
    ] {
        if value > 0 {
            println!("{name:<30}{value:>14}{note}");
        }
    }
    if let Some(points) = &sums.points {
        for (point, (tiles, share)) in points.tiles.iter().zip(points.shares()).enumerate() {
            let name = format!("tiles at point {point}");
            println!("{name:<30}{tiles:>14}  {:.1}% of the cycles", 100.0 * share);
        }
        let changes: u64 = points.changes.iter().map(|(_, _, times)| times).sum();
        println!(
            "{:<30}{changes:>14}  {} up, {} down, {} panics in {} windows",
            "changes of the point", points.raises, points.lowers, points.panics, points.windows
        );
    }
    if let Some(summary) = quality.against_clean {
        println!("against the error-free images of the same seeds:");
        println!("  LPIPS (quality loss)        {:>14.4}", summary.lpips);
        for (name, anchor) in [
            ("    same class, other seed", quality.same_class),
            ("    other class", quality.other_class),
        ] {
            if let Some(anchor) = anchor {
                println!(
                    "{name:<30}{:>14.4}  anchor, {} pairs",
                    anchor.mean, anchor.pairs
                );
            }
        }
        println!("  PSNR                        {:>14.2}  dB", summary.psnr);
        println!("  SSIM                        {:>14.4}", summary.ssim);
    }
    for (name, set) in [("", 0), (", error-free", 1)] {
        if let Some(accuracy) = quality.accuracy[set] {
            println!(
                "{:<30}{:>13.1}%",
                format!("class accuracy{name}"),
                100.0 * accuracy
            );
        }
        if let Some(fd) = quality.fd_clf[set] {
            let floor = fd.floor.map_or(String::new(), |floor| {
                format!("  {:.2} for as many real images", floor.mean)
            });
            println!(
                "{:<30}{:>14.2}{floor}",
                format!("FD-clf{name}"),
                fd.distance
            );
        }
    }
    println!("images and record.json are in {}", args.out.display());
}
