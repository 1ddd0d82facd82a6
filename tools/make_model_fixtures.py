#!/usr/bin/env python3
"""Small random models as diffusers saves them, with what diffusers computes with them.

    pip install -r tools/requirements-models.txt
    python tools/make_model_fixtures.py tests/data/models

writes for every model NAME/config.json, NAME/diffusion_pytorch_model*.safetensors and NAME/golden.safetensors (inputs
in.*, the prediction `out`, and for some the latents loop.start and loop.end of a denoising loop), and schedulers.json,
trajectories of the schedulers with a made-up model.
"""

import json
import pathlib
import shutil
import sys

import diffusers.schedulers.scheduling_ddpm as scheduling_ddpm
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DiTTransformer2DModel,
    DPMSolverMultistepScheduler,
    PixArtTransformer2DModel,
    PNDMScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import save_file

SEED = 5
FORMATS = {"f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}


def make(folder, name, model, inputs, call, format="f16", shard=None, loop=None):
    """Saves a model in a format its weights are exact in, and its prediction in f32."""
    model.eval()
    dtype = FORMATS[format]
    for parameter_name, parameter in model.named_parameters():
        if parameter.ndim == 1:  # else biases are 0 and norms 1, and would hide mistakes
            mean = 1.0 if "norm" in parameter_name and parameter_name.endswith("weight") else 0.0
            torch.nn.init.normal_(parameter, mean=mean, std=0.1)
        parameter.data = parameter.data.to(dtype).float()
    target = folder / name
    shutil.rmtree(target, ignore_errors=True)
    size = {} if shard is None else {"max_shard_size": shard}
    model.to(dtype).save_pretrained(target, **size)
    # Not model.float(): the positions, which are not saved, would stay rounded.
    model = type(model).from_pretrained(target, torch_dtype=torch.float32).eval()
    with torch.no_grad():
        golden = {"out": call(model, inputs)}
        golden |= {f"in.{key}": value for key, value in inputs.items() if value is not None}
        if loop is not None:
            start, end = loop(model)
            golden |= {"loop.start": start, "loop.end": end}
    for key, value in golden.items():
        golden[key] = value.contiguous() if value.is_floating_point() else value.float().contiguous()
    save_file(golden, target / "golden.safetensors")
    rms = golden["out"].pow(2).mean().sqrt()
    print(f"{name}: {sum(p.numel() for p in model.parameters())} parameters, prediction of rms {rms:.3f}")


def randn(*shape):
    return torch.randn(*shape)


def denoised(model, scheduler, steps, guidance, start, predict):
    """A denoising loop as the pipelines run it, one image."""
    scheduler.set_timesteps(steps)
    latents, channels = start, start.shape[1]
    for t in scheduler.timesteps:
        both = predict(model, torch.cat([latents, latents]), t.expand(2))[:, :channels]
        conditional, unconditional = both.chunk(2)
        noise = unconditional + guidance * (conditional - unconditional)
        latents = scheduler.step(noise, t, latents).prev_sample
    return start, latents


def dits(folder):
    call = lambda model, i: model(i["x"], timestep=i["t"], class_labels=i["y"]).sample
    config = dict(num_attention_heads=2, attention_head_dim=16, in_channels=4, out_channels=8, num_layers=2,
                  sample_size=8, patch_size=2, num_embeds_ada_norm=10)

    def loop(model):
        predict = lambda model, x, t: model(x, timestep=t, class_labels=torch.tensor([3, 10])).sample
        scheduler = DDIMScheduler(clip_sample=False)
        return denoised(model, scheduler, 20, 1.5, randn(1, 4, 8, 8), predict)

    inputs = dict(x=randn(2, 4, 8, 8), t=torch.tensor([7, 903]), y=torch.tensor([3, 10]))
    make(folder, "dit", DiTTransformer2DModel(**config), inputs, call, loop=loop)
    config |= dict(num_attention_heads=1, attention_head_dim=12, in_channels=1, out_channels=None, sample_size=7,
                   patch_size=1, num_embeds_ada_norm=3, norm_eps=1e-6, attention_bias=False)
    inputs = dict(x=randn(1, 1, 7, 7), t=torch.tensor([999]), y=torch.tensor([0]))
    make(folder, "dit-one-head", DiTTransformer2DModel(**config), inputs, call, format="f32")
    config |= dict(num_attention_heads=5, attention_head_dim=4, in_channels=3, out_channels=3, sample_size=9,
                   patch_size=3, attention_bias=True)
    # Larger than trained: positions are scaled.
    inputs = dict(x=randn(3, 3, 15, 15), t=torch.tensor([0, 1, 500]), y=torch.tensor([3, 2, 1]))
    make(folder, "dit-bf16-shards", DiTTransformer2DModel(**config), inputs, call, format="bf16", shard="30KB")


def pixarts(folder):
    def call(model, i):
        added = dict(resolution=i.get("size"), aspect_ratio=i.get("ratio"))
        return model(i["x"], encoder_hidden_states=i["e"], encoder_attention_mask=i.get("m"), timestep=i["t"],
                     added_cond_kwargs=added).sample

    config = dict(num_attention_heads=2, attention_head_dim=16, in_channels=4, out_channels=8, num_layers=2,
                  sample_size=8, patch_size=2, cross_attention_dim=32, caption_channels=24)
    text = randn(2, 6, 24)
    mask = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]])

    def loop(model):
        def predict(model, x, t):
            return model(x, encoder_hidden_states=text, encoder_attention_mask=mask, timestep=t,
                         added_cond_kwargs=dict(resolution=None, aspect_ratio=None)).sample
        return denoised(model, DPMSolverMultistepScheduler(), 20, 2.0, randn(1, 4, 8, 8), predict)

    inputs = dict(x=randn(2, 4, 8, 8), t=torch.tensor([7, 903]), e=text, m=mask)
    make(folder, "pixart", PixArtTransformer2DModel(**config, use_additional_conditions=False), inputs, call, loop=loop)
    config |= dict(num_attention_heads=3, attention_head_dim=8, cross_attention_dim=24, interpolation_scale=2)
    inputs = dict(x=randn(2, 4, 8, 12), t=torch.tensor([20, 540]), e=text, m=mask,
                  size=torch.tensor([[512.0, 512.0], [480.0, 640.0]]), ratio=torch.tensor([[1.0], [0.75]]))
    make(folder, "pixart-sizes", PixArtTransformer2DModel(**config, use_additional_conditions=True), inputs, call)
    config |= dict(num_attention_heads=1, attention_head_dim=28, cross_attention_dim=28, sample_size=128,
                   interpolation_scale=None, num_layers=1, patch_size=1)
    inputs = dict(x=randn(1, 4, 5, 3), t=torch.tensor([77]), e=randn(1, 1, 24), m=None)
    make(folder, "pixart-one-head", PixArtTransformer2DModel(**config, use_additional_conditions=False), inputs, call)


def unets(folder):
    call = lambda model, i: model(i["x"], i["t"], i["e"], encoder_attention_mask=i.get("m")).sample
    text = randn(2, 7, 12)

    def loop(model):
        predict = lambda model, x, t: model(x, t, text).sample
        scheduler = DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
                                  clip_sample=False, set_alpha_to_one=False)
        return denoised(model, scheduler, 20, 2.0, randn(1, 4, 8, 8), predict)

    # The levels of Stable Diffusion 1.x.
    model = UNet2DConditionModel(sample_size=8, block_out_channels=(8, 8, 16, 16), layers_per_block=2,
                                 cross_attention_dim=12, attention_head_dim=2, norm_num_groups=4)
    inputs = dict(x=randn(2, 4, 8, 8), t=torch.tensor([7, 903]), e=text)
    make(folder, "unet", model, inputs, call, loop=loop)
    blocks = dict(down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"))
    model = UNet2DConditionModel(sample_size=13, in_channels=3, out_channels=3, block_out_channels=(8, 24),
                                 layers_per_block=1, cross_attention_dim=12, attention_head_dim=(1, 3),
                                 norm_num_groups=2, norm_eps=1e-6, **blocks)
    mask = torch.tensor([[1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0]])
    inputs = dict(x=randn(2, 3, 13, 9), t=torch.tensor([0, 999]), e=text, m=mask)
    make(folder, "unet-odd", model, inputs, call)
    blocks = dict(down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",))
    model = UNet2DConditionModel(sample_size=5, block_out_channels=(12,), layers_per_block=1, cross_attention_dim=5,
                                 attention_head_dim=1, norm_num_groups=3, **blocks)
    inputs = dict(x=randn(1, 4, 5, 6), t=torch.tensor([321]), e=randn(1, 3, 5))
    make(folder, "unet-one-level", model, inputs, call)


def made_up(sample, t):
    """A model that is easy to compute anywhere: it depends on sample and time."""
    return 0.4 * sample + 0.5 * torch.cos(0.01 * float(t) + torch.arange(sample.numel()).reshape(sample.shape))


def schedulers(folder):
    sd15 = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1, clip_sample=False,
                set_alpha_to_one=False)
    ddim, ddpm, dpm, pndm = DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler, PNDMScheduler
    cases = [
        ("ddim", ddim, dict(), 12),
        ("ddim-sd15", ddim, sd15, 10),
        ("ddim-trailing", ddim, dict(timestep_spacing="trailing", clip_sample_range=0.7), 7),
        ("ddim-linspace-v", ddim, dict(timestep_spacing="linspace", prediction_type="v_prediction"), 9),
        ("ddim-sample", ddim, dict(prediction_type="sample", num_train_timesteps=500), 5),
        ("ddim-one-step", ddim, dict(clip_sample=False), 1),
        ("ddim-cosine", ddim, dict(beta_schedule="squaredcos_cap_v2"), 6),
        ("ddpm", ddpm, dict(), 10),
        ("ddpm-large", ddpm, dict(variance_type="fixed_large", clip_sample=False), 10),
        ("ddpm-trailing-v", ddpm, dict(timestep_spacing="trailing", prediction_type="v_prediction"), 7),
        ("dpm", dpm, dict(), 20),
        ("dpm-few", dpm, dict(), 5),
        ("dpm-one-step", dpm, dict(), 1),
        ("dpm-order-1", dpm, dict(solver_order=1, timestep_spacing="leading", steps_offset=1), 6),
        ("dpm-sigma-min", dpm, dict(final_sigmas_type="sigma_min", solver_type="heun", timestep_spacing="trailing"), 16),
        ("dpm-v-euler", dpm, dict(prediction_type="v_prediction", euler_at_final=True, lower_order_final=False), 8),
        ("pndm-sd15", pndm, dict(skip_prk_steps=True, **{key: sd15[key] for key in sd15 if key != "clip_sample"}), 10),
        ("pndm-trailing-v", pndm, dict(skip_prk_steps=True, timestep_spacing="trailing", set_alpha_to_one=True,
                                       prediction_type="v_prediction"), 7),
        ("pndm-linspace", pndm, dict(skip_prk_steps=True, timestep_spacing="linspace"), 6),
        ("pndm-few", pndm, dict(skip_prk_steps=True), 2),
        ("pndm-one-step", pndm, dict(skip_prk_steps=True), 1),
    ]
    written = []
    for name, kind, options, steps in cases:
        scheduler = kind(**options)
        scheduler.set_timesteps(steps)
        sample = randn(1, 2, 3, 3)
        noises = []

        def drawn(shape, **_):
            noises.append(randn(*shape))
            return noises[-1]

        scheduling_ddpm.randn_tensor = drawn
        trajectory = [sample]
        for t in scheduler.timesteps:
            sample = scheduler.step(made_up(sample, t), t, sample).prev_sample
            trajectory.append(sample)
        flat = lambda tensors: [[float(f"{v:.9g}") for v in tensor.flatten().tolist()] for tensor in tensors]
        config = {"_class_name": kind.__name__, **options}
        written.append(dict(name=name, config=config, steps=steps, timesteps=scheduler.timesteps.tolist(),
                            trajectory=flat(trajectory), noises=flat(noises)))
        print(f"{name}: {len(noises)} noises, ends at rms {sample.pow(2).mean().sqrt():.3f}")
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in written)
    (folder / "schedulers.json").write_text(f"[\n{text}\n]\n")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    # Each group from the seed, so that changing one leaves the others as they are.
    for group in (dits, pixarts, unets, schedulers):
        torch.manual_seed(SEED)
        group(folder)


if __name__ == "__main__":
    main()
