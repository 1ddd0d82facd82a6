//! Any text as a Liberty library: an error or a library, never a panic. What
//! is read is used: every table is looked up, every function evaluated.
#![no_main]

use drift::timing::liberty::{Library, Quantity};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(library) = Library::parse(&String::from_utf8_lossy(data)) else {
        return;
    };
    for cell in library.cells() {
        let _ = library.cell(&cell.name);
        for pin in &cell.pins {
            if let Some(function) = &pin.function {
                let _ = function.evaluate(|n| 0x5555_aaaa_0f0f_3333 >> (n % 7));
            }
            let at = |quantity| match quantity {
                Quantity::Load => 0.01,
                _ => -0.05,
            };
            for arc in &pin.delays {
                let tables = arc.delay.iter().chain(&arc.transition).flatten();
                tables.for_each(|table| {
                    let _ = table.at(at);
                });
            }
            for arc in &pin.setups {
                arc.setup.iter().flatten().for_each(|table| {
                    let _ = table.at(at);
                });
            }
        }
    }
});
