"""What a run has: its recipe, its faces, its networks and their optimizers; saved as one file, to go on from."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from facegen import registry
from facegen.drawing.generator import FaceGenerator
from facegen.networks.discriminators import Discriminator, FeatureDiscriminator
from facegen.networks.encoder import Encoder
from facegen.networks.squeezenet import SqueezeNet, perceptual_distance
from facegen.training.default.faces import Faces
from facegen.training.default.settings import AdversarialSettings, Recipe
from facegen.training.run import Run, load_state, save_state

DEEP = slice(1, None)  # the feature discriminator's maps: all but the first, which shows little that the pixels don't
STAGES = ("autoencoder", "flow", "distillation", "adversarial", "detail")


@dataclass
class State:
    """Networks, optimizers, and how many steps of each stage are done.

    Args:
        average: the moving average of `model`'s weights; this is the checkpoint.
        teacher: the flow before distillation.
        features: the frozen network of the feature losses; None for none.
        discriminators: the discriminators of each adversarial stage.
    """

    recipe: Recipe
    run: Run
    accelerator: Accelerator
    faces: Faces
    features: SqueezeNet | None
    model: FaceGenerator
    average: FaceGenerator
    teacher: nn.Module
    encoder: Encoder
    discriminators: dict[str, nn.ModuleDict]
    optimizers: dict[str, torch.optim.Optimizer]
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return self.accelerator.device

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What `save` writes, by name."""
        own = {"model": self.model, "average": self.average, "teacher": self.teacher, "encoder": self.encoder}
        return own | {f"{stage}_discriminators": each for stage, each in self.discriminators.items()}

    def save(self) -> None:
        """Write the state, and the checkpoint that draws (the averaged weights)."""
        if self.run.main:
            save_state(self.run.folder / "state.safetensors", self.modules, self.optimizers, {"done": self.done})
            registry.save(self.average, self.run.folder / "checkpoint")

    def resume(self, path: Path) -> None:
        """Fill everything from what `save` wrote."""
        self.done |= load_state(path, self.modules, self.optimizers)["done"]

    def reconstruction(self, redrawn: Tensor, photos: Tensor) -> tuple[Tensor, Tensor]:
        """Mean absolute and perceptual distance of images (n, 3, s, s)."""
        with self.accelerator.autocast():
            pixel = (redrawn.float() - photos).abs().mean()
            if self.features is None:
                return pixel, pixel.new_zeros(())
            with torch.no_grad():
                wanted = self.features(photos)
            return pixel, perceptual_distance(self.features(redrawn), wanted)


def discriminators(conditions: int, settings: AdversarialSettings, features: SqueezeNet | None) -> nn.ModuleDict:
    """The discriminators of an adversarial stage."""
    side = settings.crop or settings.size
    networks = {"pixels": Discriminator(conditions, side, width=settings.width, whole=settings.whole)}
    if features is not None and settings.features:
        networks["features"] = FeatureDiscriminator(conditions, features.channels[DEEP])
    return nn.ModuleDict(networks)


def build(recipe: Recipe, run: Run, accelerator: Accelerator, faces: Faces, features: SqueezeNet | None) -> State:
    """The networks of a run before its first step, the same in every process."""
    torch.manual_seed(recipe.seed)
    config, layout = recipe.generator, {"device": accelerator.device, "memory_format": torch.channels_last}
    model = FaceGenerator(config).to(**layout)
    model.decoder.eigenfaces.requires_grad_(False)
    encoder = Encoder(recipe.autoencoder.size, config.identity_dim, config.coarse).to(**layout)
    encoder.eigenfaces.requires_grad_(False)
    games = {name: getattr(recipe, name) for name in ("adversarial", "detail") if getattr(recipe, name).steps}
    played = {name: discriminators(config.conditions, game, features).to(**layout) for name, game in games.items()}

    def adam(module_list: list[nn.Module], rate: float, betas: tuple[float, float]) -> torch.optim.Optimizer:
        parameters = [p for module in module_list for p in module.parameters() if p.requires_grad]
        return torch.optim.Adam(parameters, rate, betas, fused=accelerator.device.type == "cuda")

    optimizers = {
        "opt_autoencoder": adam([encoder, model.decoder], recipe.autoencoder.learning_rate, (0.5, 0.99)),
        "opt_flow": adam([model.flow], recipe.flow.learning_rate, (0.9, 0.99)),
        "opt_distillation": adam([model.flow], recipe.distillation.learning_rate, (0.9, 0.99)),
    }
    for name, game in games.items():
        learning = [model.decoder.blocks[-1]] if game.only_last else [model.decoder]
        optimizers[f"opt_{name}"] = adam(learning, game.learning_rate, (0.0, 0.99))
        optimizers[f"opt_{name}_discriminators"] = adam([played[name]], game.discriminator_learning_rate, (0.0, 0.99))
    average = copy.deepcopy(model).requires_grad_(False).eval()
    teacher = copy.deepcopy(average.flow)
    torch.manual_seed(recipe.seed + 1 + accelerator.process_index)  # batches differ between processes
    return State(recipe, run, accelerator, faces, features, model, average, teacher, encoder, played, optimizers)
