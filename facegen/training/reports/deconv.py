"""Train the first report's network (networks/subjects.py) to redraw the photographs of known subjects.

Mean squared logarithmic error, Adam with its defaults, batch 32, watched by PSNR (Meden 2018, section 3). Two things
that the report asks for next are settings: `adversarial`, and `attention` of the network.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.attributes import NAMES
from facegen.data.dress.augment import AugmentConfig, augment_rows
from facegen.drawing.layers import yes_no
from facegen.drawing.sheets import grid, to_image
from facegen.networks.discriminators import Discriminator
from facegen.networks.subjects import SubjectDeconv, SubjectDeconvConfig
from facegen.training.default.losses import gradient_penalty, relativistic
from facegen.training.jitter import jitter
from facegen.training.optim import average_gradients
from facegen.training.run import TrainingError
from facegen.training.trainer import ModelTrainer, drop

EVERY = 8


def logarithmic_error(drawn: Tensor, photo: Tensor) -> Tensor:
    """Mean squared logarithmic error of images in 0..1 (Meden 2018), as Keras defines it."""
    return (torch.log1p(drawn.float()) - torch.log1p(photo)).square().mean()


def psnr(drawn: Tensor, photo: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of images in 0..1, mean over the batch."""
    error = (drawn.float() - photo).square().mean((1, 2, 3)).clamp(min=1e-10)
    return float((-10 * error.log10()).mean())


@dataclass
class DeconvTrainingConfig:
    """The report's batch of 32 and Adam's own learning rate.

    Args:
        drop: largest chance that an attribute isn't said.
        anonymous: share of faces of which the subject isn't told, so that attributes count by themselves; faces of no
            named subject, where the data have any.
        augment_eyewear, augment_facial_hair: chance that glasses are drawn onto a face that has none, facial hair onto
            a man who has none (Meden 2018: 0.5 both).
        adversarial: weight of a discriminator's word beside the logarithmic error's 1; 0 for none, as in the report.
        penalty: weight of the discriminator's gradient penalties, taken every `EVERY` steps.
    """

    model: SubjectDeconvConfig = field(default_factory=SubjectDeconvConfig)
    batch: int = 32
    steps: int = 20_000
    learning_rate: float = 1e-3
    drop: float = 0.5
    anonymous: float = 0.0
    augment_eyewear: float = 0.0
    augment_facial_hair: float = 0.0
    adversarial: float = 0.0
    penalty: float = 0.15
    seed: int = 0


class DeconvTrainer(ModelTrainer):
    """Redraws the training photographs of each subject; PSNR is watched on the subjects' validation photographs."""

    stage = "deconv"
    model: SubjectDeconv

    def build(self) -> None:
        """Make the network and Adam. Raises `TrainingError` where the data name no subjects."""
        config = self.config.model
        config.subjects = config.subjects or sorted({str(s) for s in self.data.subjects} - {""})
        if not config.subjects:
            raise TrainingError(
                "the data set names no subjects, which this network is trained on (CelebA: identity.txt)"
            )
        known = {s: i for i, s in enumerate(config.subjects)}
        self.subject = torch.tensor([known.get(s, -1) for s in self.data.subjects])
        mine = np.flatnonzero(self.subject.numpy() >= 0)
        self.nameless = np.setdiff1d(self.rows, mine)
        self.rows = np.intersect1d(self.rows, mine)
        self.watched = np.intersect1d(self.data.rows("validation"), mine)[:64]
        self.dress = AugmentConfig(eyewear=self.config.augment_eyewear, facial_hair=self.config.augment_facial_hair)
        self.columns = [NAMES.index(name) for name in config.attributes]
        self.model = SubjectDeconv(config).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = self.prepare(torch.optim.Adam(self.model.parameters(), self.config.learning_rate))
        self.discriminator = None
        if self.config.adversarial:
            self.discriminator = Discriminator(2 * len(config.attributes), config.image_size, width=32).to(self.device)
            against = torch.optim.Adam(self.discriminator.parameters(), 5e-4, (0.0, 0.99))
            self.against = self.prepare(against)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The network, and the discriminator where there is one."""
        return super().modules | ({"discriminator": self.discriminator} if self.discriminator else {})

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Theirs."""
        return super().optimizers | ({"against": self.against} if self.discriminator else {})

    def batch(self, rows: np.ndarray, dress: AugmentConfig | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """One-hot subjects (n, subjects), zeros for none; labels (n, a); photographs (n, 3, s, s) in 0..1, dressed."""
        images, said = self.data.images[rows], self.data.attributes[rows]
        if dress is not None:
            images, said = augment_rows(images, self.data.landmarks[rows], said, self.rng, dress)
        photo = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
        subject = F.one_hot(self.subject[rows] + 1, self.config.model.identity_dim + 1)[:, 1:].float()
        labels = torch.from_numpy(said[:, self.columns].astype(np.float32))
        return subject.to(self.device), labels.to(self.device), photo.to(self.device)

    def step(self, i: int) -> dict[str, float]:
        """One update; MSLE and PSNR (dB), at times PSNR on held-out photographs too."""
        rows, untold = self.rng.choice(self.rows, self.config.batch), self.rng.random(self.config.batch)
        hidden = untold < self.config.anonymous
        if len(self.nameless):
            rows[hidden] = self.rng.choice(self.nameless, hidden.sum())
        subject, labels, photo = self.batch(rows, self.dress)
        subject = subject * torch.from_numpy(~hidden).to(self.device)[:, None]
        said = drop(labels, self.config.drop)
        with self.accelerator.autocast():
            drawn = self.model.unit(subject, said)
        loss = logarithmic_error(drawn, photo)
        values = {"msle": loss.item(), "psnr": psnr(drawn.detach(), photo)}
        if self.discriminator:
            values["gap"] = self.discriminate(i, drawn.detach(), photo, said)
            self.discriminator.requires_grad_(False)
            loss = loss + self.config.adversarial * relativistic(*self.logits(drawn, photo, said))
        self.update(loss)
        if i % 200 == 0 and len(self.watched):
            values["psnr_validation"] = self.validate()
        return values

    def logits(self, drawn: Tensor, photo: Tensor, said: Tensor) -> list[Tensor]:
        """What the discriminator says of drawn faces and of photographs (n, 3, s, s) in 0..1: (n, s/16, s/16) each."""
        assert self.discriminator is not None
        with self.accelerator.autocast():
            return [self.discriminator(jitter(images.float() * 2 - 1), yes_no(said)) for images in (drawn, photo)]

    def discriminate(self, i: int, drawn: Tensor, photo: Tensor, said: Tensor) -> float:
        """One step of the discriminator; by how much it finds photographs more real."""
        assert self.discriminator is not None
        self.discriminator.requires_grad_(True)
        of_drawn, of_photo = self.logits(drawn, photo, said)
        loss = relativistic(of_photo, of_drawn)
        if i % EVERY == 0:  # lazily, as in StyleGAN2
            for images in (drawn, photo):
                penalty = gradient_penalty(self.discriminator, jitter(images.float() * 2 - 1), yes_no(said))
                loss = loss + EVERY * self.config.penalty * penalty
        self.accelerator.backward(loss)
        average_gradients(self.accelerator, self.discriminator.parameters())
        self.against.step()
        self.against.zero_grad(set_to_none=True)
        return (of_photo - of_drawn).mean().item()

    @torch.no_grad()
    def validate(self) -> float:
        """PSNR in dB on photographs of the same subjects that were held out."""
        subject, labels, photo = self.batch(self.watched)
        return psnr(self.model.unit(subject, labels), photo)

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
