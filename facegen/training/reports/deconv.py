"""The first report's network: one-hot subject + structured attributes -> face (Flynn 2016; Meden 2018, section 3).

Dense layers, then five upsampling + conv blocks, trained to redraw the photographs of known subjects: mean squared
logarithmic error, Adam with its defaults, batch 32, watched by PSNR. It knows its subjects and nobody else: a new person
is a blend of two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from facegen import registry
from facegen.data.pack import Pack
from facegen.drawing.sheets import grid, to_image
from facegen.training.optim import average_gradients
from facegen.training.run import Run, load_state, loop, save_state


@dataclass
class SubjectDeconvConfig:
    """Args: attribute names, subjects' ids, channels at 4, 8, 16, .. px, width of the dense layers."""

    attributes: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    channels: list[int] = field(default_factory=lambda: [256, 128, 128, 96, 64, 32])
    dense: int = 512

    @property
    def image_size(self) -> int:
        return 4 * 2 ** (len(self.channels) - 1)

    @property
    def identity_dim(self) -> int:
        return len(self.subjects)


class SubjectDeconv(nn.Module):
    """(weights of subjects (n, subjects), attributes (n, a)) -> RGB (n, 3, s, s) in -1..1."""

    Config = SubjectDeconvConfig

    def __init__(self, config: SubjectDeconvConfig):
        super().__init__()
        self.config = config
        c, w = config.channels, config.dense
        self.subject = nn.Sequential(nn.Linear(config.identity_dim, w), nn.LeakyReLU(0.2))
        self.attribute = nn.Sequential(nn.Linear(2 * len(config.attributes), w), nn.LeakyReLU(0.2))
        self.dense = nn.Sequential(
            nn.Linear(2 * w, 2 * w), nn.LeakyReLU(0.2), nn.Linear(2 * w, 16 * c[0]), nn.LeakyReLU(0.2)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Upsample(scale_factor=2),
                nn.Conv2d(a, b, 5, padding=2), nn.LeakyReLU(0.2),
                nn.Conv2d(b, b, 3, padding=1), nn.LeakyReLU(0.2),
            )  # fmt: skip
            for a, b in zip(c[:-1], c[1:], strict=True)
        )
        self.to_rgb = nn.Conv2d(c[-1], 3, 3, padding=1)
        for layer in self.modules():
            # PyTorch's own start would shrink the signal at each of fourteen layers: who it is would reach no pixel.
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(layer.weight, 0.2)
                nn.init.zeros_(layer.bias)

    def unit(self, identity: Tensor, attributes: Tensor) -> Tensor:
        """RGB (n, 3, s, s) in 0..1: what the logarithmic error is taken of."""
        said = torch.cat([attributes.clamp(min=0), -attributes.clamp(max=0)], 1)
        x = self.dense(torch.cat([self.subject(identity), self.attribute(said)], 1)).view(len(identity), -1, 4, 4)
        x = x.contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            x = block(x)
        return torch.sigmoid(self.to_rgb(x))

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """Half and half of two subjects that the seed picks (of one, where there is one): (n, subjects), rows sum to 1."""
        rows = torch.zeros(len(seeds), self.config.identity_dim)
        parents = min(2, self.config.identity_dim)
        for row, seed in zip(rows, seeds, strict=True):
            row[np.random.Generator(np.random.PCG64(seed)).choice(len(row), parents, replace=False)] = 1 / parents
        return rows

    @torch.inference_mode()
    def forward(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """As `DeconvGenerator.forward`; guidance has no meaning here."""
        return self.unit(identity, attributes) * 2 - 1



def logarithmic_error(drawn: Tensor, photo: Tensor) -> Tensor:
    """Mean squared logarithmic error of images in 0..1 (Meden 2018), as Keras defines it."""
    return (torch.log1p(drawn.float()) - torch.log1p(photo)).square().mean()


def psnr(drawn: Tensor, photo: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images in 0..1, mean over the batch."""
    error = (drawn.float() - photo).square().mean((1, 2, 3)).clamp(min=1e-10)
    return float((-10 * error.log10()).mean())


@dataclass
class DeconvTrainingConfig:
    """Args: the report's batch of 32 and Adam's own learning rate; `drop`, largest chance that an attribute isn't said."""

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
        self.done = i
        if self.run.main:
            modules, optimizers = {"model": self.model}, {"optimizer": self.optimizer}
            save_state(self.run.folder / "state.safetensors", modules, optimizers, {"done": i})
            registry.save(self.model, self.run.folder / "checkpoint")

    def resume(self, path) -> None:
        self.done = load_state(path, {"model": self.model}, {"optimizer": self.optimizer})["done"]

    def fit(self) -> bool:
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
