//! The controller: requests in, cycles out.

use super::bank::Bank;
use super::channel::Channel;
use super::{Bursts, ClockRatio, Command, CommandKind, Counts, Device, Energy, Observer};

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads.
    Read,
    /// Writes.
    Write,
}

/// When a request is served, in cycles of the accelerator: from that cycle on, a
/// burst's last data are there (read) or have been taken (write).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Its first burst.
    pub first: u64,
    /// Its last burst.
    pub last: u64,
}

/// Keeps the accelerator cycles in which bursts end.
#[derive(Default)]
struct BurstEnds(Vec<u64>);

impl Observer for BurstEnds {
    fn burst(&mut self, _address: u64, cycle: u64) {
        self.0.push(cycle);
    }
}

/// A DRAM channel with its controller.
///
/// - Bursts are served in the order in which they come, and no command of a burst
///   is issued before the column command of the burst ahead of it. Data transfers
///   overlap with the commands of later bursts.
/// - A row stays open until another row of its bank is needed, or a refresh.
/// - Every `t_refi` cycles a REFRESH is due, first at `t_refi`. A burst that is
///   being served is finished; then all banks are precharged and refreshed.
/// - A row is opened when a burst needs it, at the earliest cycle allowed.
#[derive(Clone, Debug)]
pub struct Memory {
    device: Device,
    ratio: ClockRatio,
    banks: Vec<Bank>,
    channel: Channel,
    counts: Counts,
    /// DRAM cycle in which the next REFRESH is due.
    refresh_due: u64,
    /// DRAM cycle of the latest request.
    arrival: u64,
    /// End of the data of the latest burst.
    busy_until: u64,
    open_banks: usize,
    /// DRAM cycle in which the first of the open banks was activated.
    active_since: u64,
    /// DRAM cycles with an open bank, up to the latest time that all were closed.
    active_cycles: u64,
}

impl Memory {
    /// A memory with all banks precharged, at cycle 0.
    pub fn new(device: &Device, ratio: ClockRatio) -> Self {
        Self {
            device: device.clone(),
            ratio,
            banks: vec![Bank::default(); device.banks()],
            channel: Channel::new(device.bank_groups as usize),
            counts: Counts {
                banks: vec![Default::default(); device.banks()],
                ..Counts::default()
            },
            refresh_due: device.timing.t_refi,
            arrival: 0,
            busy_until: 0,
            open_banks: 0,
            active_since: 0,
            active_cycles: 0,
        }
    }

    /// Serves a request for `bytes` bytes from byte `address` on that comes in
    /// accelerator cycle `cycle`. Cycles must not decrease: a request with an
    /// earlier cycle than the one before is served as if it came with that one.
    ///
    /// A request for no bytes is over at once and changes nothing.
    pub fn access(&mut self, cycle: u64, access: Access, address: u64, bytes: u32) -> Completion {
        self.access_observed(cycle, access, address, bytes, &mut ())
    }

    /// [`Self::access`], with somebody who sees each command and the end of each burst.
    pub fn access_observed(
        &mut self,
        cycle: u64,
        access: Access,
        address: u64,
        bytes: u32,
        observer: &mut impl Observer,
    ) -> Completion {
        self.arrive(cycle);
        let mut completion = None;
        for burst in Bursts::new(&self.device, address, bytes) {
            let end = self.burst(access, burst, observer);
            let end = self.ratio.to_accelerator(end);
            observer.burst(burst, end);
            let first = completion.map_or(end, |c: Completion| c.first);
            completion = Some(Completion { first, last: end });
        }
        completion.unwrap_or(Completion {
            first: cycle,
            last: cycle,
        })
    }

    /// [`Self::access`] for an AXI burst of `beats` beats of `beat_bytes` bytes each:
    /// the accelerator cycle from which on each beat's data are there (read) or have
    /// been taken (write).
    pub fn access_beats(
        &mut self,
        cycle: u64,
        access: Access,
        address: u64,
        beats: u32,
        beat_bytes: u32,
    ) -> Vec<u64> {
        let mut ends = BurstEnds::default();
        self.access_observed(cycle, access, address, beats * beat_bytes, &mut ends);
        let size = self.device.burst_bytes;
        let first = address / size;
        let of_beat = |beat: u32| {
            let last_byte = address + u64::from(beat + 1) * u64::from(beat_bytes) - 1;
            ends.0[(last_byte / size - first) as usize]
        };
        (0..beats).map(of_beat).collect()
    }

    /// Lets time pass without a request: the refreshes due by an accelerator cycle
    /// are done. What later requests get does not depend on whether this is called.
    pub fn advance(&mut self, cycle: u64) {
        self.arrive(cycle);
        while self.refresh_due <= self.arrival {
            self.refresh(&mut ());
        }
    }

    /// Counters since the memory was made. Refreshes while nothing is asked for are
    /// counted at the next request, or by [`Self::advance`].
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Energy from cycle 0 until an accelerator cycle, or until the latest command
    /// or data if they are later, refreshes included.
    pub fn energy(&self, until_cycle: u64) -> Energy {
        let mut then = self.clone();
        then.advance(until_cycle);
        let latest_command = then.channel.next_command.saturating_sub(1);
        let until = then.arrival.max(then.busy_until).max(latest_command);
        let mut active = then.active_cycles;
        if then.open_banks > 0 {
            active += until - then.active_since;
        }
        Energy::of(&then.device, &then.counts, active, until)
    }

    fn arrive(&mut self, cycle: u64) {
        self.arrival = self.arrival.max(self.ratio.to_dram(cycle));
    }

    /// First cycle for a command of the request at hand.
    fn start(&self) -> u64 {
        self.arrival.max(self.channel.next_command)
    }

    /// Serves one burst; returns the DRAM cycle in which its data end.
    fn burst(&mut self, access: Access, address: u64, observer: &mut impl Observer) -> u64 {
        while self.refresh_due <= self.start() {
            self.refresh(observer);
        }
        let timing = self.device.timing;
        let location = self.device.locate(address);
        let group = location.bank_group as usize;
        let bank = location.flat_bank(&self.device);
        let row = location.row;
        let mut begin = None;
        match self.banks[bank].open {
            Some(open) if open == row => self.counts.banks[bank].row_hits += 1,
            Some(_) => {
                self.counts.banks[bank].row_conflicts += 1;
                begin = Some(self.precharge(bank, observer));
            }
            None => self.counts.banks[bank].row_misses += 1,
        }
        if self.banks[bank].open.is_none() {
            let activated = self.activate(bank, group, row, observer);
            begin = begin.or(Some(activated));
        }
        let cycle = self
            .start()
            .max(self.banks[bank].column_from)
            .max(self.channel.column_from(access, group));
        self.channel.column(access, cycle, group, &timing);
        let column = location.column;
        let counts = &mut self.counts.banks[bank];
        let (kind, end) = match access {
            Access::Read => {
                self.banks[bank].read(cycle, &timing);
                counts.reads += 1;
                (CommandKind::Read { bank, column }, timing.read_end())
            }
            Access::Write => {
                self.banks[bank].write(cycle, &timing);
                counts.writes += 1;
                (CommandKind::Write { bank, column }, timing.write_end())
            }
        };
        self.issue(cycle, kind, observer);
        self.busy(bank, begin.unwrap_or(cycle), cycle + end);
        cycle + end
    }

    fn precharge(&mut self, bank: usize, observer: &mut impl Observer) -> u64 {
        let cycle = self.start().max(self.banks[bank].precharge_from);
        self.close(bank, cycle);
        self.issue(cycle, CommandKind::Precharge { bank }, observer);
        cycle
    }

    fn activate(
        &mut self,
        bank: usize,
        group: usize,
        row: u64,
        observer: &mut impl Observer,
    ) -> u64 {
        let cycle = self
            .start()
            .max(self.banks[bank].activate_from)
            .max(self.channel.activate_from(group));
        let timing = &self.device.timing;
        self.banks[bank].activate(cycle, row, timing);
        self.channel.activated(cycle, group, timing);
        self.counts.banks[bank].activations += 1;
        if self.open_banks == 0 {
            self.active_since = cycle;
        }
        self.open_banks += 1;
        self.issue(cycle, CommandKind::Activate { bank, row }, observer);
        cycle
    }

    /// Closes all banks and refreshes them, from the cycle in which it is due.
    fn refresh(&mut self, observer: &mut impl Observer) {
        let timing = self.device.timing;
        let mut cycle = self.refresh_due.max(self.channel.next_command);
        if self.open_banks > 0 {
            let open = self.banks.iter().filter(|bank| bank.open.is_some());
            cycle = open.fold(cycle, |cycle, bank| cycle.max(bank.precharge_from));
            for bank in 0..self.banks.len() {
                if self.banks[bank].open.is_some() {
                    self.close(bank, cycle);
                }
            }
            self.issue(cycle, CommandKind::PrechargeAll, observer);
            cycle = self.channel.next_command;
        }
        for bank in &self.banks {
            cycle = cycle.max(bank.activate_from);
        }
        for bank in &mut self.banks {
            bank.refresh(cycle, &timing);
        }
        self.counts.refreshes += 1;
        self.refresh_due += timing.t_refi;
        self.issue(cycle, CommandKind::Refresh, observer);
    }

    fn close(&mut self, bank: usize, cycle: u64) {
        self.banks[bank].precharge(cycle, &self.device.timing);
        self.counts.banks[bank].precharges += 1;
        self.open_banks -= 1;
        if self.open_banks == 0 {
            self.active_cycles += cycle - self.active_since;
        }
    }

    fn issue(&mut self, cycle: u64, kind: CommandKind, observer: &mut impl Observer) {
        self.channel.next_command = cycle + 1;
        observer.command(Command { cycle, kind });
    }

    /// Counts the cycles of a burst that no burst before it was busy in.
    fn busy(&mut self, bank: usize, begin: u64, end: u64) {
        let counted = self.banks[bank].busy_until.max(begin);
        self.counts.banks[bank].busy_cycles += end.saturating_sub(counted);
        self.banks[bank].busy_until = self.banks[bank].busy_until.max(end);
        self.counts.busy_cycles += end.saturating_sub(self.busy_until.max(begin));
        self.busy_until = self.busy_until.max(end);
    }
}
