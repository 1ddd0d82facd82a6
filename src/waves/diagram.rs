//! A recorded rollback as a timing diagram (SVG).

use super::recording::Recording;
use super::rollback::WRONG_COLUMN;
use std::fmt::Write;

/// Pixels: column of names, a cycle, a line, above the first line.
const NAMES: usize = 196;
const CYCLE: usize = 46;
const LINE: usize = 24;
const HEAD: usize = 44;
/// Height of a high level above the low one.
const LEVEL: usize = 14;

/// A line of the diagram.
enum Line {
    /// A heading.
    Heading(&'static str),
    /// The clock.
    Clock,
    /// One bit.
    Bit(String, Vec<bool>),
    /// A value in some cycles: text, and whether it stands out.
    Bus(String, Vec<Option<(String, bool)>>),
}

/// Draws a recording of [`super::record`] from an array of `columns` columns.
///
/// # Panics
/// When the recording has other signals.
pub fn svg(recording: &Recording, columns: usize) -> String {
    let lines = lines(recording, columns);
    let cycles = recording.cycles();
    let width = NAMES + cycles * CYCLE + 12;
    let height = HEAD + lines.len() * LINE + 10;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"monospace\" font-size=\"12\">\n\
         <title>A rollback, from flag to merge</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for cycle in 0..=cycles {
        let x = NAMES + cycle * CYCLE;
        put(
            &mut text,
            &format!(
                "<path d=\"M{x} {HEAD}V{}\" stroke=\"#e4e7eb\"/>",
                height - 8
            ),
        );
    }
    for (cycle, event) in events(recording) {
        let x = NAMES + cycle * CYCLE;
        put(
            &mut text,
            &format!(
                "<path d=\"M{x} 26V{}\" stroke=\"#c2410c\" stroke-dasharray=\"4 3\"/>\n\
                 <text x=\"{}\" y=\"34\" fill=\"#c2410c\">{event}</text>",
                height - 8,
                x + 4
            ),
        );
    }
    for (index, line) in lines.iter().enumerate() {
        draw(&mut text, line, HEAD + index * LINE, cycles);
    }
    text + "</svg>\n"
}

fn put(text: &mut String, element: &str) {
    writeln!(text, "{element}").expect("a string takes everything");
}

/// What is pointed out, with its cycle.
fn events(recording: &Recording) -> Vec<(usize, &'static str)> {
    let first = |signal: &str| {
        let levels = recording.bits(signal, 0, 1);
        levels.iter().position(|&level| level == 1)
    };
    [
        ("tile_masked_i", "flag"),
        ("m_axi_arvalid_o", "fetch"),
        ("m_axi_rvalid_i", "header"),
        ("m_axis_result_tvalid_o", "merge"),
    ]
    .into_iter()
    .filter_map(|(signal, event)| Some((first(signal)?, event)))
    .collect()
}

fn lines(recording: &Recording, columns: usize) -> Vec<Line> {
    let levels = |signal: &str, bit: usize| -> Vec<bool> {
        recording
            .bits(signal, bit, 1)
            .iter()
            .map(|&b| b == 1)
            .collect()
    };
    let bit = |name: &str, signal: &str| Line::Bit(name.to_owned(), levels(signal, 0));
    // A bit that means something only while another is high.
    let both = |name: &str, valid: &str, (signal, bit): (&str, usize)| {
        let (valid, levels) = (levels(valid, 0), levels(signal, bit));
        let shown = valid.iter().zip(&levels).map(|(a, b)| a & b);
        Line::Bit(name.to_owned(), shown.collect())
    };
    // Values in the cycles in which `valid` is high.
    let bus = |name: String,
               signal: &str,
               (low, width): (usize, usize),
               valid: &str,
               show: &dyn Fn(u64) -> String,
               outstanding: &dyn Fn(usize) -> bool| {
        let valid = levels(valid, 0);
        let values = recording.bits(signal, low, width);
        let shown = values
            .iter()
            .enumerate()
            .map(|(cycle, &value)| valid[cycle].then(|| (show(value), outstanding(cycle))));
        Line::Bus(name, shown.collect())
    };
    let binary = |width: usize| move |value: u64| format!("{value:0width$b}");
    let signed = |value: u64| (value as u32 as i32).to_string();
    let never = |_: usize| false;
    let element = (32 * WRONG_COLUMN, 32);
    let named = |place: &str| format!("{place}[{WRONG_COLUMN}]");
    let masked = levels("s_axis_result_tuser_i", WRONG_COLUMN);
    let is_masked = |cycle: usize| masked[cycle];
    let (flags, valid) = ("s_axis_result_tuser_i", "s_axis_result_tvalid_i");
    let merged = "m_axis_result_tvalid_o";
    let mut read_beats = 0;
    let beats = levels("m_axi_rvalid_i", 0).into_iter().map(|there| {
        read_beats += usize::from(there);
        there.then(|| match read_beats {
            1 => ("exp.".to_owned(), false),
            row => (format!("row {}", row - 2), false),
        })
    });
    let beats = beats.collect();
    vec![
        Line::Clock,
        Line::Heading("from the tile engine"),
        bit("tvalid", valid),
        bit("tready", "s_axis_result_tready_o"),
        bus(
            "column flags".to_owned(),
            flags,
            (columns + 1, columns),
            valid,
            &binary(columns),
            &never,
        ),
        bus(
            "row flag".to_owned(),
            flags,
            (columns, 1),
            valid,
            &binary(1),
            &is_masked,
        ),
        bus(
            "mask".to_owned(),
            flags,
            (0, columns),
            valid,
            &binary(columns),
            &is_masked,
        ),
        bus(
            named("y"),
            "s_axis_result_tdata_i",
            element,
            valid,
            &signed,
            &is_masked,
        ),
        Line::Heading("checkpoint, AXI read channel"),
        bit("arvalid", "m_axi_arvalid_o"),
        bus(
            "araddr".to_owned(),
            "m_axi_araddr_o",
            (0, 32),
            "m_axi_arvalid_o",
            &|a| format!("{a:#x}"),
            &never,
        ),
        Line::Bus("rdata".to_owned(), beats),
        both("rlast", "m_axi_rvalid_i", ("m_axi_rlast_i", 0)),
        Line::Heading("rescaled row"),
        bit("restored_valid", "u_recovery.restored_valid"),
        bus(
            named("restored"),
            "u_recovery.restored",
            element,
            "u_recovery.restored_valid",
            &signed,
            &is_masked,
        ),
        Line::Heading("from the accelerator"),
        bit("tvalid", merged),
        bus(
            named("y"),
            "m_axis_result_tdata_o",
            element,
            merged,
            &signed,
            &is_masked,
        ),
        both("tlast", merged, ("m_axis_result_tlast_o", 0)),
        both(
            "rolled back (tuser)",
            merged,
            ("m_axis_result_tuser_o", 2 * columns + 2),
        ),
    ]
}

fn draw(text: &mut String, line: &Line, top: usize, cycles: usize) {
    let base = top + LINE - 5;
    let name = |text: &mut String, name: &str, style: &str| {
        put(
            text,
            &format!("<text x=\"8\" y=\"{}\"{style}>{name}</text>", base - 2),
        );
    };
    match line {
        Line::Heading(heading) => name(text, heading, " font-weight=\"bold\" fill=\"#1f3a5f\""),
        Line::Clock => {
            name(text, "clk", "");
            let half = CYCLE / 2;
            let wave = format!("v-{LEVEL}h{half}v{LEVEL}h{half}").repeat(cycles);
            stroke(text, &format!("M{NAMES} {base}{wave}"));
        }
        Line::Bit(signal, levels) => {
            name(text, signal, "");
            let height = |level: bool| base - if level { LEVEL } else { 0 };
            let mut wave = format!("M{NAMES} {}", height(levels[0]));
            for (cycle, &level) in levels.iter().enumerate() {
                write!(wave, "V{}H{}", height(level), NAMES + (cycle + 1) * CYCLE)
                    .expect("a string takes everything");
            }
            stroke(text, &wave);
        }
        Line::Bus(signal, values) => {
            name(text, signal, "");
            let mut cycle = 0;
            while cycle < values.len() {
                let same = values[cycle..]
                    .iter()
                    .take_while(|v| **v == values[cycle])
                    .count();
                let (left, right) = (NAMES + cycle * CYCLE, NAMES + (cycle + same) * CYCLE);
                segment(text, values[cycle].as_ref(), left, right, base);
                cycle += same;
            }
        }
    }
}

/// One value of a bus, from `left` to `right`.
fn segment(
    text: &mut String,
    value: Option<&(String, bool)>,
    left: usize,
    right: usize,
    base: usize,
) {
    let (middle, high) = (base - LEVEL / 2, base - LEVEL);
    let Some((value, outstanding)) = value else {
        put(
            text,
            &format!("<path d=\"M{left} {middle}H{right}\" stroke=\"#9aa5b1\" fill=\"none\"/>"),
        );
        return;
    };
    let fill = if *outstanding { "#fde3d3" } else { "#e8f0fa" };
    put(
        text,
        &format!(
            "<path d=\"M{left} {middle}L{} {high}H{}L{right} {middle}L{} {base}H{}Z\" fill=\"{fill}\" stroke=\"#1f3a5f\"/>\n\
             <text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"10\">{value}</text>",
            left + 3,
            right - 3,
            right - 3,
            left + 3,
            usize::midpoint(left, right),
            base - 3
        ),
    );
}

fn stroke(text: &mut String, path: &str) {
    put(
        text,
        &format!("<path d=\"{path}\" stroke=\"#1f3a5f\" stroke-width=\"1.4\" fill=\"none\"/>"),
    );
}
