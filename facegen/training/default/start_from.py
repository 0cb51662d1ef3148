"""What training goes on from: a published checkpoint and, beside it, its encoder and discriminator.

Data that labels more than the checkpoint draws widens it: the new attributes' inputs start at zero, so that the widened
network draws as before until it learns what they mean.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from facegen import hub, registry
from facegen.drawing.flow import TIME_FREQUENCIES
from facegen.drawing.generator import DeconvGenerator, GeneratorConfig
from facegen.training.run import TrainingError

HELPERS = ("encoder", "discriminator", "feature_discriminator", "face_discriminator")


def read_published(folder: Path, names: list[str]) -> tuple[DeconvGenerator, dict[str, dict[str, Tensor]]]:
    """The generator of `folder`, widened to attributes `names`; and weights of those `HELPERS` that FOLDER_training has.

    Raises:
        hub.CheckpointError: no checkpoint.
        TrainingError: it draws what the data don't label.
    """
    generator = registry.load(folder)
    old = generator.config
    missing = [name for name in old.attributes if name not in names]
    if missing:
        raise TrainingError(
            f"{folder} draws {', '.join(missing)}, which the data don't label: set generator.attributes to the checkpoint's own"
        )
    wide = DeconvGenerator(replace(old, attributes=list(names)))
    inputs = {
        "prior.condition.0.weight": 2 * TIME_FREQUENCIES,
        "prior.guide.condition.0.weight": 2 * TIME_FREQUENCIES,
        "prior.refiner.into.weight": old.identity_dim,
        "decoder.mapping.0.weight": old.identity_dim,
        "decoder.dense.weight": old.identity_dim,
    }
    tensors = generator.state_dict()
    for key, before in inputs.items():
        if key in tensors:
            tensors[key] = widened(tensors[key], before, old, names)
    for key in (k for k in tensors if k.startswith("prior.discriminants.")):
        rows = tensors[key].new_zeros(len(names), *tensors[key].shape[1:])
        rows[[names.index(name) for name in old.attributes]] = tensors[key]
        tensors[key] = rows
    wide.load_state_dict(tensors)
    return wide, _helpers(folder.with_name(f"{folder.name}_training"), old, names)


def require_encoder(folder: Path, helpers: dict[str, dict[str, Tensor]], config: object) -> None:
    """Raises `TrainingError` where a run's stages (a `FaceTrainingConfig`'s) need the encoder of `folder`, train none, and it isn't there."""
    needed = [name for name in ("prior_steps", "guide_steps", "reconstruction", "identity", "teaching") if getattr(config, name)]
    if "encoder" not in helpers and needed and not config.autoencoder_steps:
        raise TrainingError(
            f"{folder}_training with the encoder is missing: it is needed where {needed[0]} isn't 0; put it there, or train one with autoencoder_steps"
        )


def take_over(model: DeconvGenerator, published: DeconvGenerator, folder: Path) -> None:
    """Load `published`, of `folder`, into a model of the same sizes; a guide or corrections that it lacks stay as they are. Raises `TrainingError`."""
    added = tuple(f"prior.{part}." for part in ("guide", "discriminants", "tints", "refiner"))
    try:
        keys = model.load_state_dict(published.state_dict(), strict=False)
        fits = not keys.unexpected_keys and all(key.startswith(added) for key in keys.missing_keys)
    except RuntimeError:
        fits = False
    if not fits:
        raise TrainingError(f"{folder} doesn't fit this run's generator: sizes must be those of its config.json")


def fits(module: nn.Module, weights: dict[str, Tensor]) -> bool:
    """Whether the weights are of the module's sizes: those of a narrower discriminator aren't, and a wider one starts anew."""
    return {k: v.shape for k, v in module.state_dict().items()} == {k: v.shape for k, v in weights.items()}


def _helpers(folder: Path, old: GeneratorConfig, names: list[str]) -> dict[str, dict[str, Tensor]]:
    if not folder.is_dir():
        return {}
    tensors = hub.read(folder)[1]
    for key in tensors:
        if "discriminator.condition." in key and key.endswith("weight"):
            tensors[key] = widened(tensors[key], 0, old, names)
    helpers = {h: {k[len(h) + 1 :]: v for k, v in tensors.items() if k.startswith(f"{h}.")} for h in HELPERS}
    return {name: weights for name, weights in helpers.items() if weights}


def widened(weight: Tensor, before: int, old: GeneratorConfig, names: list[str]) -> Tensor:
    """A layer's weight (out, before + 2 len(old.attributes)) with columns for the yes and the no of each of `names`."""
    n, wide = len(old.attributes), torch.zeros(len(weight), before + 2 * len(names))
    wide[:, :before] = weight[:, :before]
    for j, name in enumerate(old.attributes):
        place = before + names.index(name)
        wide[:, place], wide[:, place + len(names)] = weight[:, before + j], weight[:, before + n + j]
    return wide
