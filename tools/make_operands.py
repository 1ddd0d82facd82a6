#!/usr/bin/env python3
"""Write the int8 GEMM operands of a DiT's denoising run as a safetensors file.

Two sources:

  --model DIR           run the model (needs requirements-operands.txt): DDIM from seeded noise, one
                        image, and record the chosen steps and blocks
  --from-operands FILE  take a subset of a file this script wrote before (needs Python only)

For each chosen step s, block b and layer l in q, k, v, o, fc1, fc2:

  x.{s}.{b}.{l}    int8 [M, K]      activations, symmetric per tensor (scale: metadata key scale.x...)
  w.{b}.{l}        int8 [K, N]      weights, symmetric per output channel, the same in every step
  ws.{b}.{l}       f32  [N]         their scales

and for the attention products l in qk, pv:

  x.{s}.{b}.{l}    int8 [H, M, K]   Q, or the softmaxed scores
  y.{s}.{b}.{l}    int8 [H, K, N]   K transposed, or V

The same input gives the same bytes. The file that ships with the project was taken from an operand
file of all its defaults with

  make_operands.py --from-operands FILE --steps 0,25,26 --blocks 0,7 --out tiny_dit_operands.safetensors

The numbers come from a class-conditional DiT in diffusers' layout (8 blocks, width 128, 4 heads,
patch 4) trained on Fashion-MNIST (MIT licence), class 0, DDIM with 50 steps. A run of --model on
that network's weights stored as f16 differs from the shipped file by 1 in about 1% of the values.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NamedTuple

if TYPE_CHECKING:
    import torch

ORIGIN = (
    "class-conditional DiT (diffusers layout, 8 blocks, width 128, 4 heads, patch 4) trained on "
    "Fashion-MNIST (MIT licence); DDIM; symmetric int8"
)


class Tensor(NamedTuple):
    """One stored tensor: safetensors dtype name, shape, little-endian bytes."""

    dtype: str
    shape: list[int]
    data: bytes


class Operands(NamedTuple):
    """What one operand file holds."""

    tensors: dict[str, Tensor]
    metadata: dict[str, str]


def read_operands(path: Path) -> Operands:
    """Read a safetensors file whole."""
    raw = path.read_bytes()
    (length,) = struct.unpack_from("<Q", raw)
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = memoryview(raw)[8 + length :]
    tensors = {}
    for name, info in header.items():
        start, end = info["data_offsets"]
        tensors[name] = Tensor(info["dtype"], info["shape"], bytes(body[start:end]))
    return Operands(tensors, metadata)


def write_operands(operands: Operands, path: Path) -> None:
    """Write a safetensors file, with everything sorted.

    The safetensors package keeps the metadata in a hash map, so that two runs differ in their
    bytes; hence this writer. f32 comes before int8 to keep every tensor aligned.
    """
    tensors = sorted(operands.tensors.items(), key=lambda item: (item[1].dtype == "I8", item[0]))
    header: dict[str, object] = {"__metadata__": dict(sorted(operands.metadata.items()))}
    offset = 0
    for name, tensor in tensors:
        end = offset + len(tensor.data)
        header[name] = {
            "dtype": tensor.dtype,
            "shape": tensor.shape,
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for _, tensor in tensors:
            file.write(tensor.data)


def subset(operands: Operands, steps: list[int], blocks: list[int]) -> Operands:
    """Keep the tensors of the given steps and blocks, and their scales."""
    for key, wanted in (("steps", steps), ("blocks", blocks)):
        absent = sorted(set(wanted) - set(json.loads(operands.metadata[key])))
        if absent:
            sys.exit(f"{key} {absent}: not in the file, which has {operands.metadata[key]}")

    def chosen(name: str) -> bool:
        kind, *tag = name.split(".")
        if kind in ("x", "y"):
            step, block, _layer = tag
            return int(step) in steps and int(block) in blocks
        return int(tag[0]) in blocks

    tensors = {name: tensor for name, tensor in operands.tensors.items() if chosen(name)}
    metadata = {
        key: value
        for key, value in operands.metadata.items()
        if not key.startswith("scale.") or key.removeprefix("scale.") in tensors
    }
    return Operands(tensors, metadata | {"steps": json.dumps(steps), "blocks": json.dumps(blocks)})


class Recorder:
    """Forward hooks that quantise and keep the operands of the chosen steps and blocks."""

    def __init__(self, steps: list[int]) -> None:
        self.steps = steps
        self.step = -1
        self.operands = Operands({}, {})

    def watch(self, block: int, module: torch.nn.Module) -> None:
        """Record one transformer block's linear layers and attention products."""
        from diffusers.models.attention_processor import AttnProcessor

        attention = module.attn1
        # The plain processor calls to_q, to_k, to_v one after the other, which the hooks rely on.
        attention.set_processor(AttnProcessor())
        layers = {
            "q": attention.to_q,
            "k": attention.to_k,
            "v": attention.to_v,
            "o": attention.to_out[0],
            "fc1": module.ff.net[0].proj,
            "fc2": module.ff.net[2],
        }
        for name, layer in layers.items():
            self._keep_weight(f"{block}.{name}", layer.weight)
            layer.register_forward_hook(self._linear_hook(f"{block}.{name}"))
        seen: dict[str, torch.Tensor] = {}
        for name in "qkv":
            hook = self._attention_hook(block, name, attention.heads, seen)
            layers[name].register_forward_hook(hook)

    def _linear_hook(self, tag: str) -> Callable[..., None]:
        def hook(_module: object, inputs: tuple[torch.Tensor, ...], _output: object) -> None:
            if self.step in self.steps:
                x = inputs[0].detach()
                self._keep(f"x.{self.step}.{tag}", x.reshape(-1, x.shape[-1]))

        return hook

    def _attention_hook(
        self, block: int, name: str, heads: int, seen: dict[str, torch.Tensor]
    ) -> Callable[..., None]:
        def hook(_module: object, _inputs: object, output: torch.Tensor) -> None:
            seen[name] = output.detach()[0]
            if name == "v" and self.step in self.steps:
                self._keep_attention(block, heads, seen)

        return hook

    def _keep_attention(self, block: int, heads: int, seen: dict[str, torch.Tensor]) -> None:
        import torch

        width = seen["q"].shape[-1] // heads
        q, k, v = (seen[name].reshape(-1, heads, width).transpose(0, 1) for name in "qkv")
        k = k.transpose(1, 2)
        scores = torch.softmax(q @ k * width**-0.5, -1)
        for layer, x, y in (("qk", q, k), ("pv", scores, v)):
            self._keep(f"x.{self.step}.{block}.{layer}", x)
            self._keep(f"y.{self.step}.{block}.{layer}", y)

    def _keep_weight(self, tag: str, weight: torch.Tensor) -> None:
        import torch

        w = weight.detach().t()
        scale = w.abs().amax(0).clamp(min=1e-8) / 127
        self.operands.tensors[f"w.{tag}"] = int8_tensor(w / scale)
        data = scale.to(torch.float32).numpy().astype("<f4").tobytes()
        self.operands.tensors[f"ws.{tag}"] = Tensor("F32", list(scale.shape), data)

    def _keep(self, name: str, values: torch.Tensor) -> None:
        scale = values.abs().max().clamp(min=1e-8) / 127
        self.operands.tensors[name] = int8_tensor(values / scale)
        self.operands.metadata[f"scale.{name}"] = repr(float(scale))


def int8_tensor(scaled: torch.Tensor) -> Tensor:
    """Round to −127..=127, row-major."""
    import torch

    values = torch.round(scaled).clamp(-127, 127).to(torch.int8).contiguous()
    return Tensor("I8", list(values.shape), values.numpy().tobytes())


def run_model(model: Path, steps: list[int], blocks: list[int], total: int, label: int) -> Operands:
    """Denoise one image of class `label` in `total` DDIM steps and record its operands."""
    import torch
    from diffusers import DDIMScheduler, DiTTransformer2DModel

    torch.manual_seed(0)
    net = DiTTransformer2DModel.from_pretrained(model).eval()
    recorder = Recorder(steps)
    for block in blocks:
        recorder.watch(block, net.transformer_blocks[block])
    scheduler = DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        clip_sample=False,
    )
    scheduler.set_timesteps(total)
    size = net.config.sample_size
    image = torch.randn(1, net.config.in_channels, size, size)
    classes = torch.tensor([label])
    with torch.no_grad():
        for step, time in enumerate(scheduler.timesteps):
            recorder.step = step
            noise = net(image, timestep=time[None], class_labels=classes).sample
            image = scheduler.step(noise, time, image).prev_sample
    recorder.operands.metadata.update(
        steps=json.dumps(steps), blocks=json.dumps(blocks), total=str(total), label=str(label)
    )
    return recorder.operands


def numbers(text: str) -> list[int]:
    """Parse `0,4,7`."""
    return sorted({int(part) for part in text.split(",")})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, help="folder of a DiTTransformer2DModel")
    source.add_argument("--from-operands", type=Path, help="operand file to take a subset of")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--steps", type=numbers, default=[0, 24, 25, 26, 27, 49])
    parser.add_argument("--blocks", type=numbers, default=[0, 4, 7])
    parser.add_argument("--total", type=int, default=50, help="DDIM steps (with --model)")
    parser.add_argument("--label", type=int, default=0, help="class (with --model)")
    parser.add_argument(
        "--origin", default=ORIGIN, help="for the metadata (default: that of the project's DiT)"
    )
    args = parser.parse_args()

    if args.model:
        operands = run_model(args.model, args.steps, args.blocks, args.total, args.label)
    else:
        operands = subset(read_operands(args.from_operands), args.steps, args.blocks)
    operands.metadata["origin"] = args.origin
    write_operands(operands, args.out)
    size = args.out.stat().st_size
    print(f"{args.out}: {len(operands.tensors)} tensors, {size} bytes")


if __name__ == "__main__":
    main()
