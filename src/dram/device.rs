//! A DRAM channel as data: organisation, timings and currents of its chips.

use super::raw::RawDevice;
use super::{ClockRatio, Location, Power, SHIPPED, Timing};
use crate::input::{self, InputError};
use std::path::Path;

/// A validated description of one DRAM channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Clock of the accelerator in MHz.
    pub accelerator_mhz: u64,
    /// Clock of the DRAM in MHz.
    pub clock_mhz: u64,
    /// Chips that work in lock-step as one channel.
    pub devices: u64,
    /// Bank groups; 1 for memories that have none.
    pub bank_groups: u64,
    /// Banks of a group.
    pub banks_per_group: u64,
    /// Rows of a bank.
    pub rows: u64,
    /// Bytes of a row of the whole channel.
    pub row_bytes: u64,
    /// Bytes that one burst moves over the whole channel.
    pub burst_bytes: u64,
    /// Constraints between commands.
    pub timing: Timing,
    /// Supplies and currents.
    pub power: Power,
}

impl Device {
    /// The device of this name in [`SHIPPED`], or in the YAML file of this path.
    ///
    /// # Errors
    /// [`InputError`] names the file, the key, the value and the allowed range.
    pub fn load(name_or_path: &str) -> Result<Self, InputError> {
        match SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            Some((name, text)) => Self::from_yaml(text, Path::new(name)),
            None => Self::from_file(Path::new(name_or_path)),
        }
    }

    /// Reads and validates a YAML file.
    ///
    /// # Errors
    /// [`InputError`] names the file, the key, the value and the allowed range.
    pub fn from_file(path: &Path) -> Result<Self, InputError> {
        Self::from_yaml(&input::read(path)?, path)
    }

    /// Validates YAML text; `origin` names it in error messages.
    ///
    /// # Errors
    /// [`InputError::Syntax`] or [`InputError::Value`].
    pub fn from_yaml(text: &str, origin: &Path) -> Result<Self, InputError> {
        let raw: RawDevice = input::from_yaml(text, origin)?;
        let check = Check { origin };
        let devices = check.power_of_two("devices", raw.devices, 1, 8)?;
        let bus_bytes = check.power_of_two("bus_bytes", raw.bus_bytes, 1, 16)?;
        let burst_length = check.power_of_two("burst_length", raw.burst_length, 2, 32)?;
        let burst_bytes = devices * bus_bytes * burst_length;
        let row_bytes = devices * check.power_of_two("row_bytes", raw.row_bytes, 256, 65_536)?;
        if row_bytes < burst_bytes {
            let allowed = format!(
                "expected a burst of {} bytes at least",
                burst_bytes / devices
            );
            return Err(check.bad("row_bytes", raw.row_bytes, allowed));
        }
        let timing = Timing::from_raw(&raw.timing, burst_length / 2, &check)?;
        Ok(Self {
            accelerator_mhz: check.within("accelerator_mhz", raw.accelerator_mhz, 1, 10_000)?,
            clock_mhz: check.within("clock_mhz", raw.clock_mhz, 1, 10_000)?,
            devices,
            bank_groups: check.power_of_two("bank_groups", raw.bank_groups, 1, 8)?,
            banks_per_group: check.power_of_two("banks_per_group", raw.banks_per_group, 1, 32)?,
            rows: check.power_of_two("rows", raw.rows, 1, 1 << 24)?,
            row_bytes,
            burst_bytes,
            timing,
            power: Power::from_raw(&raw.power, &timing, &check)?,
        })
    }

    /// Banks of the channel.
    pub fn banks(&self) -> usize {
        (self.bank_groups * self.banks_per_group) as usize
    }

    /// Bytes of the whole channel.
    pub fn capacity(&self) -> u64 {
        self.rows * self.banks() as u64 * self.row_bytes
    }

    /// Accelerator cycles to DRAM cycles.
    pub fn clock_ratio(&self) -> ClockRatio {
        ClockRatio::new(self.accelerator_mhz, self.clock_mhz)
    }

    /// Where a byte address lies.
    pub fn locate(&self, address: u64) -> Location {
        Location::of(self, address)
    }
}

/// Checks of single values, with the file that error messages name.
pub(super) struct Check<'a> {
    origin: &'a Path,
}

impl Check<'_> {
    pub fn bad(&self, key: &'static str, value: impl ToString, allowed: String) -> InputError {
        InputError::value(self.origin, key, value, allowed)
    }

    pub fn within(
        &self,
        key: &'static str,
        value: i64,
        low: i64,
        high: i64,
    ) -> Result<u64, InputError> {
        if (low..=high).contains(&value) {
            Ok(value as u64)
        } else {
            let allowed = format!("expected an integer in {low}..={high}");
            Err(self.bad(key, value, allowed))
        }
    }

    pub fn power_of_two(
        &self,
        key: &'static str,
        value: i64,
        low: i64,
        high: i64,
    ) -> Result<u64, InputError> {
        if (low..=high).contains(&value) && (value as u64).is_power_of_two() {
            Ok(value as u64)
        } else {
            let allowed = format!("expected a power of two in {low}..={high}");
            Err(self.bad(key, value, allowed))
        }
    }

    pub fn at_least(&self, key: &'static str, value: f64, low: f64) -> Result<f64, InputError> {
        if value.is_finite() && value >= low {
            Ok(value)
        } else {
            let allowed = format!("expected a finite number of at least {low}");
            Err(self.bad(key, value, allowed))
        }
    }
}
