//! Reading and drawing recordings, without any tool.

use super::*;

const VCD: &str = "$timescale 1ps $end\n$scope module TOP $end\n$scope module top $end\n\
    $var wire 1 ! clk_i $end\n$var wire 4 # a [3:0] $end\n$var wire 1 % b $end\n$upscope $end\n$upscope $end\n\
    $enddefinitions $end\n#0\n0!\nb101 #\n0%\n#1\n1!\n1%\n#2\n0!\n#3\n1!\nb1111 #\n#4\n0!\n";

fn recording() -> Recording {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), VCD).unwrap();
    Recording::from_vcd(file.path(), "TOP.top.clk_i", &["TOP.top.a", "TOP.top.b"]).unwrap()
}

#[test]
fn signals_are_sampled_while_the_clock_is_low() {
    let recording = recording();
    assert_eq!(recording.cycles(), 3);
    assert_eq!(recording.bits("a", 0, 4), [5, 5, 15]);
    assert_eq!(recording.bits("top.a", 1, 2), [2, 2, 3]);
    assert_eq!(recording.bits("b", 0, 1), [0, 1, 1]);
    let part = recording.window(1..2);
    assert_eq!((part.cycles(), part.bits("b", 0, 1)), (1, vec![1]));
}

#[test]
fn signals_that_are_not_there_are_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), VCD).unwrap();
    let error = Recording::from_vcd(file.path(), "TOP.top.clk_i", &["TOP.top.c"]).unwrap_err();
    assert!(error.to_string().contains("no signal TOP.top.c"), "{error}");
}

#[test]
fn a_written_recording_has_the_magic_of_an_fst() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.fst");
    recording().write_fst(&file).unwrap();
    // Block type 0 (header) and its length, 329.
    assert_eq!(
        std::fs::read(file).unwrap()[..9],
        [0, 0, 0, 0, 0, 0, 0, 1, 73]
    );
}
