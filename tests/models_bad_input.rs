//! Models that cannot be used: a message that names file, place, value and what is
//! allowed.

use drift::model::{
    Conditioning, Denoiser, EngineError, FloatEngine, GemmEngine, GemmTag, MatMul, ModelConfig,
    Parameters, TextConditioning, Weight,
};
use drift::tensor::Tensor;
use safetensors::tensor::{TensorView, serialize};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const WEIGHTS: &str = "diffusion_pytorch_model.safetensors";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/models")
        .join(name)
}

/// A copy of a fixture's folder.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(fixture(name)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

#[track_caller]
fn refused(folder: &TempDir, parts: &[&str]) {
    let Err(error) = Denoiser::open(folder.path()) else {
        panic!("accepted");
    };
    let message = error.to_string();
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

/// Replaces an option, or adds it.
fn with_option(name: &str, key: &str, value: serde_json::Value) -> TempDir {
    let folder = copy(name);
    let file = folder.path().join("config.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut config: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).unwrap();
    config.insert(key.to_owned(), value);
    std::fs::write(&file, serde_json::to_string(&config).unwrap()).unwrap();
    folder
}

/// Tensors by name.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// Changes the tensors of a fixture.
fn with_tensors(name: &str, change: impl FnOnce(&mut Tensors)) -> TempDir {
    let folder = copy(name);
    let file = folder.path().join(WEIGHTS);
    let bytes = std::fs::read(&file).unwrap();
    let mut tensors: Tensors = SafeTensors::deserialize(&bytes)
        .unwrap()
        .tensors()
        .into_iter()
        .map(|(name, view)| {
            (
                name,
                (view.dtype(), view.shape().to_vec(), view.data().to_vec()),
            )
        })
        .collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    std::fs::write(&file, serialize(views, None).unwrap()).unwrap();
    folder
}

#[test]
fn unsupported_options_are_refused() {
    let cases = [
        (
            "dit",
            "_class_name",
            r#""FluxTransformer2DModel""#,
            "DiTTransformer2DModel",
        ),
        ("dit", "norm_type", r#""layer_norm""#, "\"ada_norm_zero\""),
        ("dit", "activation_fn", r#""geglu""#, "\"gelu-approximate\""),
        ("dit", "num_layers", "0", "an integer from 1 to 1048576"),
        (
            "dit",
            "num_layers",
            r#""two""#,
            "an integer from 1 to 1048576",
        ),
        ("dit", "norm_eps", "-1", "a positive number"),
        ("dit", "attention_head_dim", "3", "a multiple of 4"),
        ("dit", "sample_size", "9", "a multiple of patch_size, 2"),
        ("dit", "out_channels", "5", "in_channels, 4, or twice that"),
        ("dit", "invented", "7", "no such option"),
        ("pixart", "attention_type", r#""gated""#, "\"default\""),
        ("pixart", "cross_attention_dim", "7", "32"),
        ("pixart", "caption_channels", "null", "an integer"),
        (
            "unet",
            "mid_block_type",
            "null",
            "\"UNetMidBlock2DCrossAttn\"",
        ),
        ("unet", "use_linear_projection", "true", "no such option"),
        (
            "unet",
            "block_out_channels",
            "[8, 8, 16, 15]",
            "norm_num_groups",
        ),
        (
            "unet",
            "block_out_channels",
            "8",
            "a list of positive integers",
        ),
        (
            "unet",
            "down_block_types",
            r#"["DownBlock2D"]"#,
            "a list of 4",
        ),
        (
            "unet",
            "up_block_types",
            r#"["AttnUpBlock2D", "UpBlock2D"]"#,
            "\"CrossAttnUpBlock2D\"",
        ),
        ("unet", "attention_head_dim", "[1, 2]", "a list of 4"),
    ];
    for (model, key, value, allowed) in cases {
        let folder = with_option(model, key, serde_json::from_str(value).unwrap());
        refused(&folder, &["config.json", key, allowed]);
    }
}

#[test]
fn tensors_that_do_not_fit_are_refused() {
    let name = "transformer_blocks.1.attn1.to_q.weight";
    let missing = with_tensors("dit", |tensors| {
        tensors.remove(name).unwrap();
    });
    refused(
        &missing,
        &[
            name,
            "nothing is not allowed; expected a tensor of shape [32, 32]",
        ],
    );
    let reshaped = with_tensors("dit", |tensors| {
        tensors.get_mut(name).unwrap().1 = vec![16, 64]
    });
    refused(
        &reshaped,
        &[WEIGHTS, name, "shape [16, 64]", "expected shape [32, 32]"],
    );
    let integers = with_tensors("dit", |tensors| {
        tensors.get_mut(name).unwrap().0 = Dtype::I16
    });
    refused(&integers, &[name, "dtype I16", "F32, F16 or BF16"]);
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    let name = "transformer_blocks.0.attn1.to_k.weight";
    let half = |bits: u16| {
        with_tensors("dit", |tensors| {
            tensors.get_mut(name).unwrap().2[10..12].copy_from_slice(&bits.to_le_bytes());
        })
    };
    refused(
        &half(0x7e00),
        &[name, "NaN at element 5", "expected finite values"],
    );
    refused(&half(0xfc00), &[name, "-inf at element 5"]);
    let single = with_tensors("dit-one-head", |tensors| {
        tensors.get_mut(name).unwrap().2[20..24].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    refused(&single, &[name, "NaN at element 5"]);
}

#[test]
fn files_that_are_missing_or_cut_short_are_refused() {
    for keep in [0, 7, 100, 5000] {
        let folder = copy("dit");
        let file = folder.path().join(WEIGHTS);
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..keep]).unwrap();
        refused(&folder, &[WEIGHTS, "expected a complete safetensors file"]);
    }
    let folder = copy("dit");
    std::fs::write(folder.path().join("config.json"), "{\"_class_name\":").unwrap();
    refused(&folder, &["config.json", "expected a complete JSON file"]);
    std::fs::remove_file(folder.path().join("config.json")).unwrap();
    refused(&folder, &["config.json", "cannot be read"]);
    let folder = copy("dit");
    std::fs::remove_file(folder.path().join(WEIGHTS)).unwrap();
    refused(&folder, &[WEIGHTS, "there is none of", "index.json"]);
    let folder = copy("dit-bf16-shards");
    let shard = "diffusion_pytorch_model-00002-of-00002.safetensors";
    std::fs::remove_file(folder.path().join(shard)).unwrap();
    refused(&folder, &[shard, "cannot be read"]);
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let dit = Denoiser::open(&fixture("dit")).unwrap();
    let pixart = Denoiser::open(&fixture("pixart-sizes")).unwrap();
    let message = |model: &Denoiser, shape: &[usize], times: &[f32], condition: &Conditioning| {
        let latents = Tensor::zeros(shape);
        let result = model.forward(&mut FloatEngine, 0, &latents, times, condition);
        result.unwrap_err().to_string()
    };
    let class = |class| Conditioning::Classes(vec![class]);
    let good = [1, 4, 8, 8];
    let cases = [
        (
            message(&dit, &[1, 3, 8, 8], &[0.0], &class(0)),
            "latents: shape [1, 3, 8, 8]",
        ),
        (
            message(&dit, &[1, 4, 7, 8], &[0.0], &class(0)),
            "multiples of 2",
        ),
        (
            message(&dit, &[4, 8, 8], &[0.0], &class(0)),
            "latents: shape [4, 8, 8]",
        ),
        (
            message(&dit, &good, &[0.0; 2], &class(0)),
            "timesteps: 2 rows",
        ),
        (
            message(&dit, &good, &[0.0], &class(11)),
            "class: 11 is not allowed; expected 0 to 10",
        ),
        (
            message(&pixart, &good, &[0.0], &class(1)),
            "the model takes text",
        ),
    ];
    for (message, part) in cases {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
    let text = |shape: &[usize]| {
        Conditioning::Text(TextConditioning {
            embeddings: Tensor::zeros(shape),
            mask: None,
            sizes: None,
        })
    };
    let wrong = message(&pixart, &good, &[0.0], &text(&[1, 6, 23]));
    assert!(
        wrong.contains("[1, 6, 23] is not allowed; expected [1, L, 24]"),
        "{wrong}"
    );
    let sizeless = message(&pixart, &good, &[0.0], &text(&[1, 6, 24]));
    assert!(sizeless.contains("sizes: 0 is not allowed"), "{sizeless}");
}

#[test]
fn embeddings_are_read_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prompt.safetensors");
    let write = |entries: &[(&str, Dtype, Vec<usize>, Vec<u8>)]| {
        let views = entries.iter().map(|(name, dtype, shape, data)| {
            (*name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        std::fs::write(&file, serialize(views, None).unwrap()).unwrap();
    };
    let bytes = |values: &[f32]| {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    let embeddings = bytes(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let mask: Vec<u8> = [1i64, 0, 1]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    write(&[
        ("prompt_embeds", Dtype::F32, vec![3, 2], embeddings.clone()),
        ("prompt_attention_mask", Dtype::I64, vec![1, 3], mask),
    ]);
    let text = TextConditioning::read(&file).unwrap();
    assert_eq!(
        text.embeddings,
        Tensor::new(&[1, 3, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    );
    assert_eq!(text.mask, Some(Tensor::new(&[1, 3], vec![1.0, 0.0, 1.0])));
    write(&[("other", Dtype::F32, vec![3, 2], embeddings.clone())]);
    let error = TextConditioning::read(&file).unwrap_err().to_string();
    assert!(
        error.ends_with("prompt_embeds: nothing is not allowed; expected a tensor [B, L, C]"),
        "{error}"
    );
    write(&[("prompt_embeds", Dtype::F32, vec![6], embeddings)]);
    let error = TextConditioning::read(&file).unwrap_err().to_string();
    assert!(error.contains("shape [6] is not allowed"), "{error}");
    write(&[("prompt_embeds", Dtype::F32, vec![1, 1], bytes(&[f32::NAN]))]);
    let error = TextConditioning::read(&file).unwrap_err().to_string();
    assert!(
        error.contains("NaN is not allowed; expected finite values"),
        "{error}"
    );
}

/// Returns too little.
struct Short;

impl GemmEngine for Short {
    fn layer(
        &mut self,
        _: &GemmTag<'_>,
        _: &[f32],
        _: usize,
        _: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        Ok(vec![0.0; 3])
    }

    fn product(&mut self, _: &GemmTag<'_>, _: &MatMul<'_>) -> Result<Vec<f32>, EngineError> {
        Ok(Vec::new())
    }
}

#[test]
fn engines_that_return_too_little_and_models_without_values_are_noticed() {
    let dit = Denoiser::open(&fixture("dit")).unwrap();
    let class = Conditioning::Classes(vec![0]);
    let latents = Tensor::zeros(&[1, 4, 8, 8]);
    let error = dit
        .forward(&mut Short, 0, &latents, &[0.0], &class)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "pos_embed.proj: matrix of 3 values; expected 512"
    );
    let config = ModelConfig::read(&fixture("dit").join("config.json")).unwrap();
    let shapes = Denoiser::new(config, &Parameters::absent()).unwrap();
    let error = shapes
        .forward(&mut FloatEngine, 0, &latents, &[0.0], &class)
        .unwrap_err();
    assert!(
        error.to_string().contains("has a shape but no values"),
        "{error}"
    );
}

#[test]
fn the_command_ends_with_status_2() {
    let folder = with_option("dit", "num_layers", 0.into());
    let folder = folder.path().to_str().unwrap();
    for (model, part) in [
        ("sd15", "dit-xl-2-512"),
        (folder, "num_layers: 0 is not allowed"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_drift"))
            .args(["shapes", "--model", model])
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}
