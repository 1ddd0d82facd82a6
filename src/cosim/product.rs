//! What a build makes of the generated RTL: a top module, and the C++ that
//! drives it.

use super::registers;
use crate::config::Dataflow;
use crate::rtl;

/// For long simulations. The vectors that a column hands on are too short for calls of `memcpy`;
/// functions that begin on cache lines are worth a tenth of a large model's speed.
const FULL: [&str; 5] = [
    "-falign-functions=64",
    "-O3",
    "-march=native",
    "-mprefer-vector-width=512",
    "-fno-tree-loop-distribute-patterns",
];
/// For short ones, where the compilation takes longer than the simulation.
const QUICK: [&str; 1] = ["-O1"];

/// A verilated module and the C++ around it.
pub(super) struct Product {
    /// Top module.
    pub top: String,
    /// Further files of the build, as (name, text): one `.cpp`, headers, and
    /// Verilator configuration (`.vlt`).
    pub sources: Vec<(&'static str, &'static str)>,
    /// Further flags of every compilation.
    pub defines: Vec<String>,
    /// Optimisation of the model and the C++ around it.
    pub optimisation: &'static [&'static str],
    /// Whether the C++ includes `drift_ports.h`, the list of the module's ports.
    pub lists_ports: bool,
}

impl Product {
    /// The tile engine with the co-simulation loop in C++, for speed.
    pub fn engine(dataflow: Dataflow) -> Self {
        let (visibility, os) = pe_registers(dataflow);
        Self {
            top: rtl::TOP.to_owned(),
            sources: vec![
                ("drift_visibility.vlt", visibility),
                ("drift_registers.h", registers::ACCESSORS),
                ("drift_sim.cpp", include_str!("../../sim/drift_sim.cpp")),
                ("drift_sim.h", include_str!("../../sim/drift_sim.h")),
            ],
            defines: vec![format!("-DDRIFT_OS={os}")],
            optimisation: &FULL,
            lists_ports: false,
        }
    }

    /// Any module behind its pins, driven from Rust.
    pub fn module(name: &str, dataflow: Dataflow) -> Self {
        let (visibility, os) = pe_registers(dataflow);
        let mut sources = vec![
            (
                "drift_module.cpp",
                include_str!("../../sim/drift_module.cpp"),
            ),
            ("drift_module.h", include_str!("../../sim/drift_module.h")),
        ];
        let mut defines = Vec::new();
        if let Some(engine) = engine_path(name) {
            sources.extend([
                ("drift_visibility.vlt", visibility),
                ("drift_registers.h", registers::ACCESSORS),
                ("drift_sim.h", include_str!("../../sim/drift_sim.h")),
            ]);
            defines.push("-DDRIFT_HAS_PES=1".to_owned());
            defines.push(format!("-DDRIFT_ENGINE={engine}"));
            defines.push(format!("-DDRIFT_OS={os}"));
        } else {
            defines.push("-DDRIFT_HAS_PES=0".to_owned());
        }
        Self {
            top: name.to_owned(),
            sources,
            defines,
            optimisation: &QUICK,
            lists_ports: true,
        }
    }

    /// Name of the C++ file.
    pub fn wrapper(&self) -> &'static str {
        let mut names = self.sources.iter().map(|(name, _)| *name);
        names
            .find(|name| name.ends_with(".cpp"))
            .expect("every product has its C++")
    }
}

/// Verilator configuration that keeps the PE registers visible, and the value of
/// `DRIFT_OS`.
fn pe_registers(dataflow: Dataflow) -> (&'static str, u32) {
    match dataflow {
        Dataflow::Ws => (registers::VISIBILITY, 0),
        Dataflow::Os => (registers::VISIBILITY_OS, 1),
    }
}

/// Name that Verilator gives the tile engine in a model of this top, if it is in there.
fn engine_path(top: &str) -> Option<&'static str> {
    match top {
        rtl::TOP => Some("drift_tile_engine"),
        rtl::ACCELERATOR => Some("drift_top__DOT__u_tile_engine"),
        _ => None,
    }
}

/// The ports that Verilator declared in the model's header, as a macro that
/// calls another one with the name and the number of 32-bit words of each.
pub(super) fn ports_header(model_header: &str) -> String {
    let mut text = "#define DRIFT_PORTS(IN_, OUT_)".to_owned();
    for line in model_header.lines() {
        let Some((direction, declaration)) = ["IN", "OUT"].iter().find_map(|direction| {
            let rest = line.trim().strip_prefix("VL_")?.strip_prefix(direction)?;
            Some((direction, rest.split_once("(&")?.1))
        }) else {
            continue;
        };
        let mut fields = declaration.trim_end_matches(");").split(',');
        let name = fields.next().unwrap_or_default();
        if name == "clk_i" || name == "rst_ni" {
            continue;
        }
        let high: usize = fields.next().and_then(|f| f.parse().ok()).unwrap_or(0);
        text += &format!(" \\\n  {direction}_({name}, {})", high / 32 + 1);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::ports_header;

    #[test]
    fn ports_are_read_from_the_header_of_a_model() {
        let header = "  VL_IN8(&clk_i,0,0);\n  VL_IN8(&rst_ni,0,0);\n    VL_IN8(&valid_i,0,0);\n    \
                      VL_OUT64(&count_o,47,0);\n    VL_OUTW(&data_o,127,0,4);\n  int x;\n";
        let expected = "#define DRIFT_PORTS(IN_, OUT_) \\\n  IN_(valid_i, 1) \\\n  OUT_(count_o, 2) \\\n  \
                        OUT_(data_o, 4)\n";
        assert_eq!(ports_header(header), expected);
    }
}
