//! `drift_registers` from the register table.

use crate::config::ArrayConfig;
use crate::registers::{self, Field, Kind, Register};
use askama::Template;

#[derive(Template)]
#[template(path = "drift_registers.sv", escape = "none")]
struct RegisterFile<'a> {
    banner: &'a str,
    registers: Vec<RegisterView>,
    settings: Vec<PortView>,
    pulses: Vec<PortView>,
    states: Vec<PortView>,
    /// Addresses of the upper halves of all counters, in lines.
    count_high: Vec<String>,
    /// Inputs that are events, the highest first.
    events: String,
    /// Index of the highest event.
    last_event: usize,
}

/// A register as its statements.
struct RegisterView {
    /// Name of the constant that holds its address.
    address: String,
    /// Address in hexadecimal digits.
    offset: String,
    writable: bool,
    locked: bool,
    writes: Vec<String>,
    reads: Vec<String>,
}

/// A port, or the register behind it.
struct PortView {
    name: &'static str,
    width: u32,
    /// `[7:0] ` padded to the columns of its neighbours.
    range: String,
    /// Reset value as a literal.
    reset: String,
    /// Spaces that align what follows the name with its neighbours.
    pad: String,
}

/// Renders the module.
pub(super) fn render(config: &ArrayConfig, banner: &str) -> Result<String, askama::Error> {
    let map = registers::map();
    let fields: Vec<Field> = map.iter().flat_map(|r| r.fields).copied().collect();
    let select = |wanted: fn(&Kind) -> bool| -> Vec<Field> {
        let all = fields.iter().copied();
        all.filter(|field| wanted(&field.kind)).collect()
    };
    let settings = ports(config, &select(|kind| matches!(kind, Kind::Setting(_))));
    let states = ports(
        config,
        &select(|kind| matches!(kind, Kind::Status | Kind::CountLow | Kind::CountHigh)),
    );
    let events = select(|kind| matches!(kind, Kind::Event));
    let pulses = ports(config, &select(|kind| matches!(kind, Kind::Pulse)));
    let high = map.iter().filter(|register| {
        let fields = register.fields.iter();
        fields.clone().any(|f| matches!(f.kind, Kind::CountHigh))
    });
    let high: Vec<String> = high.map(|register| address(register.name)).collect();
    let inputs: Vec<String> = events
        .iter()
        .rev()
        .map(|f| format!("hw_{}_i", f.port))
        .collect();
    let width = |name: &str| {
        let ports = settings.iter().chain(&states);
        ports
            .filter(|port| port.name == name)
            .map(|port| port.width)
            .next()
    };
    RegisterFile {
        banner,
        registers: map
            .iter()
            .map(|register| view(register, config, &width))
            .collect(),
        pulses,
        count_high: high.chunks(4).map(|line| line.join(", ")).collect(),
        last_event: events.len() - 1,
        events: inputs.join(", "),
        settings,
        states,
    }
    .render()
}

/// The ports of some fields, in the order of their first bits.
fn ports(config: &ArrayConfig, fields: &[Field]) -> Vec<PortView> {
    let mut views: Vec<PortView> = Vec::new();
    for first in fields.iter().filter(|field| field.port_lsb == 0) {
        let mut parts: Vec<&Field> = fields.iter().filter(|f| f.port == first.port).collect();
        parts.sort_by_key(|field| std::cmp::Reverse(field.port_lsb));
        let width = parts.iter().map(|field| field.width).sum();
        let range = match width {
            1 => String::new(),
            width => format!("[{}:0]", width - 1),
        };
        views.push(PortView {
            name: first.port,
            width,
            range,
            pad: String::new(),
            reset: reset(&parts, width, config),
        });
    }
    let longest = views.iter().map(|view| view.range.len()).max().unwrap_or(0);
    let name = views.iter().map(|view| view.name.len()).max().unwrap_or(0);
    for view in &mut views {
        view.range = format!("{:longest$} ", view.range);
        view.pad = " ".repeat(name - view.name.len());
    }
    views
}

/// The reset value of a port that these fields make up, in words from the
/// highest down where it is wide.
fn reset(parts: &[&Field], width: u32, config: &ArrayConfig) -> String {
    let mut words = vec![0u64; width.div_ceil(32) as usize + 1];
    for field in parts {
        let Kind::Setting(reset) = field.kind else {
            return String::new();
        };
        let value = u64::from(reset.value(config)) << (field.port_lsb % 32);
        let at = (field.port_lsb / 32) as usize;
        words[at] |= value & 0xffff_ffff;
        words[at + 1] |= value >> 32;
    }
    words.pop();
    let literals: Vec<String> = words
        .iter()
        .enumerate()
        .rev()
        .map(|(i, &word)| literal((width - 32 * i as u32).min(32), word as u32))
        .collect();
    match literals.as_slice() {
        [one] => one.clone(),
        many => {
            let lines: Vec<String> = many.chunks(4).map(|line| line.join(", ")).collect();
            format!("{{{}}}", lines.join(",\n          "))
        }
    }
}

fn literal(width: u32, value: u32) -> String {
    if value > 0xffff {
        format!("{width}'h{value:08x}")
    } else {
        format!("{width}'d{value}")
    }
}

/// Some bits of a signal that has `total` of them.
fn bits(name: &str, lsb: u32, width: u32, total: u32) -> String {
    match width {
        _ if width == total => name.to_owned(),
        1 => format!("{name}[{lsb}]"),
        _ => format!("{name}[{}:{lsb}]", lsb + width - 1),
    }
}

/// `GEMM_M` as `AddrGemmM`.
fn address(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_owned() + &rest.to_lowercase()
    });
    format!("Addr{}", words.collect::<String>())
}

fn view(
    register: &Register,
    config: &ArrayConfig,
    width: &dyn Fn(&str) -> Option<u32>,
) -> RegisterView {
    let mut view = RegisterView {
        address: address(register.name),
        offset: format!("{:03x}", register.offset),
        writable: register.writable(),
        locked: register.locked,
        writes: Vec::new(),
        reads: Vec::new(),
    };
    for field in register.fields {
        let word = |name| bits(name, field.lsb, field.width, 32);
        let port = |name: &str| {
            let total = width(field.port).unwrap_or(field.width);
            bits(name, field.port_lsb, field.width, total)
        };
        let (data, mask) = (word("wdata_q"), word("wmask_q"));
        let read = match field.kind {
            Kind::Constant(reset) => literal(field.width, reset.value(config)),
            Kind::Status => port(&format!("hw_{}_i", field.port)),
            Kind::Setting(_) => {
                let (old, new) = (
                    port(&format!("{}_q", field.port)),
                    port(&format!("{}_d", field.port)),
                );
                view.writes
                    .push(format!("{new} = ({data} & {mask}) | ({old} & ~{mask});"));
                old
            }
            Kind::Enable => {
                let bit = field.lsb;
                view.writes.push(format!(
                    "irq_enable_d[{bit}] = ({data} & {mask}) | (irq_enable_q[{bit}] & ~{mask});"
                ));
                format!("irq_enable_q[{bit}]")
            }
            Kind::Event => {
                let bit = field.lsb;
                view.writes
                    .push(format!("irq_clear[{bit}] = {data} & {mask};"));
                format!("irq_status_q[{bit}]")
            }
            Kind::Pulse => {
                view.writes
                    .push(format!("{}_d = {data} & {mask};", field.port));
                continue;
            }
            Kind::CountLow => {
                let count = format!("hw_{}_i", field.port);
                view.reads.push(format!("rdata_d = {count}[31:0];"));
                view.reads.push(format!("count_high_d = {count}[47:32];"));
                continue;
            }
            // All of them share one case.
            Kind::CountHigh => continue,
        };
        view.reads.push(format!("{} = {read};", word("rdata_d")));
    }
    view
}
