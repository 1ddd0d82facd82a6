//! Any text as Yosys's JSON, bound to a library and timed: an error or a
//! result, never a panic.
#![no_main]

use drift::timing::liberty::Library;
use drift::timing::netlist::{Circuit, Netlist};
use drift::timing::sta::StaticTiming;
use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

static LIBRARY: OnceLock<Library> = OnceLock::new();

fuzz_target!(|data: &[u8]| {
    let text = include_str!("../../tests/data/timing/small.lib");
    let library = LIBRARY.get_or_init(|| Library::parse(text).expect("the library of the tests"));
    let Ok(netlist) = Netlist::parse(&String::from_utf8_lossy(data), "adder") else {
        return;
    };
    if let Ok(circuit) = Circuit::bind(&netlist, library) {
        let _ = StaticTiming::of(&circuit);
        circuit.settle(&mut vec![0; netlist.nets]);
    }
});
