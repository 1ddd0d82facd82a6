//! Operating points and their schedule: defaults, units and validation.

use super::raw::RawPoint;
use crate::input::InputError;
use serde::{Deserialize, Serialize};

/// Operating points of the hardware's table; 0 is nominal.
pub const POINTS: usize = 8;
/// Classes of timesteps that the schedule tells apart.
pub const TIMESTEP_CLASSES: usize = 4;
/// Classes of transformer blocks that the schedule tells apart.
pub const BLOCK_CLASSES: usize = 4;

/// Voltage of code 0, in millivolt.
const VOLTAGE_BASE_MV: u32 = 400;
/// Millivolt per step of the voltage code.
const VOLTAGE_STEP_MV: u32 = 5;
/// Megahertz per step of the frequency code.
const FREQUENCY_STEP_MHZ: u32 = 10;

/// Supply voltages of the default table in millivolt, all at [`DEFAULT_MHZ`]:
/// steps of undervolting below 0.8 V. Placeholders until a characterised table
/// is given, not measurements.
const DEFAULT_MV: [u32; POINTS] = [800, 770, 740, 710, 680, 650, 620, 590];
const DEFAULT_MHZ: u32 = 1000;
const DEFAULT_SETTLE: u16 = 64;

/// An entry of the table: the frequency is allowed at this voltage and above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// Supply voltage: (millivolt − 400) / 5.
    pub voltage_code: u8,
    /// Clock frequency: megahertz / 10.
    pub frequency_code: u8,
    /// Cycles to wait after the regulator reports the voltage.
    pub settle_cycles: u16,
}

impl OperatingPoint {
    /// The point of a voltage and a frequency; `None` when they are not exactly
    /// those of a code.
    pub fn from_units(millivolt: u32, megahertz: u32, settle_cycles: u16) -> Option<Self> {
        let code = |value: u32, step| value.is_multiple_of(step).then_some(value / step);
        let voltage = code(millivolt.checked_sub(VOLTAGE_BASE_MV)?, VOLTAGE_STEP_MV)?;
        let frequency = code(megahertz, FREQUENCY_STEP_MHZ)?;
        Some(Self {
            voltage_code: u8::try_from(voltage).ok()?,
            frequency_code: u8::try_from(frequency).ok()?,
            settle_cycles,
        })
    }

    /// Supply voltage in millivolt.
    pub fn millivolt(&self) -> u32 {
        VOLTAGE_BASE_MV + VOLTAGE_STEP_MV * u32::from(self.voltage_code)
    }

    /// Clock frequency in megahertz.
    pub fn megahertz(&self) -> u32 {
        FREQUENCY_STEP_MHZ * u32::from(self.frequency_code)
    }

    /// The point as its register holds it.
    pub fn word(&self) -> u32 {
        u32::from(self.settle_cycles) << 16
            | u32::from(self.frequency_code) << 8
            | u32::from(self.voltage_code)
    }
}

/// Reset values of registers that a run may overwrite.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RunDefaults {
    /// The table of operating points.
    pub points: [OperatingPoint; POINTS],
    /// Point of every (timestep class, block class).
    pub schedule: [[u8; BLOCK_CLASSES]; TIMESTEP_CLASSES],
    /// Steps from one checkpoint to the next; 1..=65535.
    pub checkpoint_interval: u32,
}

impl Default for RunDefaults {
    fn default() -> Self {
        let point = |mv| OperatingPoint::from_units(mv, DEFAULT_MHZ, DEFAULT_SETTLE);
        Self {
            points: DEFAULT_MV.map(|mv| point(mv).expect("the default table has codes")),
            schedule: Default::default(),
            checkpoint_interval: 10,
        }
    }
}

/// Validates `operating_points`; those that are not given are like point 0.
pub(super) fn table(
    raw: Option<Vec<RawPoint>>,
    within: &impl Fn(&'static str, i64, i64, i64) -> Result<usize, InputError>,
    bad: &impl Fn(&'static str, String, &str) -> InputError,
) -> Result<[OperatingPoint; POINTS], InputError> {
    let Some(raw) = raw else {
        return Ok(RunDefaults::default().points);
    };
    if !(1..=POINTS).contains(&raw.len()) {
        let found = format!("a list of {}", raw.len());
        return Err(bad("operating_points", found, "expected 1..=8 points"));
    }
    let mut points = Vec::new();
    for point in raw {
        let mv = within("voltage_mv", point.voltage_mv, 400, 1675)? as u32;
        let mhz = within("frequency_mhz", point.frequency_mhz, 10, 2550)? as u32;
        let settle = within("settle_cycles", point.settle_cycles, 0, 65_535)?;
        let resolved = OperatingPoint::from_units(mv, mhz, settle as u16).ok_or_else(|| {
            let found = format!("{mv} mV at {mhz} MHz");
            let allowed = "expected a multiple of 5 mV at a multiple of 10 MHz";
            bad("operating_points", found, allowed)
        })?;
        points.push(resolved);
    }
    Ok(std::array::from_fn(|i| {
        *points.get(i).unwrap_or(&points[0])
    }))
}

/// Validates `schedule`: four rows, one per timestep class, of four points.
pub(super) fn schedule(
    raw: Option<Vec<Vec<i64>>>,
    within: &impl Fn(&'static str, i64, i64, i64) -> Result<usize, InputError>,
    bad: &impl Fn(&'static str, String, &str) -> InputError,
) -> Result<[[u8; BLOCK_CLASSES]; TIMESTEP_CLASSES], InputError> {
    let mut schedule = RunDefaults::default().schedule;
    let Some(raw) = raw else {
        return Ok(schedule);
    };
    if raw.len() != TIMESTEP_CLASSES || raw.iter().any(|row| row.len() != BLOCK_CLASSES) {
        let allowed = "expected 4 lists (timestep classes) of 4 points (block classes)";
        return Err(bad("schedule", format!("{raw:?}"), allowed));
    }
    for (to, from) in schedule.iter_mut().flatten().zip(raw.iter().flatten()) {
        *to = within("schedule", *from, 0, POINTS as i64 - 1)? as u8;
    }
    Ok(schedule)
}
