//! What needs no tool: tasks, and reading what SymbiYosys prints.

use super::run::{outcome, task};
use super::*;
use crate::rtl::RtlFile;
use std::path::Path;

fn file(name: &str) -> RtlFile {
    RtlFile {
        name: name.to_owned(),
        text: String::new(),
    }
}

#[test]
fn names_are_unique_and_harnesses_say_what_they_assume_and_prove() {
    for (index, proof) in PROOFS.iter().enumerate() {
        assert!(PROOFS[..index].iter().all(|other| other.name != proof.name));
        assert!(
            proof
                .text
                .contains(&format!("\nmodule {} (", proof.harness()))
        );
        let header = proof.text.split("`include").next().unwrap();
        assert!(
            header.contains("// Assumed: ") && header.contains("// Proved: "),
            "{}",
            proof.name
        );
    }
}

#[test]
fn tasks_name_engine_abstraction_and_sources() {
    let proof = Proof {
        abstracted: &["drift_pe_array"],
        method: Method::Induction { depth: 7 },
        ..PROOFS[0]
    };
    let text = task(&proof, &[file("drift_assert.svh"), file("a.sv")]);
    assert!(text.contains("mode prove\ndepth 7\n"));
    assert!(text.contains("[engines]\nsmtbmc z3\n"));
    assert!(text.contains(" --blackboxed-module drift_pe_array a.sv\n"));
    assert!(text.ends_with("[files]\ndrift_assert.svh\na.sv\n"));
}

#[test]
fn outcomes_are_read() {
    let read = |text: &str| outcome(text, Path::new("/w"));
    assert_eq!(read("SBY [run] DONE (PASS, rc=0)\n"), Some(Outcome::Proved));
    assert_eq!(read("SBY [run] DONE (ERROR, rc=16)\n"), None);
    assert_eq!(read("Traceback\n"), None);
    assert!(matches!(
        read("SBY [run] DONE (UNKNOWN, rc=4)\n"),
        Some(Outcome::Undecided { .. })
    ));
    let failed = "SBY 1 [run] summary: counterexample trace [induction]: run/engine_0/trace_induct.vcd\n\
                  SBY 1 [run] summary: counterexample trace [basecase]: run/engine_0/trace.vcd\n\
                  SBY 1 [run] summary:   failed assertion top.A at t.sv:1.1-1.2 step 2\n\
                  SBY 1 [run] DONE (FAIL, rc=2)\n";
    assert_eq!(
        read(failed),
        Some(Outcome::Refuted {
            assertions: vec!["top.A at t.sv:1.1-1.2 step 2".to_owned()],
            trace: "/w/run/engine_0/trace.vcd".into(),
        })
    );
}
