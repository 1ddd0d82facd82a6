//! The trained networks that are part of the program, so that it runs anywhere.
//! `assets/README.md` says what each is and how it was made.

/// `config.json` of the default denoiser, a class-conditional
/// `DiTTransformer2DModel` for 32×32 grey images of ten classes.
pub const TINY_DIT_CONFIG: &[u8] = include_bytes!("../assets/tiny-dit-fashion/config.json");

/// Its weights, f16, a safetensors file as diffusers names the tensors.
pub const TINY_DIT_WEIGHTS: &[u8] =
    include_bytes!("../assets/tiny-dit-fashion/diffusion_pytorch_model.safetensors");

/// The noise schedule it was trained with, as diffusers saves a `DDIMScheduler`.
pub const TINY_DIT_SCHEDULER: &[u8] =
    include_bytes!("../assets/tiny-dit-fashion/scheduler_config.json");

/// Weights of the classifier of the same images, f32.
pub const CLASSIFIER: &[u8] = include_bytes!("../assets/classifier-fashion/classifier.safetensors");

/// Statistics of real images in the classifier's feature space, f64.
pub const REAL_STATISTICS: &[u8] =
    include_bytes!("../assets/classifier-fashion/real_statistics.safetensors");

/// Backbone and heads of LPIPS v0.1 AlexNet, f16.
pub const LPIPS_ALEXNET: &[u8] = include_bytes!("../assets/lpips/lpips_alexnet_v0.1.safetensors");

/// Largest magnitudes of its operands, for static scales: made by `drift calibrate`.
pub const TINY_DIT_CALIBRATION: &str =
    include_str!("../assets/tiny-dit-fashion/drift_calibration.json");

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::SafeTensors;
    use serde_json::Value;

    #[test]
    fn files_are_small_and_fit_together() {
        let files = [
            TINY_DIT_CONFIG,
            TINY_DIT_WEIGHTS,
            TINY_DIT_SCHEDULER,
            CLASSIFIER,
            REAL_STATISTICS,
            LPIPS_ALEXNET,
        ];
        assert!(files.map(<[u8]>::len).iter().sum::<usize>() < 12_000_000);
        let config: Value = serde_json::from_slice(TINY_DIT_CONFIG).unwrap();
        let weights = SafeTensors::deserialize(TINY_DIT_WEIGHTS).unwrap();
        let key = |name: &str| usize::try_from(config[name].as_u64().unwrap()).unwrap();
        let (patch, channels) = (key("patch_size"), key("in_channels"));
        let width = key("num_attention_heads") * key("attention_head_dim");
        let embedding = weights.tensor("pos_embed.proj.weight").unwrap();
        assert_eq!(embedding.shape(), [width, channels, patch, patch]);
        let blocks = weights
            .names()
            .into_iter()
            .filter(|name| name.ends_with("attn1.to_q.weight"));
        assert_eq!(blocks.count(), key("num_layers"));
        let scheduler: Value = serde_json::from_slice(TINY_DIT_SCHEDULER).unwrap();
        assert_eq!(scheduler["prediction_type"], "epsilon");
        assert_eq!(scheduler["beta_schedule"], "linear");
        assert_eq!(scheduler["num_train_timesteps"], 1000);
    }
}
