//! The filelist of a directory of generated RTL.

use super::SynthError;
use std::path::Path;

/// Name of the filelist.
pub(crate) const FILELIST: &str = "drift.f";

/// What a filelist names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filelist {
    /// Source files, in order, relative to the directory.
    pub(crate) files: Vec<String>,
    /// Include directories.
    pub(crate) include: Vec<String>,
}

impl Filelist {
    /// Reads `drift.f` in a directory and checks that its files are there.
    pub(crate) fn read(directory: &Path) -> Result<Self, SynthError> {
        let path = directory.join(FILELIST);
        let unreadable = |source| SynthError::Filelist {
            path: path.clone(),
            message: format!("cannot be read: {source}"),
        };
        let list = Self::parse(&std::fs::read_to_string(&path).map_err(unreadable)?);
        let wrong = |message| SynthError::Filelist {
            path: path.clone(),
            message,
        };
        if list.files.is_empty() {
            return Err(wrong("names no source file".to_owned()));
        }
        for file in &list.files {
            if !directory.join(file).is_file() {
                return Err(wrong(format!("{file} is not in the directory")));
            }
        }
        Ok(list)
    }

    /// Whether the array is made of strips of columns, whose width is a parameter of the tops.
    pub(crate) fn has_strips(&self) -> bool {
        self.files.iter().any(|file| file == "drift_os_strip.sv")
    }

    /// One file name a line; `+incdir+a+b`, `//` comments and other `+` or `-`
    /// options, which are for simulators, may stand between them.
    pub(crate) fn parse(text: &str) -> Self {
        let mut list = Self::default();
        for line in text.lines() {
            let line = line.split("//").next().unwrap_or_default().trim();
            if let Some(directories) = line.strip_prefix("+incdir+") {
                let names = directories.split('+').filter(|name| !name.is_empty());
                list.include.extend(names.map(str::to_owned));
            } else if !line.is_empty() && !line.starts_with(['+', '-', '#']) {
                list.files.push(line.to_owned());
            }
        }
        list
    }
}
