//! Clocked model of `drift_dvfs`, the sequencer of operating points.
//!
//! The supply is somewhere in `Supply::floor..` and the clock at a frequency
//! that is allowed at `need` and above; a step is taken only where `need <=
//! floor` stays true. See the header of the RTL for the rules.

use super::{Clocked, signals};
use crate::config::ArrayConfig;

signals! {
    /// Inputs of `drift_dvfs`.
    pub struct DvfsInputs {
        /// Table of operating points, one word each (see `OperatingPoint::word`).
        points_i: Vec<u32>,
        /// Cycles to answer a request.
        timeout_i: u32,
        /// The wanted point.
        target_i: u32,
        /// Makes the wanted point 0.
        panic_i: bool,
        /// Ends a fault.
        fault_clear_i: bool,
        /// Nothing moves in the array.
        array_quiet_i: bool,
        /// The supply has the requested voltage.
        voltage_ack_i: bool,
        /// The clock has the requested frequency.
        frequency_ack_i: bool,
    }
}

signals! {
    /// Outputs of `drift_dvfs`.
    pub struct DvfsOutputs {
        /// The array must not start anything.
        array_pause_o: bool,
        /// The last point that was reached.
        point_o: u32,
        /// A change is in flight.
        busy_o: bool,
        /// No change is in flight or about to start.
        settled_o: bool,
        /// Point 0 could not be reached.
        fault_o: bool,
        /// Requested voltage.
        voltage_code_o: u32,
        /// The voltage request is open.
        voltage_req_o: bool,
        /// Requested frequency.
        frequency_code_o: u32,
        /// The frequency request is open.
        frequency_req_o: bool,
        /// Points reached by a change.
        transitions_o: u64,
        /// Requests that were withdrawn.
        timeouts_o: u64,
        /// Cycles with a change in flight.
        change_cycles_o: u64,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Drain,
    Load,
    Plan,
    Voltage,
    Settle,
    Frequency,
}

/// What a change is after, from the least to the most cautious.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    Scheduled,
    Nominal,
    Lowest,
}

/// A word of the table, taken apart.
#[derive(Clone, Copy, Debug)]
struct Entry {
    voltage: u32,
    frequency: u32,
    settle: u32,
}

impl Entry {
    fn of(points: &[u32], point: u32) -> Self {
        let word = points[point as usize];
        Self {
            voltage: word & 0xff,
            frequency: word >> 8 & 0xff,
            settle: word >> 16,
        }
    }
}

/// A regulator or PLL as seen from here.
#[derive(Clone, Copy, Debug)]
struct Actuator {
    /// Code requested last.
    code: u32,
    /// The request is open.
    req: bool,
    /// The request was answered.
    sure: bool,
}

/// What became of a request in a cycle.
enum Handshake {
    /// Not yet answered.
    Waiting,
    /// Put on the pins in the next cycle.
    Raised,
    /// Answered.
    Answered,
    /// Withdrawn for want of an answer.
    Withdrawn,
}

impl Actuator {
    fn at(code: u8) -> Self {
        Self {
            code: u32::from(code),
            req: false,
            sure: true,
        }
    }

    fn has(&self, code: u32) -> bool {
        self.sure && self.code == code
    }

    fn step(&mut self, goal: u32, ack: bool, timer: u32) -> Handshake {
        if self.req && ack {
            self.req = false;
            Handshake::Answered
        } else if timer == 0 {
            self.req = false;
            Handshake::Withdrawn
        } else if !self.req && !ack {
            (self.code, self.req, self.sure) = (goal, true, false);
            Handshake::Raised
        } else {
            Handshake::Waiting
        }
    }
}

/// The sequencer's registers.
#[derive(Clone, Debug)]
pub struct Dvfs {
    state: State,
    goal: Goal,
    goal_entry: Entry,
    /// Last point that was reached.
    point: u32,
    /// Point that the last change was after.
    wanted: u32,
    /// That point failed, and is not tried again.
    held: bool,
    fault: bool,
    timer: u32,
    voltage: Actuator,
    frequency: Actuator,
    /// Lowest voltage that the supply may have.
    floor: u32,
    /// Lowest voltage at which every frequency that the clock may have is allowed.
    need: u32,
    transitions: u64,
    timeouts: u64,
    change_cycles: u64,
}

fn wanted(inputs: &DvfsInputs) -> u32 {
    if inputs.panic_i { 0 } else { inputs.target_i }
}

impl Dvfs {
    /// The state after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        let nominal = config.run.points[0];
        let entry = Entry {
            voltage: u32::from(nominal.voltage_code),
            frequency: u32::from(nominal.frequency_code),
            settle: 0,
        };
        Self {
            state: State::Idle,
            goal: Goal::Nominal,
            goal_entry: entry,
            point: 0,
            wanted: 0,
            held: false,
            fault: false,
            timer: 0,
            voltage: Actuator::at(nominal.voltage_code),
            frequency: Actuator::at(nominal.frequency_code),
            floor: entry.voltage,
            need: entry.voltage,
            transitions: 0,
            timeouts: 0,
            change_cycles: 0,
        }
    }

    /// Whether a change must start.
    fn differs(&self, inputs: &DvfsInputs) -> bool {
        let wanted = wanted(inputs);
        let entry = Entry::of(&inputs.points_i, wanted);
        let there = wanted == self.point
            && self.voltage.has(entry.voltage)
            && self.frequency.has(entry.frequency);
        let gave_up = self.fault || self.held && wanted == self.wanted;
        !gave_up && !there
    }

    /// The entry that the change is after.
    fn load(&self, points: &[u32]) -> Entry {
        let scheduled = self.goal == Goal::Scheduled;
        let mut entry = Entry::of(points, if scheduled { self.wanted } else { 0 });
        if self.goal == Goal::Lowest {
            let table = (0..points.len() as u32).map(|i| Entry::of(points, i).frequency);
            entry.frequency = table.fold(self.frequency.code, u32::min);
        }
        entry
    }

    /// The next request of the change, or its end.
    fn plan(&mut self, inputs: &DvfsInputs) {
        let goal = self.goal_entry;
        let lowest = self.goal == Goal::Lowest;
        let voltage_done = lowest || self.voltage.has(goal.voltage);
        let frequency_done = self.frequency.has(goal.frequency);
        if frequency_done && !lowest {
            // The present frequency is known to be allowed there as well.
            self.need = self.need.min(goal.voltage);
        }
        self.timer = inputs.timeout_i;
        self.state = if inputs.panic_i && self.goal == Goal::Scheduled {
            self.goal = Goal::Nominal;
            State::Load
        } else if voltage_done && frequency_done {
            if !lowest {
                let scheduled = self.goal == Goal::Scheduled;
                self.point = if scheduled { self.wanted } else { 0 };
                self.transitions += 1;
            }
            State::Idle
        } else if !voltage_done && (frequency_done || goal.voltage >= self.floor) {
            State::Voltage
        } else {
            State::Frequency
        };
    }

    /// A request was withdrawn: the change turns to a more cautious goal.
    fn fail(&mut self) {
        self.timeouts += 1;
        (self.goal, self.state) = match self.goal {
            Goal::Scheduled => {
                self.held = true;
                (Goal::Nominal, State::Load)
            }
            Goal::Nominal => {
                self.fault = true;
                (Goal::Lowest, State::Load)
            }
            Goal::Lowest => (Goal::Lowest, State::Idle),
        };
    }

    fn request_voltage(&mut self, ack: bool, timer: u32) {
        match self.voltage.step(self.goal_entry.voltage, ack, timer) {
            Handshake::Waiting => {}
            Handshake::Raised => self.floor = self.floor.min(self.goal_entry.voltage),
            Handshake::Answered => {
                self.voltage.sure = false;
                self.timer = self.goal_entry.settle;
                self.state = State::Settle;
            }
            Handshake::Withdrawn => self.fail(),
        }
    }

    fn request_frequency(&mut self, ack: bool, timer: u32) {
        let lowest = self.goal == Goal::Lowest;
        let goal = self.goal_entry;
        match self.frequency.step(goal.frequency, ack, timer) {
            Handshake::Waiting => {}
            Handshake::Raised if lowest => {}
            Handshake::Raised => self.need = self.need.max(goal.voltage),
            Handshake::Answered => {
                self.frequency.sure = true;
                self.state = State::Plan;
                if !lowest {
                    self.need = goal.voltage;
                }
            }
            Handshake::Withdrawn => self.fail(),
        }
    }
}

impl Clocked for Dvfs {
    type Inputs = DvfsInputs;
    type Outputs = DvfsOutputs;

    fn outputs(&mut self, inputs: &DvfsInputs) -> DvfsOutputs {
        let busy = self.state != State::Idle;
        DvfsOutputs {
            array_pause_o: busy,
            point_o: self.point,
            busy_o: busy,
            settled_o: !busy && !self.differs(inputs),
            fault_o: self.fault,
            voltage_code_o: self.voltage.code,
            voltage_req_o: self.voltage.req,
            frequency_code_o: self.frequency.code,
            frequency_req_o: self.frequency.req,
            transitions_o: self.transitions,
            timeouts_o: self.timeouts,
            change_cycles_o: self.change_cycles,
        }
    }

    fn tick(&mut self, inputs: &DvfsInputs) {
        let (timer, change) = (self.timer, self.differs(inputs));
        self.timer = timer.wrapping_sub(1) & 0xffff;
        self.change_cycles += u64::from(self.state != State::Idle);
        if inputs.fault_clear_i {
            (self.fault, self.held) = (false, false);
        }
        match self.state {
            State::Idle => {
                self.held &= wanted(inputs) == self.wanted;
                if change {
                    self.state = State::Drain;
                }
            }
            State::Drain => {
                self.wanted = wanted(inputs);
                self.goal = match self.wanted {
                    0 => Goal::Nominal,
                    _ => Goal::Scheduled,
                };
                if inputs.array_quiet_i {
                    self.state = State::Load;
                }
            }
            State::Load => {
                self.goal_entry = self.load(&inputs.points_i);
                self.state = State::Plan;
            }
            State::Plan => self.plan(inputs),
            State::Voltage => self.request_voltage(inputs.voltage_ack_i, timer),
            State::Settle if timer == 0 => {
                self.voltage.sure = true;
                self.floor = self.voltage.code;
                self.state = State::Plan;
            }
            State::Settle => {}
            State::Frequency => self.request_frequency(inputs.frequency_ack_i, timer),
        }
    }
}
