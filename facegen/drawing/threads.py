"""How many threads a face is drawn with; its bytes don't depend on it.

A thread that waits for a core makes all others wait at the end of each operation, so two threads beside one busy
process are slower than one. And convolutions gain from threads, where the flow, hundreds of small operations, gains
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

PROC = Path("/proc/loadavg")
QUOTA = Path("/sys/fs/cgroup/cpu.max")


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Run what is inside on n threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def free() -> int:
    """Threads that find a core at this moment, 1 to PyTorch's own number (OMP_NUM_THREADS, `torch.set_num_threads`).

    Where the system doesn't tell who runs, others are taken to be idle.
    """
    own = cores()
    try:
        running = int(PROC.read_text().split()[3].partition("/")[0])  # this thread among them
    except (OSError, ValueError, IndexError):
        running = 1
    return max(1, min(torch.get_num_threads(), own, (os.cpu_count() or own) - running + 1))


def cores() -> int:
    """Cores that this process may use: those of its affinity, and no more than its container's quota (cgroup v2)."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = QUOTA.read_text().split()
        return max(1, min(own, int(quota) // int(period)))
    except (OSError, ValueError):  # no quota
        return own
