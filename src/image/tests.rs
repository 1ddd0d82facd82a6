//! Tests of images.

use super::*;
use ::png as png_crate;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::path::Path;

fn ramp(width: usize, height: usize, colour: Colour) -> Image {
    let count = width * height * colour.channels();
    let bytes: Vec<u8> = (0..count).map(|at| (at * 37 % 256) as u8).collect();
    Image::from_bytes(width, height, colour, &bytes).unwrap()
}

#[track_caller]
fn says<T: std::fmt::Debug>(result: Result<T, ImageError>, parts: &[&str]) {
    let message = result.unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "{message} lacks {part}");
    }
}

#[test]
fn png_files_hold_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.png");
    for (width, height) in [(1, 1), (7, 3), (32, 32)] {
        for colour in [Colour::Grey, Colour::Rgb] {
            let image = ramp(width, height, colour);
            image.write_png(&file).unwrap();
            assert_eq!(Image::read_png(&file).unwrap(), image);
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A PNG file of the given kind.
fn encoded(file: &Path, colour: png_crate::ColorType, depth: png_crate::BitDepth, data: &[u8]) {
    let file = std::fs::File::create(file).unwrap();
    let mut encoder = png_crate::Encoder::new(file, 2, 1);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == png_crate::ColorType::Indexed {
        encoder.set_palette(vec![1, 2, 3, 4, 5, 6]);
    }
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(data).unwrap();
}

#[test]
fn other_kinds_of_png_files() {
    use png_crate::{BitDepth, ColorType};
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.png");
    let read = || Image::read_png(&file).map(|image| (image.colour(), image.to_bytes()));
    encoded(
        &file,
        ColorType::Grayscale,
        BitDepth::Sixteen,
        &[7, 9, 200, 1],
    );
    assert_eq!(read().unwrap(), (Colour::Grey, vec![7, 200]));
    encoded(&file, ColorType::Grayscale, BitDepth::One, &[0b0100_0000]);
    assert_eq!(read().unwrap(), (Colour::Grey, vec![0, 255]));
    encoded(&file, ColorType::Indexed, BitDepth::Eight, &[1, 0]);
    assert_eq!(read().unwrap(), (Colour::Rgb, vec![4, 5, 6, 1, 2, 3]));
    encoded(
        &file,
        ColorType::Rgba,
        BitDepth::Eight,
        &[1, 2, 3, 255, 4, 5, 6, 255],
    );
    assert_eq!(read().unwrap(), (Colour::Rgb, vec![1, 2, 3, 4, 5, 6]));
    encoded(
        &file,
        ColorType::GrayscaleAlpha,
        BitDepth::Eight,
        &[1, 255, 2, 254],
    );
    says(read(), &["x.png", "transparent"]);
}

#[test]
fn files_that_are_no_images() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.png");
    says(Image::read_png(&file), &["x.png", "cannot be read"]);
    std::fs::write(&file, b"").unwrap();
    says(Image::read_png(&file), &["x.png", "not a complete PNG"]);
    ramp(32, 32, Colour::Rgb).write_png(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    for length in [1, 8, 20, 33, whole.len() / 2, whole.len() - 20] {
        std::fs::write(&file, &whole[..length]).unwrap();
        says(Image::read_png(&file), &["x.png", "not a complete PNG"]);
    }
    let nowhere = folder.path().join("no/x.png");
    says(
        ramp(2, 2, Colour::Grey).write_png(&nowhere),
        &["x.png", "cannot be written"],
    );
}

#[test]
fn values_are_checked_and_clamped() {
    says(
        Image::new(2, 2, Colour::Grey, vec![0.0; 3]),
        &["3 values", "[2, 2, 1]"],
    );
    says(Image::new(0, 2, Colour::Grey, vec![]), &["0 values"]);
    says(
        Image::new(usize::MAX, 2, Colour::Rgb, vec![0.0]),
        &["1 values"],
    );
    says(
        Image::new(1, 1, Colour::Grey, vec![f32::NAN]),
        &["value 0 is NaN", "finite"],
    );
    let image = Image::new(2, 1, Colour::Grey, vec![-3.0, 1.5]).unwrap();
    assert_eq!(image.values(), [0.0, 1.0]);
    let planes = [-1.0, 1.0, 0.0, -1.0, 0.5, 1.0];
    let image = Image::from_signed_planes(2, 1, Colour::Rgb, &planes).unwrap();
    assert_eq!(image.values(), [0.0, 0.5, 0.75, 1.0, 0.0, 1.0]);
    says(
        Image::from_signed_planes(0, 1, Colour::Rgb, &[]),
        &["[1, 0, 3]"],
    );
    let image = Image::new(1, 1, Colour::Grey, vec![0.3]).unwrap();
    assert_eq!(image.in_eight_bits().values(), [77.0 / 255.0]);
}

#[test]
fn grids_are_white_between_images() {
    let black = Image::new(2, 1, Colour::Grey, vec![0.0; 2]).unwrap();
    let images = [black.clone(), black.clone(), black];
    let found = grid(&images, 2, 1).unwrap();
    assert_eq!((found.width(), found.height()), (5, 3));
    let expected = [
        [0.0, 0.0, 1.0, 0.0, 0.0],
        [1.0, 1.0, 1.0, 1.0, 1.0],
        [0.0, 0.0, 1.0, 1.0, 1.0],
    ];
    assert_eq!(found.values(), expected.as_flattened());
    assert_eq!(grid(&images, 9, 0).unwrap().width(), 6);
    says(grid(&[], 2, 1), &["0 images in 2 columns"]);
    says(grid(&images, 0, 1), &["0 columns"]);
    let mixed = [ramp(2, 1, Colour::Grey), ramp(2, 1, Colour::Rgb)];
    says(grid(&mixed, 2, 1), &["image 1 is 2x1 RGB", "2x1 grey"]);
}

#[test]
fn folders_are_sorted_by_number() {
    let folder = tempfile::tempdir().unwrap();
    says(ImageSet::read(folder.path()), &["without PNG files"]);
    for name in ["10.png", "9.png", "a2.png", "a10.PNG"] {
        ramp(3, 2, Colour::Grey)
            .write_png(&folder.path().join(name))
            .unwrap();
    }
    std::fs::write(folder.path().join("notes.txt"), "x").unwrap();
    let set = ImageSet::read(folder.path()).unwrap();
    assert_eq!(set.names, ["9.png", "10.png", "a2.png", "a10.PNG"]);
    says(
        ImageSet::read(&folder.path().join("notes.txt")),
        &["notes.txt", "another kind"],
    );
    says(
        ImageSet::read(&folder.path().join("none")),
        &["no such file"],
    );
    std::fs::write(folder.path().join("11.png"), "x").unwrap();
    says(ImageSet::read(folder.path()), &["11.png"]);
}

fn tensors(file: &Path, stored: &[(&str, Dtype, &[usize], &[u8])]) {
    let views = stored.iter().map(|(name, dtype, shape, data)| {
        (
            *name,
            TensorView::new(*dtype, shape.to_vec(), data).unwrap(),
        )
    });
    std::fs::write(file, safetensors::serialize(views, None).unwrap()).unwrap();
}

#[test]
fn safetensors_files_hold_images_and_labels() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.safetensors");
    let floats: Vec<u8> = [-1.0_f32, 1.0, 3.0, 0.0]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let labels: Vec<u8> = [3_i64, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    tensors(
        &file,
        &[
            ("images", Dtype::F32, &[2, 1, 1, 2], &floats),
            ("labels", Dtype::I64, &[2], &labels),
        ],
    );
    let set = ImageSet::read(&file).unwrap();
    assert_eq!(set.names, ["0", "1"]);
    assert_eq!(set.labels, Some(vec![3, 0]));
    assert_eq!(set.images[1].values(), [1.0, 0.5]);
    tensors(
        &file,
        &[("images", Dtype::U8, &[1, 3, 1, 1], &[0, 255, 51])],
    );
    let set = ImageSet::read(&file).unwrap();
    assert_eq!(set.images[0].to_bytes(), [0, 255, 51]);
    let half: Vec<u8> = half::f16::from_f32(0.5).to_le_bytes().to_vec();
    tensors(&file, &[("images", Dtype::F16, &[1, 1, 1, 1], &half)]);
    assert_eq!(ImageSet::read(&file).unwrap().images[0].values(), [0.75]);

    let refused = |stored: &[(&str, Dtype, &[usize], &[u8])], parts: &[&str]| {
        tensors(&file, stored);
        says(ImageSet::read(&file), parts);
    };
    refused(
        &[("image", Dtype::U8, &[1], &[0])],
        &["no tensor \"images\""],
    );
    refused(
        &[("images", Dtype::U8, &[2], &[0, 0])],
        &["shape [2]", "[n, 1 or 3"],
    );
    refused(
        &[("images", Dtype::U8, &[1, 2, 1, 1], &[0, 0])],
        &["shape [1, 2, 1, 1]"],
    );
    refused(
        &[("images", Dtype::U8, &[0, 1, 1, 1], &[])],
        &["shape [0, 1, 1, 1]"],
    );
    refused(&[("images", Dtype::I8, &[1, 1, 1, 1], &[0])], &["type I8"]);
    let nan = f32::NAN.to_le_bytes();
    refused(
        &[("images", Dtype::F32, &[1, 1, 1, 1], &nan)],
        &["image 0", "NaN"],
    );
    let image = ("images", Dtype::U8, &[1_usize, 1, 1, 1][..], &[0_u8][..]);
    refused(
        &[image, ("labels", Dtype::U8, &[2], &[0, 0])],
        &["labels: shape [2]"],
    );
    let below = (-1_i64).to_le_bytes();
    refused(
        &[image, ("labels", Dtype::I64, &[1], &below)],
        &["label 0 is -1"],
    );
    std::fs::write(&file, b"abc").unwrap();
    says(ImageSet::read(&file), &["not a complete safetensors file"]);
}

#[test]
fn labels_come_in_order_or_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("labels.csv");
    let names = ["a.png".to_owned(), "b.png".to_owned()];
    let read = |text: &str| {
        std::fs::write(&file, text).unwrap();
        labels_from_file(&file, &names)
    };
    assert_eq!(read("# classes\n4\n\n7\n").unwrap(), [4, 7]);
    assert_eq!(read("b.png, 1\na.png,2\n").unwrap(), [2, 1]);
    says(read("4\nx\n"), &["labels.csv:2", "\"x\""]);
    says(read("4\n-1\n"), &["labels.csv:2", "-1"]);
    says(read("c.png,1\n"), &["\"c.png\"", "\"a.png\""]);
    says(
        read("a.png,1\na.png,2\n"),
        &["labels.csv:2", "one label per image"],
    );
    says(read("1\n2\n3\n"), &["labels.csv:3", "2 labels"]);
    says(read("1\n"), &["no label for image \"b.png\""]);
    says(
        labels_from_file(&folder.path().join("none"), &names),
        &["cannot be read"],
    );
}
