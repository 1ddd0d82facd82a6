//! The documentation page of the registers.

use super::{Kind, Register, Reset, map};
use std::fmt::Write;

/// The page, the same for all configurations.
pub fn markdown() -> String {
    let mut page = String::from(INTRODUCTION);
    page += "\n| offset | register | bits | field | access | reset | meaning |\n|---|---|---|---|---|---|---|\n";
    for register in map() {
        rows(&mut page, &register);
    }
    page
}

const INTRODUCTION: &str = "\
<!-- Written by `drift registers`; do not edit, run `make expected`. -->
# Registers

An AXI4-Lite slave with 32-bit words at 12-bit byte addresses; the two lowest address bits are ignored. Byte strobes are
honoured. `SLVERR` answers an address without register, a write to a read-only register, and a write to a locked register
(L) while a GEMM runs; such a write changes nothing. Bits without a field read as 0.

- `ro` is read-only, `rw` reads back, `w1c` is cleared by writing 1, `w1s` triggers by writing 1 and reads as 0.
- Counters have 48 bits, since reset. Reading `_LO` keeps bits 47:32 of that counter; the next read of any `_HI` gives them.
- A reset value in *italics* is that key of the configuration.
- An event of `IRQ_STATUS` that is enabled in `IRQ_ENABLE` holds the interrupt high until it is cleared.

In Rust, `drift::registers` has every register as a constant: `registers::GEMM_M.offset`,
`registers::STATUS.get(word, \"busy\")`.
";

fn rows(page: &mut String, register: &Register) {
    let lock = if register.locked { " L" } else { "" };
    let mut first = format!("| 0x{:03x} | **{}**{lock} ", register.offset, register.name);
    let mut doc = format!("{} ", register.doc);
    for field in register.fields {
        let bits = match field.width {
            1 => field.lsb.to_string(),
            width => format!("{}:{}", field.lsb + width - 1, field.lsb),
        };
        let reset = match field.kind {
            Kind::Constant(reset) | Kind::Setting(reset) => match reset {
                Reset::Fixed(value) if value > 0xffff => format!("0x{value:08x}"),
                Reset::Fixed(value) => value.to_string(),
                Reset::Config(key, _) => format!("*{key}*"),
            },
            Kind::Pulse => String::new(),
            _ => "0".to_owned(),
        };
        writeln!(
            page,
            "{first}| {bits} | {} | {} | {reset} | {doc}{} |",
            field.name,
            field.kind.access(),
            field.doc
        )
        .expect("a string takes any text");
        first = "| | ".to_owned();
        doc.clear();
    }
}
