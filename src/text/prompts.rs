//! Files of prompts.

use crate::input::{self, InputError};
use serde::Deserialize;
use std::path::Path;

/// Columns of a table that hold prompts, in lower case: of DrawBench, of PartiPrompts, of others.
const COLUMNS: [&str; 3] = ["prompts", "prompt", "caption"];

/// Captions of COCO; its other keys are not looked at.
#[derive(Deserialize)]
struct Captions {
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Annotation {
    caption: String,
}

/// The first `most` prompts of a file: the captions of a `.json` file of COCO, the column
/// `Prompts`, `Prompt` or `caption` of a `.csv` or `.tsv` table such as DrawBench's, and the lines
/// of any other file. Empty ones are left out.
///
/// # Errors
/// [`InputError`] when it cannot be read, is malformed, or has no prompt.
pub fn read_prompts(file: &Path, most: usize) -> Result<Vec<String>, InputError> {
    let text = input::read(file)?;
    let extension = file.extension().and_then(|extension| extension.to_str());
    let all = match extension {
        Some("json") => captions(file, &text)?,
        Some("csv") => column(file, &text, b',')?,
        Some("tsv") => column(file, &text, b'\t')?,
        _ => text.lines().map(str::to_owned).collect(),
    };
    let prompts = all.iter().map(|prompt| prompt.trim());
    let prompts = prompts.filter(|prompt| !prompt.is_empty());
    let prompts: Vec<String> = prompts.take(most).map(str::to_owned).collect();
    if prompts.is_empty() && most > 0 {
        let allowed = "expected one per line, COCO's captions in JSON, or a table";
        return Err(InputError::value(file, "prompts", "nothing", allowed));
    }
    Ok(prompts)
}

fn captions(file: &Path, text: &str) -> Result<Vec<String>, InputError> {
    let captions: Captions =
        serde_json::from_str(text).map_err(|error| InputError::syntax(file, error))?;
    let annotations = captions.annotations.into_iter();
    Ok(annotations.map(|annotation| annotation.caption).collect())
}

fn column(file: &Path, text: &str, delimiter: u8) -> Result<Vec<String>, InputError> {
    let failed = |error: csv::Error| InputError::syntax(file, error);
    let mut table = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let names = table.headers().map_err(failed)?;
    let is_prompt = |name: &str| COLUMNS.contains(&name.trim().to_lowercase().as_str());
    let column = names.iter().position(is_prompt).ok_or_else(|| {
        let found = names.iter().collect::<Vec<_>>().join(", ");
        let allowed = format!("expected one of {}", COLUMNS.join(", "));
        InputError::value(file, "columns", found, allowed)
    })?;
    let cell = |row: Result<csv::StringRecord, csv::Error>| {
        Ok(row.map_err(failed)?.get(column).unwrap_or("").to_owned())
    };
    table.records().map(cell).collect()
}
