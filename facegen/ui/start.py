"""A quick and small start: Gradio imported in half the time, memory given back."""

from __future__ import annotations

import ctypes
import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def quick() -> Iterator[None]:
    """Import Gradio inside.

    Gradio writes stubs for editors of all its components whenever it is imported, half of the time that takes. It
    passes over a component whose source is no file: inside, none is. Nor is garbage collected among 100,000 new
    objects that all stay.
    """
    file = inspect.getfile

    def no_file(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no stubs")
        return file(thing)

    gc.disable()
    try:
        inspect.getfile = no_file  # type: ignore[assignment]
        yield
    finally:
        inspect.getfile = file
        gc.enable()
        gc.freeze()


def trim() -> None:
    """Give the memory back that only the start needed, where the C library can (glibc)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
