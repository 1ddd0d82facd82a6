//! Running a program to its end and keeping what it printed.

use super::ToolError;
use std::process::{Command, Stdio};

/// What a finished program left behind.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    /// Whether it reported success.
    pub(crate) success: bool,
    /// Its exit status in words.
    pub(crate) status: String,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// The name of a command's program, for messages.
pub(crate) fn name_of(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// Runs a command without standard input.
pub(crate) fn run(command: &mut Command) -> Result<Finished, ToolError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| ToolError::Start {
            program: name_of(command),
            source,
        })?;
    Ok(Finished {
        success: output.status.success(),
        status: output.status.to_string(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

impl Finished {
    /// The standard output of a success.
    pub(crate) fn stdout_or_fail(self, program: &str) -> Result<String, ToolError> {
        if self.success {
            Ok(self.stdout)
        } else {
            Err(self.failure(program))
        }
    }

    /// A failure with the last lines that the program printed.
    pub(crate) fn failure(&self, program: &str) -> ToolError {
        let said = if self.stderr.trim().is_empty() {
            &self.stdout
        } else {
            &self.stderr
        };
        ToolError::Failed {
            program: program.to_owned(),
            status: self.status.clone(),
            message: tail(said, 12),
        }
    }
}

/// The last `count` lines that are not empty.
pub(crate) fn tail(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
