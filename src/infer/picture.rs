//! Latents as pictures, for models that denoise pixels.

use crate::image::{Colour, Image};
use crate::tensor::Tensor;

/// The picture of [1, C, H, W] with C = 1 or 3 and values −1..=1; `None` for
/// latents of an autoencoder. What is not a number, as a faulty run can leave behind, is black.
pub fn picture(latents: &Tensor) -> Option<Image> {
    let [_, channels, height, width] = latents.four();
    let colour = match channels {
        1 => Colour::Grey,
        3 => Colour::Rgb,
        _ => return None,
    };
    let finite = |value: &f32| if value.is_finite() { *value } else { -1.0 };
    let planes: Vec<f32> = latents.values()?.iter().map(finite).collect();
    Image::from_signed_planes(width, height, colour, &planes).ok()
}
