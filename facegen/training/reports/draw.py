"""Train DRAW (networks/draw.py): maximise the evidence lower bound of photographs (Gregor et al. 2015, eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from facegen import registry
from facegen.data.pack import Pack
from facegen.drawing.sheets import grid
from facegen.networks.draw import Draw, DrawConfig
from facegen.picture import to_image
from facegen.training.optim import average_gradients
from facegen.training.run import Run, load_state, loop, save_state


@dataclass
class DrawTrainingConfig:
    """Hyper-parameters.

    Args:
        steps: updates of `batch` photographs.
        learning_rate: Adam's.
        clip: the gradient's largest norm.
        drop: the largest chance, 0..1, that an attribute isn't said.
    """

    model: DrawConfig = field(default_factory=DrawConfig)
    batch: int = 64
    steps: int = 20_000
    learning_rate: float = 1e-3
    clip: float = 5.0
    drop: float = 0.9
    seed: int = 0


class DrawTrainer:
    """Maximises the evidence lower bound; watched by a picture of the canvas over time."""

    def __init__(self, config: DrawTrainingConfig, data: Pack, run: Run, accelerator: Accelerator | None = None):
        self.config, self.data, self.run = config, data, run
        self.accelerator = accelerator or Accelerator()
        torch.manual_seed(config.seed)
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        self.labels = torch.from_numpy(data.columns(config.model.attributes).astype(np.float32))
        self.rows = data.rows("train", 0.95)
        self.model = Draw(config.model).to(self.accelerator.device)
        adam = torch.optim.Adam(self.model.parameters(), config.learning_rate, (0.5, 0.999))
        self.optimizer = self.accelerator.prepare(adam)
        self.done = 0
        torch.manual_seed(config.seed + 1 + self.accelerator.process_index)

    def step(self, i: int) -> dict[str, float]:
        """One update; the bound and its two parts in nats an image."""
        rows = self.rng.choice(self.rows, self.config.batch)
        photo = torch.from_numpy(self.data.images[rows]).permute(0, 3, 1, 2).float().div_(255).to(self.accelerator.device)
        labels = self.labels[rows]
        labels = labels * (torch.rand_like(labels) >= torch.rand(len(labels), 1) * self.config.drop)
        nll, divergence = self.model.elbo(photo, labels.to(photo.device))
        loss = nll + divergence
        self.accelerator.backward(loss / photo[0].numel())
        average_gradients(self.accelerator, self.model.parameters())
        if self.accelerator.sync_gradients:  # not the part of an accumulated gradient
            self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return {"elbo": -loss.item(), "reconstruction": nll.item(), "divergence": divergence.item()}

    def save(self, i: int) -> None:
        """Write the state after step i, and the checkpoint."""
        self.done = i
        if self.run.main:
            modules, optimizers = {"model": self.model}, {"optimizer": self.optimizer}
            save_state(self.run.folder / "state.safetensors", modules, optimizers, {"done": i})
            registry.save(self.model, self.run.folder / "checkpoint")

    def resume(self, path: Path) -> None:
        """Go on from a state.safetensors."""
        self.done = load_state(path, {"model": self.model}, {"optimizer": self.optimizer})["done"]

    def fit(self) -> bool:
        """Run the steps that are left; True when none is."""
        return loop(self.run, "draw", range(self.done, self.config.steps), self.step, self.save, self.picture)

    def picture(self, i: int) -> None:
        """Rows: six seeds; columns: the canvas over time."""
        if self.run.main:
            nothing = torch.zeros(6, len(self.config.model.attributes), device=self.accelerator.device)
            stages = self.model.canvases(self.model.identity(range(6)).to(nothing.device), nothing)
            images = [to_image(stage[k]) for k in range(6) for stage in stages]
            grid(images, len(stages)).save(self.run.folder / f"canvas-{i:06d}.png")
