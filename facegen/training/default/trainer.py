"""Train the default generator: the stages of a recipe, one after the other, in a run that can stop and go on.

1. autoencoder: encoder and decoder learn to draw photographs from codes.
2. flow: the encoder is frozen; the flow learns to carry noise to its codes.
3. distillation: the flow learns to do so, guided, in a few steps.
4. adversarial: the decoder goes on with codes drawn from the flow, against discriminators.
5. detail: so it does at the full size, on crops where that is all a CPU can pay.

The checkpoint can be used at any moment: until stage 2 has run, the flow is close to the identity map.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from PIL import Image
from torch import Tensor

from facegen import registry
from facegen.data.base import FaceDataset
from facegen.data.pack import pack, supported
from facegen.drawing.sheets import face_sheet
from facegen.networks.squeezenet import SqueezeNet
from facegen.training.default import autoencoder, distillation
from facegen.training.default.adversarial import adversarial
from facegen.training.default.faces import Faces
from facegen.training.default.flow import flow
from facegen.training.default.labels import SCALES, fill, grade, look_of
from facegen.training.default.settings import Recipe
from facegen.training.default.state import STAGES, State, build
from facegen.training.run import Run, TrainingError, loop

Step = Callable[[int], dict[str, Tensor]]


def begin(
    recipe: Recipe,
    datasets: Sequence[FaceDataset],
    run: Run,
    cache: Path,
    feature_weights: Path | None,
    accelerator: Accelerator,
) -> State:
    """A run before its first step. Raises `TrainingError` where the data can't support the recipe."""
    if feature_weights is None and recipe.needs_features:
        raise TrainingError(
            "the recipe has losses of features: give --feature-weights, or set all perceptual and features weights to 0"
        )
    config = recipe.generator
    data = pack(datasets, config.image_size, cache)
    classifier = registry.load_classifier().to(accelerator.device) if recipe.data.fill else None
    known = fill(data, classifier) if classifier else data.attributes
    config.attributes = config.attributes or supported(known[data.rows("train")])
    if not config.attributes:
        raise TrainingError("the data sets label too few faces: no attribute has 80 yeses and 80 noes to train on")
    config.graded = config.graded or [name for name in config.attributes if name in SCALES]
    labels = grade(known, data, datasets, config.attributes)
    folders = [d[0].path.parents[1].name if len(d) else "" for d in datasets]
    looks = [config.looks.index(look_of(folder, recipe.data.looks)) for folder in folders]
    rows = data.rows("train", recipe.data.min_inside)
    if len(rows) <= config.identity_dim:
        raise TrainingError(
            f"{len(rows)} training faces are too few: more than {config.identity_dim} are needed, the length of a code"
        )
    sides = [side_of(d[0].path) if len(d) else 0 for d in datasets]
    drawn = [getattr(recipe, stage) for stage in ("autoencoder", "adversarial", "detail")]
    largest = max((stage.size for stage in drawn if stage.steps), default=0)
    if max(sides) < largest:
        raise TrainingError(
            f"the recipe draws {largest} px, but no data set has photographs of more than {max(sides)} px"
        )
    kinds = (np.array(each, np.int64)[data.source] for each in (looks, sides))
    faces = Faces(
        data.images, labels, *kinds, rows, config.attributes, len(config.looks), recipe.data, accelerator.device
    )
    features = SqueezeNet(feature_weights).to(accelerator.device) if feature_weights else None
    return build(recipe, run, accelerator, faces, features)


def side_of(photograph: Path) -> int:
    """Its shorter side in px."""
    with Image.open(photograph) as image:  # reads the header only
        return min(image.size)


class DefaultTrainer:
    """What `train default` calls: `resume`, then `fit`."""

    def __init__(self, state: State):
        self.state = state

    @property
    def product(self) -> Path:
        """The checkpoint's folder."""
        return self.state.run.folder / "checkpoint"

    def resume(self, path: Path) -> None:
        """Go on from a state.safetensors."""
        self.state.resume(path)

    def start_from(self, folder: Path) -> None:
        """Raises `TrainingError`: it starts from nothing."""
        raise TrainingError(
            f"--start-from {folder}: the default generator starts from nothing; --resume goes on with a run"
        )

    def stage(self, name: str) -> Step:
        """The step function of a stage, which starts the stage where it hasn't begun."""
        state = self.state
        if name == "autoencoder":
            if not state.done[name]:
                autoencoder.start(state)
            return autoencoder.autoencoder(state)
        if name == "flow":
            return flow(state)
        if name == "distillation":
            if not state.done[name]:
                distillation.start(state)
            return distillation.distillation(state)
        return adversarial(state, name)

    def fit(self) -> bool:
        """Run what is left of each stage; True when nothing is."""
        state, run = self.state, self.state.run
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
        for name in STAGES:
            steps = getattr(state.recipe, name).steps
            if state.done[name] >= steps:
                continue

            def save(i: int, name: str = name) -> None:
                state.done[name] = i
                state.save()

            def picture(i: int, name: str = name) -> None:
                if run.main:
                    face_sheet(state.average).save(run.folder / f"{name}-{i:06d}.jpg", quality=90)

            if not loop(run, name, range(state.done[name], steps), self.stage(name), save, picture):
                return False
        return True
