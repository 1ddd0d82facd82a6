//! Critical path against voltage.

use super::{Delay, Table};
use crate::units::{Nanoseconds, Volts};

impl Delay {
    /// The alpha-power law alone; infinite at Vth and below.
    pub fn law(&self, voltage: Volts) -> Nanoseconds {
        let Volts(v) = voltage;
        if v <= self.vth {
            return Nanoseconds(f64::INFINITY);
        }
        let nominal = self.nominal_voltage;
        let drive = (nominal - self.vth) / (v - self.vth);
        Nanoseconds(self.t_crit_ns * v / nominal * drive.powf(self.alpha))
    }

    /// T_crit: the law, corrected so that it goes through the measured points.
    ///
    /// An error rate changes tenfold within 0.05 in T/T_crit, so that the law's
    /// half a percent would be seen in it. The correction is linear between points, and
    /// beyond them that of the last one.
    pub fn t_crit(&self, voltage: Volts) -> Nanoseconds {
        let Nanoseconds(law) = self.law(voltage);
        Nanoseconds(law * self.correction(voltage.0))
    }

    /// Measured over law.
    fn correction(&self, voltage: f64) -> f64 {
        let points = &self.points;
        let ratio = |index: usize| {
            let point = &points[index];
            point.t_crit_ns / self.law(Volts(point.voltage)).0
        };
        let above = points.partition_point(|point| point.voltage <= voltage);
        if above == 0 {
            return ratio(0);
        }
        if above == points.len() {
            return ratio(above - 1);
        }
        let (low, high) = (points[above - 1].voltage, points[above].voltage);
        let share = (voltage - low) / (high - low);
        ratio(above - 1) * (1.0 - share) + ratio(above) * share
    }

    /// The characterised voltages, lowest and highest.
    pub fn voltages(&self) -> (Volts, Volts) {
        let (first, last) = (&self.points[0], &self.points[self.points.len() - 1]);
        (Volts(first.voltage), Volts(last.voltage))
    }

    /// The voltage at which a clock period is just that share of the critical
    /// path: T_crit(V) = period / x. By bisection, as T_crit falls with V;
    /// `low..=high` must enclose it.
    pub(super) fn voltage_at(&self, period: Nanoseconds, x: f64, low: f64, high: f64) -> f64 {
        let (mut low, mut high) = (low, high);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.t_crit(Volts(middle)).0 * x > period.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5 * (low + high)
    }
}

impl Table {
    /// Shortest clock period that is safe at a voltage, without any margin.
    pub fn t_crit(&self, voltage: Volts) -> Nanoseconds {
        self.delay.t_crit(voltage)
    }
}
