//! PNG files.

use super::{Colour, Image, ImageError};
use crate::atomic;
use png::{BitDepth, ColorType, Decoder, Encoder, Limits, Transformations};
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Seek};
use std::path::Path;

/// Bytes that a decoder may allocate: an image of 16 384 × 16 384 RGB pixels.
const LIMIT: usize = 3 << 28;

impl Image {
    /// Reads a PNG file: grey or RGB, any depth (16 bits are cut to 8), palettes
    /// included. An alpha channel is dropped where every pixel is opaque.
    ///
    /// # Errors
    /// Files that cannot be read, are no complete PNG or have transparent
    /// pixels.
    pub fn read_png(file: &Path) -> Result<Self, ImageError> {
        let source = File::open(file).map_err(|source| ImageError::Read {
            file: file.to_owned(),
            source,
        })?;
        Self::decoded(BufReader::new(source), file)
    }

    /// The image of the bytes of a PNG file; errors call it `name`.
    ///
    /// # Errors
    /// As [`Self::read_png`].
    pub fn from_png(bytes: &[u8], name: &Path) -> Result<Self, ImageError> {
        Self::decoded(Cursor::new(bytes), name)
    }

    fn decoded(source: impl BufRead + Seek, file: &Path) -> Result<Self, ImageError> {
        let format = |message: String| ImageError::Format {
            file: file.to_owned(),
            message,
        };
        let broken =
            |error: png::DecodingError| format(format!("not a complete PNG file: {error}"));
        let mut decoder = Decoder::new_with_limits(source, Limits { bytes: LIMIT });
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info().map_err(broken)?;
        let size = reader
            .output_buffer_size()
            .filter(|size| *size <= LIMIT)
            .ok_or_else(|| format(format!("more than {LIMIT} bytes of pixels")))?;
        let mut bytes = vec![0; size];
        let info = reader.next_frame(&mut bytes).map_err(broken)?;
        bytes.truncate(info.buffer_size());
        let (colour, alpha) = match info.color_type {
            ColorType::Grayscale => (Colour::Grey, false),
            ColorType::GrayscaleAlpha => (Colour::Grey, true),
            ColorType::Rgb => (Colour::Rgb, false),
            ColorType::Rgba => (Colour::Rgb, true),
            ColorType::Indexed => return Err(format("palette without colours".to_owned())),
        };
        if alpha {
            let stored = colour.channels() + 1;
            if bytes
                .chunks_exact(stored)
                .any(|pixel| pixel[stored - 1] != u8::MAX)
            {
                return Err(format(
                    "transparent pixels are not allowed; expected grey or RGB".to_owned(),
                ));
            }
            bytes = bytes
                .chunks_exact(stored)
                .flat_map(|pixel| &pixel[..stored - 1])
                .copied()
                .collect();
        }
        Self::from_bytes(info.width as usize, info.height as usize, colour, &bytes)
            .map_err(|error| format(error.to_string()))
    }

    /// Writes an 8-bit PNG file, whole or not at all.
    ///
    /// # Errors
    /// What the operating system says; the file is untouched then.
    pub fn write_png(&self, file: &Path) -> Result<(), ImageError> {
        self.try_write(file).map_err(|source| ImageError::Write {
            file: file.to_owned(),
            source,
        })
    }

    fn try_write(&self, file: &Path) -> std::io::Result<()> {
        atomic::write(file, self.to_png()?)
    }

    /// The bytes of a PNG file, 8 bits a channel.
    ///
    /// # Errors
    /// Sides of 2^32 pixels and more.
    pub fn to_png(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let too_large = |_| std::io::Error::other("sides of 2^32 pixels and more are not allowed");
        let width = u32::try_from(self.width()).map_err(too_large)?;
        let height = u32::try_from(self.height()).map_err(too_large)?;
        let mut encoder = Encoder::new(&mut bytes, width, height);
        encoder.set_color(match self.colour() {
            Colour::Grey => ColorType::Grayscale,
            Colour::Rgb => ColorType::Rgb,
        });
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.to_bytes())?;
        writer.finish()?;
        Ok(bytes)
    }
}
