//! Shape lists of models: `layer_name, block_index, kind, M, N, K, count`.

use super::EnergyError;
use crate::input::{self, InputError};
use crate::model::{GemmKind, GemmShape, KindError};
use crate::tiling::{MAX_K, MAX_MN};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::path::Path;

/// Reads a shape list. Further columns are ignored; without `count` every row counts once.
///
/// # Errors
/// [`EnergyError`] names the file, the line, the field, the value and what is allowed.
pub fn shapes_from_csv(file: &Path) -> Result<Vec<GemmShape>, EnergyError> {
    parse(&input::read(file)?, file)
}

pub(super) fn parse(text: &str, file: &Path) -> Result<Vec<GemmShape>, EnergyError> {
    let syntax = |message: String| InputError::syntax(file, message);
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| syntax(e.to_string()))?.clone();
    let find = |title: &str| header.iter().position(|field| field == title);
    let column = |title: &'static str| {
        find(title).ok_or_else(|| {
            syntax(format!(
                "no column {title:?}; expected layer_name, block_index, kind, M, N and K"
            ))
        })
    };
    let (layer, block, kind) = (
        column("layer_name")?,
        column("block_index")?,
        column("kind")?,
    );
    let (m, n, k, count) = (column("M")?, column("N")?, column("K")?, find("count"));
    let mut shapes = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| syntax(e.to_string()))?;
        let row = Row { file, record };
        shapes.push(GemmShape {
            layer: row.record[layer].to_owned(),
            block: row.block(block)?,
            kind: row.kind(kind)?,
            m: row.number("M", m, MAX_MN)?,
            n: row.number("N", n, MAX_MN)?,
            k: row.number("K", k, MAX_K)?,
            count: match count {
                Some(count) => row.number("count", count, 1 << 20)?,
                None => 1,
            },
        });
    }
    if shapes.is_empty() {
        return Err(syntax("holds no GEMM; expected a row at least".to_owned()).into());
    }
    Ok(shapes)
}

/// A row of a list, for error messages.
struct Row<'a> {
    file: &'a Path,
    record: StringRecord,
}

impl Row<'_> {
    fn number(
        &self,
        field: &'static str,
        column: usize,
        most: usize,
    ) -> Result<usize, EnergyError> {
        let number = self.record[column].parse().ok();
        number
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(|| self.bad(field, column, format!("expected an integer in 1..={most}")))
    }

    /// −1 stands for none.
    fn block(&self, column: usize) -> Result<Option<usize>, EnergyError> {
        match self.record[column].parse::<i64>() {
            Ok(-1) => Ok(None),
            Ok(block @ 0..=65_535) => Ok(Some(block as usize)),
            _ => Err(self.bad("block_index", column, "expected -1 or 0..=65535".to_owned())),
        }
    }

    fn kind(&self, column: usize) -> Result<GemmKind, EnergyError> {
        self.record[column].parse().map_err(|error: KindError| {
            // Its message names the value itself.
            let message = error.to_string();
            let allowed = message.split_once("; ").map_or("", |(_, allowed)| allowed);
            self.bad("kind", column, allowed.to_owned())
        })
    }

    fn bad(&self, field: &'static str, column: usize, allowed: String) -> EnergyError {
        EnergyError::Field {
            file: self.file.to_owned(),
            line: self.record.position().map_or(0, |position| position.line()),
            field,
            value: self.record[column].to_owned(),
            allowed,
        }
    }
}
