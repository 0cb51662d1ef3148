"""What the benchmarks share: timing in turns, busy neighbours, tables."""

from __future__ import annotations

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
TEXTS = (
    "a smiling young woman with long blond hair",
    "an old man with gray hair, a beard and glasses",
    "a bald man with a mustache, not smiling",
    "a woman with black hair, bangs and heavy make-up",
)


def spread(seconds: Sequence[float]) -> dict:
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    return {
        "median_ms": round(1000 * statistics.median(ordered), 1),
        "p95_ms": round(1000 * ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))], 1),
        "n": len(ordered),
    }


class Took(NamedTuple):
    """Seconds of calls: on the clock, and of processor time, all threads together."""

    wall: list[float]
    cpu: list[float]

    def ms(self) -> str:
        """Median on the clock, in milliseconds."""
        return f"{1000 * statistics.median(self.wall):.0f}"

    def p95(self) -> str:
        """95th percentile on the clock, in milliseconds."""
        return f"{spread(self.wall)['p95_ms']:.0f}"

    def cpu_ms(self) -> str:
        """Median of processor time, in milliseconds: on one thread what the clock shows on a quiet machine."""
        return f"{1000 * statistics.median(self.cpu):.0f}"


def in_turns(work: Mapping[str, Callable[[int], object]], rounds: int, seconds: float = 60) -> dict[str, Took]:
    """Times of each call of each, one after the other in each round, so that all see the same machine.

    Each is given the round's number. A first round isn't counted. What has had its share of `seconds` sits out.
    """
    took = {name: Took([], []) for name in work}
    for i in range(rounds + 1):
        for name, call in work.items():
            if len(took[name].wall) > 2 and sum(took[name].wall) > seconds / len(work):
                continue
            start, cpu = time.perf_counter(), time.process_time()
            call(i)
            if i:
                took[name].wall.append(time.perf_counter() - start)
                took[name].cpu.append(time.process_time() - cpu)
    return took


@contextmanager
def busy(n: int) -> Iterator[None]:
    """Run what is inside beside n processes that each keep a core busy."""
    others = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(n)]
    for other in others:
        other.start()
    time.sleep(2 if n else 0)
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.join()


def _spin() -> None:
    while True:
        pass


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(f"\n{title}\n")
    print(f"| {' | '.join(columns)} |")
    print(f"| --- |{' ---: |' * (len(columns) - 1)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def machine() -> str:
    """The processor, its cores, and how busy it is."""
    name = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        models = [line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return f"{name}, {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}"
