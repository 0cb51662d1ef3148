"""Train DRAW (networks/draw.py): maximise the evidence lower bound of photographs (Gregor et al. 2015, eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from facegen.drawing.sheets import grid, to_image
from facegen.networks.draw import Draw, DrawConfig
from facegen.training.reports.read_back import ReadBack
from facegen.training.trainer import ModelTrainer, drop

DRAWN = 16  # faces drawn from chance a step, to be read back


@dataclass
class DrawTrainingConfig:
    """What is trained, and how.

    Args:
        clip: the gradient's largest norm.
        drop: largest chance that an attribute isn't said.
        read_back: weight, in nats an image, of the embedded classifier's word on faces drawn from chance; 0 for none.
    """

    model: DrawConfig = field(default_factory=DrawConfig)
    batch: int = 64
    steps: int = 20_000
    learning_rate: float = 1e-3
    clip: float = 5.0
    drop: float = 0.9
    read_back: float = 0.0
    seed: int = 0


class DrawTrainer(ModelTrainer):
    """Maximises the evidence lower bound; watched by a picture of the canvas over time."""

    stage = "draw"
    model: Draw

    def build(self) -> None:
        """Make the network and Adam."""
        self.rows = self.data.rows("train", 0.95)
        self.model = Draw(self.config.model).to(self.device)
        self.read_back = ReadBack(self.config.model.attributes, self.device) if self.config.read_back else None
        self.optimizer = self.prepare(
            torch.optim.Adam(self.model.parameters(), self.config.learning_rate, (0.5, 0.999))
        )

    def step(self, i: int) -> dict[str, float]:
        """One update; the bound and its two parts in nats an image."""
        rows = self.rng.choice(self.rows, self.config.batch)
        photo = torch.from_numpy(self.data.images[rows]).permute(0, 3, 1, 2).float().div_(255).to(self.device)
        said = drop(self.labels[rows], self.config.drop).to(self.device)
        nll, divergence = self.model.elbo(photo, said)
        loss, more = nll + divergence, {}
        if self.read_back:
            noise = torch.randn(min(DRAWN, len(said)), self.config.model.identity_dim, device=self.device)
            seen = self.read_back(self.model.stages(noise, said[: len(noise)])[-1], said[: len(noise)])
            loss, more = loss + self.config.read_back * seen, {"read_back": seen.item()}
        self.update(loss / photo[0].numel(), clip=self.config.clip)
        return {
            "elbo": -(nll + divergence).item(),
            "reconstruction": nll.item(),
            "divergence": divergence.item(),
            **more,
        }

    def picture(self, i: int) -> None:
        """Rows: six seeds; columns: the canvas over time."""
        if self.run.main:
            nothing = torch.zeros(6, len(self.config.model.attributes), device=self.device)
            stages = self.model.canvases(self.model.identity(range(6)).to(self.device), nothing)
            images = [to_image(stage[k]) for k in range(6) for stage in stages]
            grid(images, len(stages)).save(self.run.folder / f"canvas-{i:06d}.png")
