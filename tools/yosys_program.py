"""The command line of Yosys as SymbiYosys uses it, over the pyosys extension: `yosys_program.py -ql LOG SCRIPT`."""

import sys

from pyosys import libyosys

quiet, log, script = sys.argv[1:]
if quiet != "-ql":
    sys.exit(f"{quiet}: expected -ql LOG SCRIPT")
libyosys.Design().run_pass(f"tee -q -o {log} script {script}")
