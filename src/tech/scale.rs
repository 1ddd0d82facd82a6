//! A table scaled to another node by published figures.
//!
//! A. Stillmaker and B. Baas, "Scaling equations for the accurate prediction of CMOS
//! device performance from 180 nm to 7 nm", Integration 58 (2017) 74-81, give
//! delay and energy of inverters in the predictive models (PTM) of each node as
//! polynomials of the supply. An alpha-power law is fitted to the delays; T_crit
//! and energy are multiplied by the ratio of the nodes at their nominal
//! voltages. What is wrong at which T/T_crit is taken over as it is: it belongs
//! to the netlist and its operands, and is assumed not to change with the node.

use super::{
    AlphaPower, Delay, DelayPoint, Energy, FitError, LateCurve, Margins, Table, TechError,
};

/// Where the polynomials come from.
const SOURCE: &str = "A. Stillmaker, B. Baas: Scaling equations for the accurate prediction of CMOS device \
    performance from 180 nm to 7 nm. Integration 58 (2017) 74-81, doi 10.1016/j.vlsi.2017.02.002";

/// Volts between two points of a scaled table.
const STEP: f64 = 0.05;

/// A node of the publication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Its name here.
    pub name: &'static str,
    /// Nominal supply of its transistor models, in V.
    pub nominal: f64,
    /// Lowest supply that a scaled table goes down to, in V.
    pub lowest: f64,
    /// Delay factor as a polynomial of V, highest power first.
    delay: [f64; 4],
    /// Energy factor as a polynomial of V, highest power first.
    energy: [f64; 3],
}

impl Node {
    /// The nodes that can be scaled from and to: planar 130 nm, and the high-performance
    /// FinFETs of 14 nm.
    pub const ALL: [Node; 2] = [
        Node {
            name: "130nm",
            nominal: 1.3,
            lowest: 0.8,
            delay: [-76.65, 334.9, -493.4, 275.8],
            energy: [7.171, -6.709, 2.904],
        },
        Node {
            name: "14nm",
            nominal: 0.8,
            lowest: 0.5,
            delay: [-40.66, 109.2, -100.6, 35.92],
            energy: [0.2363, -0.09675, 0.02239],
        },
    ];

    /// The node of a name.
    pub fn find(name: &str) -> Option<&'static Node> {
        Self::ALL.iter().find(|node| node.name == name)
    }

    fn delay(&self, voltage: f64) -> f64 {
        polynomial(&self.delay, voltage)
    }

    fn energy(&self, voltage: f64) -> f64 {
        polynomial(&self.energy, voltage)
    }

    /// Voltages of a scaled table, ascending, the nominal one last.
    fn voltages(&self) -> Vec<f64> {
        let steps = ((self.nominal - self.lowest) / STEP).round() as i32;
        let at = |step| self.nominal - STEP * f64::from(steps - step);
        // As a person writes them.
        (0..=steps).map(|s| (at(s) * 1e3).round() / 1e3).collect()
    }
}

fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

impl Table {
    /// This table scaled from one node to another, named `name`; `command` says how.
    ///
    /// Margins in volts, and the voltages of the error curves, keep their share of the supply. Leakage becomes 0: the
    /// publication has none by itself.
    ///
    /// # Errors
    /// [`TechError`] when this table does not reach its own sign-off voltage;
    /// [`FitError`] cannot happen with the nodes there are.
    pub fn scaled(
        &self,
        from: &Node,
        to: &Node,
        name: &str,
        command: &str,
    ) -> Result<Self, ScaleError> {
        let nominal = crate::units::Volts(self.margins.sign_off_voltage);
        let voltages = to.voltages();
        let slower = self.t_crit(nominal).0 / from.delay(from.nominal);
        let points: Vec<DelayPoint> = voltages
            .iter()
            .map(|&voltage| DelayPoint {
                voltage,
                t_crit_ns: slower * to.delay(voltage),
            })
            .collect();
        let pairs: Vec<(f64, f64)> = points.iter().map(|p| (p.voltage, p.t_crit_ns)).collect();
        let law = AlphaPower::fit(&pairs)?;
        let cost = self.energy(nominal)?;
        let energy = voltages.iter().map(|&voltage| {
            let factor = to.energy(voltage) / from.energy(from.nominal);
            Energy {
                voltage,
                switching_pj: cost.switching_pj * factor,
                clock_pj: cost.clock_pj * factor,
                leakage_nw: 0.0,
            }
        });
        let share = to.nominal / self.margins.sign_off_voltage;
        let late = self.late.iter().map(|late| LateCurve {
            voltage: (late.voltage * share * 1e6).round() / 1e6,
            curve: late.curve.clone(),
        });
        let mut origin = self.origin.clone();
        origin.command = command.to_owned();
        origin.scaled_from = Some(self.name.clone());
        origin.sources.extend([
            SOURCE.to_owned(),
            format!(
                "Delay and energy at {} V of {} stand for those at the sign-off voltage of {}; wrong words against \
                 T/T_crit are those of {} at the same share of the sign-off voltage; leakage is not scaled but left out.",
                from.nominal, from.name, self.name, self.name
            ),
        ]);
        Ok(Self {
            schema: self.schema.clone(),
            name: name.to_owned(),
            origin,
            margins: Margins {
                sign_off_voltage: to.nominal,
                voltage_droop: self.margins.voltage_droop * share,
                frequency_guardband: self.margins.frequency_guardband,
                noise_sigma: self.margins.noise_sigma * share,
            },
            delay: Delay {
                nominal_voltage: to.nominal,
                t_crit_ns: law.delay(to.nominal),
                vth: law.threshold,
                alpha: law.alpha,
                fit_rms: law.rms,
                points,
            },
            pass_rows: self.pass_rows,
            late: late.collect(),
            energy: energy.collect(),
        })
    }
}

/// Why a table cannot be scaled.
#[derive(Debug, thiserror::Error)]
pub enum ScaleError {
    /// The table has no answer at its sign-off voltage.
    #[error(transparent)]
    Tech(#[from] TechError),
    /// No law fits the delays of the node.
    #[error(transparent)]
    Fit(#[from] FitError),
}

#[cfg(test)]
mod tests {
    use super::super::tests::table;
    use super::*;
    use crate::units::Volts;

    #[test]
    fn a_scaled_table_is_as_fast_and_frugal_as_published() {
        let [old, new] = Node::ALL;
        let scaled = table().scaled(&old, &new, "new", "how").unwrap();
        // 4.51 of 31.96 in the publication's units, from 1 ns.
        let ratio = new.delay(0.8) / old.delay(1.3);
        assert!((ratio - 0.1411).abs() < 1e-4, "{ratio}");
        assert!((scaled.t_crit(Volts(0.8)).0 - ratio).abs() < 1e-12);
        let half = scaled.t_crit(Volts(0.5)).0 / scaled.t_crit(Volts(0.8)).0;
        assert!((half - 7.8375 / 4.5101).abs() < 1e-4, "{half}");
        assert!(
            (scaled.delay.vth - 0.255).abs() < 0.01,
            "{}",
            scaled.delay.vth
        );
        assert!((scaled.delay.alpha - 1.292).abs() < 0.02);
        assert!(scaled.delay.fit_rms < 0.006);
        let energy = scaled.energy(Volts(0.8)).unwrap().switching_pj;
        assert!((energy - 0.0962 / 6.302).abs() < 1e-4, "{energy}");
        assert!((scaled.margins.noise_sigma - 0.008).abs() < 1e-12);
        assert_eq!(scaled.late[0].voltage, 0.8);
        assert_eq!(scaled.late[0].curve, table().late[0].curve);
        assert_eq!(scaled.origin.scaled_from.as_deref(), Some("small"));
        let text = scaled.to_yaml();
        let again = Table::from_yaml(&text, std::path::Path::new("new")).unwrap();
        assert_eq!(again, scaled);
    }

    #[test]
    fn the_shipped_scaled_table_is_what_the_command_makes() {
        let from = Table::load("sky130-ss-n40c").unwrap();
        let [old, new] = Node::ALL;
        let shipped = Table::load("scaled-14nm").unwrap();
        let command = shipped.origin.command.clone();
        let again = from.scaled(&old, &new, &shipped.name, &command).unwrap();
        assert_eq!(again.to_yaml(), shipped.to_yaml());
    }
}
