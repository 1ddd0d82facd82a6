//! Traces, byte for byte.

use super::*;

fn written(format: TraceFormat, device: &Device) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.trace");
    let mut trace = TraceWriter::create(&file, format, device, device.clock_ratio()).unwrap();
    trace.record(0, Access::Read, 0x1f08, 16).unwrap();
    trace
        .record(5, Access::Write, (1 << 14) + 3 * 2048, 1)
        .unwrap();
    trace.record(6, Access::Read, (1 << 30) + 0x40, 16).unwrap();
    trace.record(2, Access::Write, 0, 16).unwrap();
    assert!(!file.exists(), "appears before it is complete");
    trace.finish().unwrap();
    std::fs::read_to_string(&file).unwrap()
}

#[test]
fn ramulator2_loads_and_stores() {
    let text = written(TraceFormat::Ramulator2LoadStore, &default_device());
    assert_eq!(text, "LD 0x1f00\nLD 0x1f10\nST 0x5800\nLD 0x40\nST 0x0\n");
}

#[test]
fn ramulator2_address_vectors() {
    let text = written(TraceFormat::Ramulator2ReadWrite, &default_device());
    let expected =
        "R 0,0,1,1,0,112\nR 0,0,1,1,0,113\nW 0,0,1,1,1,0\nR 0,0,0,0,0,4\nW 0,0,0,0,0,0\n";
    assert_eq!(text, expected);
    let mut plain = default_device();
    plain.bank_groups = 1;
    plain.banks_per_group = 8;
    let text = written(TraceFormat::Ramulator2ReadWrite, &plain);
    assert!(text.starts_with("R 0,0,3,0,112\n"), "{text}");
}

#[test]
fn dramsim3_with_cycles_of_the_memory() {
    let text = written(TraceFormat::DramSim3, &default_device());
    let expected = "0x1F00 READ 0\n0x1F10 READ 0\n0x5800 WRITE 8\n0x40 READ 10\n0x0 WRITE 10\n";
    assert_eq!(text, expected);
}

#[test]
fn formats_have_names() {
    for (name, format) in TraceFormat::NAMES {
        assert_eq!(name.parse::<TraceFormat>().unwrap(), format);
        assert_eq!(format.to_string(), name);
    }
    let message = "dramsim2".parse::<TraceFormat>().unwrap_err().to_string();
    assert!(
        message.contains("dramsim2") && message.contains("ramulator2-rw"),
        "{message}"
    );
}

#[test]
fn an_abandoned_trace_leaves_nothing_and_keeps_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.trace");
    std::fs::write(&file, "old").unwrap();
    let device = default_device();
    let format = TraceFormat::DramSim3;
    let mut trace = TraceWriter::create(&file, format, &device, same_clock()).unwrap();
    trace.record(0, Access::Read, 0, 1 << 20).unwrap();
    drop(trace);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let device = default_device();
    let target = std::path::Path::new("/nowhere/at/all/x.trace");
    let error = TraceWriter::create(target, TraceFormat::DramSim3, &device, same_clock());
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("/nowhere/at/all/x.trace")
    );
}
