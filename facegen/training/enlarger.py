"""Train an enlarger of a published generator: it learns to draw what a smaller picture lacks, on crops.

`EnlargerTrainer` makes the one that doubles what the decoder draws, `LargerTrainer` the one that doubles that again.

A third of what it sees are photographs made small and somewhat soft, as what the generator draws is; it draws them as
they were. The rest are faces that the generator drew: what it makes of them should look like photographs to two
discriminators, of pixels and of a frozen network's features (Projected GAN, Sauer et al. 2021), which know where in the
face they look. Made small again, it should be the face that was drawn, but for what repeats every two pixels.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen import registry
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.generator import DeconvGenerator
from facegen.drawing.sheets import grid
from facegen.networks.discriminators import Discriminator, FeatureDiscriminator
from facegen.networks.squeezenet import SqueezeNet, perceptual_distance
from facegen.picture import to_image
from facegen.training.batches import to_tensor
from facegen.training.crops import cut, halve, smooth, soften
from facegen.training.default.losses import feature_penalty, gradient_penalty, relativistic
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, update_average
from facegen.training.run import TrainingError
from facegen.training.trainer import ModelTrainer, batches, drop

EVERY = 8  # steps between gradient penalties
MARGIN = 4  # px that are drawn around a crop of the smaller image, since a convolution knows nothing beyond its edge
MAPS = slice(0, 4)  # of the feature network's: the last one hardly sees what is sharp


@dataclass
class EnlargerTraining:
    """What it learns from, and how fast.

    Args:
        model: the enlarger's sizes and the image's; the rest becomes the published generator's.
        source: the generator: a folder or a Hub repository; the embedded one if left out.
        feature_weights: SqueezeNet's, a file (`--feature-weights`).
        faces: how many the generator draws to learn from, before the first step.
        crop: side in px of what is looked at, of the large picture.
        pixels, features, reconstruction, fidelity: weights of the two discriminators, of redrawn photographs, and of
            how far a drawn face, made small again, is from what it was.
    """

    model: GeneratorConfig = field(default_factory=lambda: GeneratorConfig(enlarger_channels=32))
    source: str = ""
    feature_weights: str = ""
    faces: int = 3000
    crop: int = 96
    batch: int = 10
    steps: int = 3000
    learning_rate: float = 5e-4
    pixels: float = 0.12
    features: float = 0.35
    reconstruction: float = 0.4
    fidelity: float = 2.5
    penalty: float = 0.15
    feature_penalty: float = 0.25
    average: float = 0.998
    seed: int = 1


class EnlargerTrainer(ModelTrainer):
    """See the module's docstring."""

    stage = "enlarger"  # and the name of the part that is trained
    model: DeconvGenerator
    config: EnlargerTraining

    def build(self) -> None:
        """The published generator with a new enlarger, its drawn faces, discriminators. Raises `TrainingError`."""
        config = self.config
        if not config.feature_weights:
            raise TrainingError("the enlarger's losses look at features: give --feature-weights")
        published = registry.load(config.source or None, kinds=("facegen-deconv",))
        model = self.with_part(published.config)
        if model.image_size != config.model.image_size:
            sizes = f"model.channels mean {config.model.image_size} px, the generator's {model.image_size} px"
            raise TrainingError(sizes)
        config.model = model
        self.model = DeconvGenerator(config.model).requires_grad_(False).eval()
        for name, part in published.named_children():
            if name != self.stage and isinstance(self.model.get_submodule(name), type(part)):
                setattr(self.model, name, part)
        self.enlarger = copy.deepcopy(self.average).to(self.device).requires_grad_(True).train()
        self.sketches = self.draw_sketches()
        self.squeezenet = SqueezeNet(Path(config.feature_weights)).to(self.device)
        place = 2  # what the discriminators are told: where the crop lies
        self.discriminators = nn.ModuleDict(
            {
                "pixels": Discriminator(place, config.crop, width=48),
                "features": FeatureDiscriminator(place, self.squeezenet.channels[MAPS], width=96),
            }
        ).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = self.prepare(torch.optim.Adam(self.enlarger.parameters(), betas=(0.0, 0.99)))
        self.against = self.prepare(torch.optim.Adam(self.discriminators.parameters(), betas=(0.0, 0.99)))

    @property
    def modules(self) -> dict[str, nn.Module]:
        """Enlarger, its moving average (in the model), discriminators."""
        return {"enlarger": self.enlarger, "average": self.average, "discriminators": self.discriminators}

    @property
    def average(self) -> nn.Module:
        """The moving average, which is what the model draws with."""
        return self.model.get_submodule(self.stage)

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Theirs."""
        return {"optimizer": self.optimizer, "against": self.against}

    def with_part(self, published: GeneratorConfig) -> GeneratorConfig:
        """The published generator's config, with the new part's sizes."""
        own = self.config.model
        return replace(published, enlarger_channels=own.enlarger_channels, enlarger_blocks=own.enlarger_blocks)

    def sketch(self, identity: Tensor, said: Tensor) -> Tensor:
        """What is to be enlarged: faces (n, 3, s, s) in -1..1."""
        return self.model.sketch(identity, said)

    def draw_sketches(self) -> np.ndarray:
        """Faces of some of what the labels say: uint8 (faces, s, s, 3); kept in the run's folder."""
        path = self.run.folder / "sketches.npy"
        if not path.is_file():
            names = self.config.model.attributes
            labels = torch.from_numpy(self.data.columns(names)[self.rows].astype(np.float32))
            known = (labels != 0).any(1)  # not all faces have labels
            labels = labels[known] if known.any() else labels
            labels = labels[torch.from_numpy(self.rng.integers(0, len(labels), self.config.faces))]
            said = drop(labels, 1.0)
            said[(said < 0) & (torch.rand_like(said) < 0.85)] = 0  # people seldom say what a face has not
            drawn = []
            for some in batches(np.arange(self.config.faces)):
                faces = self.sketch(self.model.identity([10**6 + int(i) for i in some]), said[some])
                drawn.append(((faces + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
            np.save(path, np.concatenate(drawn))
        return np.load(path)

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Photographs (n, 3, 2s, 2s), drawn faces (n, 3, s, s) in -1..1, some mirrored; what is told of a crop (n, 2),
        its corner in the smaller image in -1..1."""
        n, config = self.config.batch, self.config
        photos = to_tensor(self.data.images[np.sort(self.rng.choice(self.rows, n))])
        drawn = to_tensor(self.sketches[np.sort(self.rng.choice(len(self.sketches), n))])
        mirrored = torch.from_numpy(self.rng.random(n) < 0.5)[:, None, None, None]
        photos, drawn = (torch.where(mirrored, images.flip(3), images) for images in (photos, drawn))
        room = drawn.shape[-1] - config.crop // 2 - 2 * MARGIN
        corner = 2 * torch.from_numpy(self.rng.integers(0, room // 2 + 1, 2)) + MARGIN
        return photos.to(self.device), drawn.to(self.device), corner.to(self.device)

    def step(self, i: int) -> Mapping[str, float]:
        """One update of the discriminators, one of the enlarger."""
        config, half = self.config, self.config.batch // 2
        anneal(self.optimizer, config.learning_rate, i, config.steps, 100)
        anneal(self.against, config.learning_rate, i, config.steps, 100)
        photos, drawn, corner = self.batch()
        told = (corner / (drawn.shape[-1] / 2) - 1).float().expand(config.batch, 2)
        small = torch.cat([drawn, soften(halve(photos[:half]))])
        with self.accelerator.autocast():
            large = self.enlarger(cut(small, corner, config.crop // 2, MARGIN))[..., 2 * MARGIN :, 2 * MARGIN :]
            large = large[..., : config.crop, : config.crop].float()
        fake, redrawn = large[: config.batch], large[config.batch :]
        real = cut(photos, 2 * corner, config.crop)
        seen_real, seen_fake = jitter(real, 0.03, 0.1), jitter(fake, 0.03, 0.1)

        self.discriminators.requires_grad_(True)
        with self.accelerator.autocast():
            with torch.no_grad():
                real_maps = self.squeezenet(seen_real)[MAPS]
            if i == 0:
                self.discriminators["features"].calibrate(real_maps)
            fake_maps = self.squeezenet(seen_fake)[MAPS]
            of_real = self.logits(seen_real, real_maps, told)
            of_fake = self.logits(seen_fake.detach(), [m.detach() for m in fake_maps], told)
            loss = sum(relativistic(a, b) for a, b in zip(of_real, of_fake, strict=True))
            if i % EVERY == 0:  # lazily, as in StyleGAN2
                loss = loss + EVERY * self.penalties(real[:half], told) + EVERY * self.penalties(fake[:half], told)
        self.accelerator.backward(loss)
        self.against.step()
        self.against.zero_grad(set_to_none=True)

        self.discriminators.requires_grad_(False)
        with self.accelerator.autocast():
            of_fake = self.logits(seen_fake, fake_maps, told)
            each = [relativistic(a, b.detach()) for a, b in zip(of_fake, of_real, strict=True)]
            fooled = config.pixels * each[0] + config.features * sum(each[1:]) / len(each[1:])
            with torch.no_grad():
                wanted = self.squeezenet(real[:half])[MAPS]
            perceptual = perceptual_distance(self.squeezenet(redrawn)[MAPS], wanted)
        pixel = (redrawn - real[:half]).abs().mean()
        kept = (smooth(halve(fake)) - smooth(cut(drawn, corner, config.crop // 2))).abs().mean()
        loss = fooled + config.reconstruction * (pixel + perceptual) + config.fidelity * kept
        self.update(loss, self.enlarger.parameters())
        update_average(self.average, self.enlarger, i, config.average)
        gaps = [(a.mean() - b.mean()).item() for a, b in zip(of_real, of_fake, strict=True)]
        return {
            "gap": gaps[0], "features gap": sum(gaps[1:]) / len(gaps[1:]), "l1": pixel.item(),
            "perceptual": perceptual.item(), "kept": kept.item(),
        }  # fmt: skip

    def logits(self, images: Tensor, maps: list[Tensor], told: Tensor) -> list[Tensor]:
        """What the discriminators say: logits (n, h, w), of pixels first."""
        return [self.discriminators["pixels"](images, told), *self.discriminators["features"](maps, told)]

    def penalties(self, images: Tensor, told: Tensor) -> Tensor:
        """Both discriminators' gradient penalties."""
        images, told = jitter(images.detach(), 0.03, 0.1), told[: len(images)]
        with torch.no_grad():
            maps = self.squeezenet(images)[MAPS]
        pixels = gradient_penalty(self.discriminators["pixels"], images, told)
        features = feature_penalty(self.discriminators["features"], maps, told)
        return self.config.penalty * pixels + self.config.feature_penalty * features

    @torch.no_grad()
    def picture(self, i: int) -> None:
        """Drawn faces: made large smoothly, and by the enlarger."""
        if self.run.main:
            small = to_tensor(self.sketches[:8])
            rows = (F.interpolate(small, scale_factor=2.0, mode="bicubic"), self.average(small))
            sheet = grid([to_image(face.clamp(-1, 1)) for row in rows for face in row], 8)
            sheet.save(self.run.folder / f"{self.stage}-{i:06d}.jpg", quality=92)


@dataclass
class LargerTraining(EnlargerTraining):
    """See `EnlargerTraining`; the photographs are of twice the generator's size."""

    model: GeneratorConfig = field(default_factory=lambda: GeneratorConfig(enlarger_channels=32, larger_channels=24))
    faces: int = 1000
    steps: int = 1500

    @property
    def image_size(self) -> int:
        """Side in px of the photographs that it learns from."""
        return self.model.sizes[-1]


class LargerTrainer(EnlargerTrainer):
    """Trains the second enlarger, which doubles the generator's image."""

    stage = "larger"

    def with_part(self, published: GeneratorConfig) -> GeneratorConfig:
        """See `EnlargerTrainer`."""
        return replace(published, larger_channels=self.config.model.larger_channels)

    def sketch(self, identity: Tensor, said: Tensor) -> Tensor:
        """See `EnlargerTrainer`."""
        return self.model(identity, said)
