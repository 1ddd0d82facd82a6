//! Reading, checking and writing technology tables.

use super::table::SCHEMA;
use super::{Late, LateWords, SHIPPED, Table, TechError};
use crate::atomic;
use crate::input::{self, InputError};
use serde::Serialize;
use std::fmt::{Display, Write};
use std::path::Path;
use std::sync::OnceLock;

/// The schema before this one.
const BEFORE: &str = "drift-tech/1";
/// How far shares of masks may be from adding up to 1.
const SHARES_TOLERANCE: f64 = 1e-6;

/// The shipped tables; reading one is slow, and a report asks for that of each cell.
static READ: [OnceLock<Table>; SHIPPED.len()] = [const { OnceLock::new() }; SHIPPED.len()];

impl Table {
    /// The shipped table of this name, or the YAML file of this path.
    ///
    /// # Errors
    /// [`TechError`] names the file, the key, the value and what is allowed.
    pub fn load(name_or_path: &str) -> Result<Self, TechError> {
        if let Some(at) = SHIPPED.iter().position(|(name, _)| *name == name_or_path) {
            let (name, text) = SHIPPED[at];
            let read = || Self::from_yaml(text, Path::new(name)).expect("a shipped table is valid");
            return Ok(READ[at].get_or_init(read).clone());
        }
        let file = Path::new(name_or_path);
        if !file.exists() {
            let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
            return Err(TechError::Unknown {
                name: name_or_path.to_owned(),
                shipped: names.join(", "),
            });
        }
        Self::from_file(file)
    }

    /// Reads and checks a YAML file.
    ///
    /// # Errors
    /// [`TechError`] names the file, the key, the value and what is allowed.
    pub fn from_file(file: &Path) -> Result<Self, TechError> {
        Self::from_yaml(&input::read(file)?, file)
    }

    /// Checks YAML text; `origin` names it in error messages.
    ///
    /// # Errors
    /// [`TechError::Input`].
    pub fn from_yaml(text: &str, origin: &Path) -> Result<Self, TechError> {
        // The version first: in another one the keys may be others.
        let value: serde_yaml::Value = input::from_yaml(text, origin)?;
        let check = Check { origin };
        let schema = value.get("schema").and_then(|schema| schema.as_str());
        if schema != Some(SCHEMA) {
            let found = schema.map_or_else(|| "none".to_owned(), |s| format!("{s:?}"));
            let allowed = if schema == Some(BEFORE) {
                format!(
                    "expected {SCHEMA:?}: tables before it do not tell the first row of a pass \
                     from later ones; make it anew with the command in origin.command"
                )
            } else {
                format!("expected {SCHEMA:?}")
            };
            return check.fail("schema", found, allowed);
        }
        let table: Table = input::from_yaml(text, origin)?;
        check.table(&table)?;
        Ok(table)
    }

    /// Writes the table: complete, or not at all.
    ///
    /// # Errors
    /// [`TechError::Input`] when it could not be read again; [`TechError::Write`].
    pub fn write(&self, file: &Path) -> Result<(), TechError> {
        Check { origin: file }.table(self)?;
        atomic::write(file, self.to_yaml()).map_err(|source| TechError::Write {
            file: file.to_owned(),
            source,
        })
    }

    /// The table as YAML, its long lists of numbers one to a line.
    pub fn to_yaml(&self) -> String {
        #[derive(Serialize)]
        struct Before<'a> {
            schema: &'a str,
            name: &'a str,
            origin: &'a super::Origin,
            margins: &'a super::Margins,
            delay: &'a super::Delay,
            energy: &'a [super::Energy],
            pass_rows: u32,
        }
        let before = Before {
            schema: &self.schema,
            name: &self.name,
            origin: &self.origin,
            margins: &self.margins,
            delay: &self.delay,
            energy: &self.energy,
            pass_rows: self.pass_rows,
        };
        let mut text = serde_yaml::to_string(&before).expect("plain data");
        text += if self.late.is_empty() {
            "late: []\n"
        } else {
            "late:\n"
        };
        for late in &self.late {
            let _ = writeln!(text, "- voltage: {}", late.voltage);
            text += if late.curve.is_empty() {
                "  curve: []\n"
            } else {
                "  curve:\n"
            };
            late.curve
                .iter()
                .for_each(|late| write_late(&mut text, late));
        }
        text
    }
}

/// An entry of a curve, its lists one to a line.
fn write_late(text: &mut String, late: &Late) {
    let _ = writeln!(text, "  - x: {}", late.x);
    for (name, words) in [("first", &late.first), ("later", &late.later)] {
        let bits: Vec<String> = words.bits.iter().map(|p| format!("{p:e}")).collect();
        let mask = |(mask, share): &(u32, f64)| format!("[{mask:#010x}, {share:e}]");
        let masks: Vec<String> = words.masks.iter().map(mask).collect();
        let _ = write!(
            text,
            "    {name}:\n      word_wrong: {:e}\n      vectors: {}\n      bits: [{}]\n      masks: [{}]\n",
            words.word_wrong,
            words.vectors,
            bits.join(", "),
            masks.join(", ")
        );
    }
}

/// Checks values and names the file in what it says of them.
struct Check<'a> {
    origin: &'a Path,
}

impl Check<'_> {
    fn fail<T>(
        &self,
        key: impl Into<String>,
        value: impl Display,
        allowed: impl Into<String>,
    ) -> Result<T, TechError> {
        Err(InputError::value(self.origin, key, value, allowed).into())
    }

    /// A finite number in `low..=high`.
    fn within(
        &self,
        key: impl Into<String>,
        value: f64,
        low: f64,
        high: f64,
    ) -> Result<(), TechError> {
        if value.is_finite() && (low..=high).contains(&value) {
            return Ok(());
        }
        self.fail(key, value, format!("expected {low}..={high}"))
    }

    /// A finite number above 0.
    fn positive(&self, key: impl Into<String>, value: f64) -> Result<(), TechError> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        self.fail(key, value, "expected a number above 0")
    }

    /// Each value above the one before.
    fn ascending(
        &self,
        list: &str,
        key: &str,
        values: impl Iterator<Item = f64>,
    ) -> Result<(), TechError> {
        let mut before = f64::NEG_INFINITY;
        for (index, value) in values.enumerate() {
            if value <= before {
                let allowed = format!("expected more than {before}, the one before");
                return self.fail(format!("{list}[{index}].{key}"), value, allowed);
            }
            before = value;
        }
        Ok(())
    }

    fn table(&self, table: &Table) -> Result<(), TechError> {
        if table.schema != SCHEMA {
            let found = format!("{:?}", table.schema);
            return self.fail("schema", found, format!("expected {SCHEMA:?}"));
        }
        if table.name.trim().is_empty() {
            return self.fail("name", "\"\"", "expected a name");
        }
        self.delay(table)?;
        self.margins(table)?;
        self.late(table)?;
        self.energy(table)
    }

    fn delay(&self, table: &Table) -> Result<(), TechError> {
        let delay = &table.delay;
        if delay.points.len() < 2 {
            let found = format!("a list of {}", delay.points.len());
            return self.fail("delay.points", found, "expected two voltages at least");
        }
        for (index, point) in delay.points.iter().enumerate() {
            let key = |name: &str| format!("delay.points[{index}].{name}");
            self.positive(key("voltage"), point.voltage)?;
            self.positive(key("t_crit_ns"), point.t_crit_ns)?;
        }
        let voltages = delay.points.iter().map(|point| point.voltage);
        self.ascending("delay.points", "voltage", voltages)?;
        let lowest = delay.points[0].voltage;
        if !(delay.vth >= 0.0 && delay.vth < lowest) {
            let allowed = format!("expected 0 or more, and less than the lowest voltage {lowest}");
            return self.fail("delay.vth", delay.vth, allowed);
        }
        self.within("delay.alpha", delay.alpha, 0.5, 3.0)?;
        self.within("delay.fit_rms", delay.fit_rms, 0.0, 1.0)?;
        self.positive("delay.t_crit_ns", delay.t_crit_ns)?;
        let highest = delay.points[delay.points.len() - 1].voltage;
        self.within(
            "delay.nominal_voltage",
            delay.nominal_voltage,
            lowest,
            highest,
        )
    }

    fn margins(&self, table: &Table) -> Result<(), TechError> {
        let (margins, points) = (&table.margins, &table.delay.points);
        let (lowest, highest) = (points[0].voltage, points[points.len() - 1].voltage);
        let sign_off = margins.sign_off_voltage;
        self.within("margins.sign_off_voltage", sign_off, lowest, highest)?;
        let room = sign_off - lowest;
        self.within("margins.voltage_droop", margins.voltage_droop, 0.0, room)?;
        self.within(
            "margins.frequency_guardband",
            margins.frequency_guardband,
            0.0,
            0.9,
        )?;
        // Noise that reaches the threshold leaves no delay to speak of.
        let most = (lowest - table.delay.vth) / 4.0;
        self.within("margins.noise_sigma", margins.noise_sigma, 0.0, most)
    }

    fn late(&self, table: &Table) -> Result<(), TechError> {
        if table.pass_rows == 0 {
            return self.fail("pass_rows", 0, "expected a row at least");
        }
        if table.late.is_empty() {
            return self.fail("late", "an empty list", "expected a voltage at least");
        }
        for (index, late) in table.late.iter().enumerate() {
            self.positive(format!("late[{index}].voltage"), late.voltage)?;
            self.curve(&format!("late[{index}].curve"), &late.curve)?;
        }
        let voltages = table.late.iter().map(|late| late.voltage);
        self.ascending("late", "voltage", voltages)
    }

    fn curve(&self, list: &str, curve: &[Late]) -> Result<(), TechError> {
        if curve.len() < 2 {
            let found = format!("a list of {}", curve.len());
            return self.fail(list, found, "expected two clock periods at least");
        }
        for (index, late) in curve.iter().enumerate() {
            self.positive(format!("{list}[{index}].x"), late.x)?;
            self.words(&format!("{list}[{index}].first"), &late.first)?;
            self.words(&format!("{list}[{index}].later"), &late.later)?;
        }
        self.ascending(list, "x", curve.iter().map(|late| late.x))
    }

    fn words(&self, entry: &str, words: &LateWords) -> Result<(), TechError> {
        let key = |name: &str| format!("{entry}.{name}");
        self.within(key("word_wrong"), words.word_wrong, 0.0, 1.0)?;
        if words.bits.len() != 32 {
            let found = format!("a list of {}", words.bits.len());
            return self.fail(key("bits"), found, "expected 32 probabilities");
        }
        for (bit, &wrong) in words.bits.iter().enumerate() {
            // A wrong bit makes a wrong word.
            let most = words.word_wrong * (1.0 + 1e-9);
            self.within(format!("{}[{bit}]", key("bits")), wrong, 0.0, most)?;
        }
        if words.word_wrong == 0.0 {
            if !words.masks.is_empty() {
                let found = format!("a list of {}", words.masks.len());
                let allowed = "expected none, as word_wrong is 0";
                return self.fail(key("masks"), found, allowed);
            }
            return Ok(());
        }
        let mut seen = std::collections::BTreeSet::new();
        for (place, &(mask, share)) in words.masks.iter().enumerate() {
            let key = format!("{}[{place}]", key("masks"));
            if mask == 0 || !seen.insert(mask) {
                let allowed = "expected a mask with bits, and each mask once";
                return self.fail(key, format!("{mask:#x}"), allowed);
            }
            self.within(key, share, 0.0, 1.0)?;
        }
        let sum: f64 = words.masks.iter().map(|(_, share)| share).sum();
        if (sum - 1.0).abs() > SHARES_TOLERANCE {
            let found = format!("a sum of shares of {sum}");
            return self.fail(key("masks"), found, "expected shares that add up to 1");
        }
        Ok(())
    }

    fn energy(&self, table: &Table) -> Result<(), TechError> {
        if table.energy.is_empty() {
            return self.fail("energy", "an empty list", "expected a voltage at least");
        }
        for (index, energy) in table.energy.iter().enumerate() {
            let key = |name: &str| format!("energy[{index}].{name}");
            self.positive(key("voltage"), energy.voltage)?;
            for (name, value) in [
                ("switching_pj", energy.switching_pj),
                ("clock_pj", energy.clock_pj),
                ("leakage_nw", energy.leakage_nw),
            ] {
                self.within(key(name), value, 0.0, 1e12)?;
            }
        }
        let voltages = table.energy.iter().map(|energy| energy.voltage);
        self.ascending("energy", "voltage", voltages)
    }
}
