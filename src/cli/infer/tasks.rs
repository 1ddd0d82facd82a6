//! The images that are asked for.

use super::Args;
use anyhow::{Result, bail};
use drift::infer::{ImageTask, ModelSource};
use drift::model::{Conditioning, TextConditioning};
use std::path::PathBuf;

/// The images, and their classes if the model has any.
pub fn tasks(args: &Args, source: &ModelSource) -> Result<(Vec<ImageTask>, Option<Vec<usize>>)> {
    let guided = args.guidance != 1.0;
    if !args.guidance.is_finite() {
        bail!(
            "--guidance {} is not allowed; expected a finite number",
            args.guidance
        );
    }
    let Some(classes) = source.denoiser.config().classes() else {
        return Ok((text_tasks(args, guided)?, None));
    };
    if let Some(class) = args.classes.iter().find(|class| **class >= classes) {
        bail!("--classes {class}: expected 0..={}", classes - 1);
    }
    let all: Vec<usize> = (0..classes).collect();
    let chosen = if args.classes.is_empty() {
        &all
    } else {
        &args.classes
    };
    let classes_of: Vec<usize> = chosen.iter().copied().cycle().take(args.n).collect();
    let task = |(image, &class): (usize, &usize)| ImageTask {
        image: image as u64,
        condition: Conditioning::Classes(vec![class]),
        none: guided.then(|| Conditioning::Classes(vec![classes])),
    };
    let tasks = classes_of.iter().enumerate().map(task).collect();
    Ok((tasks, Some(classes_of)))
}

fn text_tasks(args: &Args, guided: bool) -> Result<Vec<ImageTask>> {
    if args.text.is_empty() {
        bail!("--model {}: takes text; expected --text FILE", args.model);
    }
    let read = |file: &PathBuf| -> Result<Conditioning> {
        Ok(Conditioning::Text(TextConditioning::read(file)?))
    };
    let texts = args.text.iter().map(read).collect::<Result<Vec<_>>>()?;
    let none = match (&args.no_text, guided) {
        (Some(file), true) => Some(read(file)?),
        (None, true) => bail!(
            "--guidance {}: expected --no-text FILE, or 1",
            args.guidance
        ),
        (_, false) => None,
    };
    let texts = texts.iter().cycle().take(args.n).enumerate();
    let task = |(image, text): (usize, &Conditioning)| ImageTask {
        image: image as u64,
        condition: text.clone(),
        none: none.clone(),
    };
    Ok(texts.map(task).collect())
}
