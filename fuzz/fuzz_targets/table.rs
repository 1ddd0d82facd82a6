//! Any text as a technology table: an error or a table that answers at its
//! nominal point and writes itself, never a panic.
#![no_main]

use drift::tech::Table;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let Ok(table) = Table::from_yaml(&text, Path::new("fuzzed")) else {
        return;
    };
    let nominal = table.nominal();
    if let Ok(errors) = table.errors(nominal) {
        let _ = errors.sampled();
    }
    let _ = table.energy(nominal.voltage);
    let again = Table::from_yaml(&table.to_yaml(), Path::new("again")).expect("what was written");
    assert_eq!(again, table);
});
