//! PNG of a drawing.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, Options, Tree, fontdb::Database};
use std::sync::{Arc, LazyLock};
use thiserror::Error;

/// A drawing that cannot be rendered.
#[derive(Debug, Error)]
pub enum PlotError {
    /// The text is not an SVG document.
    #[error("not an SVG document: {0}")]
    Svg(#[from] usvg::Error),
    /// The picture would be empty or larger than memory addresses.
    #[error("a picture of {width}x{height} pixels cannot be drawn")]
    Size {
        /// Width in pixels.
        width: f32,
        /// Height in pixels.
        height: f32,
    },
    /// The PNG encoder failed.
    #[error("PNG: {0}")]
    Png(String),
}

/// Noto Sans (SIL Open Font License 1.1), regular and bold; no font of the
/// system, so that every machine draws the same pixels.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(notosans::REGULAR_TTF.to_vec());
    fonts.load_font_data(notosans::BOLD_TTF.to_vec());
    Arc::new(fonts)
});

/// Renders an SVG document with `scale` pixels per CSS pixel.
///
/// # Errors
/// When the text is not SVG, or the picture has no size.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PlotError> {
    let options = Options {
        font_family: "Noto Sans".to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    let mut pixmap = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or(PlotError::Size { width, height })?;
    resvg::render(
        &tree,
        Transform::from_scale(scale, scale),
        &mut pixmap.as_mut(),
    );
    pixmap
        .encode_png()
        .map_err(|error| PlotError::Png(error.to_string()))
}
