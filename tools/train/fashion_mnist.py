"""Fashion-MNIST as the project's networks see it: 32x32 grey, values -1..=1.

The data set is Zalando's (MIT licence), taken from Debian's package `dataset-fashion-mnist`:

  apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist_*.deb data

The 28x28 images are padded with two black pixels on every side.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import torch

CLASSES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

FOLDER = Path("usr/share/datasets/fashion-mnist")


def read_idx(path: Path) -> np.ndarray:
    """Read one gzipped IDX file of unsigned bytes."""
    raw = gzip.decompress(path.read_bytes())
    if len(raw) < 4 or raw[:3] != b"\0\0\x08":
        raise SystemExit(f"{path}: not an IDX file of unsigned bytes")
    dimensions = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(dimensions)


def load(data: Path, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [n, 1, 32, 32] (uint8) and labels [n] (int64) of `train` or `test`.

    `data` is where the package was unpacked.
    """
    prefix = {"train": "train", "test": "t10k"}[split]
    folder = data / FOLDER
    if not folder.is_dir():
        raise SystemExit(f"{folder}: no such folder; --data is where the package was unpacked")
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte.gz")
    images = np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None]
    return torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))


def normalise(images: torch.Tensor) -> torch.Tensor:
    """Bytes to -1..=1."""
    return images.float() / 127.5 - 1
