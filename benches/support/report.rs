//! The table and its JSON.

use super::machine::Machine;
use super::measure::Samples;
use serde::Serialize;
use std::path::Path;

/// What a median is held against.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The median should be this or more.
    AtLeast(f64),
    /// The median should be this or less.
    AtMost(f64),
}

impl Target {
    fn met(self, median: f64) -> bool {
        match self {
            Target::AtLeast(bound) => median >= bound,
            Target::AtMost(bound) => median <= bound,
        }
    }
}

/// One measured quantity.
#[derive(Clone, Debug, Serialize)]
struct Item {
    id: String,
    what: String,
    unit: &'static str,
    best: f64,
    median: f64,
    repetitions: usize,
    target: Option<Target>,
    met: Option<bool>,
    /// A number of others to read it beside.
    #[serde(skip_serializing_if = "Option::is_none")]
    beside: Option<&'static str>,
}

/// All measured quantities, printed as they come.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: &'static str,
    quick: bool,
    machine: Machine,
    items: Vec<Item>,
}

impl Report {
    /// Prints the machine and the head of the table.
    pub fn new(machine: Machine, quick: bool) -> Self {
        println!("{machine}");
        if quick {
            println!("quick      few repetitions of little work: not for quoting");
        }
        Self {
            schema: "drift-bench/1",
            quick,
            machine,
            items: Vec::new(),
        }
    }

    /// Starts a group of rows.
    pub fn section(&self, title: &str) {
        println!("\n{title}");
        println!(
            "  {:<47} {:>9} {:>9} {:<5} {:>4}  target",
            "", "median", "best", "", "reps"
        );
    }

    /// A rate: units of work (in multiples of `unit`) per second.
    pub fn rate(
        &mut self,
        id: &str,
        what: &str,
        unit: &'static str,
        work: f64,
        samples: &Samples,
        target: Option<Target>,
    ) {
        let values = (work / samples.median(), work / samples.best());
        self.add(id, what, unit, values, samples.len(), target, None);
    }

    /// A time; `scale` turns seconds into `unit`.
    pub fn duration(
        &mut self,
        id: &str,
        what: &str,
        (unit, scale): (&'static str, f64),
        samples: &Samples,
        target: Option<Target>,
        beside: Option<&'static str>,
    ) {
        let values = (samples.median() * scale, samples.best() * scale);
        self.add(id, what, unit, values, samples.len(), target, beside);
    }

    /// A quantity that is no time, measured once.
    pub fn value(
        &mut self,
        id: &str,
        what: &str,
        unit: &'static str,
        value: f64,
        target: Option<Target>,
    ) {
        self.add(id, what, unit, (value, value), 1, target, None);
    }

    /// Speed of `subject` over speed of `base`, each doing its amount of work:
    /// the ratio of the medians, and beside it that of the best times.
    pub fn ratio(
        &mut self,
        id: &str,
        what: &str,
        (subject, work): (&Samples, f64),
        (base, base_work): (&Samples, f64),
        target: Target,
    ) {
        let scale = work / base_work;
        let values = (
            base.median() / subject.median() * scale,
            base.best() / subject.best() * scale,
        );
        self.add(id, what, "x", values, subject.len(), Some(target), None);
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of an item, in order")]
    fn add(
        &mut self,
        id: &str,
        what: &str,
        unit: &'static str,
        (median, best): (f64, f64),
        repetitions: usize,
        target: Option<Target>,
        beside: Option<&'static str>,
    ) {
        let met = target.map(|target| target.met(median));
        let verdict = match target {
            Some(target) => {
                let (sign, bound) = match target {
                    Target::AtLeast(bound) => (">=", bound),
                    Target::AtMost(bound) => ("<=", bound),
                };
                let mark = if met == Some(true) { "ok" } else { "SHORT" };
                format!("{sign} {bound} {mark}")
            }
            None => beside.unwrap_or("-").to_owned(),
        };
        println!(
            "  {what:<47} {:>9} {:>9} {unit:<5} {repetitions:>4}  {verdict}",
            digits(median),
            digits(best)
        );
        self.items.push(Item {
            id: id.to_owned(),
            what: what.to_owned(),
            unit,
            best,
            median,
            repetitions,
            target,
            met,
            beside,
        });
    }

    /// Prints how many targets were met and writes the JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn finish(self, file: &Path) -> std::io::Result<()> {
        let judged = self.items.iter().filter_map(|item| item.met);
        let (met, all) = judged.fold((0, 0), |(met, all), ok| (met + usize::from(ok), all + 1));
        println!(
            "\n{met} of {all} targets met by the median; ratios are of medians (best: of best times)"
        );
        let mut text = serde_json::to_string_pretty(&self).expect("plain structs serialise");
        text.push('\n');
        std::fs::write(file, text)?;
        println!("written to {}", file.display());
        Ok(())
    }
}

/// Three significant digits or more, without an exponent.
fn digits(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v if v >= 1.0 => format!("{v:.2}"),
        v if v >= 0.1 => format!("{v:.3}"),
        v => format!("{v:.4}"),
    }
}
