"""Fine-tune VGG-Face (networks/vggface.py) on attributes: heads alone, fc6 and fc7 too, or all (Cate et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from facegen import registry
from facegen.data.pack import Pack
from facegen.networks.vggface import LAYERS, VGGFace, VGGFaceConfig, read_deviation, read_weights
from facegen.training.batches import mirrored, to_tensor
from facegen.training.classifier import masked_cross_entropy
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, average_gradients
from facegen.training.run import Run, TrainingError, load_state, loop, save_state

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


class VGGFaceTrainer:
    """Cross-entropy of the two-way heads over what is said of a face."""

    def __init__(self, config: VGGFaceTrainingConfig, data: Pack, run: Run, accelerator: Accelerator | None = None):
        if config.unfreeze not in UNFREEZE:
            raise TrainingError(f"unfreeze = {config.unfreeze!r} is unknown: heads, last or all is needed")
        if config.unfreeze != "all" and not config.weights:
            raise TrainingError(
                f"unfreeze = {config.unfreeze!r} would freeze layers that have learned nothing: "
                "give weights=FILE, or unfreeze=all"
            )
        self.config, self.data, self.run = config, data, run
        self.accelerator = accelerator or Accelerator()
        self.rows = data.rows("train")
        self.labels = torch.from_numpy(data.columns(config.model.attributes).astype(np.float32))
        said = self.labels[self.rows]
        yes, no = (said > 0).sum(0), (said < 0).sum(0)
        config.model.base_rates = [round(float(r), 5) for r in yes / (yes + no).clamp(min=1)]
        config.model.std = config.model.std or [read_deviation(config.weights) if config.weights else 64.0] * 3
        torch.manual_seed(config.seed)
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        self.model = VGGFace(config.model).to(self.accelerator.device, memory_format=torch.channels_last)
        for layer in set(LAYERS) - set(UNFREEZE[config.unfreeze]):
            self.model.get_submodule(layer).requires_grad_(False)
        loaded = [p for n, p in self.model.named_parameters() if p.requires_grad and not n.startswith("heads")]
        factor = config.pretrained_factor if config.weights else 1.0
        groups = [{"params": list(self.model.heads.parameters())}, {"params": loaded, "lr_factor": factor}]
        groups = [g for g in groups if g["params"]]
        adam = torch.optim.AdamW(groups, config.learning_rate, weight_decay=config.weight_decay)
        self.optimizer = self.accelerator.prepare(adam)
        self.done = 0
        torch.manual_seed(config.seed + 1 + self.accelerator.process_index)

    def save(self, i: int) -> None:
        """Write the state after step i, and the checkpoint."""
        self.done = i
        if self.run.main:
            state = self.run.folder / "state.safetensors"
            save_state(state, {"model": self.model}, {"optimizer": self.optimizer}, {"done": i})
            registry.save(self.model, self.run.folder / "checkpoint")

    def resume(self, path: Path) -> None:
        """Go on from a state.safetensors."""
        self.done = load_state(path, {"model": self.model}, {"optimizer": self.optimizer})["done"]

    def fit(self) -> bool:
        """Run the steps that are left; True when none is."""
        if self.config.weights and not self.done:  # a resumed run has them in its state
            self.model.load_state_dict(read_weights(Path(self.config.weights), self.model), strict=False)
        return loop(self.run, "vggface", range(self.done, self.config.steps), self.step, self.save)

    def step(self, i: int) -> dict[str, float]:
        """One update; the loss."""
        anneal(self.optimizer, self.config.learning_rate, i, self.config.steps)
        rows = self.rng.choice(self.rows, self.config.batch)
        images, labels = mirrored(
            to_tensor(self.data.images[rows]), self.labels[rows], self.config.model.attributes, self.rng
        )
        images = jitter(images.to(self.accelerator.device))
        self.model.train()
        with self.accelerator.autocast():
            logits = self.model(images.contiguous(memory_format=torch.channels_last)).float()
        loss = masked_cross_entropy(logits, labels.to(logits.device))
        self.accelerator.backward(loss)
        average_gradients(self.accelerator, self.model.parameters())
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"loss": loss.item()}
