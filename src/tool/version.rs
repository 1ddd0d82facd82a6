//! Version numbers as the tools print them.

use std::fmt;

/// The first two parts of a version number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// Major part.
    pub(crate) major: u32,
    /// Minor part; Verilator's `5.006` has minor 6.
    pub(crate) minor: u32,
}

impl Version {
    /// A version from its parts.
    pub(crate) const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads the word after `name`, as in `Verilator 5.006 2023-01-22` or
    /// `Yosys 0.23 (git sha1 ...)`.
    pub(crate) fn after(name: &str, text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        words.find(|word| *word == name)?;
        Self::parse(words.next()?)
    }

    /// Reads `5.006`, `0.23+10`, `5.48.0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let number = |part: &str| {
            let end = part.find(|c: char| !c.is_ascii_digit());
            part[..end.unwrap_or(part.len())].parse().ok()
        };
        Some(Self {
            major: number(parts.next()?)?,
            minor: number(parts.next()?)?,
        })
    }

    /// As Verilator writes it: `5.006`.
    pub(crate) fn verilator_style(self) -> String {
        format!("{}.{:03}", self.major, self.minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
