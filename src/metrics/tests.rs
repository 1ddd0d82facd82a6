//! Tests of metrics. The reference values are those of the established packages
//! (`tools/metrics/reference_metrics.py`).

use super::layers::{Activations, Convolution, Dense, Sides};
use super::*;
use crate::assets;
use crate::image::{Colour, Image};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

const REFERENCE: &[u8] = include_bytes!("../../tests/data/metrics/reference.safetensors");

fn reference() -> SafeTensors<'static> {
    SafeTensors::deserialize(REFERENCE).unwrap()
}

fn f64s(name: &str) -> Vec<f64> {
    let stored = reference();
    let data = stored.tensor(name).unwrap().data();
    let values = data.as_chunks().0.iter();
    values.map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

fn f32s(name: &str) -> Vec<f32> {
    let stored = reference();
    let data = stored.tensor(name).unwrap().data();
    let values = data.as_chunks().0.iter();
    values.map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn image(planes: &[u8], shape: &[usize]) -> Image {
    let &[channels, height, width] = shape else {
        panic!("{shape:?}")
    };
    let colour = if channels == 1 {
        Colour::Grey
    } else {
        Colour::Rgb
    };
    let pixels = height * width;
    let bytes: Vec<u8> = (0..pixels * channels)
        .map(|at| planes[at % channels * pixels + at / channels])
        .collect();
    Image::from_bytes(width, height, colour, &bytes).unwrap()
}

fn pairs() -> Vec<(Image, Image)> {
    let stored = reference();
    let load = |view: TensorView<'_>| image(view.data(), view.shape());
    (0..)
        .map_while(|index| {
            let a = stored.tensor(&format!("pair.{index}.a")).ok()?;
            let b = stored.tensor(&format!("pair.{index}.b")).ok()?;
            Some((load(a), load(b)))
        })
        .collect()
}

/// Test images of Fashion-MNIST, with labels.
fn real_images() -> (Vec<Image>, Vec<usize>) {
    let stored = reference();
    let images = stored.tensor("images").unwrap();
    let images = images.data().chunks_exact(32 * 32);
    let labels = stored.tensor("labels").unwrap();
    let labels = labels.data().as_chunks().0.iter();
    (
        images.map(|planes| image(planes, &[1, 32, 32])).collect(),
        labels
            .map(|bytes| usize::try_from(i64::from_le_bytes(*bytes)).unwrap())
            .collect(),
    )
}

fn random_values(seed: u64, count: usize) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| random.next_u32() as f32 / u32::MAX as f32 - 0.5)
        .collect()
}

fn random_image(seed: u64, width: usize, height: usize, colour: Colour) -> Image {
    let values = random_values(seed, width * height * colour.channels());
    let values = values.iter().map(|value| value + 0.5).collect();
    Image::new(width, height, colour, values).unwrap()
}

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance,
            "{at}: {found}, not {expected}"
        );
    }
}

#[test]
fn lpips_agrees_with_the_lpips_package() {
    let lpips = Lpips::embedded();
    let found: Vec<f64> = pairs()
        .iter()
        .map(|(a, b)| lpips.distance(a, b).unwrap())
        .collect();
    close(&found, &f64s("pair.lpips"), 1e-5);
}

#[test]
fn ssim_and_squared_error_agree_with_scikit_image() {
    let pairs = pairs();
    let all = |metric: fn(&Image, &Image) -> Result<f64, MetricError>| -> Vec<f64> {
        pairs.iter().map(|(a, b)| metric(a, b).unwrap()).collect()
    };
    close(&all(ssim), &f64s("pair.ssim"), 1e-6);
    close(&all(mean_squared_error), &f64s("pair.mse"), 1e-7);
}

#[test]
fn psnr_is_ten_decibels_per_tenth() {
    assert!((psnr(0.01) - 20.0).abs() < 1e-12);
    assert!((psnr(0.001) - 30.0).abs() < 1e-12);
    assert_eq!(psnr(0.0), f64::INFINITY);
}

#[test]
fn classifier_agrees_with_torch() {
    let (images, labels) = real_images();
    let classified = Classifier::embedded()
        .classify(&images.iter().collect::<Vec<_>>())
        .unwrap();
    let widened = |values: Vec<f32>| -> Vec<f64> { values.into_iter().map(f64::from).collect() };
    let features = classified.iter().flat_map(|one| one.features).collect();
    let logits = classified.iter().flat_map(|one| one.logits).collect();
    close(&widened(features), &widened(f32s("features")), 1e-3);
    close(&widened(logits), &widened(f32s("logits")), 1e-3);
    let right = f32s("logits")
        .chunks_exact(CLASSES)
        .zip(&labels)
        .filter(|(row, label)| row.iter().all(|value| *value <= row[**label]))
        .count();
    let accuracy = Classified::accuracy(&classified, &labels).unwrap();
    assert_eq!(accuracy, right as f64 / labels.len() as f64);
    assert!(accuracy > 0.85 && accuracy < 1.0, "{accuracy}");
}

#[test]
fn frechet_distance_agrees_with_scipy() {
    let (images, _) = real_images();
    let classifier = Classifier::embedded();
    let real = RealImages::embedded();
    let images: Vec<&Image> = images.iter().collect();
    let classified = classifier.classify(&images).unwrap();
    let found = real.distance(&classified).unwrap();
    close(&[found.distance], &f64s("fd"), 2e-3);
    // A draw from the reference images themselves is near the floor, which is one of
    // training images; noise is far above.
    let floor = found.floor.unwrap();
    assert!(
        (found.distance - floor.mean).abs() < 6.0 * floor.deviation,
        "{found:?}"
    );
    let noise: Vec<Image> = (0..100)
        .map(|seed| random_image(seed, 32, 32, Colour::Grey))
        .collect();
    let noise = classifier.classify(&noise.iter().collect::<Vec<_>>());
    let noise = real.distance(&noise.unwrap()).unwrap();
    assert!(noise.distance > 10.0 * found.distance, "{noise:?}");
}

#[test]
fn floor_is_known_between_the_measured_sizes_only() {
    let real = RealImages::embedded();
    assert_eq!(real.floor(9), None);
    assert_eq!(real.floor(10_001), None);
    let mean = |n| real.floor(n).unwrap().mean;
    assert!(mean(100) > mean(150) && mean(150) > mean(200));
    assert!(mean(10) > mean(11) && mean(9_999) >= mean(10_000));
}

#[test]
fn nothing_depends_on_the_batch() {
    let (images, _) = real_images();
    let images: Vec<&Image> = images.iter().take(19).collect();
    let (lpips, classifier) = (Lpips::embedded(), Classifier::embedded());
    let features = lpips.features(&images).unwrap();
    let classified = classifier.classify(&images).unwrap();
    for (at, image) in images.iter().enumerate() {
        assert_eq!(lpips.features(&[image]).unwrap()[0], features[at]);
        assert_eq!(classifier.classify(&[image]).unwrap()[0], classified[at]);
    }
    // Sizes may be mixed.
    let wide = random_image(1, 70, 64, Colour::Rgb);
    let mixed = lpips.features(&[images[0], &wide, images[1]]).unwrap();
    assert_eq!(mixed[0], features[0]);
    assert_eq!(mixed[2], features[1]);
    assert_eq!(lpips.features(&[]).unwrap(), []);
}

#[test]
fn a_metric_of_an_image_and_itself() {
    for (a, _) in pairs() {
        assert_eq!(mean_squared_error(&a, &a).unwrap(), 0.0);
        assert!((ssim(&a, &a).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(Lpips::embedded().distance(&a, &a).unwrap(), 0.0);
    }
}

#[test]
fn images_that_cannot_be_compared() {
    let grey = random_image(1, 32, 32, Colour::Grey);
    let rgb = random_image(1, 32, 32, Colour::Rgb);
    let small = random_image(1, 10, 32, Colour::Grey);
    let lpips = Lpips::embedded();
    let says = |error: MetricError, part: &str| {
        assert!(error.to_string().contains(part), "{error} lacks {part}");
    };
    says(
        ssim(&grey, &rgb).unwrap_err(),
        "32x32 grey against 32x32 RGB",
    );
    says(mean_squared_error(&small, &grey).unwrap_err(), "10x32 grey");
    says(ssim(&small, &small).unwrap_err(), "at least 11 pixels");
    says(
        lpips.distance(&small, &small).unwrap_err(),
        "at least 16 pixels",
    );
    let wide = random_image(1, 33, 32, Colour::Grey);
    says(
        lpips.distance(&grey, &wide).unwrap_err(),
        "32x32 against 33x32",
    );
    let classifier = Classifier::embedded();
    says(
        classifier.classify(&[&grey, &rgb]).unwrap_err(),
        "image 1 is 32x32 RGB",
    );
    let classified = classifier.classify(&[&grey]).unwrap();
    says(
        Classified::accuracy(&classified, &[10]).unwrap_err(),
        "label 10 of image 0",
    );
    says(
        Classified::accuracy(&classified, &[1, 2]).unwrap_err(),
        "2 labels for 1 images",
    );
    says(
        Classified::accuracy(&[], &[]).unwrap_err(),
        "0 labels for 0 images",
    );
    says(
        RealImages::embedded().distance(&classified).unwrap_err(),
        "at least 2",
    );
}

#[test]
fn anchors_are_means_over_all_pairs_or_draws_of_them() {
    let (images, labels) = real_images();
    let images: Vec<&Image> = images.iter().take(30).collect();
    let labels = &labels[..30];
    let features = Lpips::embedded().features(&images).unwrap();
    let all = anchors(&features, labels, usize::MAX, 1).unwrap();
    let (mut sums, mut counts) = ([0.0; 2], [0; 2]);
    for a in 0..30 {
        for b in 0..a {
            let kind = usize::from(labels[a] == labels[b]);
            sums[kind] += features[b].distance(&features[a]).unwrap();
            counts[kind] += 1;
        }
    }
    for (kind, anchor) in [all.other_class.unwrap(), all.same_class.unwrap()]
        .iter()
        .enumerate()
    {
        assert_eq!(anchor.pairs, counts[kind]);
        close(&[anchor.mean], &[sums[kind] / counts[kind] as f64], 1e-12);
    }
    assert!(all.same_class.unwrap().mean < all.other_class.unwrap().mean);
    let drawn = anchors(&features, labels, 200, 1).unwrap();
    let other = drawn.other_class.unwrap();
    assert_eq!(other.pairs, 200);
    assert_eq!(
        drawn.same_class, all.same_class,
        "fewer pairs than the limit"
    );
    let expected = all.other_class.unwrap();
    assert!((other.mean - expected.mean).abs() < 5.0 * expected.deviation / 200_f64.sqrt());
    assert_eq!(drawn, anchors(&features, labels, 200, 1).unwrap());
    assert_ne!(drawn, anchors(&features, labels, 200, 2).unwrap());
    let lonely = anchors(&features[..1], &[3], 10, 1).unwrap();
    assert_eq!((lonely.same_class, lonely.other_class), (None, None));
    assert!(anchors(&features, &[3], 10, 1).is_err());
}

#[test]
fn summary_pools_squared_errors() {
    let scores = |mean_squared_error, ssim, lpips| PairScores {
        mean_squared_error,
        ssim,
        lpips,
    };
    let summary = Summary::new(&[scores(0.0, 1.0, 0.0), scores(0.02, 0.5, 0.4)]).unwrap();
    assert_eq!((summary.n, summary.ssim, summary.lpips), (2, 0.75, 0.2));
    assert!((summary.psnr - 20.0).abs() < 1e-12);
    assert_eq!(Summary::new(&[]), None);
}

/// Convolution by its definition, NCHW weights, f64 sums.
fn naive_convolution(x: &Activations, sides: Sides, weight: &[f32], bias: &[f32]) -> Vec<f64> {
    let Sides {
        inputs,
        kernel,
        stride,
        padding,
        ..
    } = sides;
    let side = |length: usize| (length + 2 * padding - kernel) / stride + 1;
    let mut values = Vec::new();
    for n in 0..x.n {
        for y in 0..side(x.height) {
            for column in 0..side(x.width) {
                for (output, bias) in bias.iter().enumerate() {
                    let mut sum = f64::from(*bias);
                    for (row, tap, input) in (0..kernel).flat_map(|row| {
                        (0..kernel).flat_map(move |tap| (0..inputs).map(move |i| (row, tap, i)))
                    }) {
                        let line = (y * stride + row).wrapping_sub(padding);
                        let place = (column * stride + tap).wrapping_sub(padding);
                        if line < x.height && place < x.width {
                            let at = ((n * x.height + line) * x.width + place) * inputs + input;
                            let filter = (output * inputs + input) * kernel * kernel;
                            sum += f64::from(x.values[at])
                                * f64::from(weight[filter + row * kernel + tap]);
                        }
                    }
                    values.push(sum.max(0.0));
                }
            }
        }
    }
    values
}

#[test]
fn convolution_is_its_definition() {
    let cases = [
        (1, 1, 1, 1, 0, 1, 1, 1),
        (2, 3, 5, 1, 2, 3, 2, 3),
        (3, 7, 3, 2, 1, 2, 9, 5),
        (3, 4, 11, 4, 2, 1, 13, 17),
        (1, 2, 3, 1, 1, 0, 4, 4),
    ];
    for (inputs, outputs, kernel, stride, padding, n, height, width) in cases {
        let sides = Sides {
            inputs,
            outputs,
            kernel,
            stride,
            padding,
        };
        let weight = random_values(1, outputs * inputs * kernel * kernel);
        let bias = random_values(2, outputs);
        let x = Activations {
            n,
            height,
            width,
            channels: inputs,
            values: random_values(3, n * height * width * inputs),
        };
        let found = Convolution::new(sides, &weight, bias.clone()).forward(&x);
        let found: Vec<f64> = found.values.into_iter().map(f64::from).collect();
        close(&found, &naive_convolution(&x, sides, &weight, &bias), 1e-5);
    }
}

#[test]
fn dense_layer_is_its_definition() {
    for (n, inputs, outputs) in [(0, 3, 2), (1, 1, 1), (3, 7, 5)] {
        let (weight, bias) = (
            random_values(1, outputs * inputs),
            random_values(2, outputs),
        );
        let x = random_values(3, n * inputs);
        let found = Dense::new(&weight, bias.clone()).forward(&x);
        let expected = x.chunks_exact(inputs).flat_map(|row| {
            weight
                .chunks_exact(inputs)
                .zip(&bias)
                .map(move |(weights, bias)| {
                    let products = row.iter().zip(weights);
                    products.map(|(x, w)| f64::from(x * w)).sum::<f64>() + f64::from(*bias)
                })
        });
        let found: Vec<f64> = found.into_iter().map(f64::from).collect();
        close(&found, &expected.collect::<Vec<_>>(), 1e-6);
    }
}

#[test]
fn max_pooling_takes_the_largest() {
    let x = Activations {
        n: 1,
        height: 4,
        width: 5,
        channels: 1,
        values: (0..20).map(|value| ((value * 7) % 20) as f32).collect(),
    };
    // 0 7 14 1 8 / 15 2 9 16 3 / 10 17 4 11 18 / 5 12 19 6 13
    assert_eq!(x.max_pool(3, 2).values, [17.0, 18.0]);
    assert_eq!(x.max_pool(2, 2).values, [15.0, 16.0, 17.0, 19.0]);
}

/// The embedded file without, or with another, tensor.
fn edited(bytes: &[u8], name: &str, replacement: Option<(Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let stored = SafeTensors::deserialize(bytes).unwrap();
    let mut tensors: Vec<(String, TensorView<'_>)> = stored.tensors();
    tensors.retain(|(known, _)| known != name);
    let data: Vec<u8> = match &replacement {
        Some((_, values)) => values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect(),
        None => Vec::new(),
    };
    if let Some((shape, _)) = replacement {
        let view = TensorView::new(safetensors::Dtype::F32, shape, &data).unwrap();
        tensors.push((name.to_owned(), view));
    }
    safetensors::serialize(tensors, None).unwrap()
}

#[test]
fn weights_that_cannot_be_used() {
    #[track_caller]
    fn says<T: std::fmt::Debug>(result: Result<T, MetricError>, parts: &[&str]) {
        let message = result.unwrap_err().to_string();
        for part in parts {
            assert!(message.contains(part), "{message} lacks {part}");
        }
    }
    let bytes = assets::LPIPS_ALEXNET;
    let lpips = |bytes: &[u8]| Lpips::from_bytes(bytes);
    says(
        lpips(&bytes[..1000]),
        &["LPIPS-AlexNet", "not a complete safetensors file"],
    );
    says(lpips(&[]), &["not a complete"]);
    let missing = edited(bytes, "conv3.bias", None);
    says(lpips(&missing), &["conv3.bias", "missing"]);
    let shape = edited(bytes, "lin0.weight", Some((vec![63], vec![0.0; 63])));
    says(lpips(&shape), &["lin0.weight", "[63]", "[64]"]);
    let mut values = vec![0.0; 64];
    values[5] = -0.25;
    let negative = edited(bytes, "lin0.weight", Some((vec![64], values.clone())));
    says(lpips(&negative), &["lin0.weight", "-0.25", "0 or more"]);
    values[5] = f32::NAN;
    let nan = edited(bytes, "conv0.bias", Some((vec![64], values)));
    says(lpips(&nan), &["conv0.bias", "NaN", "finite"]);
    let missing = edited(assets::CLASSIFIER, "f.2.1.running_var", None);
    says(
        Classifier::from_bytes(&missing),
        &["classifier", "f.2.1.running_var"],
    );
    let kind = edited(
        assets::REAL_STATISTICS,
        "mean",
        Some((vec![64], vec![0.0; 64])),
    );
    says(
        RealImages::from_bytes(&kind),
        &["real statistics", "F32", "F64"],
    );
}
