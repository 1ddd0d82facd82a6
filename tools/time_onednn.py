#!/usr/bin/env python3
"""Times int8 GEMMs of torch (oneDNN's `_int_mm`), for comparison with `make bench`.

    python3 -m venv venv && venv/bin/pip install torch==2.9.1 numpy
    venv/bin/python tools/time_onednn.py [threads]

Prints, for each shape of benches/fast.rs, the best of 20 in 10^9 operations per second
of CPU time (of all threads together) and of wall time. Weights are packed in every call:
the interface has no other way.
"""

import sys
import time

import torch

SHAPES = [
    (1024, 1024, 1024),
    (64, 128, 128),
    (64, 128, 512),
    (64, 512, 128),
    (64, 32, 64),
    (1, 1152, 6912),
    (1024, 1152, 1152),
    (1024, 1152, 4608),
    (1024, 4608, 1152),
    (1024, 72, 1024),
    (1024, 1024, 72),
]


def main() -> None:
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    for m, k, n in SHAPES:
        x = torch.randint(-128, 128, (m, k), dtype=torch.int8)
        w = torch.randint(-128, 128, (k, n), dtype=torch.int8)
        out = torch.empty((m, n), dtype=torch.int32)
        times = (1 << 27) // (m * k * n) + 1
        cpu = wall = float("inf")
        for _ in range(20):
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            for _ in range(times):
                torch._int_mm(x, w, out=out)
            cpu = min(cpu, (time.process_time() - cpu_start) / times)
            wall = min(wall, (time.perf_counter() - wall_start) / times)
        work = 2e-9 * m * k * n
        print(f"{m}x{k}x{n}: {work / cpu:.0f} GOP/s of CPU time, {work / wall:.0f} of wall time")


if __name__ == "__main__":
    main()
