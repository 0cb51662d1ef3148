"""The presets of `train`: from hyper-parameters, data and a run to a trainer with `resume` and `fit`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from accelerate import Accelerator

from facegen.data.base import FaceDataset
from facegen.data.pack import drawable_names, pack
from facegen.drawing.classifier import ClassifierConfig
from facegen.networks.draw import DrawConfig
from facegen.networks.subjects import SubjectDeconvConfig
from facegen.networks.vggface import VGGFaceConfig
from facegen.training.classifier import ClassifierTrainer, ClassifierTrainingConfig
from facegen.training.default.settings import read_recipe
from facegen.training.default.trainer import DefaultTrainer, begin
from facegen.training.reports.deconv import DeconvTrainer, DeconvTrainingConfig
from facegen.training.reports.draw import DrawTrainer, DrawTrainingConfig
from facegen.training.reports.identify import IdentifyConfig, IdentifyTrainer
from facegen.training.reports.vggface import VGGFaceTrainer, VGGFaceTrainingConfig
from facegen.training.run import Run, TrainingError


@dataclass
class Setting:
    """What every preset is given.

    Args:
        values: hyper-parameters, as the recipe and --set have them.
        cache: where packed photographs are kept.
        feature_weights: SqueezeNet's file, for losses of features; None where none was given.
    """

    values: dict
    datasets: list[FaceDataset]
    run: Run
    accelerator: Accelerator
    cache: Path
    feature_weights: Path | None = None


def build(kind: type, values: dict, **nested: object):
    """The config dataclass `kind` with `values` in place of its defaults; `nested` are fields that no value may set.

    Raises `TrainingError` for an unknown name or a value of the wrong type.
    """
    known = {f.name for f in fields(kind)} - set(nested)
    default = kind(**nested)
    for name, value in values.items():
        if name not in known:
            raise TrainingError(f"unknown hyper-parameter {name!r}: known are {', '.join(sorted(known))}")
        wanted = getattr(default, name)
        if isinstance(wanted, bool) != isinstance(value, bool):
            raise TrainingError(
                f"{name} = {value!r}: "
                f"{'true or false' if isinstance(wanted, bool) else f'a value such as {wanted}'} is expected"
            )
        if isinstance(wanted, (int, float)) and not isinstance(value, (int, float)):
            raise TrainingError(f"{name} = {value!r}: a number is needed, such as {wanted}")
    typed = {k: type(getattr(default, k))(v) for k, v in values.items()}
    return replace(default, **typed)


def _nested(setting: Setting, key: str, kind: type):
    """The network's config inside the trainer's; its attributes are those that the labels can support."""
    config = build(kind, setting.values.pop(key, None) or {})
    if not config.attributes:
        config.attributes = drawable_names(setting.datasets)
    if not config.attributes:
        raise TrainingError("the data set labels too few faces: no attribute has 80 yeses and 80 noes to train on")
    return config


def _default(setting: Setting) -> DefaultTrainer:
    recipe = read_recipe(setting.values)
    if setting.accelerator.gradient_accumulation_steps > 1:
        raise TrainingError("--accumulate: this recipe's stages update at each step; set a stage's batch instead")
    state = begin(recipe, setting.datasets, setting.run, setting.cache, setting.feature_weights, setting.accelerator)
    setting.run.save_config(recipe)
    return DefaultTrainer(state)


def _deconv(setting: Setting) -> DeconvTrainer:
    network = _nested(setting, "model", SubjectDeconvConfig)
    data = pack(setting.datasets, network.image_size, setting.cache)
    network.subjects = network.subjects or sorted({str(s) for s in data.subjects} - {""})
    if not network.subjects:
        raise TrainingError("the data set names no subjects, which this network is trained on (CelebA: identity.txt)")
    config = build(DeconvTrainingConfig, setting.values, model=network)
    setting.run.save_config(config)
    return DeconvTrainer(config, data, setting.run, setting.accelerator)


def _draw(setting: Setting) -> DrawTrainer:
    network = _nested(setting, "model", DrawConfig)
    config = build(DrawTrainingConfig, setting.values, model=network)
    setting.run.save_config(config)
    data = pack(setting.datasets, network.image_size, setting.cache)
    return DrawTrainer(config, data, setting.run, setting.accelerator)


def _classifier(setting: Setting) -> ClassifierTrainer:
    network = _nested(setting, "classifier", ClassifierConfig)
    config = build(ClassifierTrainingConfig, setting.values, classifier=network)
    data = pack(setting.datasets, network.image_size, setting.cache)
    trainer = ClassifierTrainer(config, data, data.rows("train"), setting.run, setting.accelerator)
    setting.run.save_config(config)
    return trainer


def _vgg_shape(network: VGGFaceConfig) -> VGGFaceConfig:
    if len(network.channels) != 5 or network.image_size % 32:
        raise TrainingError("VGG-Face has channels for five blocks, and each halves an image of a multiple of 32 px")
    return network


def _identify(setting: Setting) -> IdentifyTrainer:
    network = _vgg_shape(build(VGGFaceConfig, setting.values.pop("model", None) or {}))
    config = build(IdentifyConfig, setting.values, model=network)
    data = pack(setting.datasets, network.image_size, setting.cache)
    trainer = IdentifyTrainer(config, data, setting.run, setting.accelerator)
    setting.run.save_config(config)
    return trainer


def _vggface(setting: Setting) -> VGGFaceTrainer:
    network = _vgg_shape(_nested(setting, "model", VGGFaceConfig))
    config = build(VGGFaceTrainingConfig, setting.values, model=network)
    data = pack(setting.datasets, network.image_size, setting.cache)
    trainer = VGGFaceTrainer(config, data, setting.run, setting.accelerator)
    setting.run.save_config(config)
    return trainer


PRESETS: dict[str, tuple[str, Callable[[Setting], object]]] = {
    "default": ("The default generator: autoencoder, flow, distillation, then discriminators.", _default),
    "gan": ("A conditional GAN from nothing: the default's decoder and a discriminator of pixels alone.", _default),
    "deconv": ("The first report's network: one-hot subject and attributes, MSLE, watched by PSNR.", _deconv),
    "draw": ("The second report's: DRAW as a conditional variational autoencoder, 64 px.", _draw),
    "classifier": ("The small classifier that reads drawn faces back, from nothing.", _classifier),
    "identify": (
        "VGG-Face's topology trained as VGG-Face was, to tell subjects apart: weights for vggface.",
        _identify,
    ),
    "vggface": (
        "VGG-Face's topology with a two-way head for each attribute; --set weights=FILE to fine-tune.",
        _vggface,
    ),
}
