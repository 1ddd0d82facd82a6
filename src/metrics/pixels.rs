//! Distances of pixel values.

use super::MetricError;
use crate::image::Image;

/// Refuses a pair of images of different formats.
pub(super) fn same_format(a: &Image, b: &Image) -> Result<(), MetricError> {
    if (a.width(), a.height(), a.colour()) == (b.width(), b.height(), b.colour()) {
        return Ok(());
    }
    Err(MetricError::Format {
        name: "images".to_owned(),
        a: a.format(),
        b: b.format(),
    })
}

/// Mean squared difference of the values (0..=1).
///
/// # Errors
/// Images of different formats.
pub fn mean_squared_error(a: &Image, b: &Image) -> Result<f64, MetricError> {
    same_format(a, b)?;
    let squares = a.values().iter().zip(b.values()).map(|(a, b)| {
        let difference = f64::from(*a) - f64::from(*b);
        difference * difference
    });
    Ok(squares.sum::<f64>() / a.values().len() as f64)
}

/// Peak signal-to-noise ratio in dB of a mean squared error of values 0..=1;
/// infinite where there is no error.
#[must_use]
pub fn psnr(mean_squared_error: f64) -> f64 {
    -10.0 * mean_squared_error.log10()
}
