"""How fast descriptions are read, and that it takes time in proportion to their length.

    python -m benchmarks reader [--n 200] [--lstm] [--json]

One core. Times are CPU time of this process (what else runs on the machine does not count) and, beside it, wall time.
Goals: under 2 ms for 200 characters, under 20 ms for 2,000.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).parent.parent
LENGTHS = (50, 100, 200, 500, 1000, 2000)
GOALS = {200: 2.0, 2000: 20.0}  # milliseconds


def texts(length: int, n: int) -> list[str]:
    """`n` different texts of a length, cut from the labeled descriptions in random order."""
    rows = (ROOT / "tests/data/descriptions_dev.jsonl").read_text(encoding="utf-8").splitlines()
    sentences = [json.loads(row)["text"] for row in rows]
    rng = random.Random(length)
    out = []
    for _ in range(n):
        text = ""
        while len(text) < length:
            text += rng.choice(sentences) + " "
        out.append(text[:length])
    return out


def hard(length: int) -> dict[str, str]:
    """Texts made to be slow: nothing but unknown words, negations, commas, one long run of words, .."""
    rng = random.Random(0)
    word = lambda: "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(4, 9)))  # noqa: E731
    return {
        "unknown words": " ".join(word() for _ in range(length))[:length],
        "single letters": ("a b c d " * length)[:length],
        "commas": "," * length,
        "negations": ("no a,or " * length)[:length],
        "colors": ("black, " * length)[:length],
        "numbers": ("25, " * length)[:length],
        "people": ("a man his wife " * length)[:length],
        "emoji": ("🧔‍♂️ " * length)[:length],
    }


def measure(read, samples: list[str]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds over the samples, each read once."""
    cpu, wall = [], []
    for text in samples:
        c, w = time.process_time_ns(), time.perf_counter_ns()
        read(text)
        cpu.append((time.process_time_ns() - c) / 1e6)
        wall.append((time.perf_counter_ns() - w) / 1e6)
    cpu.sort()
    return {
        "cpu_median_ms": round(statistics.median(cpu), 3),
        "cpu_p95_ms": round(cpu[min(len(cpu) - 1, round(0.95 * len(cpu)))], 3),
        "wall_median_ms": round(statistics.median(wall), 3),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--n", type=int, default=200, help="texts of each length")
    options.add_argument("--lstm", action="store_true", help="the recurrent reader in the place of the rules")
    options.add_argument("--json", action="store_true")
    args = options.parse_args()
    start = time.process_time()
    if args.lstm:
        import torch

        from facegen.reading.network import load_reader

        torch.set_num_threads(1)
        read = load_reader().parse
    else:
        from facegen.reading.rules import parse as read
    read("a man")
    cold = time.process_time() - start
    by_length = {length: measure(read, texts(length, args.n)) for length in LENGTHS}
    slowest = {name: measure(read, [text] * 5)["cpu_p95_ms"] for name, text in hard(2000).items()}
    result = {
        "reader": "lstm" if args.lstm else "rules",
        "python": platform.python_version(),
        "first_reading_s": round(cold, 2),
        "by_length": by_length,
        "hard_2000": slowest,
    }
    if args.json:
        print(json.dumps(result, indent=1))
        return
    print(f"{result['reader']}: first reading after {cold:.2f} s of CPU (imports included)")
    print(f"{'characters':>10} {'median':>9} {'p95':>9} {'wall':>9}   goal")
    for length, row in by_length.items():
        goal = f"{GOALS[length]:g} ms" if length in GOALS else ""
        figures = (row[key] for key in ("cpu_median_ms", "cpu_p95_ms", "wall_median_ms"))
        print(f"{length:10} {' '.join(f'{figure:6.2f} ms' for figure in figures)}   {goal}")
    print("slowest of 5 readings of hard texts of 2,000 characters:")
    for name, milliseconds in slowest.items():
        print(f"{name:>16} {milliseconds:6.2f} ms")


if __name__ == "__main__":
    main()
