//! What the images of `drift infer` shall show: classes, texts or prompts.

use super::Args;
use crate::cli::prompts::{self, Prompts};
use anyhow::{Result, bail};
use drift::infer::{ImageTask, ModelSource};
use drift::model::{Conditioning, ImageSize, ModelConfig, TextConditioning};

/// Pixels along a latent's side, in the published pipelines.
const LATENT_SIDE: usize = 8;

/// Images to be made, with what they show.
pub struct Chosen {
    /// The images.
    pub tasks: Vec<ImageTask>,
    /// Their classes, if the model has any.
    pub classes: Option<Vec<usize>>,
    /// Their prompts, if there are any.
    pub prompts: Option<Vec<String>>,
}

impl Chosen {
    /// What the arguments say.
    pub fn of(args: &Args, source: &ModelSource) -> Result<Self> {
        if !args.guidance.is_finite() {
            bail!(
                "--guidance {} is not allowed; expected a finite number",
                args.guidance
            );
        }
        let guided = args.guidance != 1.0;
        if let Some(file) = &args.prompts {
            return Ok(Self::prompts(
                prompts::embed(file, source, args.n)?,
                args.n,
                source,
                guided,
            ));
        }
        match source.denoiser.config().classes() {
            Some(classes) => Self::classes(args, classes, guided),
            None => Self::texts(args, source, guided),
        }
    }

    fn classes(args: &Args, classes: usize, guided: bool) -> Result<Self> {
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
        Ok(Self {
            tasks: classes_of.iter().enumerate().map(task).collect(),
            classes: Some(classes_of),
            prompts: None,
        })
    }

    fn texts(args: &Args, source: &ModelSource, guided: bool) -> Result<Self> {
        if args.text.is_empty() {
            bail!(
                "--model {}: takes text; expected --text FILE or --prompts FILE",
                args.model
            );
        }
        let texts = args.text.iter().map(|file| TextConditioning::read(file));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        let none = match (&args.no_text, guided) {
            (Some(file), true) => Some(TextConditioning::read(file)?),
            (None, true) => bail!(
                "--guidance {}: expected --no-text FILE, or 1",
                args.guidance
            ),
            (_, false) => None,
        };
        Ok(Self {
            tasks: text_tasks(&texts, none.as_ref(), args.n, source),
            classes: None,
            prompts: None,
        })
    }

    fn prompts(prompts: Prompts, n: usize, source: &ModelSource, guided: bool) -> Self {
        let none = guided.then_some(&prompts.none);
        Self {
            tasks: text_tasks(&prompts.texts, none, n, source),
            classes: None,
            prompts: Some(prompts.lines.into_iter().cycle().take(n).collect()),
        }
    }
}

/// Images take the texts in turn.
fn text_tasks(
    texts: &[TextConditioning],
    none: Option<&TextConditioning>,
    n: usize,
    source: &ModelSource,
) -> Vec<ImageTask> {
    let size = image_size(source.denoiser.config());
    let condition = |text: &TextConditioning| {
        Conditioning::Text(TextConditioning {
            sizes: size.map(|size| vec![size]),
            ..text.clone()
        })
    };
    let task = |(image, text): (usize, &TextConditioning)| ImageTask {
        image: image as u64,
        condition: condition(text),
        none: none.map(condition),
    };
    texts.iter().cycle().take(n).enumerate().map(task).collect()
}

/// The size of the images, for models that are told.
fn image_size(config: &ModelConfig) -> Option<ImageSize> {
    match config {
        ModelConfig::PixArt(config) if config.size_conditions => {
            let side = (LATENT_SIDE * config.transformer.sample_size) as f32;
            Some(ImageSize::new(side, side))
        }
        _ => None,
    }
}
