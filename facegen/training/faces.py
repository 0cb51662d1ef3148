"""Train the default generator, in three stages of one run.

1. autoencoder: encoder and decoder learn to draw photographs from codes (L1 + perceptual loss); attributes are given
   beside the code and dropped at random.
2. prior: the encoder is frozen; the flow learns to carry noise to its codes, attribute by attribute.
3. adversarial: the decoder goes on with codes drawn from the flow, against a relativistic discriminator; photographs
   are still reconstructed, so that it forgets nothing.

A checkpoint can be used at any moment: until stage 2 has run, the prior is the identity map (see `Prior`).
All stages run under Hugging Face Accelerate; on a CPU with bfloat16 matrix units `--mixed-precision bf16` is many
times faster than float32.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from facegen import hub
from facegen.data.base import FaceDataset
from facegen.evaluation.sheets import face_sheet
from facegen.generator import DeconvGenerator, GeneratorConfig
from facegen.training import losses
from facegen.training.augment import jitter
from facegen.training.networks import Discriminator, Encoder, eigenfaces
from facegen.training.optim import anneal, update_average
from facegen.training.pack import Pack, pack
from facegen.training.run import Run, load_state, loop, save_state
from facegen.training.squeezenet import SqueezeNet, perceptual_distance

STAGES = ("autoencoder", "prior", "adversarial")


@dataclass
class FaceTrainingConfig:
    """Hyper-parameters of the three stages; step counts are where `--resume` goes on from.

    Args:
        code_noise: standard deviation of the noise on codes while the decoder learns; the codes' own is 1.
        drop_all, drop_each: chance that nothing is said of a face; else, largest chance that an attribute is left out.
        min_inside: photographs whose aligned crop lay less inside the picture than this are left out (0..1).
        perceptual, adversarial, agreement: weights beside the L1 loss's 1.
    """

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    batch: int = 32
    autoencoder_steps: int = 40_000
    prior_steps: int = 30_000
    adversarial_steps: int = 60_000
    code_noise: float = 0.3
    drop_all: float = 0.3
    drop_each: float = 0.9
    min_inside: float = 0.95
    learning_rate: float = 4e-4
    prior_batch: int = 1024
    prior_learning_rate: float = 1e-3
    prior_dropout_noise: float = 0.1
    adversarial_learning_rate: float = 2e-4
    perceptual: float = 1.0
    adversarial: float = 0.05
    agreement: float = 0.05
    gradient_penalty: float = 2.0
    penalty_every: int = 8
    seed: int = 0


class FaceTrainer:
    """State of a run: networks, their averages, optimizers, data; `fit` runs the stages that are left."""

    def __init__(
        self,
        config: FaceTrainingConfig,
        datasets: list[FaceDataset],
        run: Run,
        cache: Path,
        feature_weights: Path | None,
        judge: nn.Module | None = None,
        accelerator: Accelerator | None = None,
    ):
        self.config, self.run = config, run
        self.accelerator = accelerator or Accelerator()
        self.device = self.accelerator.device
        torch.manual_seed(config.seed + self.accelerator.process_index)
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        generator = config.generator
        self.data: Pack = pack(datasets, generator.image_size, cache)
        self.labels = torch.from_numpy(self.data.columns(generator.attributes).astype(np.float32))
        self.rows = self.data.rows("train", config.min_inside)
        self.weights = rarity(self.labels[self.rows].numpy())
        layout = {"device": self.device, "memory_format": torch.channels_last}
        self.model = DeconvGenerator(generator).to(**layout)
        self.average = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.encoder = Encoder(generator).to(**layout)
        self.discriminator = Discriminator(generator).to(**layout)
        self.features = SqueezeNet(feature_weights).to(self.device) if feature_weights else None
        self.judge = judge.to(self.device).requires_grad_(False).eval() if judge else None
        self.penalty = 0.0
        adam = torch.optim.Adam
        lr = config.learning_rate
        self.optimizers = {
            "opt_autoencoder": adam(groups(self.encoder, self.model.decoder), lr, (0.5, 0.99)),
            "opt_prior": adam(self.model.prior.parameters(), config.prior_learning_rate, (0.9, 0.99)),
            "opt_decoder": adam(groups(self.model.decoder), config.adversarial_learning_rate, (0.0, 0.99)),
            "opt_discriminator": adam(self.discriminator.parameters(), config.adversarial_learning_rate, (0.0, 0.99)),
        }
        self.done = dict.fromkeys(STAGES, 0)

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {
            "model": self.model,
            "average": self.average,
            "encoder": self.encoder,
            "discriminator": self.discriminator,
        }

    def save(self) -> None:
        """State to go on from, and the checkpoint that people use (the averaged weights)."""
        if self.run.main:
            save_state(self.run.folder / "state.safetensors", self.modules, self.optimizers, {"done": self.done})
            hub.save(self.average, self.run.folder / "checkpoint")

    def resume(self, path: Path) -> None:
        self.done = load_state(path, self.modules, self.optimizers)["done"]

    def fit(self) -> bool:
        """Run what is left of each stage; True when nothing is."""
        steps = {"autoencoder": self._autoencoder, "prior": self._prior, "adversarial": self._adversarial}
        for stage in STAGES:
            total = getattr(self.config, f"{stage}_steps")
            if self.done[stage] >= total:
                continue
            step = steps[stage]()

            def save(i: int, stage: str = stage) -> None:
                self.done[stage] = i
                self.save()

            def picture(i: int, stage: str = stage) -> None:
                if self.run.main:
                    face_sheet(self.average).save(self.run.folder / f"{stage}-{i:06d}.png")

            if not loop(self.run, stage, range(self.done[stage], total), step, save, picture):
                return False
        return True

    # -- batches ---------------------------------------------------------------------------------------------------

    def batch(self, n: int) -> tuple[Tensor, Tensor]:
        """n training photographs (n, 3, s, s) in -1..1, mirrored at random, and their labels (n, a), some dropped."""
        rows = self.rng.choice(self.rows, n, p=self.weights)
        images = self.photos(rows)
        mirror = torch.from_numpy(self.rng.random(n) < 0.5)
        images[mirror] = images[mirror].flip(3)
        return images.contiguous(memory_format=torch.channels_last).to(self.device), self.drop(self.labels[rows])

    def photos(self, rows: np.ndarray) -> Tensor:
        """Photographs (n, 3, s, s) in -1..1."""
        return torch.from_numpy(self.data.images[rows]).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)

    def drop(self, labels: Tensor) -> Tensor:
        """Make some labels "not said": all of them, or each with a chance that differs from face to face."""
        keep = torch.rand(len(labels), 1) >= self.config.drop_all
        each = torch.rand(len(labels), 1) * self.config.drop_each
        return (labels * keep * (torch.rand_like(labels) >= each)).to(self.device)

    # -- stages: each returns a function of the step number that makes one step and returns its losses ---------------

    def _autoencoder(self):
        config, optimizer = self.config, self.optimizers["opt_autoencoder"]
        if self.done["autoencoder"] == 0:
            eigenfaces(self.encoder, self.model.decoder, self.photos(self.rows[:8000]))
            self.average.decoder.load_state_dict(self.model.decoder.state_dict())
        self.encoder.train()

        def step(i: int) -> dict[str, float]:
            anneal(optimizer, config.learning_rate, i, config.autoencoder_steps)
            photo, labels = self.batch(config.batch)
            with self.accelerator.autocast():
                code = self.encoder(photo)
                drawn = self.model.decoder(code + config.code_noise * torch.randn_like(code), labels)
            pixel, perceptual = self._reconstruction(drawn, photo)
            self.accelerator.backward(pixel + config.perceptual * perceptual)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            update_average(self.average.decoder, self.model.decoder, i, 0.999)
            return {"l1": pixel.item(), "perceptual": float(perceptual)}

        return step

    def _reconstruction(self, drawn: Tensor, photo: Tensor) -> tuple[Tensor, Tensor]:
        pixel = (drawn.float() - photo).abs().mean()
        if self.features is None:
            return pixel, torch.zeros((), device=self.device)
        # The features of a random window cost half of those of the whole image, and say the same on average.
        size = photo.shape[-1] * 3 // 4
        y, x = self.rng.integers(0, photo.shape[-1] - size + 1, 2)
        drawn, photo = drawn[:, :, y : y + size, x : x + size], photo[:, :, y : y + size, x : x + size]
        with self.accelerator.autocast():
            with torch.no_grad():
                target = self.features(photo)
            return pixel, perceptual_distance(self.features(drawn), target)

    @torch.no_grad()
    def codes(self) -> tuple[Tensor, Tensor]:
        """Codes of all training photographs and of their mirror images (2n, d), and their labels (2n, a)."""
        self.encoder.eval()
        codes = []
        for rows in np.array_split(self.rows, math.ceil(len(self.rows) / 64)):
            photo = self.photos(rows)
            with self.accelerator.autocast():
                codes.append(torch.stack([self.encoder(x.to(self.device)) for x in (photo, photo.flip(3))], 1))
        codes = torch.cat(codes)
        labels = self.labels[self.rows].to(self.device)
        return torch.cat([codes[:, 0], codes[:, 1]]), torch.cat([labels, labels])

    def _prior(self):
        config, optimizer = self.config, self.optimizers["opt_prior"]
        codes, labels = self.codes()
        weights = torch.from_numpy(np.tile(self.weights, 2)).to(self.device)

        def step(i: int) -> dict[str, float]:
            anneal(optimizer, config.prior_learning_rate, i, config.prior_steps)
            rows = torch.multinomial(weights, config.prior_batch, replacement=True)
            # A little noise on the codes keeps the flow from learning the 27,000 points by heart; the decoder was
            # trained with more.
            code = codes[rows] + config.prior_dropout_noise * torch.randn(config.prior_batch, codes.shape[1], device=self.device)
            with self.accelerator.autocast():
                loss = losses.flow_matching(self.model.prior, code, self.drop(labels[rows].cpu()))
            self.accelerator.backward(loss)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            update_average(self.average.prior, self.model.prior, i, 0.9995)
            return {"flow": loss.item()}

        return step

    def _adversarial(self):
        config, accelerator = self.config, self.accelerator
        decoder, discriminator = self.model.decoder, self.discriminator
        opt_decoder, opt_discriminator = self.optimizers["opt_decoder"], self.optimizers["opt_discriminator"]
        self.encoder.requires_grad_(False).eval()
        prior, guidance = self.average.prior, config.generator.guidance

        def step(i: int) -> dict[str, float]:
            for optimizer in (opt_decoder, opt_discriminator):
                anneal(optimizer, config.adversarial_learning_rate, i, config.adversarial_steps)
            photo, labels = self.batch(config.batch)
            noise = torch.randn(config.batch, config.generator.identity_dim, device=self.device)
            with torch.no_grad(), accelerator.autocast():
                code = prior.sample(noise, labels, guidance, steps=4).float()
            with accelerator.autocast():
                drawn = decoder(code, labels).float()

            # Discriminator: the photograph should look more real than the face drawn for the same attributes.
            discriminator.requires_grad_(True)
            with accelerator.autocast():
                real = discriminator(jitter(photo), labels)
                fake = discriminator(jitter(drawn.detach()), labels)
                loss = losses.relativistic(real, fake)
                if i % config.penalty_every == 0:  # lazily, as in StyleGAN2: it costs as much as the rest together
                    half = config.batch // 2
                    penalty = losses.gradient_penalty(discriminator, jitter(photo[:half]), labels[:half])
                    penalty = penalty + losses.gradient_penalty(discriminator, jitter(drawn[:half].detach()), labels[:half])
                    self.penalty = penalty.item()
                    loss = loss + config.gradient_penalty * config.penalty_every * penalty
            accelerator.backward(loss)
            opt_discriminator.step()
            opt_discriminator.zero_grad(set_to_none=True)

            # Decoder: the same pair the other way round; and half a batch of photographs to redraw.
            discriminator.requires_grad_(False)
            half = config.batch // 2
            with accelerator.autocast():
                with torch.no_grad():
                    real = discriminator(jitter(photo), labels)
                    kept = self.encoder(photo[:half])
                    kept = kept + 0.5 * config.code_noise * torch.randn_like(kept)
                adversarial = losses.relativistic(discriminator(jitter(drawn), labels), real)
                agreement = losses.agreement(self.judge, jitter(drawn), labels) if self.judge else torch.zeros(())
                redrawn = decoder(kept, labels[:half])
            pixel, perceptual = self._reconstruction(redrawn, photo[:half])
            accelerator.backward(
                config.adversarial * adversarial
                + config.agreement * agreement
                + 0.5 * (pixel + config.perceptual * perceptual)
            )
            opt_decoder.step()
            opt_decoder.zero_grad(set_to_none=True)
            update_average(self.average.decoder, decoder, self.done["autoencoder"] + i, 0.998)
            return {
                "real-drawn": (real.mean() - fake.detach().mean()).item(),
                "adversarial": adversarial.item(),
                "agreement": float(agreement),
                "l1": pixel.item(),
                "perceptual": float(perceptual),
                "penalty": self.penalty,
            }

        return step


def groups(*modules: nn.Module) -> list[dict]:
    """Parameter groups: the eigenface layers start solved and add up 12,288 inputs, so they learn 50 times slower."""
    named = [(n, p) for m in modules for n, p in m.named_parameters()]
    return [
        {"params": [p for n, p in named if not n.startswith("eigenfaces")]},
        {"params": [p for n, p in named if n.startswith("eigenfaces")], "lr_factor": 0.02},
    ]


def rarity(labels: np.ndarray) -> np.ndarray:
    """Sampling weights (n,), summing to 1: a face weighs with the root of its rarest attribute's rarity, 3 at most."""
    share = np.maximum((labels > 0).mean(0), 1e-3)
    weights = np.where(labels > 0, np.sqrt(0.15 / share), 1.0).max(1).clip(1.0, 3.0)
    return weights / weights.sum()
