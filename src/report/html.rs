//! The report as HTML: what the template shows, ready to be written.

use super::model::{
    Comparison, Figure, Finding, Format, Item, Measured, Report, Strip, Table, Verdict,
};
use super::paper::{CLAIMS, Claim};
use crate::campaign::equal_quality;
use crate::plot::{DARK_SERIES, Size};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Figures in the page, where it is wide enough.
const WIDE: Size = Size {
    width: 760.0,
    height: 420.0,
};

/// The page.
#[derive(Template)]
#[template(path = "report/report.html")]
struct Page<'a> {
    version: &'static str,
    claims: Vec<ClaimView<'a>>,
    measured: usize,
    equal_quality: String,
    findings: Vec<FindingView<'a>>,
    sections: Vec<SectionView<'a>>,
    dark_series: &'static [&'static str],
}

/// A row of the paper's table.
struct ClaimView<'a> {
    claim: &'a Claim,
    paper: String,
    ours: Option<String>,
    interval: Option<String>,
    comparison: Option<&'a Comparison>,
    /// Shares of the wider bar.
    bars: Option<Bars>,
}

/// Lengths in percent: the paper's value, ours, and our interval.
struct Bars {
    paper: f64,
    ours: f64,
    low: f64,
    width: f64,
}

struct SectionView<'a> {
    id: &'a str,
    title: &'a str,
    prose: Vec<Vec<Span<'a>>>,
    items: Vec<ItemView<'a>>,
}

/// A piece of a paragraph.
struct Span<'a> {
    code: bool,
    text: &'a str,
}

enum ItemView<'a> {
    Prose(Vec<Span<'a>>),
    Figure {
        figure: &'a Figure,
        wide: String,
        narrow: String,
    },
    Table(&'a Table),
    Strip {
        strip: &'a Strip,
        rows: Vec<(&'a str, Vec<ImageView<'a>>)>,
    },
    Finding(FindingView<'a>),
}

struct FindingView<'a> {
    finding: &'a Finding,
    class: &'static str,
    word: &'static str,
    /// Section that it stands in.
    section: &'a str,
}

struct ImageView<'a> {
    uri: String,
    alt: &'a str,
    note: &'a str,
}

/// The whole page.
pub(super) fn page(report: &Report) -> Result<String, askama::Error> {
    let claims: Vec<ClaimView<'_>> = CLAIMS.iter().map(|claim| view(claim, report)).collect();
    let page = Page {
        version: env!("CARGO_PKG_VERSION"),
        equal_quality: equal_quality::definition(),
        findings: report
            .sections
            .iter()
            .flat_map(|section| section.items.iter().map(|item| (section.id.as_str(), item)))
            .filter_map(|(section, item)| match item {
                Item::Finding(finding) => Some(finding_view(finding, section)),
                _ => None,
            })
            .collect(),
        measured: claims.iter().filter(|claim| claim.ours.is_some()).count(),
        claims,
        sections: report
            .sections
            .iter()
            .map(|section| SectionView {
                id: &section.id,
                title: &section.title,
                prose: section.prose.iter().map(|text| spans(text)).collect(),
                items: section
                    .items
                    .iter()
                    .map(|one| item(one, &section.id))
                    .collect(),
            })
            .collect(),
        dark_series: &DARK_SERIES,
    };
    page.render()
}

fn view<'a>(claim: &'a Claim, report: &'a Report) -> ClaimView<'a> {
    let comparison = report.comparisons.iter().find(|row| row.claim == claim.id);
    let measured = comparison.and_then(|row| row.ours);
    ClaimView {
        claim,
        paper: claim.format.text(claim.value),
        ours: measured.map(|ours| claim.format.text(ours.value)),
        interval: measured.and_then(|ours| interval(ours, claim.format)),
        comparison,
        bars: measured.map(|ours| bars(claim.value, ours)),
    }
}

fn interval(ours: Measured, format: Format) -> Option<String> {
    let [low, high] = ours.interval?;
    Some(format!("{} to {}", format.text(low), format.text(high)))
}

/// Bars from zero; a value below zero has none.
fn bars(paper: f64, ours: Measured) -> Bars {
    let [low, high] = ours.interval.unwrap_or([ours.value; 2]);
    let longest = paper.max(ours.value).max(high);
    let share = |value: f64| (value / longest * 100.0).clamp(0.0, 100.0);
    Bars {
        paper: share(paper),
        ours: share(ours.value),
        low: share(low),
        width: share(high) - share(low),
    }
}

/// Splits a paragraph at its backticks.
fn spans(text: &str) -> Vec<Span<'_>> {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, text)| Span {
            code: index % 2 == 1,
            text,
        })
        .filter(|span| !span.text.is_empty())
        .collect()
}

fn item<'a>(item: &'a Item, section: &'a str) -> ItemView<'a> {
    match item {
        Item::Prose(text) => ItemView::Prose(spans(text)),
        Item::Figure(figure) => ItemView::Figure {
            figure,
            wide: figure.plot.svg(WIDE),
            narrow: figure.plot.svg(Size::NARROW),
        },
        Item::Table(table) => ItemView::Table(table),
        Item::Strip(strip) => {
            let rows = strip.rows.iter().map(|row| {
                let images = row.images.iter().map(|image| ImageView {
                    uri: format!("data:image/png;base64,{}", STANDARD.encode(&image.png)),
                    alt: &image.alt,
                    note: &image.note,
                });
                (row.label.as_str(), images.collect())
            });
            ItemView::Strip {
                strip,
                rows: rows.collect(),
            }
        }
        Item::Finding(finding) => ItemView::Finding(finding_view(finding, section)),
    }
}

fn finding_view<'a>(finding: &'a Finding, section: &'a str) -> FindingView<'a> {
    let (class, word) = match finding.verdict {
        Verdict::Holds => ("holds", "holds"),
        Verdict::Fails => ("fails", "does not hold"),
        Verdict::Undecided => ("open", "not resolved"),
    };
    FindingView {
        finding,
        class,
        word,
        section,
    }
}
