//! Units of a library, as factors to the units that are used everywhere in
//! here: ns, pF, V, nW, pJ.

use super::error::Mistake;
use super::syntax::{Group, number};

/// Factors from the library's units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Units {
    /// To nanoseconds.
    pub(super) time: f64,
    /// To picofarads.
    pub(super) capacitance: f64,
    /// To volts.
    pub(super) voltage: f64,
    /// To nanowatts; `None` where the library names no unit of leakage.
    pub(super) leakage: Option<f64>,
}

impl Units {
    /// Liberty's defaults are 1 ns and 1 V; it has none for the capacitance.
    pub(super) fn of(library: &Group<'_>) -> Result<Self, Mistake> {
        let unit = |name: &str, symbol: &str, base: f64| -> Result<Option<f64>, Mistake> {
            let read = |s: super::syntax::Simple<'_>| {
                scale(s.value, symbol).map(|f| f / base).ok_or_else(|| {
                    let message = format!(
                        "{name} \"{}\" is not usable: expected a number and a unit as in \"1n{symbol}\"",
                        s.value.trim()
                    );
                    Mistake::new(s.line, message)
                })
            };
            library.attribute(name).map(read).transpose()
        };
        Ok(Self {
            time: unit("time_unit", "s", 1e-9)?.unwrap_or(1.0),
            voltage: unit("voltage_unit", "V", 1.0)?.unwrap_or(1.0),
            leakage: unit("leakage_power_unit", "W", 1e-9)?,
            capacitance: capacitance(library)?,
        })
    }

    /// To picojoules: Liberty's internal energy has no unit of its own.
    pub(super) fn energy(&self) -> f64 {
        self.capacitance * self.voltage * self.voltage
    }
}

fn capacitance(library: &Group<'_>) -> Result<f64, Mistake> {
    let form = "expected capacitive_load_unit (number, pf) or (number, ff)";
    let Some(unit) = library.list("capacitive_load_unit") else {
        let message = format!("the library has no unit of capacitance: {form}");
        return Err(Mistake::new(library.line, message));
    };
    let factor = match unit.values.as_slice() {
        [count, unit] => scale(&format!("{}{}", count.trim(), unit.trim()), "f"),
        _ => None,
    };
    factor
        .map(|farad| farad / 1e-12)
        .ok_or_else(|| Mistake::new(unit.line, form))
}

/// `10ps` in seconds. The case of the unit does not matter, except that Liberty
/// writes mega- nowhere: `m` and `M` are both milli-.
fn scale(text: &str, symbol: &str) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let rest = text.strip_suffix(&symbol.to_ascii_lowercase())?;
    let digits = rest.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match rest[digits.len()..].trim() {
        "" => 1.0,
        "k" => 1e3,
        "m" => 1e-3,
        "u" => 1e-6,
        "n" => 1e-9,
        "p" => 1e-12,
        "f" => 1e-15,
        _ => return None,
    };
    let count = match digits.trim() {
        "" => 1.0,
        digits => number(digits).ok()?,
    };
    (count > 0.0).then_some(count * factor)
}
