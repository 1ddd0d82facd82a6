#!/usr/bin/env python3
"""Train the classifier behind class accuracy and FD-clf.

  train_classifier.py --data DIR --out FILE.safetensors [--epochs N] [--seed S]

Writes the weights, and beside them FILE.json: the loss of every epoch, the accuracy on the test images, arguments, data
set and licence. `real_statistics.py` (tools/metrics) must run afterwards: its statistics belong to one classifier.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from classifier import Classifier, batched
from fashion_mnist import load, normalise

BATCH = 256
LEARNING_RATE = 3e-3


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batches", type=int, help="of an epoch; all unless given")
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    images, labels = load(args.data, "train")
    count = min(len(images) // BATCH, args.batches or len(images))
    network = Classifier()
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, count * args.epochs)
    losses = []
    for epoch in range(args.epochs):
        order = torch.randperm(len(images))
        total = 0.0
        for batch in range(count):
            chosen = order[batch * BATCH : (batch + 1) * BATCH]
            x = normalise(images[chosen])
            mirrored = torch.rand(len(x)) < 0.5
            x[mirrored] = x[mirrored].flip(-1)
            loss = F.cross_entropy(network(x), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        losses.append(total / count)
        print(f"epoch {epoch + 1}/{args.epochs}  loss {losses[-1]:.4f}", flush=True)

    network.eval()
    images, labels = load(args.data, "test")
    found = batched(lambda part: network(normalise(part)).argmax(1), images)
    accuracy = (found == labels).float().mean().item()
    print(f"test accuracy {accuracy:.4f}")
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, args.out)
    record = {
        "data_set": "Fashion-MNIST (Zalando SE), MIT licence",
        "test_accuracy": accuracy,
        "losses": losses,
        "arguments": {"epochs": args.epochs, "seed": args.seed, "batches": count},
        "torch": torch.__version__,
    }
    args.out.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
