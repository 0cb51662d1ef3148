"""The one loader: a checkpoint's config.json names its `model_type`, the table below names that type's class.

Each class takes its `Config`, a dataclass, and keeps it as `config`; `hub` finds and reads folders and knows no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import nn

from facegen import __version__, hub

GENERATORS = {
    "facegen-deconv": "facegen.drawing.generator:DeconvGenerator",
    "facegen-subjects": "facegen.training.reports.deconv:SubjectDeconv",
    "facegen-draw": "facegen.training.reports.draw:Draw",
}
CLASSIFIERS = {
    "facegen-classifier": "facegen.drawing.classifier:AttributeClassifier",
    "facegen-vggface": "facegen.training.reports.vggface:VGGFace",
}
READERS = {"facegen-reader": "facegen.reading.network:RecurrentReader"}
MODELS = GENERATORS | CLASSIFIERS | READERS


def load(source: str | Path | None = None, name: str = "default", kinds: Sequence[str] = tuple(GENERATORS)) -> Any:
    """The model of a checkpoint, in eval mode on the CPU, without gradients.

    Args:
        source: a folder or a Hub repo id; None for the embedded checkpoint called `name`.
        kinds: the values of `model_type` that will do.

    Raises:
        hub.CheckpointError: no such checkpoint, of another kind, or damaged.
    """
    folder = hub.resolve(source, name)
    config, tensors = hub.read(folder)
    kind = config.get("model_type")
    if kind not in kinds:
        raise hub.CheckpointError(f"{folder / hub.CONFIG} says model_type {kind!r}: expected {' or '.join(kinds)}")
    network = _class(kind)
    known = {f.name for f in fields(network.Config)}
    config = {**getattr(network, "OLDER", {}), **config}
    try:
        model = network(network.Config(**{key: value for key, value in config.items() if key in known}))
    except (TypeError, ValueError, IndexError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise hub.CheckpointError(f"{folder / hub.CONFIG} describes no model that can be built: {reason}") from None
    try:
        model.load_state_dict(tensors)
    except RuntimeError:
        raise hub.CheckpointError(f"{folder / hub.WEIGHTS} doesn't fit its {hub.CONFIG}") from None
    model.requires_grad_(False).eval()
    return model.to(memory_format=torch.channels_last)


def load_classifier(source: str | Path | None = None) -> Any:
    """The read-back classifier of a checkpoint; None for the embedded one. Raises `hub.CheckpointError`."""
    return load(source, "classifier", ["facegen-classifier"])


def save(model: nn.Module, folder: Path, **more: object) -> None:
    """Write a model's checkpoint; `more` goes into config.json (figures, how it was trained)."""
    kind = next(kind for kind, path in MODELS.items() if path.endswith(f":{type(model).__name__}"))
    config = {"model_type": kind, "facegen_version": __version__, **asdict(model.config), **more}
    hub.write(folder, config, model.state_dict())


def _class(kind: str) -> Any:
    module, name = MODELS[kind].split(":")
    return getattr(import_module(module), name)
