#!/usr/bin/env python3
"""Draw images from a denoiser of train_denoiser.py with diffusers, as a check that owes nothing to this project's code.

  sample.py --model DIR --out DIR [--per-class N] [--steps N] [--guidance G] [--seed S]

Writes DIR/images.safetensors (`images` f32 [n, 1, 32, 32], `labels` i64 [n]; what `drift metrics` reads) and DIR/grid.png,
one row per class. Image i starts from its own noise, seeded with S + i.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DiTTransformer2DModel
from PIL import Image
from safetensors.torch import save_file

BATCH = 50


@torch.no_grad()
def sample(
    net: DiTTransformer2DModel,
    scheduler: DDIMScheduler,
    labels: torch.Tensor,
    noise: torch.Tensor,
    guidance: float,
) -> torch.Tensor:
    """Denoise one batch; guidance 1 runs without the null class."""
    null = torch.full_like(labels, net.config.num_embeds_ada_norm)
    x = noise
    for t in scheduler.timesteps:
        if guidance == 1:
            predicted = net(x, timestep=t.expand(len(x)), class_labels=labels).sample
        else:
            both = torch.cat([x, x])
            classes = torch.cat([labels, null])
            predicted = net(both, timestep=t.expand(len(both)), class_labels=classes).sample
            conditional, free = predicted.chunk(2)
            predicted = free + guidance * (conditional - free)
        x = scheduler.step(predicted, t, x).prev_sample
    return x.clamp(-1, 1)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-class", type=int, default=8)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--guidance", type=float, default=1.5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    net = DiTTransformer2DModel.from_pretrained(args.model, low_cpu_mem_usage=False).float().eval()
    scheduler = DDIMScheduler.from_pretrained(args.model)
    scheduler.set_timesteps(args.steps)
    config = net.config
    labels = torch.arange(config.num_embeds_ada_norm).repeat_interleave(args.per_class)
    size = (1, config.in_channels, config.sample_size, config.sample_size)
    noise = torch.cat(
        [
            torch.randn(size, generator=torch.Generator().manual_seed(args.seed + index))
            for index in range(len(labels))
        ]
    )
    parts = zip(labels.split(BATCH), noise.split(BATCH))
    images = torch.cat([sample(net, scheduler, y, x, args.guidance) for y, x in parts])

    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {"images": images.contiguous(), "labels": labels}
    save_file(tensors, args.out / "images.safetensors")
    side = config.sample_size
    grid = images[:, 0].reshape(-1, args.per_class, side, side).permute(0, 2, 1, 3)
    pixels = ((grid + 1) * 127.5).round().byte().reshape(-1, args.per_class * side)
    Image.fromarray(pixels.numpy()).save(args.out / "grid.png")


if __name__ == "__main__":
    main()
