"""The default generator's last stage: its refiner learns how a code moves for the face drawn to read back as what was said.

Flow and decoder stay as they are; what moves a code is the gradient of a classifier's answer, through the decoder. That needs no
photograph, so that what photographs seldom show can be asked for as well: half of the descriptions are `batches.recombined`.

Where `refine_transport` or `refine_means` isn't 0, two thirds describe photographs, rare ones as rare as they are, and the people
drawn of these are moved to be as varied as those (see transport.py), their features' means to those of the photographs. A decoder
that learns this makes strokes that only the networks see; a code can't. The other third says in few words, as people type, what
photographs seldom show, and counts as if much were said: else what people type would be the price.

With `refine_adversarial` the discriminators of the adversarial stage see every face as well: a classifier alone lets a code move
farther than any photograph's, to hard light and patches for skin. Of faces that were imagined they aren't told what was asked.

Here a code moves all of its way; where fewer than `refiner_full` attributes are said, what is drawn moves less far (see prior.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from facegen.training import losses
from facegen.training.default.discriminating import Opponents
from facegen.training.default.gaussian_transport import gathered
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, average_gradients, update_average
from facegen.training.run import TrainingError

if TYPE_CHECKING:
    from facegen.training.default.trainer import FaceTrainer, FaceTrainingConfig


def require_refine(config: FaceTrainingConfig, judge: bool, features: bool) -> None:
    """`TrainingError` where the stage is asked for what it can't do without a classifier, features or a discriminator."""
    if config.refine_means and not features:
        raise TrainingError(f"refine_means is {config.refine_means}, but there are no features: give them with --feature-weights, or set it to 0")
    for name in ("refine_transport", "refine_means", "refine_adversarial"):  # without a classifier the stage is left out
        if getattr(config, name) and not judge:
            raise TrainingError(f"{name} is {getattr(config, name)}, but no classifier tells what a face shows: give one with --judge, or set it to 0")
    if config.refine_adversarial and not (config.adversarial or config.face_adversarial or (features and config.feature_adversarial)):
        raise TrainingError(
            f"refine_adversarial is {config.refine_adversarial}, but there is no discriminator: set adversarial, face_adversarial or, with "
            "--feature-weights, feature_adversarial to more than 0, or refine_adversarial to 0"
        )


def refine_stage(trainer: FaceTrainer) -> Callable[[int], dict[str, Tensor]]:
    """The function of the step number that makes one step of it and returns its losses."""
    config, accelerator, optimizer = trainer.config, trainer.accelerator, trainer.optimizers["opt_refiner"]
    prior, decoder, refiner = trainer.average.prior, trainer.average.decoder, trainer.model.prior.refiner
    names, guidance = trainer.batches.names, config.generator.guidance
    told = [j for j, name in enumerate(names) if name in trainer.judge.attributes]
    rivals = config.refine_transport or config.refine_means or config.refine_adversarial
    among = config.batch - config.batch // 3 if rivals else 0  # photographs
    opponents = Opponents(trainer, config.refine_steps, warm_up=30) if config.refine_adversarial else None
    means = losses.FeatureMeans() if config.refine_means and trainer.features else None

    def codes(asked: Tensor) -> Tensor:
        noise = torch.randn(len(asked), config.generator.identity_dim, device=trainer.device)
        with torch.no_grad(), accelerator.autocast():
            return prior.flow(noise, asked, guidance, steps=6).float()

    def faces(moved: Tensor, asked: Tensor) -> Tensor:
        with accelerator.autocast():
            return decoder(prior.within(moved), asked).float()

    def people() -> tuple[Tensor, Tensor]:
        photo, asked = trainer.batches.described(among)
        drawn = faces(refiner(codes(asked), asked), asked)
        return trainer.face_features.embedding(photo), trainer.face_features.embedding(drawn)

    transport = gathered(people) if config.refine_transport else None

    def step(i: int) -> dict[str, Tensor]:
        anneal(optimizer, config.refine_learning_rate, i, config.refine_steps, warm_up=30)
        asked = trainer.batches.ask(config.batch - among, imagined=1.0 if among else 0.5, few=1.0 if among else None)
        if among:
            photo, described = trainer.batches.described(among)
            asked = torch.cat([described, asked])
        code = codes(asked)
        moved = refiner(code, asked)
        drawn = faces(moved, asked)
        values: dict[str, Tensor] = {}
        loss = torch.zeros((), device=trainer.device)
        if opponents:
            labels = torch.cat([described, torch.zeros_like(asked[among:])])
            with accelerator.autocast():
                opponents.look(torch.cat([photo, trainer.batches.draw(config.batch - among)[0]]), drawn)
            values |= opponents.learn(i, labels)
            with accelerator.autocast():
                fooled, each = opponents.fooled(labels)
            values |= each
            loss = loss + config.refine_adversarial * fooled
        with accelerator.autocast():
            # Blurred at times, so that what the classifier is shown is no fine pattern.
            seen = jitter(drawn, blur=True)
            disagreement = losses.agreement(trainer.judge, seen[:among or None], asked[:among or None], names)
            if among:
                values["agreement in few words"] = losses.agreement(trainer.judge, seen[among:], asked[among:], names)
                loss = loss + len(told) * (config.batch - among) / config.batch * values["agreement in few words"]
            if transport:
                loss = loss + config.refine_transport * transport(trainer.face_features.embedding(drawn[:among]))
                values["faces frechet"] = transport.distance
            if means:
                with torch.no_grad():
                    real = trainer.features(photo)
                push, apart = means(trainer.features(drawn[:among]), real)
                loss = loss + config.refine_means * push
                values["means"] = apart.detach()
        # Both in units of a face: what is asked of it in nats, summed; how far its code is moved, squared.
        far = (moved - code).square().sum(1).mean()
        loss = loss + disagreement * (asked[: among or None, told] != 0).sum() / config.batch + config.refine_move * far
        accelerator.backward(loss)
        average_gradients(accelerator, refiner.parameters())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        update_average(prior.refiner, refiner, i, 0.99)
        return {k: v.detach() for k, v in {"agreement": disagreement, "moved": far.sqrt(), **values}.items()}

    return step
