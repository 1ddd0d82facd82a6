//! Images: the type, PNG files, sets of images, grids.

mod error;
mod grid;
mod png;
mod set;
#[cfg(test)]
mod tests;

pub use error::ImageError;
pub use grid::grid;
pub use set::{ImageSet, labels_from_file};

/// Values of one pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One value.
    Grey,
    /// Red, green, blue.
    Rgb,
}

impl Colour {
    /// The colour of pixels of so many values, if there is one.
    #[must_use]
    pub fn of_channels(channels: usize) -> Option<Self> {
        match channels {
            1 => Some(Self::Grey),
            3 => Some(Self::Rgb),
            _ => None,
        }
    }

    /// Values per pixel.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::Rgb => 3,
        }
    }
}

impl std::fmt::Display for Colour {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Grey => "grey",
            Self::Rgb => "RGB",
        })
    }
}

/// An image with values 0..=1 (black to white), row by row, the channels of a
/// pixel side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    width: usize,
    height: usize,
    colour: Colour,
    values: Vec<f32>,
}

impl Image {
    /// An image of values 0..=1 in the order [height, width, channel]; what lies
    /// outside is clamped, as a file would.
    ///
    /// # Errors
    /// A side of 0, another number of values than that of the shape, or values
    /// that are not finite.
    pub fn new(
        width: usize,
        height: usize,
        colour: Colour,
        mut values: Vec<f32>,
    ) -> Result<Self, ImageError> {
        let expected = [height, width, colour.channels()];
        let count = height
            .checked_mul(width)
            .and_then(|pixels| pixels.checked_mul(colour.channels()));
        if count != Some(values.len()) || values.is_empty() {
            return Err(ImageError::Shape {
                found: values.len(),
                expected,
            });
        }
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(ImageError::NotFinite {
                at,
                value: values[at],
            });
        }
        for value in &mut values {
            *value = value.clamp(0.0, 1.0);
        }
        Ok(Self {
            width,
            height,
            colour,
            values,
        })
    }

    /// An image from a denoiser's output: values −1..=1 in the order
    /// [channel, height, width].
    ///
    /// # Errors
    /// As [`Image::new`].
    pub fn from_signed_planes(
        width: usize,
        height: usize,
        colour: Colour,
        planes: &[f32],
    ) -> Result<Self, ImageError> {
        let channels = colour.channels();
        let pixels = width.saturating_mul(height);
        if pixels == 0 || planes.len() != pixels.saturating_mul(channels) {
            return Err(ImageError::Shape {
                found: planes.len(),
                expected: [height, width, channels],
            });
        }
        let mut values = vec![0.0; planes.len()];
        for (channel, plane) in planes.chunks_exact(pixels).enumerate() {
            for (pixel, value) in plane.iter().enumerate() {
                values[pixel * channels + channel] = 0.5 * value + 0.5;
            }
        }
        Self::new(width, height, colour, values)
    }

    /// An image from bytes in the order [height, width, channel].
    ///
    /// # Errors
    /// As [`Image::new`].
    pub fn from_bytes(
        width: usize,
        height: usize,
        colour: Colour,
        bytes: &[u8],
    ) -> Result<Self, ImageError> {
        let values = bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        Self::new(width, height, colour, values)
    }

    /// Columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Grey or RGB.
    #[must_use]
    pub fn colour(&self) -> Colour {
        self.colour
    }

    /// The values, 0..=1, in the order [height, width, channel].
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values as bytes, rounded to nearest: what a PNG file holds.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.values
            .iter()
            .map(|value| (value * 255.0).round() as u8)
            .collect()
    }

    /// The same image as its PNG file would be read back: 8 bits per value.
    #[must_use]
    pub fn in_eight_bits(&self) -> Self {
        let values = self.to_bytes();
        Self {
            values: values.iter().map(|byte| f32::from(*byte) / 255.0).collect(),
            ..*self
        }
    }

    /// "32x32 grey".
    #[must_use]
    pub fn format(&self) -> String {
        format!("{}x{} {}", self.width, self.height, self.colour)
    }
}
