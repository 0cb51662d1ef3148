"""How fast and how large, beside networks of other projects' sizes, in one run.

    python -m benchmarks speed [start draw limit busy grow] [--rounds 20] [--diffusion] [--model FOLDER]

start: fresh processes. draw: description to PNG and the others' forward passes, in turns, on one thread and on two.
limit: operations and bytes over this machine's measured rates, and the best batch. busy: beside processes that keep
cores busy. grow: more faces, longer descriptions. All of them if none is named.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.measure import ROOT, TEXTS, Took, busy, in_turns, machine, table
from benchmarks.networks import peers
from facegen.drawing.threads import free, threads
from facegen.pipeline import FacePipeline, load

OURS = "facegen: description to PNG"


def start(options: argparse.Namespace) -> None:
    """Seconds, seconds of processor time and peak memory of fresh processes."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        png = str(Path(folder) / "face.png")
        commands = {
            "parse": ["parse", TEXTS[0]],
            "generate": ["generate", TEXTS[0], "-o", png, "--force"],
            "app, until its page is served": ["app", "--port", "7997"],
        }
        for name, command in commands.items():
            runs = [_process(command, "http://127.0.0.1:7997" if "app" in name else None) for _ in range(3)]
            wall, cpu, memory = (statistics.median(column) for column in zip(*runs, strict=True))
            rows.append((name, f"{wall:.2f}", f"{cpu:.2f}", f"{memory:.0f}"))
    table("Fresh processes (median of 3)", ("", "s", "processor s", "peak MB"), rows)


def _process(command: list[str], url: str | None) -> tuple[float, float, float]:
    begin = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "facegen", *command], cwd=ROOT, stdout=subprocess.DEVNULL)
    if url:
        while True:
            try:
                urllib.request.urlopen(url, timeout=60).read()
                break
            except OSError:
                time.sleep(0.02)
        took = time.perf_counter() - begin
        spent = sum(_clock(process.pid))
        peak = _peak(process.pid)
        process.terminate()
        process.wait()
        return took, spent, peak
    peak, ended = 0.0, 0
    while not ended:  # the system's own figure for an ended process counts what this one had when it began
        with suppress(OSError, StopIteration):
            peak = max(peak, _peak(process.pid))
        time.sleep(0.005)
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    if status:
        raise SystemExit(f"facegen {' '.join(command)} failed")
    return time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, peak


def _clock(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / os.sysconf("SC_CLK_TCK"), int(fields[12]) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _ours(pipe: FacePipeline, i: int, size: int | None = None) -> bytes:
    return pipe(TEXTS[i % len(TEXTS)], seed=i, size=size).png  # type: ignore[union-attr]  # one seed, one face


def _numbered(call: Callable[[int], Any], offset: int, i: int) -> None:
    call(offset + i)  # no request twice: it would not be drawn again


@contextmanager
def always(pipe: FacePipeline, n: int) -> Iterator[None]:
    """Draw on n threads inside, whatever else runs."""
    home: Any = sys.modules[type(pipe.generator).__module__]
    try:
        home.free = lambda: n
        with threads(n):
            yield
    finally:
        home.free = free


def draw(options: argparse.Namespace) -> None:
    """Batch 1, in turns; others without reading, PNG and their own text encoders."""
    pipe = load(options.model)
    larger = {f"{OURS}, {px} px": partial(_ours, pipe, size=px) for px in pipe.sizes[1:]}
    work: dict[str, Callable[[int], Any]] = {OURS: partial(_ours, pipe), **larger, **peers(options.diffusion)}
    took: dict[int, dict[str, Took]] = {}
    for n in (1, 2):
        with always(pipe, n), torch.inference_mode():
            calls = {name: partial(_numbered, call, 1000 * n) for name, call in work.items()}
            took[n] = in_turns(calls, options.rounds, 45)
    rows = []
    for name in work:
        one, two = took[1][name], took[2][name]
        ratios = [statistics.median(c) / statistics.median(o)
                  for c, o in ((one.cpu, took[1][OURS].cpu), (two.wall, took[2][OURS].wall))]  # fmt: skip
        figures = (one.cpu_ms(), f"{ratios[0]:.1f}", one.ms(), one.p95(), two.ms(), two.p95(), f"{ratios[1]:.1f}")
        rows.append((name, *figures))
    head = ("batch 1, ms", "1 thread, processor", "times ours", "1 thread", "p95", "2 threads", "p95", "times ours")
    table("Side by side, in turns", head, rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory of this process, all of them loaded: {peak:.0f} MB")


def limit(options: argparse.Namespace) -> None:
    """What the arithmetic and the memory of this machine allow, and what is reached."""
    pipe = load(options.model)
    generator = pipe.generator
    a, big = torch.randn(1024, 1024), torch.randn(2**25)
    copy = torch.empty_like(big)
    said = torch.zeros(1, len(generator.config.attributes))
    said[0, 0] = 1
    code = generator.appearance(generator.identity([0]), said)
    work: dict[str, Callable[[int], Any]] = {
        "multiply": lambda _: a @ a,
        "copy": lambda _: copy.copy_(big),
        "flow": lambda _: generator.appearance(generator.identity([0]), said),
        "draw": lambda _: generator.draw(code, said),
    }
    counts = []
    for name in ("flow", "draw"):
        with FlopCounterMode(display=False) as count, torch.inference_mode():
            work[name](0)
        counts.append(count.get_total_flops())
    rows: list[tuple] = []
    for n in (1, 2):
        with always(pipe, n), torch.inference_mode():
            best = {name: min(took.cpu if n == 1 else took.wall) for name, took in in_turns(work, 15).items()}
            rate, bandwidth = 2 * 1024**3 / best["multiply"], 2 * 4 * 2**25 / best["copy"]
            figures = (rate / 1e9, bandwidth / 1e9, 1e3 * best["flow"], 1e3 * best["draw"])
            share = counts[1] / best["draw"] / rate
            rows.append((n, *(f"{figure:.0f}" for figure in figures), f"{share:.2f}"))
    print(f"\nFlow {counts[0] / 1e9:.2f} GFLOP, decoder {counts[1] / 1e9:.2f} GFLOP a face.")
    head = ("threads", "multiply, GFLOP/s", "copy, GB/s", "flow, ms", "decoder, ms", "decoder, of the multiply rate")
    table("The limit (best of 15; processor time on 1 thread, the clock on 2)", head, rows)
    rows = []
    for batch in (1, 4, 16, 64):
        crowd = partial(generator, generator.identity(range(batch)), said.expand(batch, -1))
        with always(pipe, 2), torch.inference_mode():
            took = in_turns({"": lambda _, crowd=crowd: crowd()}, 4, 30)[""]
        cpu, wall = min(took.cpu) / batch, min(took.wall) / batch
        rows.append((batch, f"{1e3 * cpu:.0f}", f"{1e3 * wall:.0f}", f"{1 / wall:.1f}"))
    head = ("batch", "processor ms a face", "ms a face", "faces a second")
    table("Throughput of the networks (best of 4, 2 threads)", head, rows)


def neighbours(options: argparse.Namespace) -> None:
    """Description to PNG beside busy processes: the pipeline's own choice of threads, and a fixed number."""
    pipe = load(options.model)

    def fixed(n: int, i: int) -> bytes:
        with always(pipe, n):
            return _ours(pipe, 100_000 * n + i)

    rows = []
    for others in (0, 1, 2):
        calls = {"chosen": partial(_ours, pipe), "always 1": partial(fixed, 1), "always 2": partial(fixed, 2)}
        work = {name: partial(_numbered, call, 1000 * others) for name, call in calls.items()}
        with threads(2), busy(others):
            for name, took in in_turns(work, options.rounds, 40).items():
                rows.append((others, name, took.ms(), took.p95(), took.cpu_ms()))
    table("Beside busy processes", ("busy processes", "threads", "median ms", "p95 ms", "processor ms"), rows)


def grow(options: argparse.Namespace) -> None:
    """More faces in one call, longer descriptions, the same request again."""
    pipe = load(options.model)
    rows = []
    for n in (1, 4, 16, 64, 256):
        begin, spent = time.perf_counter(), time.process_time()
        pipe(TEXTS[0], seed=1000 * n, n=n)
        took = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu = time.process_time() - spent
        rows.append((n, f"{took:.2f}", f"{1e3 * took / n:.0f}", f"{1e3 * cpu / n:.0f}", f"{peak:.0f}"))
    table("Faces in one call", ("faces", "s", "ms a face", "processor ms a face", "peak MB"), rows)
    work = {str(n): partial(_long, pipe, n) for n in (50, 200, 500, 1000, 2000)}
    rows = [(n, took.ms(), took.p95(), took.cpu_ms()) for n, took in in_turns(work, options.rounds, 30).items()]
    table("Characters of the description", ("characters", "median ms", "p95 ms", "processor ms"), rows)
    again = in_turns({"": lambda _: pipe(TEXTS[0], seed=7)}, 50)[""]
    print(f"\nThe same request again, without PNG: {1e3 * statistics.median(again.cpu):.2f} ms of processor time")


def _long(pipe: FacePipeline, n: int, i: int) -> bytes:
    text = ". ".join(TEXTS[:1] + ("she looks at the lake and thinks of the long way home",) * (n // 50))[:n]
    return pipe(text, seed=1_000_000 + 1000 * n + i).png  # type: ignore[union-attr]  # one seed, one face


PARTS = {"start": start, "draw": draw, "limit": limit, "busy": neighbours, "grow": grow}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--diffusion", action="store_true", help="also a step of SD Turbo's size: diffusers, 4 GB")
    parser.add_argument("--model", help="a checkpoint folder; the embedded one if left out")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"unknown: {', '.join(unknown)}")
    print(f"{machine()}, PyTorch {torch.__version__}")
    for name in options.parts or PARTS:
        PARTS[name](options)


if __name__ == "__main__":
    main()
