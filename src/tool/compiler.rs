//! The C++ compiler that builds verilated models.

use super::ToolError;
use super::environment::Environment;
use super::process::run;
use std::process::Command;

/// A C++ compiler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// The command, with arguments when `$CXX` has some.
    pub command: String,
    /// The first line of its `--version`.
    pub version: String,
}

impl Compiler {
    /// `$CXX`, else the first of `c++`, `g++` and `clang++` on `PATH`.
    ///
    /// # Errors
    /// [`ToolError::Missing`] when there is none.
    pub fn locate() -> Result<Self, ToolError> {
        Self::locate_in(&Environment::process())
    }

    pub(crate) fn locate_in(environment: &Environment) -> Result<Self, ToolError> {
        let chosen = environment.text("CXX");
        let candidates = match &chosen {
            Some(command) => vec![command.as_str()],
            None => vec!["c++", "g++", "clang++"],
        };
        for command in candidates {
            let mut words = command.split_whitespace();
            let Some(program) = words.next().and_then(|word| environment.find(word)) else {
                continue;
            };
            let finished = run(Command::new(program).args(words).arg("--version"))?;
            let text = finished.stdout_or_fail(command)?;
            return Ok(Self {
                command: command.to_owned(),
                version: text.lines().next().unwrap_or_default().trim().to_owned(),
            });
        }
        Err(ToolError::Missing {
            program: chosen.map_or("a C++ compiler".to_owned(), |c| format!("CXX={c}")),
            remedy: "install g++ or clang++ (Debian, Ubuntu: g++; Fedora: gcc-c++), or set CXX"
                .to_owned(),
        })
    }

    /// A command that starts the compiler.
    pub fn start(&self) -> Command {
        let mut words = self.command.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or("c++"));
        command.args(words);
        command
    }
}
