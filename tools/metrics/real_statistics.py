#!/usr/bin/env python3
"""Write the statistics of real images that FD-clf is measured against.

  real_statistics.py --data DIR --classifier FILE --out FILE.safetensors

`--data` is where Debian's package `dataset-fashion-mnist` was unpacked (tools/train/README.md). Written, as f64:

  mean        [64]      of the classifier's features of the 10 000 test images
  covariance  [64, 64]  of the same, divided by n - 1
  floor.n     [k]       sizes of sets of real images
  floor.mean  [k]       mean of the FD-clf of DRAWS such sets, drawn from the 60 000 training images, classes
                        equally often, without repetition
  floor.sd    [k]       their standard deviation

The floor is what a perfect generator would reach with so many images: the distance is biased upwards by about 1/n.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "train"))
from classifier import batched, load_classifier  # noqa: E402
from fashion_mnist import load, normalise  # noqa: E402

SIZES = (10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10000)
DRAWS = 20


def statistics(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance (n - 1)."""
    return features.mean(0), np.cov(features.T)


def distance(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    """Fréchet distance of two Gaussians; the trace of the root through symmetric eigenvalues."""
    values, vectors = np.linalg.eigh(b[1])
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    inner = np.linalg.eigvalsh(root @ a[1] @ root)
    trace = np.sqrt(np.clip(inner, 0, None)).sum()
    offset = a[0] - b[0]
    return float(offset @ offset + np.trace(a[1]) + np.trace(b[1]) - 2 * trace)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--classifier", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.set_num_threads(1)
    network = load_classifier(args.classifier)

    def features(split: str) -> tuple[np.ndarray, np.ndarray]:
        images, labels = load(args.data, split)
        values = batched(lambda part: network.features(normalise(part)), images)
        return values.double().numpy(), labels.numpy()

    reference = statistics(features("test")[0])
    train, labels = features("train")
    members = [np.flatnonzero(labels == label) for label in range(10)]
    generator = np.random.default_rng(args.seed)
    floors = []
    for size in SIZES:
        draws = [
            distance(
                statistics(
                    train[
                        np.concatenate(
                            [generator.choice(part, size // 10, replace=False) for part in members]
                        )
                    ]
                ),
                reference,
            )
            for _ in range(DRAWS)
        ]
        floors.append((np.mean(draws), np.std(draws, ddof=1)))
        print(f"{size:6d} real images: FD-clf {floors[-1][0]:8.3f} +- {floors[-1][1]:.3f}")
    table = np.array(floors)
    save_file(
        {
            "mean": reference[0],
            "covariance": reference[1],
            "floor.n": np.array(SIZES, np.float64),
            "floor.mean": np.ascontiguousarray(table[:, 0]),
            "floor.sd": np.ascontiguousarray(table[:, 1]),
        },
        args.out,
        metadata={
            "reference": "Fashion-MNIST test images, n = 10000, padded to 32x32",
            "floor": f"training images, {DRAWS} draws, seed {args.seed}",
        },
    )


if __name__ == "__main__":
    main()
