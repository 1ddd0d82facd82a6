"""The small CNN behind class accuracy and FD-clf."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


def convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """3x3 convolution without bias, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Classifier(nn.Module):
    """Five convolutions and two linear layers on [n, 1, 32, 32] in -1..=1."""

    def __init__(self) -> None:
        super().__init__()
        # The attribute names are those of the stored tensors.
        self.f = nn.Sequential(
            convolution(1, 16, 1),
            convolution(16, 32, 2),
            convolution(32, 32, 1),
            convolution(32, 64, 2),
            convolution(64, 64, 1),
        )
        self.fc1 = nn.Linear(64 * 4 * 4, 64)
        self.fc2 = nn.Linear(64, 10)

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """The 64 values in front of the last layer: the feature space of FD-clf."""
        return F.relu(self.fc1(F.max_pool2d(self.f(images), 2).flatten(1)))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits [n, 10]."""
        return self.fc2(self.features(images))


def load_classifier(path: Path) -> Classifier:
    """The trained network, for inference."""
    network = Classifier()
    network.load_state_dict(load_file(path))
    return network.eval()


@torch.no_grad()
def batched(function, images: torch.Tensor, size: int = 500) -> torch.Tensor:
    """Apply `function` to `images` in batches of `size`."""
    return torch.cat([function(images[i : i + size]) for i in range(0, len(images), size)])
