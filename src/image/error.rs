//! What can be wrong with images.

use std::path::PathBuf;
use thiserror::Error;

/// Images that cannot be used, read or written.
#[derive(Debug, Error)]
pub enum ImageError {
    /// Values and shape do not fit.
    #[error("{found} values are not an image [height, width, channels] = {expected:?}")]
    Shape {
        /// Number of values.
        found: usize,
        /// The shape.
        expected: [usize; 3],
    },
    /// NaN or an infinity among the values.
    #[error("value {at} is {value}; values must be finite")]
    NotFinite {
        /// Position in the order [height, width, channel].
        at: usize,
        /// The value.
        value: f32,
    },
    /// A file or folder that cannot be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("{file}: cannot be written: {source}", file = .file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file that is not what its name says, or of a kind that is not allowed.
    #[error("{file}: {message}", file = .file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// What was found and what is allowed.
        message: String,
    },
    /// Something that no set of images can be read from.
    #[error(
        "{file}: {found}; give a PNG file, a folder of PNG files, or a safetensors file with images [n, c, h, w]", file = .file.display()
    )]
    Source {
        /// The path.
        file: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// A grid of images of different formats.
    #[error("image {index} is {found}; the grid's first one is {expected}")]
    Mixed {
        /// Index of the image.
        index: usize,
        /// Its format.
        found: String,
        /// The first image's.
        expected: String,
    },
    /// A grid without images or columns.
    #[error("a grid of {images} images in {columns} columns has no pixels")]
    EmptyGrid {
        /// Images.
        images: usize,
        /// Columns.
        columns: usize,
    },
    /// Labels that do not fit their images.
    #[error("{file}:{line}: {found:?} is not allowed; expected {allowed}", file = .file.display())]
    Label {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What was found.
        found: String,
        /// What would be allowed.
        allowed: String,
    },
}
