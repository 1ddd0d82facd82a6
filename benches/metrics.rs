//! CPU time of the image metrics, and how much of it the matrix products of
//! LPIPS take by themselves. Best of several, on one thread.

use drift::image::{Colour, Image};
use drift::metrics::{Classifier, Lpips, ssim};
use ndarray::Array2;
use std::hint::black_box;
use std::time::Instant;

/// Images of a batch, and repetitions of which the fastest counts.
const BATCH: usize = 64;
const REPETITIONS: usize = 15;

/// Rows per image, K and N of AlexNet's products for 64×64 pixels.
const PRODUCTS: [[usize; 3]; 5] = [
    [225, 363, 64],
    [49, 1600, 192],
    [9, 1728, 384],
    [9, 3456, 256],
    [9, 2304, 256],
];

/// Seconds that this process has run; waiting for a busy machine is left out.
fn cpu_seconds(started: Instant) -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds.map_or(started.elapsed().as_secs_f64(), |ns: f64| ns * 1e-9)
}

/// Microseconds per item of the fastest repetition.
fn best<T>(items: usize, mut work: impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    (0..REPETITIONS)
        .map(|_| {
            let before = cpu_seconds(started);
            black_box(work());
            (cpu_seconds(started) - before) / items as f64 * 1e6
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    let image = |seed: usize| {
        let values = (0..1024_usize).map(|at| ((at * at * (seed + 3)) % 97) as f32 / 96.0);
        Image::new(32, 32, Colour::Grey, values.collect()).expect("1024 finite values")
    };
    let images: Vec<Image> = (0..BATCH).map(image).collect();
    let images: Vec<&Image> = images.iter().collect();
    let lpips = Lpips::embedded();
    let classifier = Classifier::embedded();

    let features = best(BATCH, || lpips.features(&images));
    let alone = best(BATCH, || {
        images
            .iter()
            .map(|image| lpips.features(&[image]))
            .collect::<Vec<_>>()
    });
    // The library's own speed: the same shapes for 16 images, operands ready.
    let operands: Vec<(Array2<f32>, Array2<f32>)> = PRODUCTS
        .iter()
        .map(|[m, k, n]| (Array2::ones((m * 16, *k)), Array2::ones((*k, *n))))
        .collect();
    let products = best(16, || {
        operands.iter().map(|(a, b)| a.dot(b)).collect::<Vec<_>>()
    });
    let kept = lpips.features(&images).expect("images of 32x32");
    let distances = best(BATCH * BATCH, || {
        let pairs = kept.iter().flat_map(|a| kept.iter().map(move |b| (a, b)));
        pairs
            .map(|(a, b)| a.distance(b).expect("one size"))
            .sum::<f64>()
    });
    let similarity = best(BATCH, || {
        images
            .iter()
            .map(|image| ssim(images[0], image).expect("one size"))
            .sum::<f64>()
    });
    let classes = best(BATCH, || classifier.classify(&images));

    println!("32x32 grey images, microseconds of CPU time on one thread, best of {REPETITIONS}");
    println!("LPIPS features of an image       {features:9.1}  (alone {alone:.1})");
    println!(
        "  its matrix products by ndarray {products:9.1}  ({:.2} of the above)",
        products / features
    );
    println!("LPIPS of two feature vectors     {distances:9.1}");
    println!("SSIM of a pair                   {similarity:9.1}");
    println!("classes and features of an image {classes:9.1}");
}
