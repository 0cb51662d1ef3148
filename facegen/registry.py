"""The one loader: a checkpoint's config.json names its `model_type`, the tables below name that type's class.

Each class takes its `Config`, a dataclass, and keeps it as `config`; `hub` finds and reads folders and knows no
network. A config is checked before anything is allocated: types and bounds first, then the shapes that it asks for
against those in the weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from facegen import __version__, attributes, hub

GENERATORS = {
    "facegen-portrait": "facegen.drawing.generator:FaceGenerator",
    "facegen-deconv": "facegen.drawing.deconv.generator:DeconvGenerator",
    "facegen-subjects": "facegen.networks.subjects:SubjectDeconv",
    "facegen-draw": "facegen.networks.draw:Draw",
    "facegen-endtoend": "facegen.networks.endtoend:EndToEnd",
}
CLASSIFIERS = {
    "facegen-classifier": "facegen.drawing.classifier:AttributeClassifier",
    "facegen-vggface": "facegen.networks.vggface:VGGFace",
}
READERS = {"facegen-reader": "facegen.reading.network:RecurrentReader"}
MODELS = GENERATORS | CLASSIFIERS | READERS

# Of every number in a config (or in a list of numbers), and of those that must stay closer.
LARGEST = 65536
BOUNDS: dict[str, tuple[float, float]] = {
    "identity_dim": (1, 8192),
    "channels": (1, 8192),
    "first": (1, 64),
    "image_size": (8, 4096),
    "flow_steps": (0, 1000),
    "flow_blocks": (0, 256),
    "enlarger_blocks": (0, 256),
    "glimpses": (1, 1024),
    "heads": (1, 1024),
    "guidance": (1, 100),
    "base_rates": (0, 1),
}
FILLED = {"channels", "attributes"}  # lists that may not be empty


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
    network = _class(str(kind))
    known = {f.name for f in fields(network.Config)}
    config = {key: value for key, value in {**getattr(network, "OLDER", {}), **config}.items() if key in known}
    checked = _checked(network.Config, config, folder / hub.CONFIG)
    model = _empty(network, checked, folder)
    if {name: t.shape for name, t in model.state_dict().items()} != {name: t.shape for name, t in tensors.items()}:
        raise hub.CheckpointError(f"{folder / hub.WEIGHTS} doesn't fit its {hub.CONFIG}")
    model.load_state_dict(tensors, assign=True)
    model.requires_grad_(False).eval()
    return model.to(memory_format=torch.channels_last)


def load_classifier(source: str | Path | None = None) -> Any:
    """The read-back classifier of a checkpoint; None for the embedded one. Raises `hub.CheckpointError`."""
    return load(source, "classifier", ["facegen-classifier"])


def kind_of(model: Any) -> str:
    """The `model_type` of a model."""
    return next(kind for kind, path in MODELS.items() if path.endswith(f":{type(model).__name__}"))


def save(model: Any, folder: Path, **more: object) -> None:
    """Write a model's checkpoint; `more` goes into config.json (figures, how it was trained)."""
    config = {"model_type": kind_of(model), "facegen_version": __version__, **asdict(model.config), **more}
    hub.write(folder, config, model.state_dict())


def _class(kind: str) -> Any:
    module, name = MODELS[kind].split(":")
    return getattr(import_module(module), name)


def _checked(config_class: type, config: dict[str, Any], path: Path) -> Any:
    """The config as its dataclass: every entry of its type, within bounds, attributes known and named once."""
    from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

    strict = with_config(ConfigDict(strict=True, allow_inf_nan=False))
    try:
        checked: Any = TypeAdapter(strict(config_class)).validate_json(json.dumps(config))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "config"
        raise hub.CheckpointError(
            f"{path} says {place} = {str(first['input'])[:60]!r}: {first['msg'].lower()}"
        ) from None
    for key in config_class.__dataclass_fields__:  # type: ignore[attr-defined]
        value = getattr(checked, key)
        low, high = BOUNDS.get(key, (-LARGEST, LARGEST) if isinstance(value, float) else (0, LARGEST))
        numbers = value if isinstance(value, list) else [value]
        if isinstance(value, list) and (len(value) > LARGEST or key in FILLED and not value):
            raise hub.CheckpointError(f"{path} says {key} of {len(value)} entries: expected 1 to {LARGEST}")
        for number in numbers:
            if isinstance(number, int | float) and not low <= number <= high:
                raise hub.CheckpointError(f"{path} says {key} = {number}: expected {low} to {high}")
    names = getattr(checked, "attributes", [])
    wrong = [n for n in names if n not in attributes.BY_NAME] or [n for n in names if names.count(n) > 1]
    if wrong:
        raise hub.CheckpointError(f"{path} names the attribute {wrong[0][:40]!r} twice or no such attribute is known")
    strange = {*getattr(checked, "graded", [])} - {*names}
    if strange:
        raise hub.CheckpointError(f"{path} grades {min(strange)[:40]!r}, which isn't one of its attributes")
    return checked


class _NoStart(TorchFunctionMode):
    """Networks made inside get no start values: random numbers on the device "meta" take a second of imports."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in (Tensor.normal_, Tensor.uniform_) or getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


def _empty(network: Any, config: Any, folder: Path) -> Any:
    """The network with all its shapes and no memory for its weights. Buffers that no checkpoint holds are filled if
    they are made of NumPy's arrays."""
    try:
        with torch.device("meta"), _NoStart():
            return network(config)
    except (TypeError, ValueError, IndexError, KeyError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise hub.CheckpointError(f"{folder / hub.CONFIG} describes no model that can be built: {reason}") from None
