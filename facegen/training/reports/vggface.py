"""Fine-tune VGG-Face (networks/vggface.py) on attributes: heads alone, fc6 and fc7 too, or all (Cate et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from facegen.networks.vggface import LAYERS, VGGFace, VGGFaceConfig, read_deviation, read_weights
from facegen.training.batches import mirrored, to_tensor
from facegen.training.classifier import masked_cross_entropy
from facegen.training.jitter import jitter
from facegen.training.optim import anneal
from facegen.training.run import TrainingError
from facegen.training.trainer import ModelTrainer

UNFREEZE = {"heads": (), "last": ("fc6", "fc7"), "all": LAYERS}


@dataclass
class VGGFaceTrainingConfig:
    """What is trained, and how.

    Args:
        weights: a safetensors file of VGG-Face; empty: from nothing.
        unfreeze: heads (all else stays as loaded), last (fc6 and fc7, too) or all.
        learning_rate: AdamW's peak for the heads and for all that starts from nothing.
        pretrained_factor: share of it for layers that were loaded.
    """

    model: VGGFaceConfig = field(default_factory=VGGFaceConfig)
    weights: str = ""
    unfreeze: str = "all"
    batch: int = 32
    steps: int = 4000
    learning_rate: float = 3e-4
    pretrained_factor: float = 0.1
    weight_decay: float = 5e-4
    seed: int = 0


class VGGFaceTrainer(ModelTrainer):
    """Cross-entropy of the two-way heads over what is said of a face."""

    stage = "vggface"
    model: VGGFace

    def build(self) -> None:
        """Make the network and AdamW over what is unfrozen. Raises `TrainingError` for a wrong `unfreeze`."""
        config = self.config
        if config.unfreeze not in UNFREEZE:
            raise TrainingError(f"unfreeze = {config.unfreeze!r} is unknown: heads, last or all is needed")
        if config.unfreeze != "all" and not config.weights:
            raise TrainingError(
                f"unfreeze = {config.unfreeze!r} would freeze layers that have learned nothing: "
                "give weights=FILE, or unfreeze=all"
            )
        config.model.base_rates = self.base_rates()
        config.model.std = config.model.std or [read_deviation(config.weights) if config.weights else 64.0] * 3
        self.model = VGGFace(config.model).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for layer in set(LAYERS) - set(UNFREEZE[config.unfreeze]):
            self.model.get_submodule(layer).requires_grad_(False)
        loaded = [p for n, p in self.model.named_parameters() if p.requires_grad and not n.startswith("heads")]
        factor = config.pretrained_factor if config.weights else 1.0
        groups: list[dict[str, Any]] = [
            {"params": list(self.model.heads.parameters())},
            {"params": loaded, "lr_factor": factor},
        ]
        groups = [g for g in groups if g["params"]]
        self.optimizer = self.prepare(torch.optim.AdamW(groups, config.learning_rate, weight_decay=config.weight_decay))

    def fit(self) -> bool:
        """Load the pretrained weights where the run is new; then the steps that are left."""
        if self.config.weights and not self.done:  # a resumed run has them in its state
            self.model.load_state_dict(read_weights(Path(self.config.weights), self.model), strict=False)
        return super().fit()

    def step(self, i: int) -> dict[str, float]:
        """One update; the loss."""
        anneal(self.optimizer, self.config.learning_rate, i, self.config.steps)
        rows = self.rng.choice(self.rows, self.config.batch)
        names = self.config.model.attributes
        images, labels = mirrored(to_tensor(self.data.images[rows]), self.labels[rows], names, self.rng)
        images = jitter(images.to(self.device))
        self.model.train()
        with self.accelerator.autocast():
            logits = self.model(images.contiguous(memory_format=torch.channels_last)).float()
        loss = masked_cross_entropy(logits, labels.to(logits.device))
        self.update(loss)
        return {"loss": loss.item()}
