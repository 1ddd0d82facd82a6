//! Files of each kind that must be accepted.

use super::*;
use crate::workload::Operand;
use ndarray::array;

#[test]
fn weights_are_found_in_the_documented_order() {
    let folder = Folder::new();
    let file = safetensors_of(&[
        counting("x.10.0.q", &[2, 3]),
        counting("x.2.0.q", &[4, 3]),
        counting("x.2.0.k", &[1, 2]),
        counting("x.2.0.qk", &[2, 4, 3]),
        counting("x.2.0.pv", &[3, 1, 3]),
        counting("w.0.q", &[3, 5]),
        counting("w.2.0.k", &[2, 6]),
        counting("w.0.k", &[9, 9]),
        counting("y.2.0.qk", &[2, 3, 7]),
        counting("w.2.0.qk", &[9, 9]),
        counting("w.0.pv", &[3, 8]),
        ("ws.0.q", Dtype::F32, &[5], vec![0; 20]),
    ]);
    let workload = folder.open("dump.safetensors", file).unwrap();
    let expected = [
        ("2.0.k", 1, 2, 6),
        ("2.0.pv.h0", 1, 3, 8),
        ("2.0.pv.h1", 1, 3, 8),
        ("2.0.pv.h2", 1, 3, 8),
        ("2.0.q", 4, 3, 5),
        ("2.0.qk.h0", 4, 3, 7),
        ("2.0.qk.h1", 4, 3, 7),
        ("10.0.q", 2, 3, 5),
    ];
    let expected = expected.map(|(name, m, k, n)| (name.to_owned(), m, k, n));
    assert_eq!(shapes(&workload), expected);

    // Each head has its own matrix; a tensor counts on through its heads.
    let head = workload.gemm(6).unwrap();
    assert_eq!(head.x.as_slice(), (7..19).collect::<Vec<i8>>());
    assert_eq!(head.w.as_slice(), (16..37).collect::<Vec<i8>>());
    assert_eq!(head.w()[[1, 0]], 23);
    // Weights without heads serve every head.
    assert_eq!(workload.gemm(1).unwrap().w, workload.gemm(3).unwrap().w);
}

#[test]
fn an_npy_pair_is_one_gemm() {
    let folder = Folder::new();
    let workload = folder.open_pair(&int8_npy(2, 3), &int8_npy(3, 4)).unwrap();
    assert_eq!(shapes(&workload), [("x".to_owned(), 2, 3, 4)]);
    let gemm = workload.gemm(0).unwrap();
    assert_eq!((gemm.m(), gemm.k(), gemm.n()), (2, 3, 4));
    assert_eq!(gemm.x(), array![[0, 1, 2], [3, 4, 5]]);
    assert_eq!(gemm.w()[[2, 3]], 11);
}

#[test]
fn npy_files_of_the_npyz_crate_are_read() {
    use npyz::WriterBuilder;
    let write = |shape: &[u64], data: &[i8]| {
        let mut file = Vec::new();
        let options = npyz::WriteOptions::new().default_dtype().shape(shape);
        let mut writer = options.writer(&mut file).begin_nd().unwrap();
        writer.extend(data).unwrap();
        writer.finish().unwrap();
        file
    };
    let x = write(&[1, 2], &[-128, 127]);
    let w = write(&[2, 1], &[-1, 1]);
    let gemm = Folder::new().open_pair(&x, &w).unwrap().gemm(0).unwrap();
    assert_eq!(gemm.x(), array![[-128, 127]]);
    assert_eq!(gemm.w(), array![[-1], [1]]);
}

#[test]
fn every_layout_of_a_shape_table_reads_the_same() {
    let expected = [("a", 4, 6, 5), ("b", 1, 65_536, 2)];
    let expected = expected.map(|(name, m, k, n)| (name.to_owned(), m, k, n));
    let mut hashes = Vec::new();
    for text in [
        "a,4,5,6\nb,1,2,65536\n",
        "Layer, M, N, K,\na, 4, 5, 6,\nb, 1, 2, 65536,\n",
        "\u{feff}Layer,M,N,K\r\n\r\n a ,4,5,6,7,8\r\n\r\nb,1,2,65536\r\n",
        "layer name,m,n,k\n\n\n  \n,,,\na,4,5,6\nb,1,2,65536",
        "model,layer_name,block_index,kind,M,N,K,count\nd,a,-1,linear,4,5,6,1\nd,b,0,qk,1,2,65536,9\n",
        "K,name,N,M\n6,a,5,4\n65536,b,2,1\n",
        "\"a\",\"4\",5,6\nb,+1,2,65536\n",
    ] {
        let workload = Folder::new().open("t.csv", text).unwrap();
        assert_eq!(shapes(&workload), expected, "{text:?}");
        hashes.push(workload.hash());
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn rows_of_three_integers_are_numbered() {
    for text in ["4,5,6\n1,2,3\n", "M, N, K\n4, 5, 6,\n1, 2, 3,\n"] {
        let workload = Folder::new().open("t.csv", text).unwrap();
        let expected = [("gemm0".to_owned(), 4, 6, 5), ("gemm1".to_owned(), 1, 3, 2)];
        assert_eq!(shapes(&workload), expected);
    }
}

#[test]
fn seeded_operands_depend_on_seed_and_row_only() {
    let folder = Folder::new();
    let path = folder.file("t.csv", "4,5,6\n40,50,60\n40,50,60\n");
    let source = Source::ShapesCsv(path);
    let open = |seed| Workload::open(&source, seed).unwrap();
    let (one, again, other) = (open(1), open(1), open(2));
    assert_eq!(one.gemm(2).unwrap(), again.gemm(2).unwrap());
    assert_ne!(one.gemm(2).unwrap().x, one.gemm(1).unwrap().x);
    assert_ne!(one.gemm(1).unwrap().x, other.gemm(1).unwrap().x);
    assert_eq!(one.hash(), again.hash());
    assert_ne!(one.hash(), other.hash());
    assert_eq!(one.hash().len(), 16);

    let gemm = one.gemm(1).unwrap();
    let values = gemm.x.as_slice().iter().chain(gemm.w.as_slice());
    let mut counts = [0; 256];
    values.for_each(|v| counts[usize::from(*v as u8)] += 1);
    assert!(
        counts.iter().all(|count| (1..60).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn seeded_operands_never_change() {
    // From another implementation of ChaCha8: key 7, stream 1. Recorded results stay
    // comparable only while the same seed draws the same numbers.
    let workload = Folder::new().open("t.csv", "1,1,1\n1,1,6\n").unwrap();
    let gemm = workload.gemm(1).unwrap();
    assert_eq!(gemm.x.as_slice(), [-114, 84, 126, 40, -103, -100]);
    assert_eq!(gemm.w.as_slice(), [9, -64, 108, -84, 91, 96]);
}

#[test]
fn operands_of_another_layout_become_row_major() {
    let matrix = array![[1i8, 2, 3], [4, 5, 6]];
    let operand = Operand::from(matrix.clone().reversed_axes());
    assert_eq!(operand.view(), matrix.t());
    assert_eq!(operand.as_slice(), [1, 4, 2, 5, 3, 6]);
    assert_eq!((operand.rows(), operand.columns()), (3, 2));
}
