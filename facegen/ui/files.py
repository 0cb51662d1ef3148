"""Files on their way to a visitor, in one folder of this process that Gradio's cache shares."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import threading
import time
import zipfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from facegen.files import write_atomic

PREFIX = "facegen-"
KEEP_SECONDS = 600

_lock = threading.Lock()
_folders: deque[tuple[float, Path]] = deque()


def claim() -> Path:
    """Make this process's folder and tell Gradio of it; those of processes that have died are removed.

    To be called before Gradio is imported, which reads GRADIO_TEMP_DIR then.
    """
    parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir())
    for old in parent.glob(f"{PREFIX}[0-9]*"):
        if not _alive(old.name.removeprefix(PREFIX)):
            shutil.rmtree(old, ignore_errors=True)
    root = parent / f"{PREFIX}{os.getpid()}"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["GRADIO_TEMP_DIR"] = str(root)
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return root


def scratch(name: str) -> Path:
    """A path of that name in a new folder of its own, which is removed after a while."""
    now = time.monotonic()
    with _lock:
        while _folders and now - _folders[0][0] > KEEP_SECONDS:
            shutil.rmtree(_folders.popleft()[1], ignore_errors=True)
        root = Path(os.environ["GRADIO_TEMP_DIR"])
        root.mkdir(mode=0o700, parents=True, exist_ok=True)  # system cleaners may have taken it
        folder = Path(tempfile.mkdtemp(dir=root))
        _folders.append((now, folder))
    return folder / name


def packed(name: str, members: Mapping[str, bytes | str]) -> str:
    """The path of a zip of that name, to be given to a visitor."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return str(write_atomic(scratch(name), buffer.getvalue()))


def _alive(pid: str) -> bool:
    """Whether another process of that number runs; one of our own number has died before this one started."""
    if not pid.isdecimal() or int(pid) == os.getpid():
        return not pid.isdecimal()
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
