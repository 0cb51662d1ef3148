"""The default generator's flow and its guide: both learn to carry noise to the encoder's codes of photographs (see `faces`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from facegen.drawing.flow import Prior
from facegen.training import losses
from facegen.training.batches import flipped, mirrored, rarity
from facegen.training.default.rare_people import retouched_codes
from facegen.training.jitter import other_view
from facegen.training.optim import anneal, average_gradients, update_average

if TYPE_CHECKING:
    from facegen.training.default.trainer import FaceTrainer


def flow_parameters(prior: Prior) -> list[nn.Parameter]:
    """The flow's own, without its guide's and its refiner's."""
    return [p for name, p in prior.named_parameters() if not name.startswith(("guide.", "refiner."))]


@torch.no_grad()
def photographs_codes(trainer: FaceTrainer, other_views: int) -> tuple[Tensor, Tensor]:
    """Codes (m, d) and labels (m, a) of all training photographs, their mirror images, augmented a third round, and other views."""
    trainer.encoder.eval()
    batches, dress = trainer.batches, trainer.dress
    codes, labels = [], []
    for rows in np.array_split(batches.rows, math.ceil(len(batches.rows) / 64)):
        photo, said = batches.photos(rows), batches.labels(rows)
        views = [(photo, said), flipped(photo, said, batches.names)] + ([batches.dressed(rows)] if dress else [])
        for _ in range(other_views):
            face, told = batches.dressed(rows) if dress else (photo.clone(), said.clone())
            face, told = mirrored(face, told, batches.names, trainer.rng)
            views.append((other_view(face), told))
        for view, said in views:
            with trainer.accelerator.autocast():
                codes.append(trainer.encoder(view.to(trainer.device)))
            labels.append(said.to(trainer.device))
    return torch.cat(codes).float(), torch.cat(labels)


def fit_corrections(trainer: FaceTrainer, codes: Tensor, labels: Tensor) -> None:
    """The discriminants and tints of the flow and its average, from codes (m, d) of photographs and their labels (m, a)."""
    for model in (trainer.model, trainer.average):
        if model.prior.discriminants:
            model.prior.discriminants.fit(codes, labels)
            model.prior.tints.fit(codes, trainer.average.decoder.coarse)


def flow_stage(trainer: FaceTrainer, name: str) -> Callable[[int], dict[str, Tensor]]:
    """The function of the step number that makes one step of the flow ("prior") or its guide ("guide") and returns its loss."""
    config, accelerator, device = trainer.config, trainer.accelerator, trainer.device
    optimizer, steps = trainer.optimizers[f"opt_{name}"], getattr(config, f"{name}_steps")
    flow, average = trainer.model.prior, trainer.average.prior
    parameters = flow_parameters(flow)
    if name == "guide":
        flow, average = flow.guide, average.guide
        parameters = list(flow.parameters())
    codes, labels = photographs_codes(trainer, config.prior_views)
    if name == "prior":
        fit_corrections(trainer, codes, labels)
    weights = torch.from_numpy(rarity(labels.cpu().numpy(), trainer.batches.names)).to(device)
    photographs, asked = len(codes), torch.zeros_like(labels)  # what is never left out
    if name == "prior" and config.retouched:
        more, told, always = retouched_codes(trainer, codes, labels, config.retouched)
        if len(more):
            codes, labels, asked = torch.cat([codes, more]), torch.cat([labels, told]), torch.cat([asked, always])
            rare = torch.from_numpy(rarity(told.cpu().numpy(), trainer.batches.names)).to(weights)
            weights = torch.cat([(1 - config.retouched_share) * weights, config.retouched_share * rare])

    def step(i: int) -> dict[str, Tensor]:
        anneal(optimizer, config.prior_learning_rate, i, steps)
        silent = torch.rand(config.prior_batch) < config.drop_all
        evenly = torch.randint(photographs, (config.prior_batch,), device=device)
        rows = torch.where(silent.to(device), evenly, torch.multinomial(weights, config.prior_batch, replacement=True))
        # A little noise on the codes keeps the flow from learning the 27,000 points by heart; the decoder was
        # trained with more.
        code = codes[rows] + config.prior_code_noise * torch.randn(config.prior_batch, codes.shape[1], device=device)
        said = trainer.batches.drop(labels[rows], silent)
        said = torch.where(asked[rows] != 0, asked[rows], said)
        with accelerator.autocast():
            loss = losses.flow_matching(flow, code, said)
        accelerator.backward(loss)
        average_gradients(accelerator, parameters)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        update_average(average, flow, i, 0.9995)
        return {"flow": loss.detach()}

    return step
