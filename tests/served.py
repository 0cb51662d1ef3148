"""The app as it is started from the shell, in a process of its own, with its log in a file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from conftest import ROOT, free_port


@dataclass
class Server:
    """Its address, its process, its log, and the folder of its temporary files."""

    url: str
    process: subprocess.Popen
    log: Path
    temp: Path

    @property
    def size(self) -> dict[str, int]:
        """Memory (MB), open files and connections, threads, temporary files."""
        seen = psutil.Process(self.process.pid)
        files = sum(len(names) for _, _, names in os.walk(self.temp))
        return {
            "memory": seen.memory_info().rss >> 20, "handles": seen.num_fds(), "threads": seen.num_threads(),
            "files": files,
        }  # fmt: skip


@contextmanager
def served(checkpoint: str | None, folder: Path, before: str = "", **environment: str) -> Iterator[Server]:
    """Serve a checkpoint (None: the embedded one); `before` is Python that runs first. Killed at the end if it runs."""
    port, log, temp = free_port(), folder / "log", folder / "temp"
    temp.mkdir()
    arguments = ["app", "--port", str(port), *(["--model", checkpoint] if checkpoint else [])]
    code = f"import sys\n{before}\nfrom facegen.cli import main\nmain({arguments!r})"
    more = {"PYTHONPATH": str(ROOT), "GRADIO_TEMP_DIR": str(temp), "PYTHONUNBUFFERED": "1", **environment}
    with open(log, "wb") as out:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=out, stderr=out, env=os.environ | more)
    try:
        while b"public link" not in log.read_bytes():  # what Gradio says once it is ready
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}", process, log, temp)
    finally:
        process.kill()
        process.wait()
