//! Random requests: the controller against the clocked reference model.

use super::reference::Reference;
use super::rules::assert_obeyed;
use super::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

struct Draw(ChaCha8Rng);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }
}

/// The shipped devices, and others whose constraints bind in other orders.
fn device(draw: &mut Draw) -> Device {
    let name = SHIPPED[draw.below(SHIPPED.len() as u64) as usize].0;
    let mut device = Device::load(name).unwrap();
    let timing = &mut device.timing;
    if draw.below(2) == 0 {
        // Refreshes in the middle of everything.
        timing.t_rfc = 40 + draw.below(60);
        timing.t_refi = timing.t_rfc + 2 * timing.t_rc + draw.below(300);
    }
    if draw.below(2) == 0 {
        timing.t_rcd = 2 + draw.below(30);
        timing.t_rp = 2 + draw.below(30);
        timing.t_ras = 5 + draw.below(60);
        timing.t_rc = timing.t_ras + timing.t_rp + draw.below(10);
        timing.t_cwl = 4 + draw.below(timing.t_cl - 3);
        timing.t_rrd_s = 1 + draw.below(12);
        timing.t_rrd_l = timing.t_rrd_s + draw.below(12);
        timing.t_faw = 1 + draw.below(150);
        timing.t_wr = 1 + draw.below(40);
        timing.t_rtp = 1 + draw.below(40);
        timing.t_refi = timing.t_refi.max(timing.t_rfc + 2 * timing.t_rc);
    }
    if draw.below(3) == 0 {
        device.banks_per_group *= device.bank_groups;
        device.bank_groups = 1;
    }
    device
}

/// Mostly a stream with jumps among few rows, so that hits, misses and conflicts
/// all occur; sometimes pauses that are longer than a refresh interval.
fn requests(draw: &mut Draw, device: &Device) -> Vec<(u64, Access, u64, u32)> {
    let mut cycle = 0;
    let mut address = 0;
    let region = device.row_bytes * device.banks() as u64 * 3;
    (0..150)
        .map(|_| {
            cycle += match draw.below(20) {
                0 => draw.below(3 * device.timing.t_refi),
                1..8 => draw.below(60),
                _ => 0,
            };
            if draw.below(3) == 0 {
                // The capacity wraps.
                let wrap = device.capacity() * draw.below(2);
                address = wrap + draw.below(region);
            }
            let access = match draw.below(5) {
                0..3 => Access::Read,
                _ => Access::Write,
            };
            let longest = if draw.below(4) == 0 { 1000 } else { 40 };
            let bytes = 1 + draw.below(longest) as u32;
            let start = address;
            address += u64::from(bytes);
            (cycle, access, start, bytes)
        })
        .collect()
}

#[test]
fn agrees_with_the_clocked_reference_and_obeys_the_rules() {
    let mut seen = BankCounts::default();
    let mut refreshes = 0;
    for seed in 0..60 {
        let mut key = [0; 32];
        key[0] = seed;
        let mut draw = Draw(ChaCha8Rng::from_seed(key));
        let device = device(&mut draw);
        let ratio = ClockRatio::new(1 + draw.below(20), 1 + draw.below(20));
        let mut memory = Memory::new(&device, ratio);
        let mut advanced = Memory::new(&device, ratio);
        let mut reference = Reference::new(&device);
        let mut log = Log::default();
        for (cycle, access, address, bytes) in requests(&mut draw, &device) {
            let from = log.bursts.len();
            let completion = memory.access_observed(cycle, access, address, bytes, &mut log);
            assert_eq!(completion.first, log.bursts[from].1, "seed {seed}");
            assert_eq!(
                completion.last,
                log.bursts[log.bursts.len() - 1].1,
                "seed {seed}"
            );
            advanced.advance(cycle);
            let same = advanced.access(cycle, access, address, bytes);
            assert_eq!(same, completion, "seed {seed}: advance changed something");
            reference.request(ratio.to_dram(cycle), access, address, bytes);
        }
        reference.run();
        let ends: Vec<u64> = log.bursts.iter().map(|&(_, cycle)| cycle).collect();
        let expected: Vec<u64> = reference
            .ends
            .iter()
            .map(|&end| ratio.to_accelerator(end))
            .collect();
        assert_eq!(ends, expected, "seed {seed}");
        assert_eq!(log.commands, reference.commands, "seed {seed}");
        assert_eq!(memory.counts(), &reference.counts, "seed {seed}");
        assert_eq!(advanced.counts(), &reference.counts, "seed {seed}");
        assert_obeyed(&device, &log.commands);
        seen += memory.counts().total();
        refreshes += memory.counts().refreshes;
    }
    // The cases are worth something.
    for count in [
        seen.row_hits,
        seen.row_misses,
        seen.row_conflicts,
        refreshes,
    ] {
        assert!(count > 500, "{seen:?}, {refreshes} refreshes");
    }
}

#[test]
fn what_was_answered_does_not_depend_on_what_follows() {
    let mut draw = Draw(ChaCha8Rng::from_seed([7; 32]));
    let device = default_device();
    let all = requests(&mut draw, &device);
    let run = |requests: &[(u64, Access, u64, u32)]| -> Vec<Completion> {
        let mut memory = Memory::new(&device, device.clock_ratio());
        let serve =
            |&(cycle, access, address, bytes): &_| memory.access(cycle, access, address, bytes);
        requests.iter().map(serve).collect()
    };
    assert_eq!(run(&all)[..80], run(&all[..80]));
}
