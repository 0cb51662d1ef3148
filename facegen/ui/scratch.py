"""Files on their way to a visitor. Gradio copies them into its own cache, so ours are removed after a while."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections import deque
from functools import cache
from pathlib import Path

KEEP_SECONDS = 600

_lock = threading.Lock()
_folders: deque[tuple[float, Path]] = deque()


@cache
def _root() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="facegen-")  # goes with the process


def scratch(name: str) -> Path:
    """A path of that name in a new folder of its own."""
    now = time.monotonic()
    with _lock:
        while _folders and now - _folders[0][0] > KEEP_SECONDS:
            shutil.rmtree(_folders.popleft()[1], ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=_root().name))
        _folders.append((now, folder))
    return folder / name
