//! GEMMs stored as safetensors.

use super::gemm::Shape;
use super::{Listed, OperandReader, WorkloadError, as_int8};
use crate::mapping::Bytes;
use safetensors::tensor::{Metadata, TensorInfo};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// Bytes ahead of the header: its length.
const PREFIX: usize = 8;

/// The operands in one safetensors file.
#[derive(Debug)]
pub(super) struct Tensors {
    bytes: Bytes,
    places: Vec<Place>,
}

/// Where a GEMM's operands begin in the file.
#[derive(Debug)]
struct Place {
    x: usize,
    w: usize,
}

/// A stack of H matrices; a two-dimensional tensor has no H.
struct Stack {
    start: usize,
    heads: Option<usize>,
    rows: usize,
    columns: usize,
}

impl Stack {
    /// Offset of one head's matrix; a tensor without heads serves all of them.
    fn head(&self, head: usize) -> usize {
        match self.heads {
            Some(_) => self.start + head * self.rows * self.columns,
            None => self.start,
        }
    }

    fn shape(&self) -> String {
        let heads = self.heads.map(|h| format!("{h}, ")).unwrap_or_default();
        format!("shape [{heads}{}, {}]", self.rows, self.columns)
    }
}

impl Tensors {
    /// Lists the GEMMs in `bytes`; `file` names them in messages.
    pub(super) fn open(bytes: Bytes, file: &Path) -> Result<(Vec<Listed>, Self), WorkloadError> {
        let (header, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|e| WorkloadError::Format {
                file: file.to_owned(),
                kind: "safetensors",
                message: e.to_string(),
            })?;
        let directory = Directory {
            file,
            metadata,
            data_at: PREFIX + header,
        };
        let (listed, places) = directory.list()?;
        Ok((listed, Self { bytes, places }))
    }

    /// The bytes of the file, for the workload's hash.
    pub(super) fn file(&self) -> &[u8] {
        &self.bytes
    }
}

impl OperandReader for Tensors {
    fn read(&self, index: usize, shape: Shape) -> (Vec<i8>, Vec<i8>) {
        let place = &self.places[index];
        let x = &self.bytes[place.x..][..shape.m * shape.k];
        let w = &self.bytes[place.w..][..shape.k * shape.n];
        (as_int8(x), as_int8(w))
    }
}

/// The header of a file. The safetensors crate has already checked that every
/// tensor's shape, type and extent agree and that together they fill the file.
struct Directory<'a> {
    file: &'a Path,
    metadata: Metadata,
    data_at: usize,
}

impl Directory<'_> {
    fn list(&self) -> Result<(Vec<Listed>, Vec<Place>), WorkloadError> {
        let names = self.metadata.offset_keys();
        let mut tags: Vec<&str> = names.iter().filter_map(|n| n.strip_prefix("x.")).collect();
        // Second key: 01 and 1 are the same number, but the order must not be open.
        tags.sort_by_cached_key(|tag| (natural(tag), *tag));
        let (mut listed, mut places) = (Vec::new(), Vec::new());
        for tag in tags {
            self.list_tag(tag, &mut listed, &mut places)?;
        }
        if listed.is_empty() {
            return Err(WorkloadError::Empty {
                file: self.file.to_owned(),
                allowed: "int8 tensors x.TAG [M, K] with y.TAG or w.TAG [K, N]",
            });
        }
        Ok((listed, places))
    }

    /// Appends the GEMM of one tag, or one for each head.
    fn list_tag(
        &self,
        tag: &str,
        listed: &mut Vec<Listed>,
        places: &mut Vec<Place>,
    ) -> Result<(), WorkloadError> {
        let x_name = format!("x.{tag}");
        let x = self.stack(&x_name)?;
        let w_name = self.weight_of(tag)?;
        let w = self.stack(&w_name)?;
        if w.heads.is_some() && w.heads != x.heads {
            let allowed = format!("the leading dimension of {x_name}, {}", x.shape());
            return Err(self.refused(&w_name, w.shape(), allowed));
        }
        if w.rows != x.columns {
            let allowed = format!("K = {} rows, the columns of {x_name}", x.columns);
            return Err(self.refused(&w_name, w.shape(), allowed));
        }
        let shape = Shape::new(x.rows as u64, x.columns as u64, w.columns as u64).map_err(|e| {
            let name = if e.field.contains('N') {
                &w_name
            } else {
                &x_name
            };
            self.refused(name, format!("{} = {}", e.field, e.value), e.allowed)
        })?;
        let mut scale = self.scale(&format!("scale.x.{tag}"))?;
        if w_name.starts_with("y.") {
            let second = self.scale(&format!("scale.{w_name}"))?;
            scale = scale.zip(second).map(|(x, y)| x * y);
        }
        for head in 0..x.heads.unwrap_or(1) {
            let name = match x.heads {
                Some(_) => format!("{tag}.h{head}"),
                None => tag.to_owned(),
            };
            listed.push(Listed { name, shape, scale });
            places.push(Place {
                x: x.head(head),
                w: w.head(head),
            });
        }
        Ok(())
    }

    /// An activation scale in the metadata.
    fn scale(&self, key: &str) -> Result<Option<f64>, WorkloadError> {
        let metadata = self.metadata.metadata().as_ref();
        let Some(text) = metadata.and_then(|entries| entries.get(key)) else {
            return Ok(None);
        };
        match text.parse::<f64>() {
            Ok(scale) if scale.is_finite() && scale > 0.0 => Ok(Some(scale)),
            _ => Err(self.refused(key, format!("{text:?}"), "a positive number".to_owned())),
        }
    }

    /// The tensor that holds the weights of a tag.
    fn weight_of(&self, tag: &str) -> Result<String, WorkloadError> {
        let mut candidates = vec![format!("y.{tag}"), format!("w.{tag}")];
        if let Some((_step, shared)) = tag.split_once('.') {
            candidates.push(format!("w.{shared}"));
        }
        let found = candidates
            .iter()
            .find(|name| self.metadata.info(name).is_some());
        found.cloned().ok_or_else(|| {
            let allowed = format!("one of {}", candidates.join(", "));
            self.refused(&format!("x.{tag}"), "no weight tensor".to_owned(), allowed)
        })
    }

    fn stack(&self, name: &str) -> Result<Stack, WorkloadError> {
        let info = self.metadata.info(name);
        let TensorInfo {
            dtype,
            shape,
            data_offsets,
        } = info.expect("the name was taken from the header");
        if *dtype != Dtype::I8 {
            return Err(self.refused(name, format!("dtype {dtype}"), "dtype I8".to_owned()));
        }
        let (heads, rows, columns) = match shape[..] {
            [rows, columns] => (None, rows, columns),
            [heads, rows, columns] => (Some(heads), rows, columns),
            _ => {
                let allowed = "two dimensions, or three with heads first".to_owned();
                return Err(self.refused(name, format!("shape {shape:?}"), allowed));
            }
        };
        if shape.contains(&0) {
            let allowed = "every dimension to be 1 or more".to_owned();
            return Err(self.refused(name, format!("shape {shape:?}"), allowed));
        }
        Ok(Stack {
            start: self.data_at + data_offsets.0,
            heads,
            rows,
            columns,
        })
    }

    fn refused(&self, tensor: &str, found: String, allowed: String) -> WorkloadError {
        WorkloadError::Tensor {
            file: self.file.to_owned(),
            tensor: tensor.to_owned(),
            found,
            allowed,
        }
    }
}

/// One component of a tag; numbers sort as numbers, before words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Component<'a> {
    Number(u64),
    Word(&'a str),
}

fn natural(tag: &str) -> Vec<Component<'_>> {
    tag.split('.')
        .map(|part| {
            part.parse()
                .map_or(Component::Word(part), Component::Number)
        })
        .collect()
}
