"""Load a checkpoint of any model family: all draw through `identity(seeds)` and `model(identity, attributes)`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from torch import nn

from facegen import hub
from facegen.training.reports.deconv import SubjectDeconv, SubjectDeconvConfig
from facegen.training.reports.draw import Draw, DrawConfig

FAMILIES = {"facegen-subjects": (SubjectDeconv, SubjectDeconvConfig), "facegen-draw": (Draw, DrawConfig)}


def load(source: str | Path | None = None) -> nn.Module:
    """The model of a checkpoint, in eval mode; its `config` has attributes and image_size. Raises `hub.CheckpointError`."""
    folder = hub.resolve(source)
    config, tensors = hub.read(folder)
    if config.get("model_type") not in FAMILIES:
        return hub.load_generator(folder)
    network, kind = FAMILIES[config["model_type"]]
    known = {f.name for f in fields(kind)}
    model = network(kind(**{k: v for k, v in config.items() if k in known}))
    hub.fill(model, tensors, folder)
    return model
