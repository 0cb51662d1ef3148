"""The default generator's last stage: its refiner learns how a code moves for the face drawn to read back as what was said.

Flow and decoder stay as they are; what moves a code is the gradient of a classifier's answer, through the decoder. No photograph
is looked at, so that what photographs seldom show can be asked for as well: half of the descriptions are `batches.recombined`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from facegen.training import losses
from facegen.training.augment import jitter
from facegen.training.optim import anneal, average_gradients, update_average

if TYPE_CHECKING:
    from facegen.training.faces import FaceTrainer


def refine_stage(trainer: FaceTrainer) -> Callable[[int], dict[str, float]]:
    """The function of the step number that makes one step of it and returns its losses."""
    config, accelerator, optimizer = trainer.config, trainer.accelerator, trainer.optimizers["opt_refiner"]
    prior, decoder, refiner = trainer.average.prior, trainer.average.decoder, trainer.model.prior.refiner
    names, guidance = trainer.batches.names, config.generator.guidance
    told = [j for j, name in enumerate(names) if name in trainer.judge.attributes]

    def step(i: int) -> dict[str, float]:
        anneal(optimizer, config.refine_learning_rate, i, config.refine_steps, warm_up=30)
        asked = trainer.batches.ask(config.batch, imagined=0.5)
        noise = torch.randn(config.batch, config.generator.identity_dim, device=trainer.device)
        with torch.no_grad(), accelerator.autocast():
            code = prior.flow(noise, asked, guidance, steps=4).float()
        moved = refiner(code, asked)
        with accelerator.autocast():
            drawn = decoder(prior.within(moved), asked).float()
            # Blurred at times, so that what the classifier is shown is no fine pattern.
            disagreement = losses.agreement(trainer.judge, jitter(drawn, blur=True), asked, names)
        # Both in units of a face: what is asked of it in nats, summed; how far its code is moved, squared.
        far = (moved - code).square().sum(1).mean()
        loss = disagreement * (asked[:, told] != 0).sum() / config.batch + config.refine_move * far
        accelerator.backward(loss)
        average_gradients(accelerator, refiner.parameters())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        update_average(prior.refiner, refiner, i, 0.99)
        return {"agreement": disagreement.item(), "moved": far.sqrt().item()}

    return step
