//! Many images as one.

use super::{Image, ImageError};

/// Puts images of one format side by side, `columns` in a row, `spacing` white
/// pixels between them and none around. Places that are left over are white.
///
/// # Errors
/// No images, no columns, or images of different formats.
pub fn grid(images: &[Image], columns: usize, spacing: usize) -> Result<Image, ImageError> {
    let (Some(first), 1..) = (images.first(), columns) else {
        return Err(ImageError::EmptyGrid {
            images: images.len(),
            columns,
        });
    };
    let mixed = |image: &Image| image.format() != first.format();
    if let Some(index) = images.iter().position(mixed) {
        return Err(ImageError::Mixed {
            index,
            found: images[index].format(),
            expected: first.format(),
        });
    }
    let columns = columns.min(images.len());
    let rows = images.len().div_ceil(columns);
    let width = columns * (first.width() + spacing) - spacing;
    let height = rows * (first.height() + spacing) - spacing;
    let channels = first.colour().channels();
    let line = first.width() * channels;
    let mut values = vec![1.0; width * height * channels];
    for (index, image) in images.iter().enumerate() {
        let top = index / columns * (first.height() + spacing);
        let left = index % columns * (first.width() + spacing);
        for (row, source) in image.values().chunks_exact(line).enumerate() {
            let start = ((top + row) * width + left) * channels;
            values[start..start + line].copy_from_slice(source);
        }
    }
    Image::new(width, height, first.colour(), values)
}
