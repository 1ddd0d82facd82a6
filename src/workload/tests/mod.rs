//! Workloads: what the readers accept, refuse and survive.

mod bad_input;
mod embedded;
mod files;
mod mutation;

use super::{Source, Workload, WorkloadError};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder of test files.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Opens a file with this content the way its name says.
    fn open(&self, name: &str, content: impl AsRef<[u8]>) -> Result<Workload, WorkloadError> {
        let path = self.file(name, content);
        open(path.to_str().unwrap())
    }

    /// Opens a pair of .npy files with these contents.
    fn open_pair(&self, x: &[u8], w: &[u8]) -> Result<Workload, WorkloadError> {
        let (x, w) = (self.file("x.npy", x), self.file("w.npy", w));
        open(&format!("{},{}", x.display(), w.display()))
    }
}

fn open(text: &str) -> Result<Workload, WorkloadError> {
    Workload::open(&Workload::parse_source(text)?, 7)
}

/// Name, dtype, shape and bytes of a tensor to store.
type Tensor<'a> = (&'a str, Dtype, &'a [usize], Vec<u8>);

/// An int8 tensor that counts up from −5.
fn counting<'a>(name: &'a str, shape: &'a [usize]) -> Tensor<'a> {
    let data = (0..shape.iter().product()).map(|i: usize| (i as i8).wrapping_sub(5) as u8);
    (name, Dtype::I8, shape, data.collect())
}

fn safetensors_of(tensors: &[Tensor<'_>]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, data)| {
        (
            *name,
            TensorView::new(*dtype, shape.to_vec(), data).unwrap(),
        )
    });
    safetensors::serialize(views, None).unwrap()
}

/// A .npy file as NumPy writes it.
fn npy_of(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}");
    npy_with_header(&format!("{text:<117}\n"), data)
}

fn npy_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

fn int8_npy(rows: usize, columns: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..rows * columns).map(|i| i as u8).collect();
    npy_of("'|i1'", "False", &format!("({rows}, {columns})"), &data)
}

fn shapes(workload: &Workload) -> Vec<(String, usize, usize, usize)> {
    let shapes = workload.shapes();
    shapes
        .map(|(name, m, k, n)| (name.to_owned(), m, k, n))
        .collect()
}
