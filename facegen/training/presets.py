"""The models that `train` can make: from a recipe's values, data and a run to a trainer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from facegen.data.base import FaceDataset
from facegen.data.pack import drawable_names, pack
from facegen.training.classifier import ClassifierTrainer, ClassifierTrainingConfig
from facegen.training.default.settings import read_recipe
from facegen.training.default.trainer import DefaultTrainer, begin
from facegen.training.enlarger import EnlargerTrainer, EnlargerTraining, LargerTrainer, LargerTraining
from facegen.training.recipe import filled
from facegen.training.refine.trainer import RefineTrainer, RefineTraining
from facegen.training.reports.deconv import DeconvTrainer, DeconvTrainingConfig
from facegen.training.reports.draw import DrawTrainer, DrawTrainingConfig
from facegen.training.reports.endtoend import EndToEndTrainer, EndToEndTraining
from facegen.training.reports.identify import IdentifyConfig, IdentifyTrainer
from facegen.training.reports.vggface import VGGFaceTrainer, VGGFaceTrainingConfig
from facegen.training.run import Run, TrainingError
from facegen.training.trainer import ModelTrainer, Trainer

# What each does, for `train --help`; training/recipes has a file of each name.
PRESETS = {
    "default": "The default generator: autoencoder, flow, distillation, then discriminators.",
    "refine": "The embedded generator's flow, anew: on faces of its own that show what was said.",
    "enlarger": "The embedded generator's last part, which doubles its picture: on crops, against discriminators.",
    "larger": "Its second enlarger, for images of twice the size: the same, on larger photographs.",
    "gan": "A conditional GAN from nothing: the default's decoder and a discriminator of pixels alone.",
    "deconv": "The first report's network: one-hot subject and attributes, MSLE, watched by PSNR.",
    "draw": "The second report's: DRAW as a conditional variational autoencoder, 64 px.",
    "endtoend": "Reader and generator as one: an LSTM over characters conditions the face, 64 px.",
    "classifier": "The small classifier that reads drawn faces back, from ImageNet's weights.",
    "identify": "VGG-Face's topology trained as VGG-Face was, to tell subjects apart: weights for vggface.",
    "vggface": "VGG-Face's topology with a two-way head for each attribute; --set weights=FILE to fine-tune.",
}
MODELS: dict[str, tuple[type[ModelTrainer], type]] = {
    "refine": (RefineTrainer, RefineTraining),
    "enlarger": (EnlargerTrainer, EnlargerTraining),
    "larger": (LargerTrainer, LargerTraining),
    "deconv": (DeconvTrainer, DeconvTrainingConfig),
    "draw": (DrawTrainer, DrawTrainingConfig),
    "endtoend": (EndToEndTrainer, EndToEndTraining),
    "classifier": (ClassifierTrainer, ClassifierTrainingConfig),
    "identify": (IdentifyTrainer, IdentifyConfig),
    "vggface": (VGGFaceTrainer, VGGFaceTrainingConfig),
}


@dataclass
class Setting:
    """What every model is made from."""

    values: dict[str, Any]
    datasets: Sequence[FaceDataset]
    run: Run
    accelerator: Accelerator
    cache: Path
    feature_weights: Path | None = None


def trainer_of(preset: str, setting: Setting) -> Trainer:
    """The trainer of one of `PRESETS`; its settings are saved in the run's folder.

    Raises:
        TrainingError: a setting is unknown or of the wrong kind, or the data can't support it.
    """
    if preset not in MODELS:
        return _default(setting)
    kind, settings = MODELS[preset]
    config = filled(settings(), setting.values)
    if setting.feature_weights and hasattr(config, "feature_weights"):
        config.feature_weights = str(setting.feature_weights)
    if (
        preset not in ("identify", "refine", "enlarger", "larger") and not config.model.attributes
    ):  # those that the labels can support
        config.model.attributes = drawable_names(setting.datasets)
        if not config.model.attributes:
            raise TrainingError("the data set labels too few faces: no attribute has 80 yeses and 80 noes to train on")
    data = pack(setting.datasets, getattr(config, "image_size", config.model.image_size), setting.cache)
    trainer = kind(config, data, setting.run, setting.accelerator)
    setting.run.save_config(config)
    return trainer


def _default(setting: Setting) -> DefaultTrainer:
    recipe = read_recipe(setting.values)
    if setting.accelerator.gradient_accumulation_steps > 1:
        raise TrainingError("--accumulate: this recipe's stages update at each step; set a stage's batch instead")
    state = begin(recipe, setting.datasets, setting.run, setting.cache, setting.feature_weights, setting.accelerator)
    setting.run.save_config(recipe)
    return DefaultTrainer(state)
