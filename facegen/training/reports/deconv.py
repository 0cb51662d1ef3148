"""Train the first report's network (networks/subjects.py) to redraw the photographs of known subjects.

Mean squared logarithmic error, Adam with its defaults, batch 32, watched by PSNR (Meden 2018, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor

from facegen import registry
from facegen.data.pack import Pack
from facegen.drawing.sheets import grid
from facegen.networks.subjects import SubjectDeconv, SubjectDeconvConfig
from facegen.picture import to_image
from facegen.training.optim import average_gradients
from facegen.training.run import Run, load_state, loop, save_state


def logarithmic_error(drawn: Tensor, photo: Tensor) -> Tensor:
    """Mean squared logarithmic error of images in 0..1 (Meden 2018), as Keras defines it."""
    return (torch.log1p(drawn.float()) - torch.log1p(photo)).square().mean()


def psnr(drawn: Tensor, photo: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images in 0..1, mean over the batch."""
    error = (drawn.float() - photo).square().mean((1, 2, 3)).clamp(min=1e-10)
    return float((-10 * error.log10()).mean())


@dataclass
class DeconvTrainingConfig:
    """Hyper-parameters; the batch and Adam's learning rate are the report's.

    Args:
        steps: updates of `batch` photographs.
        drop: the largest chance, 0..1, that an attribute isn't said.
    """

    model: SubjectDeconvConfig = field(default_factory=SubjectDeconvConfig)
    batch: int = 32
    steps: int = 20_000
    learning_rate: float = 1e-3
    drop: float = 0.5
    seed: int = 0


class DeconvTrainer:
    """Redraws the training photographs of each subject; PSNR is watched on the subjects' validation photographs."""

    def __init__(self, config: DeconvTrainingConfig, data: Pack, run: Run, accelerator: Accelerator | None = None):
        self.config, self.data, self.run = config, data, run
        self.accelerator = accelerator or Accelerator()
        torch.manual_seed(config.seed)
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        known = {s: i for i, s in enumerate(config.model.subjects)}
        self.subject = torch.tensor([known.get(s, -1) for s in data.subjects])
        self.labels = torch.from_numpy(data.columns(config.model.attributes).astype(np.float32))
        mine = np.flatnonzero(self.subject.numpy() >= 0)
        self.rows = np.intersect1d(data.rows("train"), mine)
        self.watched = np.intersect1d(data.rows("validation"), mine)[:64]
        device = self.accelerator.device
        self.model = SubjectDeconv(config.model).to(device, memory_format=torch.channels_last)
        self.optimizer = self.accelerator.prepare(torch.optim.Adam(self.model.parameters(), config.learning_rate))
        self.done = 0
        torch.manual_seed(config.seed + 1 + self.accelerator.process_index)

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
        """One-hot subjects (n, subjects), labels (n, a) and photographs (n, 3, s, s) in 0..1."""
        photo = torch.from_numpy(self.data.images[rows]).permute(0, 3, 1, 2).float().div_(255)
        subject = F.one_hot(self.subject[rows], self.config.model.identity_dim).float()
        device = self.accelerator.device
        return subject.to(device), self.labels[rows].to(device), photo.to(device)

    def step(self, i: int) -> dict[str, float]:
        """One update; MSLE and PSNR (dB), at times PSNR on held-out photographs too."""
        subject, labels, photo = self.batch(self.rng.choice(self.rows, self.config.batch))
        keep = torch.rand_like(labels) >= torch.rand(len(labels), 1, device=labels.device) * self.config.drop
        with self.accelerator.autocast():
            drawn = self.model.unit(subject, labels * keep)
        loss = logarithmic_error(drawn, photo)
        self.accelerator.backward(loss)
        average_gradients(self.accelerator, self.model.parameters())
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        values = {"msle": loss.item(), "psnr": psnr(drawn.detach(), photo)}
        if i % 200 == 0 and len(self.watched):
            values["psnr_validation"] = self.validate()
        return values

    @torch.no_grad()
    def validate(self) -> float:
        """PSNR in dB on photographs of the same subjects that were held out."""
        subject, labels, photo = self.batch(self.watched)
        return psnr(self.model.unit(subject, labels), photo)

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
        return loop(self.run, "deconv", range(self.done, self.config.steps), self.step, self.save, self.picture)

    @torch.no_grad()
    def picture(self, i: int) -> None:
        """The report's figures 3 and 4: redrawn held-out photographs, the best eight and the poorest eight by PSNR.

        Only what the model drew is in the picture: photographs stay where they are.
        """
        if not self.run.main or not len(self.watched):
            return
        subject, labels, photo = self.batch(self.watched)
        drawn = self.model.unit(subject, labels)
        order = (drawn - photo).square().mean((1, 2, 3)).argsort()
        chosen = [*order[:8].tolist(), *order[-8:].tolist()]
        grid([to_image(drawn[k] * 2 - 1) for k in chosen], 8).save(self.run.folder / f"good-and-poor-{i:06d}.png")
