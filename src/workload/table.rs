//! SCALE-Sim's GEMM tables: shapes without operands.

use super::gemm::{Shape, allowed};
use super::{Listed, WorkloadError};
use csv::{ReaderBuilder, StringRecord, Trim};
use std::path::Path;

/// Where a table keeps the fields of a row.
#[derive(Clone, Copy)]
struct Columns {
    name: Option<usize>,
    m: usize,
    n: usize,
    k: usize,
}

impl Columns {
    /// SCALE-Sim's order: `Layer, M, N, K`.
    const NAMED: Self = Self {
        name: Some(0),
        m: 1,
        n: 2,
        k: 3,
    };
    /// The same without names.
    const BARE: Self = Self {
        name: None,
        m: 0,
        n: 1,
        k: 2,
    };

    /// Finds the columns by their titles; `None` if M, N or K is not among them.
    fn from_header(header: &[&str]) -> Option<Self> {
        let find = |title: &str| header.iter().position(|h| h.eq_ignore_ascii_case(title));
        Some(Self {
            name: ["layer_name", "layer name", "layer", "name"]
                .into_iter()
                .find_map(find),
            m: find("M")?,
            n: find("N")?,
            k: find("K")?,
        })
    }

    /// The columns of a table without header, told by its row.
    fn of_row(row: &[&str]) -> Self {
        if row.len() == 3 && row.iter().all(|field| is_integer(field)) {
            Self::BARE
        } else {
            Self::NAMED
        }
    }
}

/// Reads the file's shapes.
pub(super) fn open(file: &Path) -> Result<Vec<Listed>, WorkloadError> {
    let text = std::fs::read_to_string(file).map_err(|source| WorkloadError::Read {
        file: file.to_owned(),
        source,
    })?;
    list(&text, file)
}

/// Reads the shapes in `text`; `file` names it in messages.
fn list(text: &str, file: &Path) -> Result<Vec<Listed>, WorkloadError> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let mut listed = Vec::new();
    let mut titled = None;
    let mut first = true;
    for record in reader.records() {
        let record = record.map_err(|e| WorkloadError::Format {
            file: file.to_owned(),
            kind: "CSV",
            message: e.to_string(),
        })?;
        let row = fields(&record);
        if row.is_empty() {
            continue;
        }
        let refused = |(field, value, allowed)| WorkloadError::Field {
            file: file.to_owned(),
            line: line_of(text, &record),
            field,
            value,
            allowed,
        };
        if std::mem::take(&mut first) && !row.iter().any(|field| is_integer(field)) {
            let columns = Columns::from_header(&row).ok_or_else(|| {
                let allowed = "columns M, N and K, or rows of Layer, M, N, K".to_owned();
                refused(("header", row.join(","), allowed))
            })?;
            titled = Some(columns);
            continue;
        }
        let columns = titled.unwrap_or_else(|| Columns::of_row(&row));
        listed.push(parse_row(&row, columns, listed.len()).map_err(refused)?);
    }
    if listed.is_empty() {
        return Err(WorkloadError::Empty {
            file: file.to_owned(),
            allowed: "rows of Layer, M, N, K",
        });
    }
    Ok(listed)
}

/// Field, value and what is allowed.
type BadField = (&'static str, String, String);

fn parse_row(row: &[&str], columns: Columns, index: usize) -> Result<Listed, BadField> {
    let dimension = |field, column: usize| {
        let text = row.get(column).copied().unwrap_or("(missing)");
        let number: Result<u64, _> = text.parse();
        number.map_err(|_| (field, text.to_owned(), allowed(field)))
    };
    let m = dimension("M", columns.m)?;
    let n = dimension("N", columns.n)?;
    let k = dimension("K", columns.k)?;
    let shape = Shape::new(m, k, n).map_err(|e| (e.field, e.value, e.allowed))?;
    let name = columns.name.and_then(|column| row.get(column));
    let name = match name {
        Some(name) if !name.is_empty() => (*name).to_owned(),
        _ => format!("gemm{index}"),
    };
    Ok(Listed {
        name,
        shape,
        scale: None,
    })
}

/// The row's fields without the empty ones that trailing commas leave.
fn fields(record: &StringRecord) -> Vec<&str> {
    let mut row: Vec<&str> = record.iter().collect();
    while row.last().is_some_and(|field| field.is_empty()) {
        row.pop();
    }
    row
}

fn is_integer(field: &str) -> bool {
    let digits = field.strip_prefix(['-', '+']).unwrap_or(field);
    !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

/// Line of a record, from 1. The reader's own count stands before the blank
/// lines, and the second half of a CRLF, that it skips ahead of a record.
fn line_of(text: &str, record: &StringRecord) -> usize {
    let bytes = text.as_bytes();
    let at = record
        .position()
        .map_or(0, |position| position.byte() as usize);
    let skipped = bytes[at..]
        .iter()
        .take_while(|c| matches!(c, b'\r' | b'\n'));
    let before = &bytes[..at + skipped.count()];
    1 + before.iter().filter(|c| **c == b'\n').count()
}
