"""Teach a published generator to draw at twice the size: its enlarger, from fewer but larger photographs.

The rest of the generator stays as it is. Half of a batch are photographs, made small, redrawn through encoder and
decoder and enlarged, which should come out as they were (L1 + perceptual loss); the other half are faces drawn from
nothing. A patch discriminator compares both with photographs at full size (SRGAN, Ledig et al. 2017, with the
relativistic loss of `faces`): so the enlarger learns to mend what the decoder does, not what a lens does. And a face
that lies a pixel further on must be enlarged alike, or the enlarger's own grid is seen as a weave (`unevenness`).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from facegen import hub, registry
from facegen.data.base import FaceDataset
from facegen.data.pack import pack
from facegen.drawing.generator import DeconvGenerator
from facegen.drawing.sheets import face_sheet
from facegen.networks.encoder import Discriminator, Encoder
from facegen.networks.squeezenet import SqueezeNet, perceptual_distance
from facegen.training import losses
from facegen.training.batches import FaceBatches
from facegen.training.default.start_from import read_published
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, average_gradients, update_average
from facegen.training.run import Run, TrainingError, load_state, loop, save_state


@dataclass
class EnlargeTrainingConfig:
    """Hyper-parameters.

    Args:
        channels, blocks: size of the enlarger, where the checkpoint has none yet.
        code_noise: standard deviation of the noise on codes of redrawn photographs.
        pixel, perceptual, adversarial: weights of the three losses.
        equivariance: weight of the loss that keeps the enlarger's own grid out of its pictures (see `unevenness`).
        warm_up: steps before the discriminator joins in.
    """

    channels: int = 64
    blocks: int = 5
    batch: int = 12
    steps: int = 4000
    code_noise: float = 0.15
    min_inside: float = 0.95
    learning_rate: float = 4e-4
    discriminator_learning_rate: float = 4e-4
    pixel: float = 1.0
    perceptual: float = 1.0
    adversarial: float = 0.1
    equivariance: float = 2.0
    warm_up: int = 150
    gradient_penalty: float = 0.05
    penalty_every: int = 8
    seed: int = 0


def unevenness(enlarger: nn.Module, small: Tensor, large: Tensor, axis: int) -> Tensor:
    """How differently faces are enlarged when they lie a pixel further on: mean absolute difference of values in -1..1.

    A sub-pixel convolution draws each of its 16 places with filters of its own, so it can leave a weave on all pictures,
    which stays where it is when the face moves. Translation equivariance as in StyleGAN3 (Karras et al. 2021, section 2.1),
    by whole pixels.

    Args:
        small, large: faces (n, 3, s, s) and what `enlarger` makes of them, (n, 3, 2s, 2s).
        axis: 2 to move them down, 3 to move them right.
    """
    moved = enlarger(small.roll(1, axis)).float()
    edge = large.shape[-1] // 16  # what went out on one side has come in on the other
    inner = (..., slice(edge, -edge), slice(edge, -edge))
    return (moved - large.roll(2, axis))[inner].abs().mean()


class EnlargeTrainer:
    """`start_from` a checkpoint whose FOLDER_training holds the encoder, then `fit`; or `resume` such a run."""

    def __init__(
        self,
        config: EnlargeTrainingConfig,
        datasets: list[FaceDataset],
        run: Run,
        cache: Path,
        feature_weights: Path | None,
        accelerator: Accelerator | None = None,
    ):
        self.config, self.run, self.cache, self.datasets = config, run, cache, datasets
        self.accelerator = accelerator or Accelerator()
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        self.features = SqueezeNet(feature_weights).to(self.accelerator.device) if feature_weights else None
        self.penalty, self.done = 0.0, 0

    def start_from(self, folder: Path) -> None:
        """Take a published generator; raises `hub.CheckpointError`, or `TrainingError` where its encoder is missing."""
        published = registry.load(folder)
        published, helpers = read_published(folder, published.config.attributes)
        if "encoder" not in helpers:
            raise TrainingError(f"{folder}_training is missing: the enlarger learns from what the encoder makes of photographs")
        torch.manual_seed(self.config.seed)
        if not published.config.enlarger_channels:
            wanted = replace(
                published.config, enlarger_channels=self.config.channels, enlarger_blocks=self.config.blocks
            )
            model = DeconvGenerator(wanted)
            model.load_state_dict(published.state_dict(), strict=False)
        else:
            model = published
        self._build(model)
        self.helpers = helpers
        self.encoder.load_state_dict(helpers["encoder"])
        registry.save(model, self.run.folder / "start")  # what `resume` builds the networks from
        hub.write(self.run.folder / "start_training", {"model_type": "facegen-training"}, self._helper_tensors())

    def _build(self, model: DeconvGenerator) -> None:
        layout = {"device": self.accelerator.device, "memory_format": torch.channels_last}
        config = model.config
        self.model = model.to(**layout).requires_grad_(False).eval()
        self.enlarger = self.model.enlarger.requires_grad_(True)
        self.average = copy.deepcopy(model).requires_grad_(False)
        self.encoder = Encoder(config).to(**layout).requires_grad_(False).eval()
        self.discriminator = Discriminator(config, config.image_size, patch=4).to(**layout)
        data = pack(self.datasets, config.image_size, self.cache)
        how = {"drop_all": 0.3, "drop_each": 0.9, "drop_most": 0.3, "min_inside": self.config.min_inside}
        self.batches = FaceBatches(data, config.attributes, self.rng, self.accelerator.device, **how, dress=None)
        adam, c = torch.optim.Adam, self.config
        self.optimizers = {
            "opt_enlarger": adam(self.enlarger.parameters(), c.learning_rate, (0.0, 0.99)),
            "opt_discriminator": adam(self.discriminator.parameters(), c.discriminator_learning_rate, (0.0, 0.99)),
        }

    @property
    def _modules(self) -> dict[str, nn.Module]:
        return {"enlarger": self.enlarger, "average": self.average.enlarger, "discriminator": self.discriminator}

    def _helper_tensors(self) -> dict[str, Tensor]:
        return {f"{name}.{k}": v for name, tensors in self.helpers.items() for k, v in tensors.items()}

    def save(self, i: int) -> None:
        self.done = i
        if self.run.main:
            save_state(self.run.folder / "state.safetensors", self._modules, self.optimizers, {"done": i})
            registry.save(self.average, self.run.folder / "checkpoint")
            hub.write(
                self.run.folder / "checkpoint_training", {"model_type": "facegen-training"}, self._helper_tensors()
            )

    def resume(self, path: Path) -> None:
        self._build(registry.load(path.parent / "start"))
        _, self.helpers = read_published(path.parent / "start", self.model.config.attributes)
        self.encoder.load_state_dict(self.helpers["encoder"])
        self.done = load_state(path, self._modules, self.optimizers)["done"]

    def fit(self) -> bool:
        if not hasattr(self, "model"):
            raise TrainingError("the preset enlarge teaches a trained generator: name its folder with --start-from")
        return loop(self.run, "enlarge", range(self.done, self.config.steps), self.step, self.save, self.picture)

    def picture(self, i: int) -> None:
        if self.run.main:
            face_sheet(self.average, seeds=range(6)).save(self.run.folder / f"enlarge-{i:06d}.png")

    @torch.no_grad()
    def small(self, photo: Tensor, labels: Tensor) -> Tensor:
        """What the decoder draws (n, 3, s/2, s/2): the first half photographs redrawn, the second half from nothing."""
        half, config = len(photo) // 2, self.model.config
        code = self.encoder(F.avg_pool2d(photo[:half], 2)).float()
        code = code + self.config.code_noise * torch.randn_like(code)
        noise = torch.randn(len(photo) - half, config.identity_dim, device=photo.device)
        drawn = self.model.prior.sample(noise, labels[half:], config.guidance, steps=6).float()
        return self.model.decoder(torch.cat([code, drawn]), labels).float().clamp(-1, 1)

    def step(self, i: int) -> dict[str, Tensor]:
        config, accelerator = self.config, self.accelerator
        opt_enlarger, opt_discriminator = self.optimizers.values()
        anneal(opt_enlarger, config.learning_rate, i, config.steps, 50)
        anneal(opt_discriminator, config.discriminator_learning_rate, i, config.steps, 50)
        photo, labels = self.batches.draw(config.batch)
        half, nothing = config.batch // 2, torch.zeros_like(labels)
        with accelerator.autocast():
            small = self.small(photo, labels)
            large = self.enlarger(small).float()
        values = {}

        loss = torch.zeros((), device=photo.device)
        if i >= config.warm_up:
            self.discriminator.requires_grad_(True)
            with accelerator.autocast():
                real = self.discriminator(jitter(photo), nothing)
                judged = losses.relativistic(real, self.discriminator(jitter(large.detach()), nothing))
                if i % config.penalty_every == 0:
                    few = max(1, config.batch // 4)
                    penalty = losses.gradient_penalty(self.discriminator, jitter(photo[:few]), nothing[:few])
                    penalty = penalty + losses.gradient_penalty(
                        self.discriminator, jitter(large[-few:].detach()), nothing[:few]
                    )
                    self.penalty = penalty.detach()
                    judged = judged + config.gradient_penalty * config.penalty_every * penalty
            accelerator.backward(judged)
            average_gradients(accelerator, self.discriminator.parameters())
            opt_discriminator.step()
            opt_discriminator.zero_grad(set_to_none=True)
            self.discriminator.requires_grad_(False)
            with accelerator.autocast():
                fake = self.discriminator(jitter(large), nothing)
                adversarial = losses.relativistic(fake, real.detach())
            loss = config.adversarial * adversarial
            gap = (real.mean() - fake.mean()).detach()
            values = {"real-drawn": gap, "adversarial": adversarial.detach(), "penalty": self.penalty}

        # The smooth half of what was drawn stays what it was: the enlarger adds detail, it makes no other face.
        pixel = (F.avg_pool2d(large[:half], 4) - F.avg_pool2d(photo[:half], 4)).abs().mean()
        loss = loss + config.pixel * pixel
        if config.equivariance:
            with accelerator.autocast():
                uneven = unevenness(self.enlarger, small[half:], large[half:], 2 + i % 2)
            loss = loss + config.equivariance * uneven
            values["unevenness"] = uneven.detach()
        if self.features is not None:
            side = photo.shape[-1] * 5 // 8
            y, x = self.rng.integers(0, photo.shape[-1] - side + 1, 2)
            crop = (slice(None, half), slice(None), slice(y, y + side), slice(x, x + side))
            with accelerator.autocast():
                with torch.no_grad():
                    target = self.features(photo[crop])
                perceptual = perceptual_distance(self.features(large[crop]), target)
            loss = loss + config.perceptual * perceptual
            values["perceptual"] = perceptual.detach()
        accelerator.backward(loss)
        average_gradients(accelerator, self.enlarger.parameters())
        opt_enlarger.step()
        opt_enlarger.zero_grad(set_to_none=True)
        update_average(self.average.enlarger, self.enlarger, i, 0.995)
        return {"pixel": pixel.detach(), **values}
