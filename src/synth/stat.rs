//! Yosys's statistics, multiplied through the hierarchy.

use super::SynthError;
use super::mapping::CellLibrary;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::{Add, Mul};

/// What a piece of hardware consists of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Gates: everything that is no flip-flop, latch or memory.
    pub gates: u64,
    /// Flip-flops, one bit each.
    pub flip_flops: u64,
    /// Latches, one bit each.
    pub latches: u64,
    /// Bits of memory (RAM macros, register files).
    pub memory_bits: u64,
    /// Area of gates, flip-flops and latches in millionths; see
    /// [`Counts::area`].
    pub micro_area: u64,
}

impl Counts {
    /// Area of gates, flip-flops and latches. Memories are not part of it.
    ///
    /// With a library, in its unit, mostly µm². Without one, as a number of
    /// two-input NANDs, with the proportions of a common standard-cell library:
    /// good for comparing designs, not for floorplans.
    pub fn area(&self) -> f64 {
        self.micro_area as f64 / 1e6
    }
}

impl Add for Counts {
    type Output = Counts;
    fn add(self, other: Counts) -> Counts {
        Counts {
            gates: self.gates + other.gates,
            flip_flops: self.flip_flops + other.flip_flops,
            latches: self.latches + other.latches,
            memory_bits: self.memory_bits + other.memory_bits,
            micro_area: self.micro_area + other.micro_area,
        }
    }
}

impl Mul<u64> for Counts {
    type Output = Counts;
    fn mul(self, factor: u64) -> Counts {
        Counts {
            gates: self.gates * factor,
            flip_flops: self.flip_flops * factor,
            latches: self.latches * factor,
            memory_bits: self.memory_bits * factor,
            micro_area: self.micro_area * factor,
        }
    }
}

/// One module of a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleArea {
    /// Name in the source; another set of parameters has a suffix (`pe#2`).
    pub name: String,
    /// Instances in the whole design.
    pub instances: u64,
    /// One instance without its submodules.
    pub own: Counts,
    /// One instance with its submodules.
    pub whole: Counts,
    /// Cells of one instance without its submodules, by type.
    pub cells: BTreeMap<String, u64>,
    /// Submodules of one instance, with their number.
    pub submodules: BTreeMap<String, u64>,
}

/// A synthesised design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesignArea {
    /// Name of the top module.
    pub top: String,
    /// The modules, top first, then by total area.
    pub modules: Vec<ModuleArea>,
    /// The whole design.
    pub total: Counts,
}

#[derive(Deserialize)]
struct RawStat {
    modules: BTreeMap<String, RawModule>,
}

#[derive(Deserialize)]
struct RawModule {
    #[serde(default)]
    num_memory_bits: u64,
    #[serde(default)]
    num_cells_by_type: BTreeMap<String, u64>,
    /// Where newer versions may list submodules.
    #[serde(default)]
    num_submodules_by_type: BTreeMap<String, u64>,
}

impl DesignArea {
    /// The same design with the counts that a module has in another one. For a module that
    /// both have: mapping to a library finds other cells for the same logic in other
    /// surroundings, by a percent or more.
    pub(super) fn with_module_of(mut self, name: &str, other: &Self) -> Self {
        let Some(counts) = other.modules.iter().find(|m| m.name == name) else {
            return self;
        };
        for module in self.modules.iter_mut().filter(|m| m.name == name) {
            (module.own, module.cells) = (counts.own, counts.cells.clone());
        }
        for at in 0..self.modules.len() {
            self.modules[at].whole = self.whole(at);
        }
        let top = self.modules.iter().find(|m| m.name == self.top);
        self.total = top.map_or(self.total, |m| m.whole);
        self
    }

    fn whole(&self, at: usize) -> Counts {
        let module = &self.modules[at];
        let submodules = module.submodules.iter().filter_map(|(name, count)| {
            let at = self.modules.iter().position(|m| m.name == *name)?;
            Some(self.whole(at) * *count)
        });
        submodules.fold(module.own, Counts::add)
    }

    /// Reads what `stat -json` printed of a design of generic cells, or of those
    /// of `library`; other text may stand around it.
    pub(crate) fn from_stat(
        text: &str,
        top: &str,
        library: Option<&CellLibrary>,
    ) -> Result<Self, SynthError> {
        let wrong = |message: String| SynthError::Result {
            tool: "Yosys's stat".to_owned(),
            message,
        };
        let json = text.find('{').map_or("", |start| &text[start..]);
        let mut values = serde_json::Deserializer::from_str(json).into_iter::<RawStat>();
        let raw = match values.next() {
            Some(raw) => raw.map_err(|e| wrong(e.to_string()))?,
            None => return Err(wrong("it is empty".to_owned())),
        };
        let names = display_names(raw.modules.keys());
        let mut modules = BTreeMap::new();
        for (id, module) in &raw.modules {
            let name = &names[plain(id)];
            let parsed = module_of(name, module, &names, library)?;
            modules.insert(name.clone(), parsed);
        }
        let no_top = || wrong(format!("it has no module {top}"));
        let name = names.get(top).ok_or_else(no_top)?.clone();
        let mut instances = BTreeMap::new();
        let total = visit(&name, 1, &modules, &mut instances).ok_or_else(no_top)?;
        let mut list: Vec<ModuleArea> = modules
            .into_iter()
            .filter_map(|(name, (own, cells, submodules))| {
                let (instances, whole) = *instances.get(&name)?;
                Some(ModuleArea {
                    name,
                    instances,
                    own,
                    whole,
                    cells,
                    submodules,
                })
            })
            .collect();
        list.sort_by_key(|m| {
            let area = m.own * m.instances;
            let key = (area.micro_area, area.memory_bits);
            (m.name != name, std::cmp::Reverse(key), m.name.clone())
        });
        Ok(Self {
            top: name,
            modules: list,
            total,
        })
    }
}

/// Own counts, cells and submodules of a module.
type Parsed = (Counts, BTreeMap<String, u64>, BTreeMap<String, u64>);

/// Adds up a module with its submodules, and counts instances on the way.
fn visit(
    name: &str,
    times: u64,
    modules: &BTreeMap<String, Parsed>,
    instances: &mut BTreeMap<String, (u64, Counts)>,
) -> Option<Counts> {
    let (own, _, submodules) = modules.get(name)?;
    let mut whole = *own;
    for (child, count) in submodules {
        whole = whole + visit(child, times * count, modules, instances)? * *count;
    }
    let entry = instances.entry(name.to_owned()).or_insert((0, whole));
    entry.0 += times;
    Some(whole)
}

fn module_of(
    module: &str,
    raw: &RawModule,
    names: &BTreeMap<String, String>,
    library: Option<&CellLibrary>,
) -> Result<Parsed, SynthError> {
    let mut own = Counts {
        memory_bits: raw.num_memory_bits,
        ..Counts::default()
    };
    let (mut cells, mut submodules) = (BTreeMap::new(), BTreeMap::new());
    for (id, count) in raw
        .num_cells_by_type
        .iter()
        .chain(&raw.num_submodules_by_type)
    {
        if let Some(name) = names.get(plain(id)) {
            submodules.insert(name.clone(), *count);
            continue;
        }
        cells.insert(plain(id).to_owned(), *count);
        if id.starts_with("$mem") || id.starts_with("$scopeinfo") {
            continue;
        }
        let each = match library {
            Some(library) => mapped_cell(plain(id), library, module)?,
            None => generic_cell(id),
        };
        own = own + each * *count;
    }
    Ok((own, cells, submodules))
}

/// What one cell of a library counts as.
fn mapped_cell(kind: &str, library: &CellLibrary, module: &str) -> Result<Counts, SynthError> {
    let Some(cell) = library.cells.get(kind) else {
        return Err(SynthError::Unmapped {
            library: library.name.clone(),
            cell: described(kind),
            module: module.to_owned(),
        });
    };
    let micro_area = (cell.area * 1e6).round() as u64;
    if micro_area == 0 {
        return Err(SynthError::NoArea {
            library: library.name.clone(),
            cell: kind.to_owned(),
        });
    }
    Ok(Counts {
        gates: u64::from(!cell.flip_flop),
        flip_flops: u64::from(cell.flip_flop),
        micro_area,
        ..Counts::default()
    })
}

/// A generic cell in words, where Yosys's name alone says little.
fn described(kind: &str) -> String {
    let reset = ["$_DFF_", "$_DFFE_"]
        .iter()
        .find_map(|p| kind.strip_prefix(p));
    match reset.map(|suffix| suffix.trim_end_matches('_').len()) {
        Some(3..) => format!("a flip-flop with an asynchronous set or reset ({kind})"),
        Some(_) => format!("a flip-flop ({kind})"),
        None => kind.to_owned(),
    }
}

/// What one cell of Yosys's gate library counts as.
fn generic_cell(kind: &str) -> Counts {
    let mut counts = Counts::default();
    let has = |part: &str| kind.contains(part);
    let centi_nand2 = if has("DLATCH") || has("$_SR_") {
        counts.latches = 1;
        300
    } else if has("DFF") || kind.starts_with("$_FF") {
        counts.flip_flops = 1;
        let enable = has("DFFE") || has("DFFCE") || has("DFFSRE");
        // The suffix has a letter for the clock, one for the enable, and more
        // for a set or a reset.
        let suffix = kind.trim_end_matches('_').rsplit('_').next();
        let controls = suffix.map_or(0, str::len) > 1 + usize::from(enable);
        533 + if enable { 233 } else { 0 } + if controls { 67 } else { 0 }
    } else {
        counts.gates = 1;
        match kind {
            "$_NOT_" | "$_BUF_" => 67,
            "$_NAND_" | "$_NOR_" => 100,
            "$_AND_" | "$_OR_" | "$_ANDNOT_" | "$_ORNOT_" => 133,
            _ => 233,
        }
    };
    counts.micro_area = 10_000 * centi_nand2;
    counts
}

/// A name without RTLIL's leading backslash.
fn plain(id: &str) -> &str {
    id.strip_prefix('\\').unwrap_or(id)
}

/// Short names: `$paramod\pe\N=...` and `$paramod$hash\pe` become `pe`, or
/// `pe#2` for another set of parameters.
fn display_names<'a>(ids: impl Iterator<Item = &'a String>) -> BTreeMap<String, String> {
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for id in ids {
        let base = match id.strip_prefix("$paramod") {
            Some(rest) => rest.split('\\').nth(1).unwrap_or(id),
            None => plain(id),
        };
        let count = used.entry(base.to_owned()).or_default();
        *count += 1;
        let name = match *count {
            1 => base.to_owned(),
            n => format!("{base}#{n}"),
        };
        names.insert(plain(id).to_owned(), name);
    }
    names
}
