"""The discriminators of a stage that draws faces to pass for photographs (`adversarial`, `refine`), and their half of each step.

One discriminator looks at pixels; where `feature_adversarial` or `face_adversarial` is not 0 another one looks at a pretrained
network's features of the same images: SqueezeNet's, or those of dlib's face embedding, which see who a face is. All train by the
same relativistic loss, and all see every image through the same random changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from facegen.training import losses
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, average_gradients

if TYPE_CHECKING:
    from facegen.networks.encoder import FeatureDiscriminator
    from facegen.training.default.trainer import FaceTrainer

# The feature discriminators' maps: all but the first, which has most places and shows little that the pixels don't.
DEEP = slice(1, None)


@dataclass
class FeatureSpace:
    """A pretrained network, images (n, 3, s, s) -> maps; the discriminator of these, and the weight of it, 0 where there is none."""

    name: str
    network: nn.Module
    heads: FeatureDiscriminator | None
    weight: float
    means: losses.FeatureMeans = field(default_factory=losses.FeatureMeans)
    real: list[Tensor] = field(default_factory=list)  # maps of this step's photographs and faces drawn, as the discriminators see them
    drawn: list[Tensor] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)  # of the photographs
    calibrated: bool = False

    def look(self, photo: Tensor, drawn: Tensor) -> None:
        with torch.no_grad():
            self.real = self.network(photo)
        self.drawn = self.network(drawn)
        if self.heads and not self.calibrated:
            if bool((self.heads.scale == 1).all()):  # not taken over from a checkpoint
                self.heads.calibrate(self.real[DEEP])
            self.calibrated = True

    def judged(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The discriminator's loss, and how much more real photographs look to it than faces drawn."""
        self.logits = self.heads(self.real[DEEP], labels)
        fake = self.heads([m.detach() for m in self.drawn[DEEP]], labels)
        pairs = list(zip(self.logits, fake, strict=True))
        loss = sum(losses.relativistic(a, b) for a, b in pairs)
        return loss, sum((a.mean() - b.mean()).detach() for a, b in pairs) / len(pairs)

    def adversarial(self, labels: Tensor) -> Tensor:
        """The decoder's loss; the photographs' logits from just before the discriminator's step serve as well as fresh ones."""
        pairs = zip(self.heads(self.drawn[DEEP], labels), self.logits, strict=True)
        return sum(losses.relativistic(a, b.detach()) for a, b in pairs) / len(self.logits)


class Opponents:
    """The discriminators of a run, which learn to tell photographs from faces drawn.

    Each step: `look`, then `learn`, then `fooled`, which takes what the discriminators have just seen.

    Args:
        steps, warm_up: of the stage; the learning rate follows it.
        means: whether the features' means are wanted, so that spaces without a discriminator are looked at as well.
    """

    def __init__(self, trainer: FaceTrainer, steps: int, warm_up: int, means: bool = False):
        config = trainer.config
        self.config, self.trainer, self.steps, self.warm_up = config, trainer, steps, warm_up
        self.pixels = trainer.discriminator if config.adversarial else None
        spaces = [
            FeatureSpace("features", trainer.features, trainer.feature_discriminator, config.feature_adversarial),
            FeatureSpace("faces", trainer.face_features, trainer.face_discriminator, config.face_adversarial),
        ]
        self.spaces = [space for space in spaces if space.network and (space.heads or means)]
        self.games = [space for space in self.spaces if space.heads]
        networks = {"opt_discriminator": self.pixels} if self.pixels else {}
        networks |= {f"opt_{space.name}": space.heads for space in self.games}
        self.networks = [(network, trainer.optimizers[name]) for name, network in networks.items()]

    def look(self, photo: Tensor, drawn: Tensor) -> None:
        """Show them photographs and faces drawn (n, 3, s, s), in pairs that share their attributes."""
        self.photo, self.drawn = photo, drawn.detach()
        self.seen_real, self.seen_drawn = jitter(photo), jitter(drawn)
        for space in self.spaces:
            space.look(self.seen_real, self.seen_drawn)

    def learn(self, i: int, labels: Tensor) -> dict[str, Tensor]:
        """Step i of the discriminators: the photograph should look more real than the face drawn for the same attributes (n, a)."""
        config, accelerator = self.config, self.trainer.accelerator
        for network, optimizer in self.networks:
            anneal(optimizer, config.discriminator_learning_rate, i, self.steps, self.warm_up)
            network.requires_grad_(True)
        gaps, loss = {}, torch.zeros((), device=labels.device)
        with accelerator.autocast():
            if self.pixels:
                self.real = self.pixels(self.seen_real, labels)
                fake = self.pixels(self.seen_drawn.detach(), labels)
                loss = losses.relativistic(self.real, fake)
                gaps["real-drawn"] = (self.real.mean() - fake.mean()).detach()
            for space in self.games:
                judged, gaps[f"{space.name} real-drawn"] = space.judged(labels)
                loss = loss + judged
            if self.networks and i % config.penalty_every == 0:  # lazily, as in StyleGAN2: it costs as much as the rest together
                penalty = self._penalties(labels)
                self.trainer.penalty = penalty.detach()
                loss = loss + config.penalty_every * penalty
        if self.networks:
            accelerator.backward(loss)
        for network, optimizer in self.networks:
            average_gradients(accelerator, network.parameters())
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            network.requires_grad_(False)
        return gaps

    def fooled(self, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of who drew the faces, weighted: the same pairs the other way round; and each discriminator's share, for the log."""
        values, loss = {}, torch.zeros((), device=labels.device)
        if self.pixels:
            # The photographs' logits from just before the discriminators' step serve as well as fresh ones.
            adversarial = losses.relativistic(self.pixels(self.seen_drawn, labels), self.real.detach())
            loss = self.config.adversarial * adversarial
            values["adversarial"] = adversarial.detach()
        for space in self.games:
            fooled = space.adversarial(labels)
            loss = loss + space.weight * fooled
            values[f"{space.name} adversarial"] = fooled.detach()
        return loss, values

    def _penalties(self, labels: Tensor) -> Tensor:
        """Of half of the photographs (R1) and faces drawn (R2), for each discriminator."""
        config, half = self.config, len(labels) // 2
        total = torch.zeros((), device=labels.device)
        for images in (self.photo[:half], self.drawn[:half]):
            images = jitter(images)
            if self.pixels:
                total = total + config.gradient_penalty * losses.gradient_penalty(self.pixels, images, labels[:half])
            for space in self.games:
                with torch.no_grad():
                    maps = space.network(images)[DEEP]
                total = total + config.feature_penalty * losses.feature_penalty(space.heads, maps, labels[:half])
        return total
