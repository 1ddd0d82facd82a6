//! Files that must be refused, and what the message has to say.

use super::*;

/// Asserts that the workload is refused with a message that has all parts.
#[track_caller]
fn refused(result: Result<Workload, WorkloadError>, parts: &[&str]) {
    let message = result.expect_err("must be refused").to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

#[track_caller]
fn refused_tensors(tensors: &[Tensor<'_>], parts: &[&str]) {
    let result = Folder::new().open("t.safetensors", safetensors_of(tensors));
    refused(result, &[&["t.safetensors"], parts].concat());
}

#[track_caller]
fn refused_table(text: &str, parts: &[&str]) {
    refused(Folder::new().open("t.csv", text), parts);
}

#[test]
fn missing_files_and_folders() {
    for text in ["gone.safetensors", "gone.csv", "gone.npy,gone.npy"] {
        refused(open(text), &["gone.", "cannot be read", "No such file"]);
    }
    let folder = Folder::new();
    let path = folder.0.path().join("d.safetensors");
    std::fs::create_dir(&path).unwrap();
    refused(
        open(path.to_str().unwrap()),
        &["d.safetensors", "not a regular file"],
    );
}

#[test]
fn truncated_and_foreign_safetensors() {
    let folder = Folder::new();
    let good = safetensors_of(&[counting("x.q", &[2, 3]), counting("w.q", &[3, 2])]);
    folder.open("t.safetensors", &good).unwrap();
    for length in [0, 7, 8, 40, good.len() - 1] {
        let result = folder.open("t.safetensors", &good[..length]);
        refused(
            result,
            &["t.safetensors", "expected a complete safetensors file"],
        );
    }
    let longer = [&good[..], b"!"].concat();
    refused(folder.open("t.safetensors", longer), &["not fully covered"]);
    refused(
        folder.open("t.safetensors", b"\x02\0\0\0\0\0\0\0[]"),
        &["invalid JSON in header"],
    );
    refused(
        folder.open("t.safetensors", [0xff; 64]),
        &["header too large"],
    );
}

#[test]
fn tensors_of_another_type() {
    let w = counting("w.q", &[3, 2]);
    let x = ("x.0.q", Dtype::F32, &[2, 3][..], vec![0; 24]);
    refused_tensors(&[x, w], &["x.0.q", "dtype F32", "expected dtype I8"]);
    let w = ("w.q", Dtype::U8, &[3, 2][..], vec![0; 6]);
    refused_tensors(&[counting("x.0.q", &[2, 3]), w], &["w.q", "dtype U8", "I8"]);
}

#[test]
fn tensors_of_a_wrong_shape() {
    let x = |shape| counting("x.0.q", shape);
    let w = |shape| counting("w.q", shape);
    refused_tensors(&[x(&[6]), w(&[3, 2])], &["x.0.q", "[6]", "two dimensions"]);
    refused_tensors(
        &[x(&[1, 1, 1, 6]), w(&[6, 2])],
        &["x.0.q", "[1, 1, 1, 6]", "heads"],
    );
    refused_tensors(
        &[x(&[2, 3]), w(&[4, 2])],
        &["w.q", "[4, 2]", "K = 3 rows", "x.0.q"],
    );
    refused_tensors(&[x(&[0, 3]), w(&[3, 2])], &["x.0.q", "[0, 3]", "1 or more"]);
    refused_tensors(
        &[x(&[0, 2, 3]), w(&[3, 2])],
        &["x.0.q", "[0, 2, 3]", "1 or more"],
    );
    refused_tensors(&[x(&[2, 3]), w(&[3, 0])], &["w.q", "[3, 0]", "1 or more"]);
    refused_tensors(
        &[x(&[1, 65_537]), w(&[65_537, 1])],
        &["x.0.q", "K = 65537", "1..=65536"],
    );
    refused_tensors(
        &[x(&[4, 2, 3]), w(&[2, 3, 2])],
        &["w.q", "[2, 3, 2]", "[4, 2, 3]"],
    );
    refused_tensors(
        &[x(&[2, 3]), w(&[1, 3, 2])],
        &["w.q", "[1, 3, 2]", "[2, 3]"],
    );
}

#[test]
fn tensors_without_partner() {
    refused_tensors(
        &[counting("x.5.0.q", &[2, 3]), counting("w.1.q", &[3, 2])],
        &["x.5.0.q", "no weight tensor", "y.5.0.q, w.5.0.q, w.0.q"],
    );
    refused_tensors(&[counting("w.0.q", &[3, 2])], &["no GEMM", "x.TAG"]);
    refused_tensors(&[], &["no GEMM", "x.TAG"]);
}

#[test]
fn npy_arrays_that_are_not_int8_matrices() {
    let folder = Folder::new();
    let w = int8_npy(3, 2);
    let array = |descr, fortran, shape| npy_of(descr, fortran, shape, &[0; 6]);
    for (x, parts) in [
        (array("'<f4'", "False", "(2, 3)"), ["dtype '<f4'", "int8"]),
        (array("'|u1'", "False", "(2, 3)"), ["dtype '|u1'", "int8"]),
        (array("'<i2'", "False", "(1, 3)"), ["dtype '<i2'", "int8"]),
        (
            array("[('a', '|i1')]", "False", "(2, 3)"),
            ["('a', '|i1')", "int8"],
        ),
        (
            array("'|i1'", "True", "(2, 3)"),
            ["Fortran order", "C order"],
        ),
        (
            array("'|i1'", "False", "(6,)"),
            ["shape [6]", "two dimensions"],
        ),
        (
            array("'|i1'", "False", "(1, 2, 3)"),
            ["[1, 2, 3]", "two dimensions"],
        ),
        (
            array("'|i1'", "False", "(3, 3)"),
            ["6 bytes", "[3, 3] takes 9"],
        ),
        (
            array("'|i1'", "False", "(1, 3)"),
            ["6 bytes", "[1, 3] takes 3"],
        ),
    ] {
        let result = folder.open_pair(&x, &w);
        refused(result, &["x.npy", parts[0], parts[1]]);
    }
}

#[test]
fn npy_pairs_that_do_not_fit() {
    let folder = Folder::new();
    let result = folder.open_pair(&int8_npy(2, 3), &int8_npy(2, 3));
    refused(result, &["w.npy", "W", "[2, 3]", "K = 3 rows", "x.npy"]);
    let result = folder.open_pair(&int8_npy(0, 3), &int8_npy(3, 2));
    refused(result, &["x.npy", "X", "M = 0", "1 or more"]);
    let result = folder.open_pair(&int8_npy(2, 3), &int8_npy(3, 0));
    refused(result, &["w.npy", "W", "N = 0", "1 or more"]);
    let result = folder.open_pair(&int8_npy(1, 65_537), &int8_npy(65_537, 1));
    refused(result, &["x.npy", "K = 65537", "1..=65536"]);
}

#[test]
fn damaged_npy_headers() {
    let folder = Folder::new();
    let good = int8_npy(3, 2);
    let refuse = |x: &[u8], part: &str| refused(folder.open_pair(x, &good), &["x.npy", part]);
    refuse(b"", "magic bytes");
    refuse(b"PK\x03\x04", "magic bytes");
    refuse(&good[..9], "truncated inside the header");
    refuse(&good[..60], "truncated inside the header");
    refuse(&good[..good.len() - 1], "5 bytes of data");
    let mut version = good.clone();
    version[6] = 9;
    refuse(&version, "header of");
    refuse(&npy_with_header("{'descr': '|i1'}", b""), "damaged header");
    refuse(&npy_with_header("nonsense", b""), "damaged header");
    // What npyz would not survive by itself.
    refuse(
        &npy_with_header(&"[".repeat(1024), b""),
        "nested too deeply",
    );
    refuse(&npy_with_header(&"[".repeat(60_000), b""), "at most 1024");
    refuse(
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        "header of 4294967295 bytes",
    );
    for shape in [
        "(4294967296, 4294967296)",
        "(0xFFFFFFFFFF, 0xFFFFFFFFFF)",
        "(1_000_000_000_000, 1_000_000_000_000)",
        "(99999999999999999999, 1)",
    ] {
        refuse(
            &npy_of("'|i1'", "False", shape, b""),
            "plain, small integers",
        );
    }
    let ones = ["1+1+1"; 100].join(",");
    let header = format!("{{'descr': '|i1', 'fortran_order': False, 'shape': ({ones})}}");
    refuse(&npy_with_header(&header, b""), "plain, small integers");
}

#[test]
fn table_fields_outside_what_is_allowed() {
    refused_table("a,0,5,6\n", &["t.csv:1: M: 0", "1 or more"]);
    refused_table("a,4,0,6\n", &["t.csv:1: N: 0", "1 or more"]);
    refused_table("a,4,5,0\n", &["t.csv:1: K: 0", "1..=65536"]);
    refused_table("a,4,5,65537\n", &["t.csv:1: K: 65537", "1..=65536"]);
    refused_table("a,-4,5,6\n", &["t.csv:1: M: -4", "1 or more"]);
    refused_table("-4,5,6\n", &["t.csv:1: M: -4", "1 or more"]);
    refused_table("a,4,5.0,6\n", &["t.csv:1: N: 5.0", "integer"]);
    refused_table("a,4,x,6\n", &["t.csv:1: N: x", "integer"]);
    refused_table("a,4,,6\n", &["t.csv:1: N: ", "integer"]);
    refused_table("a,4,5\n", &["t.csv:1: K: (missing)", "1..=65536"]);
    refused_table("M,N,K\n4,5\n", &["t.csv:2: K: (missing)", "1..=65536"]);
    refused_table("a,99999999999999999999,5,6\n", &["M: 99999999999999999999"]);
    refused_table(
        "a,4000000000,1,65536\n",
        &["M×K: 4000000000×65536", "at most 2147483648"],
    );
    refused_table(
        "a,65536,65536,1\n",
        &["M×N: 65536×65536", "at most 2147483648"],
    );
}

#[test]
fn tables_without_gemms() {
    for text in ["", "\n\n", ",,,\n", "Layer,M,N,K\n"] {
        refused_table(text, &["t.csv", "no GEMM", "Layer, M, N, K"]);
    }
    refused_table(
        "Layer name, IFMAP Height, IFMAP Width\nconv1, 224, 224\n",
        &[
            "t.csv:1: header: Layer name,IFMAP Height",
            "columns M, N and K",
        ],
    );
    refused(
        Folder::new().open("t.csv", b"a,\xff,5,6\n"),
        &["t.csv", "UTF-8"],
    );
}

#[test]
fn table_errors_name_the_line_in_the_file() {
    for (text, line) in [
        ("a,1,1,1\nb,1,1,x\n", 2),
        ("a,1,1,1\n\n\nb,1,1,x\n", 4),
        ("a,1,1,1\r\nb,1,1,x\r\n", 2),
        ("Layer,M,N,K\r\n\r\na,1,1,1\r\n\r\nb,1,1,x\r\n", 5),
        ("\"a\nb\",1,1,1\nb,1,1,x\n", 3),
        ("a,1,1,1\n  \n,,\nb,1,1,x", 4),
    ] {
        refused_table(text, &[&format!("t.csv:{line}: K: x ")]);
    }
}
