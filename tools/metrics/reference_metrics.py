#!/usr/bin/env python3
"""Write what the established packages say of a few images: the fixture of the metrics' tests.

  reference_metrics.py --data DIR --assets DIR --out FILE.safetensors

`--data` is where Debian's package `dataset-fashion-mnist` was unpacked (tools/train/README.md), `--assets` this
repository's `assets`. Written:

  pair.{i}.a, .b           u8 [c, h, w]    pairs of images, grey and RGB, several sizes
  pair.lpips               f64 [pairs]     the `lpips` package (v0.1, AlexNet) with the weights of assets/lpips;
                                           images with a side below 64 are doubled by torch's `interpolate`
  pair.ssim, pair.mse      f64 [pairs]     scikit-image
  images, labels           u8 [n, 1, 32, 32], i64 [n]    test images of Fashion-MNIST
  features, logits         f32 [n, 64], [n, 10]          of the classifier, by torch
  fd                       f64 [1]         FD-clf of the images, the matrix root by SciPy
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import lpips
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file
from scipy.linalg import sqrtm
from skimage.metrics import mean_squared_error, structural_similarity

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "train"))
from classifier import load_classifier  # noqa: E402
from fashion_mnist import load, normalise  # noqa: E402

IMAGES = 100


def reference_lpips(weights: Path) -> lpips.LPIPS:
    """The package's network, its backbone's weights replaced by ours."""
    network = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, verbose=False).eval()
    ours = {name: torch.from_numpy(value).float() for name, value in load_file(weights).items()}
    slices = [getattr(network.net, f"slice{index}") for index in range(1, 6)]
    layers = [layer for part in slices for layer in part if isinstance(layer, torch.nn.Conv2d)]
    for index, layer in enumerate(layers):
        layer.weight.data = ours[f"conv{index}.weight"]
        layer.bias.data = ours[f"conv{index}.bias"]
    for index in range(5):
        head = getattr(network, f"lin{index}").model[-1]
        # The package brings its own heads: ours are the same, rounded to f16.
        assert torch.allclose(head.weight.data.flatten(), ours[f"lin{index}.weight"], atol=2e-3, rtol=1e-3)
        head.weight.data = ours[f"lin{index}.weight"].view(1, -1, 1, 1)
    return network


def lpips_input(image: np.ndarray) -> torch.Tensor:
    """[1, 3, h, w] in -1..=1, doubled where a side is below 64."""
    planes = normalise(torch.from_numpy(image))[None].expand(1, 3, -1, -1)
    if min(image.shape[1:]) < 64:
        planes = F.interpolate(planes, scale_factor=2, mode="bilinear", align_corners=False)
    return planes


def smooth(generator: np.random.Generator, channels: int, height: int, width: int) -> np.ndarray:
    """A picture of soft blobs."""
    coarse = torch.from_numpy(generator.random((1, channels, 5, 6), dtype=np.float32))
    planes = F.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False)
    return (planes[0].clamp(0, 1) * 255).round().byte().numpy()


def pairs_of(images: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Equal, slightly and wholly different pairs."""
    generator = np.random.default_rng(0)

    def noisy(image: np.ndarray, deviation: float) -> np.ndarray:
        noise = generator.normal(0, deviation, image.shape)
        return np.clip(np.round(image + noise), 0, 255).astype(np.uint8)

    pairs = [(images[0], images[0]), (images[0], noisy(images[0], 1))]
    pairs += [(images[i], noisy(images[i], 20)) for i in (1, 2)]
    pairs += [(images[i], images[i + 1]) for i in range(3, 7)]
    pairs += [(images[0], np.zeros_like(images[0])), (np.full_like(images[0], 255), images[0])]
    for channels, height, width in ((3, 64, 64), (3, 71, 93), (1, 17, 40), (1, 64, 65), (3, 16, 100)):
        first = smooth(generator, channels, height, width)
        pairs += [(first, noisy(first, 10)), (first, smooth(generator, channels, height, width))]
    return pairs


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """SSIM with the settings of Wang et al. 2004."""
    return structural_similarity(
        a / 255.0,
        b / 255.0,
        channel_axis=0,
        data_range=1.0,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
    )


def frechet(features: np.ndarray, statistics: dict[str, np.ndarray]) -> float:
    """The textbook formula."""
    mean, covariance = features.mean(0), np.cov(features.T)
    offset = mean - statistics["mean"]
    root = sqrtm(covariance @ statistics["covariance"]).real
    return float(offset @ offset + np.trace(covariance + statistics["covariance"] - 2 * root))


@torch.no_grad()
def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--assets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()

    torch.set_num_threads(1)
    images, labels = load(args.data, "test")
    images, labels = images[:IMAGES], labels[:IMAGES]
    pairs = pairs_of(images.numpy())
    network = reference_lpips(args.assets / "lpips/lpips_alexnet_v0.1.safetensors")
    classifier = load_classifier(args.assets / "classifier-fashion/classifier.safetensors")
    features = classifier.features(normalise(images))
    statistics = load_file(args.assets / "classifier-fashion/real_statistics.safetensors")
    tensors = {
        "pair.lpips": [network(lpips_input(a), lpips_input(b)).item() for a, b in pairs],
        "pair.ssim": [similarity(a, b) for a, b in pairs],
        "pair.mse": [mean_squared_error(a / 255.0, b / 255.0) for a, b in pairs],
        "fd": [frechet(features.double().numpy(), statistics)],
    }
    tensors = {name: np.array(values, np.float64) for name, values in tensors.items()}
    for name in ("lpips", "ssim", "mse"):
        print(name, " ".join(f"{value:.6f}" for value in tensors[f"pair.{name}"]))
    print("FD-clf", tensors["fd"][0])
    tensors |= {"images": images.numpy(), "labels": labels.numpy()}
    tensors |= {"features": features.numpy(), "logits": classifier.fc2(features).numpy()}
    for index, (a, b) in enumerate(pairs):
        tensors |= {f"pair.{index}.a": a, f"pair.{index}.b": b}
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, args.out)


if __name__ == "__main__":
    main()
