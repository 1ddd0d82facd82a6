//! The parameters of a denoiser, by name: from files, drawn, or shapes alone.

use super::weight::{Drawn, Format, Stored, Values};
use super::{ModelError, Weight};
use crate::mapping::{self, Bytes};
use crate::tensor::Tensor;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Beginning of the names under which diffusers saves weights.
const STEM: &str = "diffusion_pytorch_model";
/// How these names end, in the order they are looked for.
const ENDINGS: [&str; 3] = [
    ".safetensors",
    ".safetensors.index.json",
    ".fp16.safetensors",
];

/// Bytes ahead of a safetensors header: its length.
const PREFIX: usize = 8;

/// Deviation of drawn biases and of norm weights around 1.
const SMALL: f32 = 0.02;

/// Where a denoiser's parameters come from. (A *checkpoint* is something else
/// here: the copy that a rollback restores.)
#[derive(Debug)]
pub struct Parameters {
    /// The folder, for messages.
    folder: PathBuf,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Files(BTreeMap<String, Entry>),
    Drawn { seed: u64 },
    Absent,
}

/// A tensor in a file.
#[derive(Debug)]
struct Entry {
    file: Arc<PathBuf>,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Arc<Bytes>,
    range: std::ops::Range<usize>,
}

/// The list of shards beside large models.
#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl Parameters {
    /// Maps the safetensors files of a folder, one or several with an index.
    ///
    /// # Errors
    /// [`ModelError`] if there is none, or one is truncated or malformed.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        Self::open_named(folder, STEM)
    }

    /// The same of another library, whose names begin with `stem`.
    pub(crate) fn open_named(folder: &Path, stem: &str) -> Result<Self, ModelError> {
        let names = ENDINGS.map(|ending| format!("{stem}{ending}"));
        let mut files = names.iter().map(|name| folder.join(name));
        let file = files
            .find(|file| file.exists())
            .ok_or_else(|| ModelError::Read {
                file: folder.join(&names[0]),
                source: std::io::Error::new(
                    std::io::ErrorKind::NotFound,
                    format!("there is none of {}", names.join(", ")),
                ),
            })?;
        let mut entries = BTreeMap::new();
        if file
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            for shard in shards(&file)? {
                map_into(&mut entries, &folder.join(shard))?;
            }
        } else {
            map_into(&mut entries, &file)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            source: Source::Files(entries),
        })
    }

    /// Parameters of a safetensors file that is part of the program; `name` stands for it in
    /// messages.
    ///
    /// # Errors
    /// [`ModelError::Format`].
    pub fn embedded(name: &Path, bytes: &'static [u8]) -> Result<Self, ModelError> {
        let mut entries = BTreeMap::new();
        list_into(&mut entries, name, Bytes::Embedded(bytes))?;
        Ok(Self {
            folder: name.to_owned(),
            source: Source::Files(entries),
        })
    }

    /// Parameters of any shape, drawn from the seed and their name: uniform with the
    /// deviation 1/√K for weights, close to 1 for norms and to 0 for biases. Weight
    /// matrices are drawn anew whenever they are read, and occupy no memory.
    pub fn drawn(seed: u64) -> Self {
        Self {
            folder: PathBuf::from("drawn weights"),
            source: Source::Drawn { seed },
        }
    }

    /// Parameters that are only shapes.
    pub fn absent() -> Self {
        Self {
            folder: PathBuf::from("shapes"),
            source: Source::Absent,
        }
    }

    /// A weight matrix; of a convolution \[N, C, k, k\] the last three dimensions are K.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] if it is missing, of another shape or type, or not
    /// finite.
    pub(super) fn weight(&self, name: &str, shape: &[usize]) -> Result<Weight, ModelError> {
        let k = shape[1..].iter().product();
        Ok(Weight::new(name, shape[0], k, self.values(name, shape)?))
    }

    /// A parameter that is no GEMM's weight, in f32.
    ///
    /// # Errors
    /// As [`Parameters::weight`].
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, ModelError> {
        let values = self.values(name, shape)?;
        Ok(match values.read() {
            Some(values) => Tensor::new(shape, values.into_owned()),
            None => Tensor::shape_only(shape),
        })
    }

    /// Whether files have a tensor of this name.
    #[cfg(feature = "text")]
    pub(crate) fn is_stored(&self, name: &str) -> bool {
        matches!(&self.source, Source::Files(entries) if entries.contains_key(name))
    }

    fn values(&self, name: &str, shape: &[usize]) -> Result<Values, ModelError> {
        match &self.source {
            Source::Absent => Ok(Values::Absent),
            Source::Drawn { seed } => Ok(Values::Drawn(drawn(*seed, name, shape))),
            Source::Files(entries) => {
                let Some(entry) = entries.get(name) else {
                    let allowed = format!("a tensor of shape {shape:?}");
                    return Err(refused(&self.folder, name, "nothing".to_owned(), allowed));
                };
                entry.checked(name, shape).map(Values::Stored)
            }
        }
    }
}

impl Entry {
    fn checked(&self, name: &str, shape: &[usize]) -> Result<Stored, ModelError> {
        let refused = |found: String, allowed: String| refused(&self.file, name, found, allowed);
        if self.shape != shape {
            let found = format!("shape {:?}", self.shape);
            return Err(refused(found, format!("shape {shape:?}")));
        }
        let format = match self.dtype {
            Dtype::F32 => Format::F32,
            Dtype::F16 => Format::F16,
            Dtype::BF16 => Format::Bf16,
            other => {
                let allowed = "dtype F32, F16 or BF16".to_owned();
                return Err(refused(format!("dtype {other}"), allowed));
            }
        };
        let stored = Stored {
            bytes: self.bytes.clone(),
            range: self.range.clone(),
            format,
        };
        match stored.first_not_finite() {
            Some((index, value)) => Err(refused(
                format!("{value} at element {index}"),
                "finite values".to_owned(),
            )),
            None => Ok(stored),
        }
    }
}

fn refused(file: &Path, tensor: &str, found: String, allowed: String) -> ModelError {
    ModelError::Tensor {
        file: file.to_owned(),
        tensor: tensor.to_owned(),
        found,
        allowed,
    }
}

fn drawn(seed: u64, name: &str, shape: &[usize]) -> Drawn {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update(name);
    let k: usize = shape[1..].iter().product();
    let is_matrix = shape.len() > 1;
    Drawn {
        key: hasher.finalize().into(),
        len: shape.iter().product(),
        mean: f32::from(u8::from(!is_matrix && name.ends_with(".weight"))),
        deviation: if is_matrix {
            1.0 / (k as f32).sqrt()
        } else {
            SMALL
        },
    }
}

/// Names of the shards in an index file.
fn shards(file: &Path) -> Result<BTreeSet<String>, ModelError> {
    let text = std::fs::read_to_string(file).map_err(|source| ModelError::Read {
        file: file.to_owned(),
        source,
    })?;
    let index: Index = serde_json::from_str(&text).map_err(|e| ModelError::Format {
        file: file.to_owned(),
        kind: "safetensors index",
        message: e.to_string(),
    })?;
    Ok(index.weight_map.into_values().collect())
}

/// Maps a file and lists its tensors. The safetensors crate checks that their
/// extents agree with shapes and types, and that together they fill the file.
fn map_into(entries: &mut BTreeMap<String, Entry>, file: &Path) -> Result<(), ModelError> {
    let bytes = mapping::map(file).map_err(|source| ModelError::Read {
        file: file.to_owned(),
        source,
    })?;
    list_into(entries, file, bytes)
}

/// Lists the tensors of a safetensors file; `file` names it in messages.
fn list_into(
    entries: &mut BTreeMap<String, Entry>,
    file: &Path,
    bytes: Bytes,
) -> Result<(), ModelError> {
    let (header, metadata) =
        SafeTensors::read_metadata(&bytes).map_err(|e| ModelError::Format {
            file: file.to_owned(),
            kind: "safetensors",
            message: e.to_string(),
        })?;
    let (bytes, path) = (Arc::new(bytes), Arc::new(file.to_owned()));
    for (name, info) in metadata.tensors() {
        let (start, end) = info.data_offsets;
        let data_at = PREFIX + header;
        let entry = Entry {
            file: path.clone(),
            dtype: info.dtype,
            shape: info.shape.clone(),
            bytes: bytes.clone(),
            range: data_at + start..data_at + end,
        };
        entries.insert(name, entry);
    }
    Ok(())
}
