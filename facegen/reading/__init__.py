"""Descriptions: text in, a `Reading` out. Both names are imported when first asked for."""

from __future__ import annotations

__all__ = ["Reading", "parse"]
_HOME = {"Reading": "result", "parse": "rules"}


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
