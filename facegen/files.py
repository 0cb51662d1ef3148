"""Files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_atomic(path: str | Path, content: bytes | str | Callable[[Path], object], *, overwrite: bool = True) -> Path:
    """Write a file in one move: after a kill there is the old file or the new one, never half of it.

    Args:
        path: where to; its folder is made where there is none.
        content: bytes, text (written as UTF-8, line ends as given), or a function that writes to the path it is given.
        overwrite: False keeps a file that is there, also one that another process has written meanwhile.

    Raises:
        FileExistsError: there is such a file, and `overwrite` is False.
        OSError: the folder can't be written to, or the disk is full; what was begun is removed.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    os.close(handle)
    partial = Path(name)
    try:
        if callable(content):
            content(partial)
        else:
            partial.write_bytes(content.encode() if isinstance(content, str) else content)
        with open(partial, "rb") as written:
            os.fsync(written.fileno())
        partial.chmod(0o644)  # mkstemp's own 0600 would hide the file from a web server or a colleague
        if overwrite:
            os.replace(partial, path)
        else:
            _publish(partial, path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename is None:  # a full disk names no file
            error.filename = str(path)
        raise
    return path


def append_line(path: Path, line: str) -> None:
    """Append a line, on the disk when this returns; one that a killed writer left unfinished is ended first."""
    with open(path, "ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _publish(partial: Path, path: Path) -> None:
    """Give a file its name, if nothing has it."""
    try:
        os.link(partial, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with open(path, "xb"):
            os.replace(partial, path)
    partial.unlink(missing_ok=True)
