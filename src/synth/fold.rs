//! Folds equal modules of an elaborated design into one.
//!
//! slang's front end writes one module for every instance, although an array
//! has hundreds of equal PEs. Two modules are equal when their RTLIL text is,
//! after source positions are dropped, generated names are numbered in order
//! of appearance, and the modules that they instantiate are folded.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// One module of an RTLIL file.
struct Module<'a> {
    /// Name without the leading backslash.
    name: &'a str,
    /// Attributes, the module line, the body and `end`.
    lines: Vec<&'a str>,
}

/// Rewrites RTLIL text so that equal modules occur once, named after the
/// module of the source (`pe`, `pe#2` for another set of parameters).
pub(crate) fn fold(rtlil: &str) -> String {
    let (preamble, modules) = split(rtlil);
    let mut folder = Folder {
        index: modules.iter().map(|m| (m.name, m)).collect(),
        folded: HashMap::new(),
        classes: HashMap::new(),
        used: HashMap::new(),
        text: preamble,
    };
    for module in &modules {
        folder.class_of(module);
    }
    folder.text
}

struct Folder<'a> {
    index: HashMap<&'a str, &'a Module<'a>>,
    /// New name of every module that has been looked at.
    folded: HashMap<&'a str, String>,
    /// New name of every different module text.
    classes: HashMap<[u8; 32], String>,
    /// How often a name has been given.
    used: HashMap<&'a str, usize>,
    text: String,
}

impl<'a> Folder<'a> {
    /// The name of the module that stands for this one.
    fn class_of(&mut self, module: &'a Module<'a>) -> String {
        if let Some(name) = self.folded.get(module.name) {
            return name.clone();
        }
        let mut body = String::new();
        for line in &module.lines {
            match instantiated(line).and_then(|child| self.index.get(child).copied()) {
                Some(child) => {
                    let class = self.class_of(child);
                    let instance = line.rsplit(' ').next().unwrap_or_default();
                    let _ = writeln!(body, "  cell \\{class} {instance}");
                }
                None => {
                    let _ = writeln!(body, "{line}");
                }
            }
        }
        let base = module.name.split('$').next().filter(|b| !b.is_empty());
        let base = base.unwrap_or(module.name);
        let key = fingerprint(base, &body);
        let name = match self.classes.get(&key) {
            Some(name) => name.clone(),
            None => {
                let count = self.used.entry(base).or_default();
                *count += 1;
                let name = match *count {
                    1 => base.to_owned(),
                    n => format!("{base}#{n}"),
                };
                let (old, new) = (
                    format!("\nmodule \\{}\n", module.name),
                    format!("\nmodule \\{name}\n"),
                );
                let text = format!("\n{body}").replacen(&old, &new, 1);
                self.text.push_str(&text[1..]);
                self.classes.insert(key, name.clone());
                name
            }
        };
        self.folded.insert(module.name, name.clone());
        name
    }
}

/// The module that a `cell` line instantiates.
fn instantiated(line: &str) -> Option<&str> {
    line.strip_prefix("  cell \\")?.split(' ').next()
}

/// Hash of what makes a module what it is.
fn fingerprint(base: &str, body: &str) -> [u8; 32] {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut hash = Sha256::new();
    hash.update(base);
    for line in body.lines() {
        let line = line.trim();
        if line.starts_with("attribute ") || line.starts_with("module ") {
            continue;
        }
        let cell = line.starts_with("cell ");
        for (position, word) in line.split(' ').enumerate() {
            // The second word of a cell line is its type, not a name.
            if word.starts_with('$') && !(cell && position == 1) {
                let next = numbers.len();
                let number = *numbers.entry(word).or_insert(next);
                hash.update(format!("${number} "));
            } else {
                hash.update(word);
                hash.update(" ");
            }
        }
        hash.update("\n");
    }
    hash.finalize().into()
}

/// Splits RTLIL text into what stands before the modules and the modules.
fn split(rtlil: &str) -> (String, Vec<Module<'_>>) {
    let mut preamble = String::new();
    let mut modules = Vec::new();
    let mut pending: Vec<&str> = Vec::new();
    let mut name = None;
    for line in rtlil.lines() {
        if let Some(found) = line.strip_prefix("module \\") {
            name = Some(found);
        }
        if name.is_none() && !line.starts_with("attribute ") {
            let _ = writeln!(preamble, "{line}");
            continue;
        }
        pending.push(line);
        if line == "end"
            && let Some(name) = name.take()
        {
            let lines = std::mem::take(&mut pending);
            modules.push(Module { name, lines });
        }
    }
    (preamble, modules)
}
