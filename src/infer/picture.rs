//! Latents as pictures, for models that denoise pixels.

use crate::image::{Colour, Image};
use crate::tensor::Tensor;

/// Whether latents of so many channels are pictures: grey or coloured.
pub fn is_picture(channels: usize) -> bool {
    colour(channels).is_some()
}

/// The picture of [1, C, H, W] with C = 1 or 3 and values −1..=1; `None` for
/// latents of an autoencoder. What is not a number, as a faulty run can leave behind, is black.
pub fn picture(latents: &Tensor) -> Option<Image> {
    let [_, channels, height, width] = latents.four();
    let colour = colour(channels)?;
    let finite = |value: &f32| if value.is_finite() { *value } else { -1.0 };
    let planes: Vec<f32> = latents.values()?.iter().map(finite).collect();
    Image::from_signed_planes(width, height, colour, &planes).ok()
}

fn colour(channels: usize) -> Option<Colour> {
    match channels {
        1 => Some(Colour::Grey),
        3 => Some(Colour::Rgb),
        _ => None,
    }
}
