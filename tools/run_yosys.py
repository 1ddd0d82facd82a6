"""Run a Yosys script inside the pyosys extension: `run_yosys.py SCRIPT`; one command a line."""

import sys

from pyosys import libyosys

design = libyosys.Design()
with open(sys.argv[1], encoding="utf-8") as script:
    for line in script:
        if line.strip():
            design.run_pass(line.strip())
