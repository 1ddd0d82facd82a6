//! Device files: validation and addresses.

use super::*;
use std::path::Path;

fn error_of(text: &str) -> String {
    Device::from_yaml(text, Path::new("x.yaml"))
        .expect_err("must be refused")
        .to_string()
}

/// The default device with another value for a key.
fn with(key: &str, value: &str) -> String {
    let lines = SHIPPED[0].1.lines().map(|line| match line.split_once(':') {
        Some((k, _)) if k.trim() == key => {
            let indent = &k[..k.len() - k.trim_start().len()];
            format!("{indent}{key}: {value}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn shipped_devices_are_what_their_names_say() {
    for (name, bus_bits) in [("ddr4-3200-x16", 16), ("ddr4-3200-x64", 64)] {
        let device = Device::load(name).unwrap();
        assert_eq!(device.clock_mhz, 1600);
        assert_eq!(device.burst_bytes, bus_bits / 8 * 8);
        assert_eq!(device.row_bytes, 128 * device.burst_bytes);
        assert_eq!(device.banks(), 8);
        // 8 Gb per chip.
        assert_eq!(device.capacity(), device.devices << 30);
    }
    assert!(
        Device::load("none.yaml")
            .unwrap_err()
            .to_string()
            .contains("none.yaml")
    );
}

/// Values of the data sheet in ns against the cycles of the file.
#[test]
fn cycles_are_the_data_sheets_times_rounded_up() {
    let t = default_device().timing;
    for (cycles, nanoseconds) in [
        (t.t_rcd, 13.75),
        (t.t_rp, 13.75),
        (t.t_ras, 32.0),
        (t.t_rc, 45.75),
        (t.t_ccd_l, 5.0),
        (t.t_rrd_s, 5.3),
        (t.t_rrd_l, 6.4),
        (t.t_faw, 30.0),
        (t.t_wr, 15.0),
        (t.t_rtp, 7.5),
        (t.t_wtr_s, 2.5),
        (t.t_wtr_l, 7.5),
        (t.t_rfc, 350.0),
        (t.t_refi, 7800.0),
    ] {
        assert_eq!(
            cycles,
            (nanoseconds / 0.625_f64).ceil() as u64,
            "{nanoseconds} ns"
        );
    }
}

#[test]
fn values_that_cannot_be_name_file_key_value_and_range() {
    for (key, value, allowed) in [
        ("accelerator_mhz", "0", "1..=10000"),
        ("clock_mhz", "-1", "1..=10000"),
        ("devices", "3", "power of two in 1..=8"),
        ("bank_groups", "16", "power of two in 1..=8"),
        ("banks_per_group", "0", "power of two in 1..=32"),
        ("rows", "65535", "power of two"),
        ("row_bytes", "128", "256..=65536"),
        ("bus_bytes", "32", "1..=16"),
        ("burst_length", "1", "2..=32"),
        ("t_cl", "0", "1..=100000"),
        ("t_rc", "73", "t_ras + t_rp = 74"),
        ("t_ccd_s", "3", "burst_length / 2 = 4"),
        ("t_ccd_l", "3", "t_ccd_s = 4"),
        ("t_rrd_l", "8", "t_rrd_s = 9"),
        ("t_wtr_l", "1", "t_wtr_s = 4"),
        ("t_turn", "101", "0..=100"),
        ("t_refi", "700", "t_rfc + 2 t_rc = 708"),
        ("vdd", "-1.2", "at least 0"),
        ("idd0", "40", "at least 50.3"),
        ("idd3n", "36", "at least 37"),
        ("idd4r", ".nan", "at least 56"),
        ("ipp0", "2", "at least 3"),
    ] {
        let message = error_of(&with(key, value));
        for part in ["x.yaml", key, value.trim_start_matches('.'), allowed] {
            let found = message.to_lowercase().contains(&part.to_lowercase());
            assert!(found, "{message} lacks {part}");
        }
    }
    let text = with("burst_length", "32").replace("bus_bytes: 2 ", "bus_bytes: 8 ");
    assert!(Device::from_yaml(&text, Path::new("x")).is_err());
}

#[test]
fn unknown_missing_and_mistyped_keys_are_refused() {
    let good = SHIPPED[0].1;
    assert!(error_of(&format!("{good}colour: 4\n")).contains("colour"));
    assert!(error_of(&good.replace("  t_faw: 48", "  t_five: 48")).contains("t_five"));
    assert!(error_of(&with("rows", "many")).contains("rows"));
    assert!(error_of("devices: 1\n").contains("x.yaml"));
}

/// Every burst of a small device lies somewhere else, and rows are contiguous.
#[test]
fn the_address_map_is_a_bijection_with_contiguous_rows() {
    let device = Device::from_yaml(&with("rows", "4"), Path::new("x")).unwrap();
    let mut seen = std::collections::HashSet::new();
    for address in (0..device.capacity()).step_by(device.burst_bytes as usize) {
        let at = device.locate(address);
        let row_start = device.locate(address / device.row_bytes * device.row_bytes);
        assert_eq!(
            (at.row, at.bank, at.bank_group),
            (row_start.row, row_start.bank, row_start.bank_group)
        );
        assert_eq!(at, device.locate(address + device.burst_bytes - 1));
        assert_eq!(at, device.locate(address + device.capacity()));
        assert!(seen.insert((at.row, at.flat_bank(&device), at.column)));
    }
    assert_eq!(device.locate(device.row_bytes).bank_group, 1);
    assert_eq!(device.locate(2 * device.row_bytes).bank, 1);
    assert_eq!(device.locate(8 * device.row_bytes).row, 1);
}

#[test]
fn requests_take_the_bursts_that_they_touch() {
    let device = default_device();
    let bursts = |address, bytes| Bursts::new(&device, address, bytes).collect::<Vec<_>>();
    assert_eq!(bursts(32, 16), [32]);
    assert_eq!(bursts(47, 1), [32]);
    assert_eq!(bursts(47, 2), [32, 48]);
    assert_eq!(bursts(8, 40), [0, 16, 32]);
    assert!(bursts(8, 0).is_empty());
}
