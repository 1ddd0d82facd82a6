//! The device's rules as a table of command pairs, and a check of a command log
//! against it. Shares nothing with the controller but the command's type.

use super::super::CommandKind as K;
use super::*;

fn bank_of(kind: K) -> Option<usize> {
    match kind {
        K::Activate { bank, .. }
        | K::Precharge { bank }
        | K::Read { bank, .. }
        | K::Write { bank, .. } => Some(bank),
        K::PrechargeAll | K::Refresh => None,
    }
}

/// Least distance from a command to a later one; 0 where there is no rule.
fn distance(device: &Device, earlier: K, later: K) -> u64 {
    let t = &device.timing;
    let groups = device.bank_groups as usize;
    // A command for all banks counts as one for the same bank.
    let (same_bank, same_group) = match (bank_of(earlier), bank_of(later)) {
        (Some(a), Some(b)) => (a == b, a % groups == b % groups),
        _ => (true, true),
    };
    let of_bank = |cycles: u64| if same_bank { cycles } else { 0 };
    let of_group = |long: u64, short: u64| if same_group { long } else { short };
    let half_burst = t.t_burst;
    match (earlier, later) {
        (K::Activate { .. }, K::Activate { .. }) if same_bank => t.t_rc,
        (K::Activate { .. }, K::Activate { .. }) => of_group(t.t_rrd_l, t.t_rrd_s),
        (K::Activate { .. }, K::Precharge { .. } | K::PrechargeAll) => of_bank(t.t_ras),
        (K::Activate { .. }, K::Read { .. } | K::Write { .. }) => of_bank(t.t_rcd),
        (K::Activate { .. }, K::Refresh) => t.t_rc,
        (K::Precharge { .. } | K::PrechargeAll, K::Activate { .. } | K::Refresh) => of_bank(t.t_rp),
        (K::Read { .. }, K::Read { .. }) | (K::Write { .. }, K::Write { .. }) => {
            of_group(t.t_ccd_l, t.t_ccd_s)
        }
        (K::Read { .. }, K::Write { .. }) => t.t_cl + half_burst + t.t_turn - t.t_cwl,
        (K::Write { .. }, K::Read { .. }) => t.t_cwl + half_burst + of_group(t.t_wtr_l, t.t_wtr_s),
        (K::Read { .. }, K::Precharge { .. } | K::PrechargeAll) => of_bank(t.t_rtp),
        (K::Write { .. }, K::Precharge { .. } | K::PrechargeAll) => {
            of_bank(t.t_cwl + half_burst + t.t_wr)
        }
        (K::Refresh, K::Activate { .. } | K::Refresh) => t.t_rfc,
        _ => 0,
    }
}

/// Whether a command may follow others, the latest of which stands last.
pub(super) fn legal(device: &Device, past: &[Command], next: Command) -> bool {
    // No rule reaches further back than this.
    let t = &device.timing;
    let reach = t.t_rfc + t.t_rc + t.t_faw + t.t_wr + t.t_cwl + t.t_wtr_l + t.t_cl + t.t_burst;
    let recent = past
        .iter()
        .rev()
        .take_while(|c| c.cycle + reach > next.cycle);
    let is_activate = |kind| matches!(kind, K::Activate { .. });
    let mut activates = 0;
    for before in recent {
        let apart = distance(device, before.kind, next.kind).max(1);
        if before.cycle + apart > next.cycle {
            return false;
        }
        if is_activate(before.kind) && is_activate(next.kind) {
            activates += 1;
            if activates == 4 && before.cycle + t.t_faw > next.cycle {
                return false;
            }
        }
    }
    true
}

/// Asserts that a log obeys every distance, that rows are open where they are
/// used and closed where they are opened, that no two transfers share the data
/// bus, and that refreshes are in time.
pub(super) fn assert_obeyed(device: &Device, log: &[Command]) {
    let timing = &device.timing;
    let mut open = vec![None; device.banks()];
    let mut bus_free = 0;
    let mut refreshes = 0;
    for (index, command) in log.iter().enumerate() {
        assert!(
            legal(device, &log[..index], *command),
            "{command:?} after {:?}",
            &log[index.saturating_sub(6)..index]
        );
        match command.kind {
            K::Activate { bank, row } => {
                assert_eq!(open[bank], None, "{command:?}: open");
                open[bank] = Some(row);
            }
            K::Precharge { bank } => assert!(open[bank].take().is_some(), "{command:?}: closed"),
            K::PrechargeAll => {
                assert!(open.iter().any(Option::is_some));
                open.fill(None);
            }
            K::Read { bank, .. } | K::Write { bank, .. } => {
                assert!(open[bank].is_some(), "{command:?}: closed");
                let latency = match command.kind {
                    K::Read { .. } => timing.t_cl,
                    _ => timing.t_cwl,
                };
                assert!(
                    command.cycle + latency >= bus_free,
                    "{command:?}: bus taken"
                );
                bus_free = command.cycle + latency + timing.t_burst;
            }
            K::Refresh => {
                assert!(open.iter().all(Option::is_none));
                refreshes += 1;
                let due = refreshes * timing.t_refi;
                assert!(command.cycle >= due, "{command:?}: early");
                // JEDEC lets eight refreshes be postponed; here one burst and the
                // way back to precharged banks lie between.
                let late = 4 * timing.t_rc + 2 * timing.t_wr + timing.t_cl;
                assert!(command.cycle <= due + late, "{command:?}: due at {due}");
            }
        }
    }
}

#[test]
fn the_check_finds_broken_rules() {
    let device = default_device();
    let at = |cycle, kind| Command { cycle, kind };
    let act = |cycle, bank| at(cycle, K::Activate { bank, row: 0 });
    let t = &device.timing;
    assert!(!legal(
        &device,
        &[act(0, 0)],
        at(t.t_rcd - 1, K::Read { bank: 0, column: 0 })
    ));
    assert!(legal(
        &device,
        &[act(0, 0)],
        at(t.t_rcd, K::Read { bank: 0, column: 0 })
    ));
    assert!(!legal(&device, &[act(0, 0)], act(t.t_rrd_s - 1, 1)));
    assert!(legal(&device, &[act(0, 0)], act(t.t_rrd_s, 1)));
    assert!(!legal(&device, &[act(0, 0)], act(t.t_rrd_l - 1, 2)));
    // The fifth activation: the distances to its neighbour are kept, the window is not.
    let four = [act(0, 0), act(9, 1), act(20, 2), act(29, 3)];
    assert!(!legal(&device, &four, act(47, 4)));
    assert!(legal(&device, &four, act(48, 4)));
}
