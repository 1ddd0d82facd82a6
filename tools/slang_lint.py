"""Elaborate a design with slang: `slang_lint.py OPTIONS`; diagnostics go to standard error."""

import sys

from pyslang import driver

tool = driver.Driver()
tool.addStandardArgs()
ready = (
    tool.parseCommandLine("slang " + sys.argv[1], driver.CommandLineOptions())
    and tool.processOptions()
    and tool.parseAllSources()
)
sys.exit(0 if ready and tool.runFullCompilation(True) else 1)
