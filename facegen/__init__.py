"""facegen: type a description, see the face it describes.

from facegen import FacePipeline, parse
parse("a bearded man, no glasses").attributes
FacePipeline.from_pretrained()("a smiling woman with red hair", seed=7).save("face.png")
"""

__version__ = "1.0.0"
__all__ = ["Face", "FacePipeline", "Reading", "parse", "__version__"]

# Loaded when first asked for, so that reading a description does not import torch.
_HOME = {"Face": "pipeline", "FacePipeline": "pipeline", "Reading": "reading.result", "parse": "reading.rules"}


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
