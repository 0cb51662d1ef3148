"""`python -m benchmarks WHAT --help`: speed (start, drawing, peers, limits, growth), browser, page, load, reader."""

import sys
from importlib import import_module

WHAT = ("speed", "browser", "page", "load", "reader")

if len(sys.argv) < 2 or sys.argv[1] not in WHAT:
    sys.exit(f"{__doc__}\nSay one of {', '.join(WHAT)}.")
sys.argv[:2] = [f"python -m benchmarks {sys.argv[1]}"]
import_module(f"benchmarks.{sys.argv[0].split()[-1]}").main()
