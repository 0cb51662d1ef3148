"""What a recipe says: one dataclass a stage. A recipe is one YAML file (training/recipes)."""

from __future__ import annotations

from dataclasses import dataclass, field

from facegen.drawing.config import GeneratorConfig
from facegen.training.recipe import filled


@dataclass
class DataSettings:
    """Which faces are seen, and what is said of them.

    Args:
        looks: look -> names of data set folders; what no look names is a "snapshot".
        min_inside: photographs whose aligned crop lay less inside the picture than this are left out (0..1).
        fill: whether the embedded classifier tells what a data set never labels, where it is sure.
        silent: share of faces of which nothing is said.
        wordy: share of faces of which all is said that is known.
        most: of the others, at most so many attributes are said.
        no_look: share of faces whose look isn't told.
        rarity: how much more often faces with rare attributes come; 0 for evenly.
    """

    looks: dict[str, list[str]] = field(
        default_factory=lambda: {
            "studio": ["studio_generated", "london", "fakerjs", "congress", "voteview"],
            "celebrity": ["celebahq", "celeba160", "celeba256", "celeba_subjects160"],
        }
    )
    min_inside: float = 0.9
    fill: bool = True
    silent: float = 0.15
    wordy: float = 0.15
    most: int = 12
    no_look: float = 0.1
    rarity: float = 0.5


@dataclass
class AutoencoderSettings:
    """Encoder and decoder learn to draw photographs from codes.

    Args:
        size: side in px at which photographs are drawn, and at which the encoder looks at them, ever after.
        code_noise: standard deviation of the noise on codes; the codes' own is 1.
        perceptual: weight of the feature loss beside the L1 loss's 1.
    """

    steps: int = 40_000
    batch: int = 32
    size: int = 128
    learning_rate: float = 4e-4
    code_noise: float = 0.3
    perceptual: float = 1.0


@dataclass
class FlowSettings:
    """The flow learns to carry noise to the codes of photographs.

    Args:
        views: how often each photograph is encoded, slightly turned, moved and recoloured.
    """

    steps: int = 30_000
    batch: int = 1024
    learning_rate: float = 1e-3
    code_noise: float = 0.1
    views: int = 6


@dataclass
class DistillationSettings:
    """The flow learns to end where it would with guidance and many small steps.

    Args:
        teacher_steps: small steps for each large one.
        strongest: guidance is drawn evenly between 1 and this.
        refresh: steps that learn from one set of paths.
        sets: batches in one set of paths.
    """

    steps: int = 4_000
    batch: int = 1024
    learning_rate: float = 5e-4
    teacher_steps: int = 4
    strongest: float = 4.0
    refresh: int = 200
    sets: int = 8


@dataclass
class AdversarialSettings:
    """The decoder goes on with codes drawn from the flow, against discriminators.

    Args:
        size: side in px of what is drawn. crop: side of the part of it that is drawn and looked at; 0 for all.
        only_last: whether only the decoder's last block learns.
        width: channels of the pixels' discriminator at half the image's side. whole: whether it looks at the
            whole image beside its patches.
        pixels, features, reconstruction: weights of the two discriminators and of redrawn photographs.
        penalty, feature_penalty: weights of the discriminators' gradient penalties, every `penalty_every` steps.
    """

    steps: int = 0
    batch: int = 32
    size: int = 128
    crop: int = 0
    only_last: bool = False
    learning_rate: float = 3e-4
    discriminator_learning_rate: float = 5e-4
    width: int = 64
    whole: bool = False
    pixels: float = 0.25
    features: float = 0.5
    reconstruction: float = 0.4
    perceptual: float = 1.0
    code_noise: float = 0.15
    penalty: float = 0.15
    feature_penalty: float = 0.25
    penalty_every: int = 8
    average: float = 0.998


@dataclass
class Recipe:
    """All that a run needs but the place of the data. Stages run in this order; one of 0 steps is left out.

    Args:
        precision: "no" or "bf16".
    """

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    data: DataSettings = field(default_factory=DataSettings)
    autoencoder: AutoencoderSettings = field(default_factory=AutoencoderSettings)
    flow: FlowSettings = field(default_factory=FlowSettings)
    distillation: DistillationSettings = field(default_factory=DistillationSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    detail: AdversarialSettings = field(default_factory=AdversarialSettings)
    precision: str = "bf16"
    seed: int = 0

    @property
    def needs_features(self) -> bool:
        """Whether a loss looks at a frozen network's features."""
        weights = [self.autoencoder.perceptual * self.autoencoder.steps]
        for stage in (self.adversarial, self.detail):
            weights.append(stage.steps * (stage.features + stage.reconstruction * stage.perceptual))
        return any(weights)


def read_recipe(values: dict) -> Recipe:
    """The recipe of a YAML file's values. Raises `TrainingError` for an unknown name or a value of the wrong kind."""
    return filled(Recipe(), values)
