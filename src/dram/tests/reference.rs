//! A controller that lives cycle by cycle: in each DRAM clock it asks the table of
//! rules whether the one command that it wants next is legal yet.

use super::super::CommandKind as K;
use super::rules::legal;
use super::*;
use std::collections::{HashSet, VecDeque};

/// A burst that waits or is being served.
#[derive(Clone, Copy)]
struct Job {
    arrival: u64,
    access: Access,
    address: u64,
}

/// What the controller is at.
enum At {
    Idle,
    Burst { job: Job, begun: Option<u64> },
    Refresh,
}

/// The clocked controller, and all that can be compared with [`Memory`].
pub(super) struct Reference {
    device: Device,
    now: u64,
    at: At,
    queue: VecDeque<Job>,
    open: Vec<Option<u64>>,
    due: u64,
    pub counts: Counts,
    pub commands: Vec<Command>,
    /// DRAM cycles in which bursts ended, in order.
    pub ends: Vec<u64>,
    busy: HashSet<(usize, u64)>,
}

impl Reference {
    pub fn new(device: &Device) -> Self {
        Self {
            device: device.clone(),
            now: 0,
            at: At::Idle,
            queue: VecDeque::new(),
            open: vec![None; device.banks()],
            due: device.timing.t_refi,
            counts: Counts {
                banks: vec![BankCounts::default(); device.banks()],
                ..Counts::default()
            },
            commands: Vec::new(),
            ends: Vec::new(),
            busy: HashSet::new(),
        }
    }

    /// A request, byte by byte to its bursts.
    pub fn request(&mut self, arrival: u64, access: Access, address: u64, bytes: u32) {
        let size = self.device.burst_bytes;
        let mut bursts: Vec<u64> = (address..address + u64::from(bytes))
            .map(|byte| byte / size * size)
            .collect();
        bursts.dedup();
        for address in bursts {
            self.queue.push_back(Job {
                arrival,
                access,
                address,
            });
        }
    }

    /// Clocks until nothing is left to do.
    pub fn run(&mut self) {
        while !self.queue.is_empty() || !matches!(self.at, At::Idle) {
            self.clock();
        }
        for &(bank, _) in &self.busy {
            self.counts.banks[bank].busy_cycles += 1;
        }
        let any: HashSet<u64> = self.busy.iter().map(|&(_, cycle)| cycle).collect();
        self.counts.busy_cycles = any.len() as u64;
    }

    fn bank_and_row(&self, address: u64) -> (usize, u64) {
        let rows_before = address / self.device.row_bytes;
        let banks = self.device.banks() as u64;
        // Group below bank below row: the bank's number counts up with the address,
        // group first.
        let number = rows_before % banks;
        (number as usize, rows_before / banks % self.device.rows)
    }

    fn clock(&mut self) {
        if matches!(self.at, At::Idle) {
            self.choose();
        }
        match self.at {
            At::Idle => {}
            At::Refresh => {
                if self.open.iter().any(Option::is_some) {
                    if self.issue(K::PrechargeAll) {
                        for bank in 0..self.open.len() {
                            if self.open[bank].take().is_some() {
                                self.counts.banks[bank].precharges += 1;
                            }
                        }
                    }
                } else if self.issue(K::Refresh) {
                    self.counts.refreshes += 1;
                    self.due += self.device.timing.t_refi;
                    self.at = At::Idle;
                }
            }
            At::Burst { job, begun } => self.serve(job, begun),
        }
        self.now += 1;
    }

    fn choose(&mut self) {
        if self.due <= self.now {
            self.at = At::Refresh;
        } else if self
            .queue
            .front()
            .is_some_and(|job| job.arrival <= self.now)
        {
            let job = self.queue.pop_front().unwrap();
            let (bank, row) = self.bank_and_row(job.address);
            let counts = &mut self.counts.banks[bank];
            match self.open[bank] {
                None => counts.row_misses += 1,
                Some(open) if open == row => counts.row_hits += 1,
                Some(_) => counts.row_conflicts += 1,
            }
            self.at = At::Burst { job, begun: None };
        }
    }

    fn serve(&mut self, job: Job, begun: Option<u64>) {
        let (bank, row) = self.bank_and_row(job.address);
        let column = job.address % self.device.row_bytes / self.device.burst_bytes;
        let timing = self.device.timing;
        let (kind, latency) = match (self.open[bank], job.access) {
            (Some(open), _) if open != row => (K::Precharge { bank }, None),
            (None, _) => (K::Activate { bank, row }, None),
            (_, Access::Read) => (K::Read { bank, column }, Some(timing.t_cl)),
            (_, Access::Write) => (K::Write { bank, column }, Some(timing.t_cwl)),
        };
        if !self.issue(kind) {
            return;
        }
        let begun = begun.unwrap_or(self.now);
        self.at = At::Burst {
            job,
            begun: Some(begun),
        };
        let counts = &mut self.counts.banks[bank];
        match kind {
            K::Precharge { .. } => {
                self.open[bank] = None;
                counts.precharges += 1;
            }
            K::Activate { .. } => {
                self.open[bank] = Some(row);
                counts.activations += 1;
            }
            K::Read { .. } => counts.reads += 1,
            _ => counts.writes += 1,
        }
        if let Some(latency) = latency {
            let end = self.now + latency + timing.t_burst;
            self.busy.extend((begun..end).map(|cycle| (bank, cycle)));
            self.ends.push(end);
            self.at = At::Idle;
        }
    }

    fn issue(&mut self, kind: K) -> bool {
        let command = Command {
            cycle: self.now,
            kind,
        };
        let legal = legal(&self.device, &self.commands, command);
        if legal {
            self.commands.push(command);
        }
        legal
    }
}
