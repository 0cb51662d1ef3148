"""Train the attribute classifier on photographs, its trunk from ImageNet's weights."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen import registry
from facegen.attributes import NAMES
from facegen.data.dress.augment import AugmentConfig, augment_rows
from facegen.drawing.classifier import AttributeClassifier, ClassifierConfig
from facegen.networks.efficientnet import EfficientNet
from facegen.training.batches import mirrored, to_tensor
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, update_average
from facegen.training.run import TrainingError
from facegen.training.trainer import ModelTrainer


@dataclass
class ClassifierTrainingConfig:
    """What is trained, and how.

    Args:
        batch, steps: photographs a step, and steps.
        learning_rate, weight_decay: AdamW's, at the peak; the trunk learns at a share `trunk_factor` of it.
        augment_eyewear, augment_facial_hair: chance that glasses are drawn onto a face that has none, facial hair onto
            a man who has none (Meden 2018: 0.5 both).
    """

    model: ClassifierConfig = field(default_factory=ClassifierConfig)
    batch: int = 32
    steps: int = 2000
    learning_rate: float = 1e-3
    trunk_factor: float = 0.3
    weight_decay: float = 0.02
    augment_eyewear: float = 0.0
    augment_facial_hair: float = 0.0
    seed: int = 0


class ClassifierTrainer(ModelTrainer):
    """Masked binary cross-entropy: an attribute that isn't said of a face is not trained on that face."""

    stage = "classifier"
    model: AttributeClassifier

    def build(self) -> None:
        """Make the network, its average and AdamW."""
        config = self.config
        self.columns = [NAMES.index(name) for name in config.model.attributes]
        self.dress = None
        if config.augment_eyewear or config.augment_facial_hair:
            self.dress = AugmentConfig(eyewear=config.augment_eyewear, facial_hair=config.augment_facial_hair)
        config.model.base_rates = self.base_rates()
        self.model = AttributeClassifier(config.model).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer, (weight, bias) in zip(self.model.convolutions(), EfficientNet().folded(), strict=False):
            layer.weight.data.copy_(weight)
            layer.bias.data.copy_(bias)
        self.average = copy.deepcopy(self.model).requires_grad_(False).eval()
        trunk = list(self.model.trunk.parameters())
        heads = [*self.model.hidden.parameters(), *self.model.heads.parameters()]
        groups: list[dict[str, Any]] = [{"params": heads}, {"params": trunk, "lr_factor": config.trunk_factor}]
        adam = torch.optim.AdamW(groups, config.learning_rate, (0.9, 0.99), weight_decay=config.weight_decay)
        self.optimizer = self.prepare(adam)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The network and its moving average."""
        return {"model": self.model, "average": self.average}

    def save_product(self) -> None:
        """Write the average as the checkpoint."""
        registry.save(self.average, self.product)

    def start_from(self, folder: Path) -> None:
        """Start from a trained classifier; heads of attributes that it lacks start from nothing.

        Raises `hub.CheckpointError`, or `TrainingError` where its network has another shape.
        """
        old, new = registry.load_classifier(folder), self.config.model
        for name in ("image_size", "hidden"):
            if getattr(old.config, name) != getattr(new, name):
                raise TrainingError(
                    f"{folder} has {name} = {getattr(old.config, name)}, where {getattr(new, name)} is asked for: "
                    "set model as its config.json has it"
                )
        learned, tensors = old.state_dict(), self.model.state_dict()
        shared = [name for name in new.attributes if name in old.attributes]
        here, there = ([names.index(name) for name in shared] for names in (new.attributes, old.attributes))
        for key in ("heads.weight", "heads.bias"):
            tensors[key][here] = learned.pop(key)[there].to(tensors[key])
        self.model.load_state_dict(tensors | learned)
        self.average.load_state_dict(self.model.state_dict())

    def batch(self) -> tuple[Tensor, Tensor]:
        """Photographs (n, 3, s, s) in -1..1, mirrored and jittered at random, and their labels (n, a) of -1/0/+1."""
        rows = self.rng.choice(self.rows, self.config.batch)
        images, labels = mirrored(*self.faces(rows), self.config.model.attributes, self.rng)
        images = jitter(images.contiguous(memory_format=torch.channels_last).to(self.device), blur=True)
        return images, labels.to(self.device)

    def faces(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """Photographs (n, 3, s, s) in -1..1 and labels (n, a), after live augmentation where the config asks for it."""
        images = self.data.images[rows]
        if self.dress is None:
            return to_tensor(images), self.labels[rows]
        images, said = augment_rows(images, self.data.landmarks[rows], self.data.attributes[rows], self.rng, self.dress)
        return to_tensor(images), torch.from_numpy(said[:, self.columns].astype(np.float32))

    def step(self, i: int) -> dict[str, float]:
        """One update; the loss."""
        anneal(self.optimizer, self.config.learning_rate, i, self.config.steps)
        images, labels = self.batch()
        self.model.train()
        with self.accelerator.autocast():
            logits = self.model(images).float()
        loss = masked_cross_entropy(logits, labels)
        self.update(loss)
        update_average(self.average, self.model, i, 0.998)
        return {"loss": loss.item()}


def masked_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy of logits (n, a) against labels (n, a) of -1/0/+1, over what is said."""
    each = F.binary_cross_entropy_with_logits(logits, (labels > 0).float(), reduction="none")
    return (each * (labels != 0)).sum() / (labels != 0).sum().clamp(min=1)
