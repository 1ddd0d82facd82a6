//! The synthesis of one processing element (PE) with a library: the committed
//! recipe, on which every delay depends.
//!
//! A column of two rows is synthesised; the second row, which comes first in it, is the PE
//! that is timed, from the registers of its operands and of the partial sum
//! above it to its own partial sum. At the north edge of an array partial sums
//! start from 0, which would make the adders of this short column narrower than
//! those of a real one, so they start from inputs instead.

use super::TimingError;
use super::liberty::{Cell, Corner, Direction, FlipFlop, Function, LibertyError, Library};
use super::netlist::{Net, Netlist};
use crate::config::{ArrayConfig, Dataflow};
use crate::rtl;
use crate::synth::{CellLibrary, LibraryCell, SynthError, elaborate};
use crate::tool::{ToolError, Yosys};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Module that holds the PE.
pub const PE_TOP: &str = "drift_pe_column";

/// Rows of the column; the last one is timed.
const ROWS: usize = 2;

/// A synthesised PE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthesisedPe {
    /// The netlist as Yosys's JSON, for [`Netlist::parse`] with [`PE_TOP`].
    pub json: String,
    /// The same as Verilog, for other tools.
    pub verilog: String,
    /// The commands that made it.
    pub script: String,
    /// Version of Yosys.
    pub yosys: String,
}

/// The signals of the PE in the netlist, lowest bit first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeSignals {
    /// The activation register, 8 bits.
    pub activation: Vec<Net>,
    /// Whether the activation is valid; it counts as 0 where it is not.
    pub valid: Net,
    /// The weight register, 8 bits.
    pub weight: Vec<Net>,
    /// All registers of the PE that are not partial sums; bits that it has not are constant.
    pub word: Vec<Net>,
    /// The partial sum above the PE, 32 bits.
    pub psum_above: Vec<Net>,
    /// The PE's own partial sum, 32 bits: the register that is timed.
    pub psum: Vec<Net>,
}

impl PeSignals {
    /// Finds them by the names that the RTL gives them.
    ///
    /// # Errors
    /// [`TimingError::Netlist`] when the netlist is not of a PE.
    pub fn of(netlist: &Netlist) -> Result<Self, TimingError> {
        // What leaves the column in the east are the words of its rows, the last one first.
        let east = netlist.signal("east_o")?.get(0..32).ok_or_else(|| {
            TimingError::Netlist("east_o has not the 32 bits of a row".to_owned())
        })?;
        let weights = netlist.signal("weight_q[0]")?.get(0..16).ok_or_else(|| {
            TimingError::Netlist("weight_q[0] has not the 16 bits of two weights".to_owned())
        })?;
        let signals = Self {
            activation: east[0..8].to_vec(),
            weight: weights[0..8].to_vec(),
            valid: east[31],
            word: [east, weights].concat(),
            psum_above: netlist.signal("psum_q[1]")?.to_vec(),
            psum: netlist.signal("psum_q[0]")?.to_vec(),
        };
        let different = |bits: &[Net]| bits.iter().collect::<BTreeSet<_>>().len();
        match (different(&signals.psum_above), different(&signals.psum)) {
            (32, 32) => Ok(signals),
            _ => Err(TimingError::Netlist(
                "the bits of a partial sum are not 32 different nets".to_owned(),
            )),
        }
    }
}

/// Synthesises the PE of a configuration with a Liberty file, which should be
/// that of the slowest condition.
///
/// # Errors
/// [`TimingError`] when the array is output-stationary, the library cannot be read or
/// lacks cells, or Yosys is missing or fails.
pub fn synthesise_pe(config: &ArrayConfig, liberty: &Path) -> Result<SynthesisedPe, TimingError> {
    if config.dataflow != Dataflow::Ws {
        let message =
            "the PE of an output-stationary array cannot be timed yet: expected dataflow ws";
        return Err(TimingError::Config(message.to_owned()));
    }
    let (library, cells) = read(liberty)?;
    let mut small = config.clone();
    (small.rows, small.columns) = (ROWS, 2);
    let scratch = tempfile::tempdir().map_err(ToolError::file(std::env::temp_dir()))?;
    let folder = scratch.path();
    rtl::write(&rtl::generate(&small, "drift rtl")?, folder)?;
    let mut names = Vec::new();
    for (index, file) in cells.paths().enumerate() {
        names.push(match index {
            0 => "cells.lib".to_owned(),
            _ => format!("cells{index}.lib"),
        });
        let unpacked = folder.join(&names[index]);
        std::fs::copy(file, &unpacked).map_err(ToolError::file(&unpacked))?;
    }
    let yosys = Yosys::locate_pinned_or_newer()?;
    let script = script(&elaborate(folder, PE_TOP)?, &library, &cells, &names);
    yosys.run_script(&script, folder)?;
    let result = |name: &str| {
        let file = folder.join(name);
        std::fs::read_to_string(&file).map_err(ToolError::file(file.as_path()))
    };
    Ok(SynthesisedPe {
        json: result("pe.json")?,
        verilog: result("pe.v")?,
        script,
        yosys: yosys.version,
    })
}

/// The cells of a Liberty file, for a synthesis with them.
///
/// # Errors
/// [`TimingError`] when the file cannot be read, a cell's area is out of range,
/// or the cells that can be used cannot express every circuit.
pub fn cell_library(liberty: &Path) -> Result<CellLibrary, TimingError> {
    let (library, cells) = read(liberty)?;
    // A PE has no reset, the rest of an array has.
    let resets = |cell: &Cell| {
        let forced = |ff: &FlipFlop| !ff.forced.is_empty();
        usable(cell) && cell.flip_flop.as_ref().is_some_and(forced)
    };
    if library.cells().any(resets) {
        return Ok(cells);
    }
    let lacks = LibertyError::Lacks {
        file: liberty.to_owned(),
        library: library.name,
        what: "flip-flop with an asynchronous set or reset",
    };
    Err(lacks.into())
}

fn read(liberty: &Path) -> Result<(Library, CellLibrary), TimingError> {
    let corner = Corner::read(liberty)?;
    let library = corner.library()?;
    let lacks = |what| LibertyError::Lacks {
        file: liberty.to_owned(),
        library: library.name.clone(),
        what,
    };
    let has = |wanted: fn(&Cell) -> bool| library.cells().any(|c| usable(c) && wanted(c));
    if !has(|cell| cell.flip_flop.is_some()) {
        return Err(lacks("flip-flop").into());
    }
    if !has(inverts) {
        return Err(lacks("inverter").into());
    }
    if !has(is_nand) {
        return Err(lacks("gate of the kind of a two-input NAND, NOR, AND or OR").into());
    }
    if !has(buffers) {
        return Err(lacks("buffer").into());
    }
    let mut cells = BTreeMap::new();
    for cell in library.cells() {
        let usable = usable(cell);
        if usable && !(0.0..=LibraryCell::LARGEST).contains(&cell.area) {
            return Err(LibertyError::Area {
                file: liberty.to_owned(),
                cell: cell.name.clone(),
                area: cell.area,
            }
            .into());
        }
        let seen = LibraryCell {
            area: cell.area,
            flip_flop: cell.flip_flop.is_some(),
            usable,
        };
        cells.insert(cell.name.clone(), seen);
    }
    let texts = richest_first(&corner);
    let cells =
        CellLibrary::new(&library.name, texts.into_iter(), cells).map_err(SynthError::Scratch)?;
    Ok((library, cells))
}

/// The texts of a library, that with the most kinds of gates first. ABC drops a file with fewer
/// than three kinds, as one of inverters and buffers is, unless it adds to others before it.
fn richest_first(corner: &Corner) -> Vec<&str> {
    let mut texts: Vec<&str> = corner.texts().collect();
    if texts.len() > 1 {
        let kinds = |text: &&str| Library::parse(text).map_or(0, |part| kinds(&part));
        texts.sort_by_cached_key(|text| Reverse(kinds(text)));
    }
    texts
}

/// How many different gates with one output can be used.
fn kinds(library: &Library) -> usize {
    /// Columns of the truth table of six inputs.
    const INPUTS: [u64; 6] = [
        0xaaaa_aaaa_aaaa_aaaa,
        0xcccc_cccc_cccc_cccc,
        0xf0f0_f0f0_f0f0_f0f0,
        0xff00_ff00_ff00_ff00,
        0xffff_0000_ffff_0000,
        0xffff_ffff_0000_0000,
    ];
    let table = |f: &Function| f.evaluate(|n| INPUTS.get(n).copied().unwrap_or(0));
    let kind = |cell: &Cell| match functions(cell).collect::<Vec<_>>().as_slice() {
        [f] if !f.inputs().is_empty() => Some((f.inputs().len(), table(f))),
        _ => None,
    };
    let kinds = library.cells().filter(|cell| usable(cell));
    kinds.filter_map(kind).collect::<BTreeSet<_>>().len()
}

fn usable(cell: &Cell) -> bool {
    !cell.special && cell.unsupported.is_none()
}

/// The functions of a gate's outputs; none for flip-flops.
fn functions(cell: &Cell) -> impl Iterator<Item = &Function> {
    let pins = cell.pins.iter().filter(|_| cell.flip_flop.is_none());
    pins.filter_map(|pin| pin.function.as_ref())
}

fn inverts(cell: &Cell) -> bool {
    functions(cell).any(|f| f.inputs().len() == 1 && f.evaluate(|_| 0) & 1 == 1)
}

fn buffers(cell: &Cell) -> bool {
    functions(cell).any(|f| f.inputs().len() == 1 && f.evaluate(|_| 0) & 1 == 0)
}

/// Whether one or three of the four lines of its truth table are 1.
fn is_nand(cell: &Cell) -> bool {
    let ones = |f: &Function| (f.evaluate(|n| [0b0101, 0b0011][n]) & 0b1111).count_ones();
    functions(cell).any(|f| f.inputs().len() == 2 && ones(f) % 2 == 1)
}

/// The commands. The files that they name are in the directory they run in.
fn script(elaborate: &str, library: &Library, cells: &CellLibrary, files: &[String]) -> String {
    // Where a library has no tie cells, constants stay constants.
    let ties = match (tie(library, true), tie(library, false)) {
        (Some(high), Some(low)) => format!("hilomap -hicell {high} -locell {low}\n"),
        _ => String::new(),
    };
    // Behind flip-flops with an inverted output only, mapping would merge the inverters of
    // the weights and of the partial sum above the PE into the logic, and their names would be lost.
    let kept = if library.cells().any(shows_data) {
        ""
    } else {
        "expose w:psum_q[1] w:weight_q[0]\n"
    };
    let read = CellLibrary::read(files);
    let map = cells.map(files);
    format!(
        "\
{elaborate}\
proc
expose -input w:psum_q[2]
{kept}\
{read}\
synth -flatten -booth -noabc
opt_clean -purge
{map}\
{ties}\
opt_clean -purge
rename -enumerate -pattern g% c:*
rename -enumerate -pattern n% w:$*
check -mapped -assert
write_json pe.json
write_verilog -noattr -noexpr -nohex -nodec -simple-lhs pe.v
"
    )
}

/// Whether a cell is a flip-flop with an output that shows the data as it was.
fn shows_data(cell: &Cell) -> bool {
    let Some(flip_flop) = &cell.flip_flop else {
        return false;
    };
    let inverts = |function: &Function| function.evaluate(|_| 0) & 1 == 1;
    let shows = |function: &Function| match function.inputs() {
        [name] => (*name == flip_flop.state[1]) == (inverts(function) != inverts(&flip_flop.next)),
        _ => false,
    };
    usable(cell)
        && cell
            .pins
            .iter()
            .filter_map(|pin| pin.function.as_ref())
            .any(shows)
}

/// Cell and pin that give a constant, the smallest there is.
fn tie(library: &Library, value: bool) -> Option<String> {
    let constant = |cell: &Cell| {
        let no_inputs = cell
            .pins
            .iter()
            .all(|pin| pin.direction == Direction::Output);
        let gives = cell.pins.iter().find(|pin| {
            let function = pin.function.as_ref();
            function.is_some_and(|f| f.inputs().is_empty() && (f.evaluate(|_| 0) == !0) == value)
        })?;
        (no_inputs && cell.unsupported.is_none()).then(|| format!("{} {}", cell.name, gives.name))
    };
    let ties = library.cells().filter_map(|c| Some((c.area, constant(c)?)));
    let smallest = ties.min_by(|a, b| a.0.total_cmp(&b.0));
    smallest.map(|(_, text)| text)
}
