//! Where a denoiser comes from: the embedded one, a folder of the diffusers
//! layout, or an architecture with drawn weights.

use super::error::InferError;
use crate::assets;
use crate::diffusion::{SchedulerConfig, SchedulerKind, scheduler_file};
use crate::model::{Denoiser, ModelConfig, Parameters, model_folder};
use crate::quant::Calibration;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// Name of the embedded denoiser.
pub const EMBEDDED: &str = "tiny-dit";
/// File of a calibration beside a model.
pub const CALIBRATION_FILE: &str = "drift_calibration.json";

/// A denoiser with all that belongs to it.
pub struct ModelSource {
    /// The network.
    pub denoiser: Denoiser,
    /// Its scheduler.
    pub scheduler: SchedulerConfig,
    /// Hash that a calibration names.
    pub hash: String,
    /// Its folder, unless it is embedded or drawn.
    pub folder: Option<PathBuf>,
}

impl ModelSource {
    /// The embedded denoiser ([`EMBEDDED`]), a folder, or the name of an architecture, whose
    /// weights are drawn from `seed`.
    ///
    /// # Errors
    /// [`InferError::Model`] with what is missing, malformed or not supported.
    pub fn open(text: &str, seed: u64) -> Result<Self, InferError> {
        if text == EMBEDDED {
            return Ok(Self::embedded());
        }
        if let Some(config) = ModelConfig::built_in(text) {
            let denoiser = Denoiser::new(config, &Parameters::drawn(seed))?;
            return Ok(Self {
                denoiser,
                scheduler: SchedulerConfig::new(SchedulerKind::Ddim),
                hash: digest(&[text.as_bytes(), &seed.to_le_bytes()]),
                folder: None,
            });
        }
        let folder = model_folder(Path::new(text));
        let denoiser = Denoiser::open(&folder)?;
        let scheduler = match scheduler_file(&folder) {
            Some(file) => SchedulerConfig::read(&file, None)?,
            None => SchedulerConfig::new(SchedulerKind::Ddim),
        };
        Ok(Self {
            denoiser,
            scheduler,
            hash: folder_hash(&folder)?,
            folder: Some(folder),
        })
    }

    /// The trained network that is part of the program.
    pub fn embedded() -> Self {
        let valid = "the embedded model is valid: a test opens it";
        let text = |bytes| std::str::from_utf8(bytes).expect(valid);
        let name = Path::new(EMBEDDED);
        let config = ModelConfig::parse(name, text(assets::TINY_DIT_CONFIG)).expect(valid);
        let parameters = Parameters::embedded(name, assets::TINY_DIT_WEIGHTS).expect(valid);
        let scheduler = text(assets::TINY_DIT_SCHEDULER);
        Self {
            denoiser: Denoiser::new(config, &parameters).expect(valid),
            scheduler: SchedulerConfig::parse(name, scheduler, None).expect(valid),
            hash: digest(&[assets::TINY_DIT_CONFIG, assets::TINY_DIT_WEIGHTS]),
            folder: None,
        }
    }

    /// The folder of the pipeline that the model is part of; `None` if it is embedded or drawn.
    /// Whether there is a pipeline in it is another matter.
    pub fn pipeline(&self) -> Option<&Path> {
        self.folder.as_deref().and_then(Path::parent)
    }

    /// The calibration beside the model, or that which is embedded with it.
    ///
    /// # Errors
    /// [`InferError::Quant`] when it cannot be read or is another model's.
    pub fn calibration(&self) -> Result<Calibration, InferError> {
        Ok(match &self.folder {
            Some(folder) => Calibration::read(&folder.join(CALIBRATION_FILE), &self.hash)?,
            None => Calibration::parse(
                Path::new(EMBEDDED),
                assets::TINY_DIT_CALIBRATION,
                &self.hash,
            )?,
        })
    }
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Bytes at the start of each file that go into a folder's hash.
const HEAD: usize = 1 << 20;

/// Hash over names, sizes and beginnings of a folder's files: weights of gigabytes are not
/// read whole for it.
fn folder_hash(folder: &Path) -> Result<String, InferError> {
    use std::io::Read;
    let read = |source| InferError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(read)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name != CALIBRATION_FILE)
        })
        .filter(|path| {
            let extension = path.extension().unwrap_or_default();
            extension == "json" || extension == "safetensors"
        })
        .collect();
    files.sort();
    let mut parts = Vec::new();
    for path in &files {
        let mut head = Vec::new();
        let file = std::fs::File::open(path).map_err(read)?;
        let length = file.metadata().map_err(read)?.len();
        file.take(HEAD as u64)
            .read_to_end(&mut head)
            .map_err(read)?;
        let name = path.file_name().unwrap_or_default();
        parts.push(name.as_encoded_bytes().to_vec());
        parts.push(length.to_le_bytes().to_vec());
        parts.push(head);
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Ok(digest(&parts))
}
