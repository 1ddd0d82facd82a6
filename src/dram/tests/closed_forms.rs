//! Cases whose cycles can be written down.

use super::*;

fn memory(device: &Device) -> Memory {
    Memory::new(device, same_clock())
}

#[test]
fn hits_stream_at_the_column_rate_of_a_bank_group() {
    let device = default_device();
    let t = device.timing;
    let bursts = device.row_bytes / device.burst_bytes;
    for (access, latency) in [(Access::Read, t.t_cl), (Access::Write, t.t_cwl)] {
        let mut memory = memory(&device);
        let end = memory.access(0, access, 0, device.row_bytes as u32);
        assert_eq!(end.first, t.t_rcd + latency + t.t_burst);
        assert_eq!(end.last, end.first + (bursts - 1) * t.t_ccd_l);
        let total = memory.counts().total();
        assert_eq!((total.activations, total.precharges), (1, 0));
        assert_eq!((total.row_hits, total.row_misses), (bursts - 1, 1));
        assert_eq!(total.reads + total.writes, bursts);
        assert_eq!(total.busy_cycles, end.last);
    }
}

#[test]
fn conflicts_take_a_row_cycle_each() {
    let device = default_device();
    let t = device.timing;
    let stride = device.row_bytes * device.banks() as u64;
    let mut memory = memory(&device);
    for row in 0..100 {
        let end = memory.access(0, Access::Read, row * stride, 1);
        assert_eq!(end.first, row * t.t_rc + t.t_rcd + t.t_cl + t.t_burst);
        assert_eq!(end.last, end.first);
    }
    let bank = memory.counts().banks[0];
    assert_eq!((bank.row_misses, bank.row_conflicts), (1, 99));
    assert_eq!((bank.activations, bank.precharges), (100, 99));
    assert_eq!(memory.counts().total().activations, 100);
}

#[test]
fn written_rows_close_after_write_recovery() {
    let device = default_device();
    let t = device.timing;
    let stride = device.row_bytes * device.banks() as u64;
    let mut memory = memory(&device);
    memory.access(0, Access::Write, 0, 1);
    let written = t.t_rcd + t.t_cwl + t.t_burst;
    let end = memory.access(0, Access::Read, stride, 1);
    assert_eq!(
        end.first,
        written + t.t_wr + t.t_rp + t.t_rcd + t.t_cl + t.t_burst
    );
}

#[test]
fn the_bus_turns_around() {
    let device = default_device();
    let t = device.timing;
    let mut memory = memory(&device);
    let read = memory.access(0, Access::Read, 0, 1).last;
    // Write data follow read data after the turn-around.
    let write = memory.access(0, Access::Write, 0, 1).last;
    assert_eq!(write, read + t.t_turn + t.t_burst);
    let read = memory.access(0, Access::Read, 0, 1).last;
    assert_eq!(read, write + t.t_wtr_l + t.t_cl + t.t_burst);
}

#[test]
fn the_next_row_is_opened_while_data_are_on_the_bus() {
    let device = default_device();
    let t = device.timing;
    let mut memory = memory(&device);
    let first = memory.access(0, Access::Read, 0, 1).last;
    // The neighbouring row lies in another bank group; its ACTIVATE follows the READ.
    let second = memory.access(0, Access::Read, device.row_bytes, 1).last;
    assert_eq!(second, first + 1 + t.t_rcd);
    assert_eq!(memory.counts().banks[1].activations, 1);
}

#[test]
fn refreshes_come_every_t_refi_and_close_all_rows() {
    let device = default_device();
    let t = device.timing;
    let mut memory = memory(&device);
    memory.access(0, Access::Read, 0, 1);
    memory.access(0, Access::Read, device.row_bytes, 1);
    // Precharge all, refresh, and the row is opened anew.
    let end = memory.access(t.t_refi, Access::Read, 0, 1).last;
    assert_eq!(
        end,
        t.t_refi + t.t_rp + t.t_rfc + t.t_rcd + t.t_cl + t.t_burst
    );
    let counts = memory.counts();
    assert_eq!((counts.refreshes, counts.total().precharges), (1, 2));
    assert_eq!(counts.total().row_hits, 0);
    // One cycle before it is due, a refresh does not delay anything.
    let mut memory = self::memory(&device);
    let end = memory.access(t.t_refi - 1, Access::Read, 0, 1).last;
    assert_eq!(end, t.t_refi - 1 + t.t_rcd + t.t_cl + t.t_burst);
    memory.advance(10 * t.t_refi - 1);
    assert_eq!(memory.counts().refreshes, 9);
    memory.advance(10 * t.t_refi);
    assert_eq!(memory.counts().refreshes, 10);
}

#[test]
fn cycles_are_those_of_the_accelerator() {
    let device = default_device();
    let t = device.timing;
    // 1000 MHz to 1600 MHz: 8 DRAM cycles in 5 of the accelerator's.
    let ratio = device.clock_ratio();
    assert_eq!(ratio.to_dram(5), 8);
    assert_eq!((ratio.to_dram(6), ratio.to_accelerator(10)), (10, 7));
    let mut memory = Memory::new(&device, ratio);
    let end = memory.access(6, Access::Read, 0, 1).last;
    // 10 + 22 + 22 + 4 = 58 DRAM cycles are 36.25 ns.
    assert_eq!(10 + t.t_rcd + t.t_cl + t.t_burst, 58);
    assert_eq!(end, 37);
}

#[test]
fn nothing_asked_nothing_done() {
    let device = default_device();
    let mut memory = memory(&device);
    let end = memory.access(9, Access::Read, 0, 0);
    assert_eq!(end, Completion { first: 9, last: 9 });
    assert_eq!(memory.counts().total(), BankCounts::default());
}

#[test]
fn an_earlier_cycle_counts_as_the_latest() {
    let device = default_device();
    let mut late = memory(&device);
    let mut early = memory(&device);
    for memory in [&mut late, &mut early] {
        memory.access(500, Access::Read, 0, 1);
    }
    let late = late.access(500, Access::Read, 1 << 20, 64);
    assert_eq!(early.access(3, Access::Read, 1 << 20, 64), late);
}

#[test]
fn beats_come_with_the_burst_that_holds_their_last_byte() {
    let device = default_device();
    let t = device.timing;
    let first = t.t_rcd + t.t_cl + t.t_burst;
    let burst = |n: u64| first + n * t.t_ccd_l;
    let beats = |address, beats, bytes| {
        memory(&device).access_beats(0, Access::Read, address, beats, bytes)
    };
    // Beats of a burst, of half a burst, of two bursts, and across two.
    assert_eq!(beats(64, 3, 16), [burst(0), burst(1), burst(2)]);
    assert_eq!(beats(64, 4, 8), [burst(0), burst(0), burst(1), burst(1)]);
    assert_eq!(beats(64, 2, 32), [burst(1), burst(3)]);
    assert_eq!(beats(72, 2, 16), [burst(1), burst(2)]);
    assert!(beats(64, 0, 16).is_empty());
}
