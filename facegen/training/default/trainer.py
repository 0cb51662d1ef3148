"""Train the default generator, in five stages of one run.

1. autoencoder: encoder and decoder learn to draw photographs from codes (L1 + perceptual loss); attributes are given
   beside the code and dropped at random.
2. prior: the encoder is frozen; the flow learns to carry noise to its codes, attribute by attribute.
3. guide: so does a much smaller flow, for a short time; to be worse is what it is for (see prior.py).
4. adversarial: the decoder goes on with codes drawn from the flow, against a relativistic discriminator; photographs
   are still reconstructed, so that it forgets nothing.
5. refine: where there is a classifier to judge, the refiner learns which codes it reads as what was said (see refiner.py).

A checkpoint can be used at any moment: until stages 2 and 3 have run, the flow and its guide are the identity map (see prior.py).
All stages run under Hugging Face Accelerate; on a CPU with bfloat16 matrix units `--mixed-precision bf16` is many
times faster than float32.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from facegen import hub, registry
from facegen.data.base import FaceDataset
from facegen.data.dress.augment import AugmentConfig
from facegen.data.pack import Pack, pack
from facegen.drawing.generator import DeconvGenerator, GeneratorConfig
from facegen.drawing.sheets import face_sheet
from facegen.networks.encoder import Discriminator, Encoder, FeatureDiscriminator, eigenfaces
from facegen.networks.facenet import face_network
from facegen.networks.squeezenet import SqueezeNet, perceptual_distance
from facegen.training import losses
from facegen.training.batches import FaceBatches
from facegen.training.default.adversarial import adversarial_stage
from facegen.training.default.discriminating import DEEP
from facegen.training.default.fill_labels import filled
from facegen.training.default.flow import flow_parameters, flow_stage
from facegen.training.default.refine import refine_stage, require_refine
from facegen.training.default.start_from import HELPERS, fits, read_published, require_encoder, take_over
from facegen.training.optim import anneal, average_gradients, groups, update_average
from facegen.training.run import Run, TrainingError, load_state, loop, save_state

FACE_LOSSES = ("face_adversarial", "refine_transport", "identity")  # what needs dlib's embedding
STAGES = ("autoencoder", "prior", "guide", "adversarial", "refine")


@dataclass
class FaceTrainingConfig:
    """Hyper-parameters of the five stages; step counts are where `--resume` goes on from.

    Args:
        code_noise: standard deviation of the noise on codes while the decoder learns; the codes' own is 1.
        drop_all, drop_each: chance that nothing is said of a face; else, largest chance that an attribute is left out.
        drop_most: share of the others of which only some seven attributes are said, as people do.
        min_inside: photographs whose aligned crop lay less inside the picture than this are left out (0..1).
        augment_eyewear, augment_facial_hair: chance that glasses are drawn onto a face that has none, facial hair onto a man
            who has none (Meden 2018: 0.5; less keeps "not said" close to what photographs show).
        prior_views: how often each photograph is slightly turned, moved and recoloured for the flow, which would know 14,000 by heart.
        fill: what one of the data sets never labels is told by the classifier, where it is sure (see fill.py).
        retouched, retouched_share: how many descriptions are tried for codes of people whom photographs seldom show, which the flow learns
            beside photographs' own (see retouch.py); these codes' share of the faces of which something is said.
        refine_move: what it costs to move a code by one, in nats of the classifier's answer for each face.
        refine_transport, refine_means: weights, in the same nats, of how far face embeddings are from where they would be if people were
            as varied as photographs' (see transport.py), and of how far the features' means are from those of photographs.
        refine_adversarial: how many such nats the adversarial stage's discriminators, with their weights there, count for each of theirs.
        discriminator_width: channels of the pixels' discriminator at half the image's side; four times as many in the end.
        perceptual: weight of the feature loss beside the L1 loss's 1.
        adversarial_rarity: how much more often rare faces come in the adversarial stage: 1 as in the others, 0 not at all.
        reconstruction, adversarial, agreement, feature_means, paint: weights in the adversarial stage, of redrawn photographs, of the
            discriminator, of the classifier that checks the attributes, of the features' means and of colors far from the coarse face's.
        imagined: share of the faces drawn there of which something is asked that no photograph may show (`batches.recombined`).
        teaching: weight there of what the decoder, as it was before, makes of the face drawn (see adversarial.py); for one that has
            met discriminators already, since what an autoencoder draws is soft.
        feature_adversarial, feature_penalty: weights of a second discriminator, which looks at the feature loss's features, and of
            its gradient penalty; face_adversarial: of a third, which looks at those of dlib's face embedding (see facenet.py).
        identity: weight of how far a redrawn photograph's face embedding is from the photograph's, in autoencoder and adversarial stage.
    """

    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    batch: int = 32
    autoencoder_steps: int = 40_000
    prior_steps: int = 30_000
    guide_steps: int = 1_500
    adversarial_steps: int = 60_000
    refine_steps: int = 1_500
    code_noise: float = 0.3
    drop_all: float = 0.3
    drop_each: float = 0.9
    drop_most: float = 0.3
    min_inside: float = 0.95
    augment_eyewear: float = 0.0
    augment_facial_hair: float = 0.0
    learning_rate: float = 4e-4
    prior_batch: int = 1024
    prior_learning_rate: float = 1e-3
    prior_code_noise: float = 0.1
    prior_views: int = 6
    fill: bool = False
    retouched: int = 0
    retouched_share: float = 0.15
    adversarial_learning_rate: float = 2e-4
    discriminator_learning_rate: float = 5e-4
    discriminator_width: int = 64
    refine_learning_rate: float = 2e-3
    refine_move: float = 0.02
    refine_transport: float = 0.0
    refine_means: float = 0.0
    refine_adversarial: float = 0.0
    adversarial_rarity: float = 0.8
    perceptual: float = 1.0
    reconstruction: float = 0.4
    adversarial: float = 0.15
    agreement: float = 0.03
    feature_means: float = 0.02
    paint: float = 5.0
    imagined: float = 0.0
    teaching: float = 0.0
    feature_adversarial: float = 0.5
    face_adversarial: float = 0.0
    identity: float = 0.0
    feature_penalty: float = 0.25
    gradient_penalty: float = 0.15
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
        torch.manual_seed(config.seed)  # the same first weights in every process; batches differ, below
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        generator = config.generator
        if config.retouched < 0 or not 0 <= config.retouched_share <= 1:
            raise TrainingError(f"retouched = {config.retouched}, retouched_share = {config.retouched_share}: 0 or more, and 0 to 1, are accepted")
        if config.discriminator_width < 1:
            raise TrainingError(f"discriminator_width = {config.discriminator_width}: 1 or more is accepted")
        if (config.retouched or config.fill) and not judge:
            what = f"retouched is {config.retouched}" if config.retouched else "fill is true"
            raise TrainingError(f"{what}, but no classifier tells what a face shows: give one with --judge, or set it to {'0' if config.retouched else 'false'}")
        require_refine(config, judge is not None, feature_weights is not None)
        self.judge = judge.to(self.device).requires_grad_(False).eval() if judge else None
        self.data: Pack = pack(datasets, generator.decoder_size, cache)
        if config.fill:
            self.data = filled(self.data, self.judge)
        self.dress = None
        if config.augment_eyewear or config.augment_facial_hair:
            self.dress = AugmentConfig(eyewear=config.augment_eyewear, facial_hair=config.augment_facial_hair, dark=0.3)
        how = {k: getattr(config, k) for k in ("drop_all", "drop_each", "drop_most", "min_inside")}
        self.batches = FaceBatches(self.data, generator.attributes, self.rng, self.device, **how, dress=self.dress)
        layout = {"device": self.device, "memory_format": torch.channels_last}
        self.model = DeconvGenerator(generator).to(**layout)
        self.average = copy.deepcopy(self.model).requires_grad_(False).eval()
        self.encoder = Encoder(generator).to(**layout)
        self.discriminator = Discriminator(generator, generator.decoder_size, width=config.discriminator_width).to(**layout)
        self.features = SqueezeNet(feature_weights).to(self.device) if feature_weights else None
        self.face_features = face_network().to(self.device) if any(getattr(config, name) for name in FACE_LOSSES) else None
        self.feature_discriminator = self.face_discriminator = None
        if self.features and config.feature_adversarial:
            self.feature_discriminator = FeatureDiscriminator(generator, self.features.channels[DEEP]).to(**layout)
        if config.face_adversarial:
            self.face_discriminator = FeatureDiscriminator(generator, self.face_features.channels[DEEP]).to(**layout)
        self.teacher = copy.deepcopy(self.average.decoder) if config.teaching else None  # the decoder before the adversarial stage
        self.penalty = 0.0
        self.started = False
        adam = torch.optim.Adam
        lr = config.learning_rate
        self.optimizers = {
            "opt_autoencoder": adam(groups(self.encoder, self.model.decoder), lr, (0.5, 0.99)),
            "opt_prior": adam(flow_parameters(self.model.prior), config.prior_learning_rate, (0.9, 0.99)),
            "opt_decoder": adam(groups(self.model.decoder), config.adversarial_learning_rate, (0.0, 0.99)),
            "opt_discriminator": adam(self.discriminator.parameters(), config.discriminator_learning_rate, (0.0, 0.99)),
        }
        if self.model.prior.guide:
            self.optimizers["opt_guide"] = adam(self.model.prior.guide.parameters(), config.prior_learning_rate, (0.9, 0.99))
        if self.model.prior.refiner:
            self.optimizers["opt_refiner"] = adam(self.model.prior.refiner.parameters(), config.refine_learning_rate, (0.9, 0.99))
        for name, heads in (("opt_features", self.feature_discriminator), ("opt_faces", self.face_discriminator)):
            if heads:
                self.optimizers[name] = adam(heads.parameters(), config.discriminator_learning_rate, (0.0, 0.99))
        self.done = dict.fromkeys(STAGES, 0)
        torch.manual_seed(config.seed + 1 + self.accelerator.process_index)

    # -- state ---------------------------------------------------------------------------------------------------

    @property
    def modules(self) -> dict[str, nn.Module]:
        teacher = {"teacher": self.teacher} if self.teacher else {}
        return {"model": self.model, "average": self.average, **teacher, **self.helpers}

    @property
    def helpers(self) -> dict[str, nn.Module]:
        """What only training needs."""
        helpers = {name: getattr(self, name) for name in HELPERS}
        return {name: module for name, module in helpers.items() if module}

    def save(self) -> None:
        """State to go on from, and the checkpoint that people use (the averaged weights)."""
        if self.run.main:
            save_state(self.run.folder / "state.safetensors", self.modules, self.optimizers, {"done": self.done})
            registry.save(self.average, self.run.folder / "checkpoint")
            tensors = {f"{k}.{name}": v for k, module in self.helpers.items() for name, v in module.state_dict().items()}
            hub.write(self.run.folder / "checkpoint_training", {"model_type": "facegen-training"}, tensors)

    def start_from(self, folder: Path) -> None:
        """Take the weights of a checkpoint, and of encoder and discriminator from FOLDER_training beside it, if it is there.

        Unlike `resume` this needs no state of the optimizers, which is twelve times the checkpoint: it is how training goes
        on from what is published. Raises `hub.CheckpointError`, and `TrainingError` where the encoder is needed and missing.
        """
        published, helpers = read_published(folder, self.config.generator.attributes)
        require_encoder(folder, helpers, self.config)
        for model in (self.model, self.average):
            model.enlarger = copy.deepcopy(published.enlarger).to(self.device)  # kept as it is: it goes with any decoder
            model.config.prior_preconditioned = model.prior.preconditioned = published.config.prior_preconditioned
            for side in ("shortest", "longest"):
                setattr(model.config, f"{side}_code", getattr(published.config, f"{side}_code"))
                setattr(model.prior, side, getattr(published.prior, side))
            model.config.refiner_full = model.prior.refiner_full = published.config.refiner_full
            model.config.enlarger_channels = published.config.enlarger_channels
            model.config.enlarger_blocks = published.config.enlarger_blocks
            take_over(model, published, folder)
        for name, module in self.helpers.items():
            if name in helpers and fits(module, helpers[name]):
                module.load_state_dict(helpers[name])
            elif name in helpers and self.run.main:
                print(f"{name}: starts anew, since that of {folder}_training is of another size")
        self.started = bool(helpers)
        self.run.save_config(self.config)  # `resume` builds the networks anew from it

    def resume(self, path: Path) -> None:
        self.done |= load_state(path, self.modules, self.optimizers)["done"]

    def fit(self) -> bool:
        """Run what is left of each stage; True when nothing is."""
        steps = {
            "autoencoder": self._autoencoder,
            "prior": lambda: flow_stage(self, "prior"),
            "guide": lambda: flow_stage(self, "guide"),
            "adversarial": lambda: adversarial_stage(self),
            "refine": lambda: refine_stage(self),
        }
        lacking = {"guide": not self.model.prior.guide, "refine": not (self.model.prior.refiner and self.judge)}
        for stage in STAGES:
            total = getattr(self.config, f"{stage}_steps")
            if self.done[stage] >= total or lacking.get(stage):
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

    # -- stages: each returns a function of the step number that makes one step and returns its losses ---------------

    def _autoencoder(self):
        config, optimizer = self.config, self.optimizers["opt_autoencoder"]
        if self.done["autoencoder"] == 0 and not self.started:
            if len(self.batches.rows) < (least := config.generator.identity_dim):
                raise TrainingError(f"{len(self.batches.rows)} training faces are too few: {least} are needed to find eigenfaces")
            eigenfaces(self.encoder, self.model.decoder, self.batches.photos(self.batches.rows[:8000]))
            self.average.decoder.load_state_dict(self.model.decoder.state_dict())
        self.encoder.train()

        def step(i: int) -> dict[str, Tensor]:
            anneal(optimizer, config.learning_rate, i, config.autoencoder_steps)
            photo, labels = self.batches.draw(config.batch)
            with self.accelerator.autocast():
                code = self.encoder(photo)
                drawn = self.model.decoder(code + config.code_noise * torch.randn_like(code), labels)
            pixel, perceptual = self.reconstruction(drawn, photo)
            identity = losses.identity(self.face_features, drawn, photo) if config.identity else torch.zeros(())
            self.accelerator.backward(pixel + config.perceptual * perceptual + config.identity * identity)
            average_gradients(self.accelerator, [p for group in optimizer.param_groups for p in group["params"]])
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            update_average(self.average.decoder, self.model.decoder, i, 0.999)
            return {"l1": pixel.detach(), "perceptual": perceptual.detach(), "identity": identity.detach()}

        return step

    def reconstruction(self, drawn: Tensor, photo: Tensor) -> tuple[Tensor, Tensor]:
        """L1 and perceptual loss of redrawn photographs (n, 3, s, s)."""
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
