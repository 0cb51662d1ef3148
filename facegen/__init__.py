"""facegen: type a description, see the face it describes."""

__version__ = "0.1.0"
