//! Writing the report and its data.

use super::error::ReportError;
use super::html;
use super::model::{Item, Report};
use crate::atomic;
use crate::plot::Size;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The files of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// Number of files in the folder of data.
    pub data: usize,
}

/// Writes `index.html` into `folder`, and the data of every figure and table
/// as CSV and JSON, with every figure as SVG, into `folder/data`.
///
/// # Errors
/// [`ReportError::Io`] or [`ReportError::Html`].
pub fn write(report: &Report, folder: &Path) -> Result<Written, ReportError> {
    let page = html::page(report)?;
    let data = folder.join("data");
    std::fs::create_dir_all(&data).map_err(ReportError::io(&data))?;
    let mut files = 0;
    let mut put = |name: String, text: &str| {
        let file = data.join(name);
        files += 1;
        atomic::write(&file, text).map_err(ReportError::io(&file))
    };
    for item in report.sections.iter().flat_map(|section| &section.items) {
        match item {
            Item::Figure(figure) => {
                put(format!("{}.csv", figure.id), &csv(&figure.plot.table()))?;
                put(format!("{}.json", figure.id), &json(figure))?;
                put(format!("{}.svg", figure.id), &figure.plot.svg(Size::WIDE))?;
            }
            Item::Table(table) => {
                let header = table.columns.iter().map(|column| column.name.clone());
                let mut rows = vec![header.collect()];
                rows.extend(table.rows.iter().cloned());
                put(format!("{}.csv", table.id), &csv(&rows))?;
                put(format!("{}.json", table.id), &json(table))?;
            }
            Item::Prose(_) | Item::Strip(_) | Item::Finding(_) => {}
        }
    }
    put("comparison.json".to_owned(), &json(&report.comparisons))?;
    let file = folder.join("index.html");
    atomic::write(&file, &page).map_err(ReportError::io(&file))?;
    Ok(Written {
        page: file,
        data: files,
    })
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data") + "\n"
}

fn csv(rows: &[Vec<String>]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row)
            .expect("rows of one length into memory");
    }
    let bytes = writer.into_inner().expect("memory takes everything");
    String::from_utf8(bytes).expect("text stays text")
}
