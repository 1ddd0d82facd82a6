//! Whether the images of a cell are of equal quality.

use super::records::{Row, Twins};
use crate::campaign::equal_quality::{Answer, Quality, judge};
use crate::campaign::statistics::CONFIDENCE;
use crate::metrics::RealImages;

/// Judges the images of a cell.
pub fn quality(row: &Row, twins: &Twins, real: &RealImages) -> Option<Quality> {
    let images: Vec<_> = row
        .images
        .iter()
        .map(|(seed, image)| (image, twins.features(&row.cell, *seed)))
        .collect();
    judge(&images, real, CONFIDENCE)
}

/// The three criteria of equal quality of a cell, in a sentence.
pub fn quality_words(row: &Row, twins: &Twins, real: &RealImages) -> String {
    quality(row, twins, real).map_or(String::new(), |quality| {
        let criteria = quality.criteria();
        let words: Vec<String> = criteria
            .iter()
            .map(|(name, criterion)| {
                let word = match criterion.answer() {
                    Answer::Kept => "kept",
                    Answer::Broken => "broken",
                    Answer::Open => "left open",
                };
                format!(
                    "{name} {:.3} of {} {word}",
                    criterion.loss.value, criterion.bound
                )
            })
            .collect();
        format!(
            "Losses of its {} images: {}.",
            row.images.len(),
            words.join(", ")
        )
    })
}
