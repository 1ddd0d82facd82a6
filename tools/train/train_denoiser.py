#!/usr/bin/env python3
"""Train the default denoiser: a class-conditional DiT for 32x32 Fashion-MNIST, in diffusers' layout.

  train_denoiser.py --data DIR --out DIR [--steps N] [--seed S] [--device cuda]

`--data` is where Debian's package `dataset-fashion-mnist` was unpacked (README.md). Every `--save-every` steps, and
at the end, `--out` receives

  config.json, diffusion_pytorch_model.safetensors    the averaged weights (f16): what `assets/` holds
  scheduler_config.json                               the noise schedule
  loss.csv                                            the loss curve: step, seconds, weighted loss, squared error
  training.json                                       arguments, versions, data set and licence
  checkpoint.pt                                       everything else that a continued run needs

Started again with the same `--out`, a run continues behind its last checkpoint, random numbers included: on one
device and one version of torch it ends with the weights of an uninterrupted run.

The network learns the noise (epsilon) of a linear schedule, betas 1e-4..0.02, 1000 steps; the squared error is weighted
by min(SNR, 5)/SNR. Every tenth label is replaced by the null class, for guidance.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import sys
import time
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler, DiTTransformer2DModel
from diffusers.models.attention_processor import AttnProcessor

from fashion_mnist import CLASSES, load, normalise

TIMESTEPS = 1000
BETAS = (1e-4, 0.02)
LOG_EVERY = 20


def network(args: argparse.Namespace) -> DiTTransformer2DModel:
    """A DiT; diffusers adds the null class to the label embedding by itself."""
    net = DiTTransformer2DModel(
        num_attention_heads=args.heads,
        attention_head_dim=args.width // args.heads,
        in_channels=1,
        out_channels=1,
        num_layers=args.blocks,
        sample_size=32,
        patch_size=args.patch,
        num_embeds_ada_norm=len(CLASSES),
        norm_eps=1e-6,
    )
    for block in net.transformer_blocks:
        # On CPU the plain products train twice as fast as the fused attention.
        block.attn1.set_processor(AttnProcessor())
        # adaLN-Zero: every block begins as the identity.
        torch.nn.init.zeros_(block.norm1.linear.weight)
        torch.nn.init.zeros_(block.norm1.linear.bias)
        embedder = block.norm1.emb.class_embedder
        torch.nn.init.normal_(embedder.embedding_table.weight, std=0.02)
    for layer in (net.proj_out_1, net.proj_out_2):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    return net


class Batches:
    """Shuffled batches without end; the position is part of a checkpoint."""

    def __init__(self, count: int, size: int, generator: torch.Generator) -> None:
        self.count, self.size, self.generator = count, size, generator
        self.order, self.position = torch.randperm(count, generator=generator), 0

    def next(self) -> torch.Tensor:
        """Indices of the next batch."""
        if self.position + self.size > self.count:
            self.order, self.position = torch.randperm(self.count, generator=self.generator), 0
        self.position += self.size
        return self.order[self.position - self.size : self.position]


class Training:
    """The state of a run."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        torch.manual_seed(args.seed)
        self.generator = torch.Generator().manual_seed(args.seed)
        images, self.labels = load(args.data, "train")
        self.images = normalise(images)
        # In eval mode diffusers drops no labels of its own: `advance` puts the null class in.
        self.net = network(args).to(args.device).eval()
        self.average = network(args).to(args.device).eval()
        self.average.load_state_dict(self.net.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=args.lr, betas=(0.9, 0.99), weight_decay=0.01
        )
        self.batches = Batches(len(self.images), args.batch, self.generator)
        self.step, self.seconds = 0, 0.0
        self.curve: list[list[float]] = []
        betas = torch.linspace(*BETAS, TIMESTEPS, dtype=torch.float64)
        kept = torch.cumprod(1 - betas, 0)
        ratio = kept / (1 - kept)
        self.kept = kept.float()
        self.weights = (ratio.clamp(max=5) / ratio).float()

    def learning_rate(self) -> float:
        """Linear warm-up, then a cosine down to 2%."""
        done = self.step / self.args.steps
        cosine = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done))
        return self.args.lr * min(1.0, (self.step + 1) / 300) * cosine

    def advance(self) -> tuple[float, float]:
        """One step; weighted loss and squared error."""
        args, generator = self.args, self.generator
        chosen = self.batches.next()
        x, y = self.images[chosen], self.labels[chosen].clone()
        mirrored = torch.rand(len(x), generator=generator) < 0.5
        x[mirrored] = x[mirrored].flip(-1)
        y[torch.rand(len(x), generator=generator) < 0.1] = len(CLASSES)
        t = torch.randint(0, TIMESTEPS, (len(x),), generator=generator)
        noise = torch.randn(x.shape, generator=generator)
        kept = self.kept[t].view(-1, 1, 1, 1)
        noisy = kept.sqrt() * x + (1 - kept).sqrt() * noise
        noisy, noise, y, t_device = (v.to(args.device) for v in (noisy, noise, y, t))
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        with torch.autocast(args.device, torch.bfloat16, enabled=args.bf16):
            predicted = self.net(noisy, timestep=t_device, class_labels=y).sample
        errors = ((predicted.float() - noise) ** 2).mean((1, 2, 3))
        loss = (errors * self.weights[t].to(args.device)).mean()
        if not torch.isfinite(loss):
            sys.exit(f"step {self.step}: the loss is {loss.item()}; lower --lr")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimizer.step()
        decay = min(args.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.net.parameters()):
                mean.lerp_(value, 1 - decay)
        self.step += 1
        return loss.item(), errors.mean().item()

    def save(self) -> None:
        """Write everything into `--out`."""
        out = self.args.out
        half = network(self.args).half()
        half.load_state_dict(self.average.state_dict())
        half.save_pretrained(out)
        DDIMScheduler(
            num_train_timesteps=TIMESTEPS,
            beta_start=BETAS[0],
            beta_end=BETAS[1],
            beta_schedule="linear",
            prediction_type="epsilon",
            # diffusers clips the image but keeps the noise that does not fit it any more, which costs quality.
            clip_sample=False,
            timestep_spacing="trailing",
        ).save_pretrained(out)
        with (out / "loss.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["step", "seconds", "weighted_loss", "squared_error"])
            writer.writerows(self.curve)
        origin = {
            "data_set": "Fashion-MNIST (Zalando SE), MIT licence, 60000 training images",
            "steps": self.step,
            "parameters": sum(value.numel() for value in self.net.parameters()),
            "versions": {
                "torch": torch.__version__,
                "diffusers": diffusers.__version__,
                "numpy": np.__version__,
            },
            "arguments": {
                name: value
                for name, value in sorted(vars(self.args).items())
                if not isinstance(value, Path)
            },
        }
        (out / "training.json").write_text(json.dumps(origin, indent=2) + "\n")
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "order": self.batches.order,
            "position": self.batches.position,
            "step": self.step,
            "seconds": self.seconds,
            "curve": self.curve,
            "shape": self.shape(),
        }
        torch.save(state, out / "checkpoint.tmp")
        os.replace(out / "checkpoint.tmp", out / "checkpoint.pt")

    def shape(self) -> dict[str, object]:
        """The arguments that a continued run must share."""
        fixed = ("width", "blocks", "heads", "patch", "batch", "steps", "seed", "lr", "ema", "bf16")
        return {name: getattr(self.args, name) for name in fixed}

    def resume(self, checkpoint: Path) -> None:
        """Continue behind a checkpoint."""
        state = torch.load(checkpoint, map_location=self.args.device, weights_only=True)
        if state["shape"] != self.shape():
            sys.exit(f"{checkpoint}: made with {state['shape']}, not {self.shape()}; take another --out")
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"].cpu())
        self.batches.order, self.batches.position = state["order"].cpu(), state["position"]
        self.step, self.seconds, self.curve = state["step"], state["seconds"], state["curve"]
        print(f"continuing behind step {self.step}")

    def run(self) -> None:
        """Train to the end."""
        last = self.args.steps if self.args.stop_at is None else min(self.args.stop_at, self.args.steps)
        recent: list[tuple[float, float]] = []
        while self.step < last:
            started = time.monotonic()
            recent.append(self.advance())
            self.seconds += time.monotonic() - started
            if self.step % LOG_EVERY == 0 or self.step == last:
                weighted, squared = np.mean(recent, 0)
                recent = []
                self.curve.append([self.step, round(self.seconds, 1), float(weighted), float(squared)])
                left = self.seconds / self.step * (last - self.step)
                print(
                    f"step {self.step}/{last}  loss {weighted:.4f}  squared error {squared:.4f}  {left / 60:.1f} min left",
                    flush=True,
                )
            if self.step % self.args.save_every == 0:
                self.save()
        self.save()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=13000, help="of the whole run (the learning rate's cosine)")
    parser.add_argument("--stop-at", type=int, help="stop, to be continued, behind this step")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--blocks", type=int, default=8)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--patch", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--save-every", type=int, default=500)
    args = parser.parse_args()
    if args.width % args.heads:
        parser.error("--width must be a multiple of --heads")
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    training = Training(args)
    checkpoint = args.out / "checkpoint.pt"
    if checkpoint.exists():
        training.resume(checkpoint)
    training.run()


if __name__ == "__main__":
    main()
