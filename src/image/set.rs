//! Sets of images: a PNG file, a folder of PNG files, or a safetensors file.

use super::{Colour, Image, ImageError};
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::path::{Path, PathBuf};

/// Images with names, in the order of the names' numbers, and their class
/// labels where the source has them.
#[derive(Clone, Debug)]
pub struct ImageSet {
    /// Where the images come from.
    pub source: PathBuf,
    /// One name per image: the file's, or its index in the tensor.
    pub names: Vec<String>,
    /// The images.
    pub images: Vec<Image>,
    /// One label per image: the tensor `labels` of a safetensors file.
    pub labels: Option<Vec<usize>>,
}

/// Name of the tensor of images in a safetensors file.
const IMAGES: &str = "images";
/// Name of the tensor of labels.
const LABELS: &str = "labels";

impl ImageSet {
    /// Reads images:
    /// - a PNG file;
    /// - a folder: its PNG files, sorted by the numbers in their names;
    /// - a safetensors file: the tensor `images` [n, c, h, w], c = 1 or 3, u8
    ///   (0..=255) or f32, f16, bf16 (−1..=1, as denoisers make them; clamped),
    ///   and, if it is there, the integer tensor `labels` \[n\].
    ///
    /// # Errors
    /// Anything else, no images, and files that cannot be read.
    pub fn read(source: &Path) -> Result<Self, ImageError> {
        let refused = |found| ImageError::Source {
            file: source.to_owned(),
            found,
        };
        if source.is_dir() {
            return Self::from_folder(source);
        }
        if !source.exists() {
            return Err(refused("no such file or folder"));
        }
        match extension(source).as_deref() {
            Some("png") => Ok(Self {
                source: source.to_owned(),
                names: vec![file_name(source)],
                images: vec![Image::read_png(source)?],
                labels: None,
            }),
            Some("safetensors") => Self::from_tensors(source),
            _ => Err(refused("a file of another kind")),
        }
    }

    fn from_folder(folder: &Path) -> Result<Self, ImageError> {
        let read = |source| ImageError::Read {
            file: folder.to_owned(),
            source,
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(read)? {
            let path = entry.map_err(read)?.path();
            if extension(&path).as_deref() == Some("png") && !path.is_dir() {
                files.push(path);
            }
        }
        if files.is_empty() {
            return Err(ImageError::Source {
                file: folder.to_owned(),
                found: "a folder without PNG files",
            });
        }
        files.sort_by_cached_key(|path| natural(&file_name(path)));
        Ok(Self {
            source: folder.to_owned(),
            names: files.iter().map(|path| file_name(path)).collect(),
            images: files
                .iter()
                .map(|path| Image::read_png(path))
                .collect::<Result<_, _>>()?,
            labels: None,
        })
    }

    fn from_tensors(file: &Path) -> Result<Self, ImageError> {
        let format = |message: String| ImageError::Format {
            file: file.to_owned(),
            message,
        };
        let bytes = std::fs::read(file).map_err(|source| ImageError::Read {
            file: file.to_owned(),
            source,
        })?;
        let tensors = SafeTensors::deserialize(&bytes)
            .map_err(|error| format(format!("not a complete safetensors file: {error}")))?;
        let stored = tensors.tensor(IMAGES).map_err(|_| {
            format(format!(
                "no tensor {IMAGES:?}; expected it with shape [n, c, h, w]"
            ))
        })?;
        let images = images(&stored).map_err(|message| format(format!("{IMAGES}: {message}")))?;
        let labels = match tensors.tensor(LABELS) {
            Ok(stored) => Some(
                labels(&stored, images.len())
                    .map_err(|message| format(format!("{LABELS}: {message}")))?,
            ),
            Err(_) => None,
        };
        Ok(Self {
            source: file.to_owned(),
            names: (0..images.len()).map(|index| index.to_string()).collect(),
            images,
            labels,
        })
    }
}

/// The images of a tensor; an error says what is wrong with it.
fn images(stored: &TensorView<'_>) -> Result<Vec<Image>, String> {
    let allowed = "expected [n, 1 or 3, height, width] with n, height and width of at least 1";
    let &[n, channels, height, width] = stored.shape() else {
        return Err(format!("shape {:?}; {allowed}", stored.shape()));
    };
    let colour = Colour::of_channels(channels)
        .filter(|_| n * height * width > 0)
        .ok_or_else(|| format!("shape {:?}; {allowed}", stored.shape()))?;
    let data = stored.data();
    let values: Vec<f32> = match stored.dtype() {
        Dtype::U8 => data
            .iter()
            .map(|byte| f32::from(*byte) / 127.5 - 1.0)
            .collect(),
        Dtype::F32 => data
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect(),
        Dtype::F16 => data
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
            .collect(),
        Dtype::BF16 => data
            .as_chunks()
            .0
            .iter()
            .map(|bytes| bf16::from_le_bytes(*bytes).to_f32())
            .collect(),
        other => return Err(format!("type {other:?}; expected U8, F32, F16 or BF16")),
    };
    values
        .chunks_exact(channels * height * width)
        .enumerate()
        .map(|(index, planes)| {
            Image::from_signed_planes(width, height, colour, planes)
                .map_err(|error| format!("image {index}: {error}"))
        })
        .collect()
}

/// The labels of a tensor; an error says what is wrong with it.
fn labels(stored: &TensorView<'_>, n: usize) -> Result<Vec<usize>, String> {
    if stored.shape() != [n] {
        return Err(format!("shape {:?}; expected [{n}]", stored.shape()));
    }
    let data = stored.data();
    let values: Vec<i64> = match stored.dtype() {
        Dtype::U8 => data.iter().map(|byte| i64::from(*byte)).collect(),
        Dtype::I32 => data
            .as_chunks()
            .0
            .iter()
            .map(|bytes| i64::from(i32::from_le_bytes(*bytes)))
            .collect(),
        Dtype::I64 => data
            .as_chunks()
            .0
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
            .collect(),
        other => return Err(format!("type {other:?}; expected U8, I32 or I64")),
    };
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            usize::try_from(value)
                .map_err(|_| format!("label {index} is {value}; expected 0 or more"))
        })
        .collect()
}

/// Reads labels from a text file with one of them per line, for the images
/// called `names`: `LABEL`, in the order of the images, or `NAME,LABEL`, in any
/// order. Empty lines and lines that begin with # are skipped.
///
/// # Errors
/// Labels that are no whole numbers, unknown, repeated or missing names.
pub fn labels_from_file(file: &Path, names: &[String]) -> Result<Vec<usize>, ImageError> {
    let text = std::fs::read_to_string(file).map_err(|source| ImageError::Read {
        file: file.to_owned(),
        source,
    })?;
    let mut labels: Vec<Option<usize>> = vec![None; names.len()];
    let mut next = 0;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let refused = |found: &str, allowed: String| ImageError::Label {
            file: file.to_owned(),
            line: number + 1,
            found: found.to_owned(),
            allowed,
        };
        let (place, label) = match line.rsplit_once(',') {
            Some((name, label)) => {
                let name = name.trim();
                let place = names.iter().position(|known| known == name);
                let allowed = || format!("the name of an image, such as {:?}", names[0]);
                (place.ok_or_else(|| refused(name, allowed()))?, label.trim())
            }
            None => (next, line),
        };
        next += 1;
        let value = label
            .parse()
            .map_err(|_| refused(label, "a label, 0 or more, or NAME,LABEL".to_owned()))?;
        let slot = labels
            .get_mut(place)
            .ok_or_else(|| refused(line, format!("{} labels, one per image", names.len())))?;
        if slot.replace(value).is_some() {
            return Err(refused(line, "one label per image".to_owned()));
        }
    }
    labels
        .iter()
        .zip(names)
        .map(|(label, name)| {
            label.ok_or_else(|| ImageError::Format {
                file: file.to_owned(),
                message: format!("no label for image {name:?}; expected one per image"),
            })
        })
        .collect()
}

fn extension(path: &Path) -> Option<String> {
    path.extension()
        .and_then(|extension| extension.to_str())
        .map(str::to_ascii_lowercase)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Sorting key that puts 2.png before 10.png: the text, numbers padded.
fn natural(name: &str) -> (String, String) {
    let mut key = String::new();
    let mut digits = String::new();
    for letter in name.chars().chain(std::iter::once('\0')) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() {
            key.push_str(&format!("{digits:0>20}"));
            digits.clear();
        }
        key.push(letter);
    }
    (key, name.to_owned())
}
