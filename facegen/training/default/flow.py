"""Second stage: the flow learns to carry noise to the codes of photographs, under what is said of them."""

from __future__ import annotations

import torch
from torch import Tensor

from facegen.networks.encoder import shrunk
from facegen.training.default.losses import flow_matching
from facegen.training.default.state import State
from facegen.training.jitter import other_view
from facegen.training.optim import anneal, average_gradients, update_average


@torch.no_grad()
def codes(state: State, views: int) -> tuple[Tensor, Tensor]:
    """Codes (views * m, d) of all training photographs and their row numbers; all but the first view a little
    changed, every other one mirrored."""
    state.encoder.requires_grad_(False).eval()
    found, rows = [], []
    for view in range(max(views, 1)):
        for some in torch.arange(len(state.faces), device=state.device).split(128):
            photos = shrunk(state.faces.photos(some), state.encoder.size)
            photos = photos.flip(3) if view % 2 else photos
            with state.accelerator.autocast():
                found.append(state.encoder(other_view(photos) if view > 1 else photos).float())
            rows.append(some)
    return torch.cat(found), torch.cat(rows)


def flow(state: State):
    """The function of the step number that makes one step and returns its loss."""
    settings, accelerator, network = state.recipe.flow, state.accelerator, state.model.flow
    optimizer, faces = state.optimizers["opt_flow"], state.faces
    known, rows = codes(state, settings.views)
    mirrored = (torch.arange(len(rows), device=state.device) // len(faces)) % 2 == 1
    weights = faces.weights[rows]

    def step(i: int) -> dict[str, Tensor]:
        anneal(optimizer, settings.learning_rate, i, settings.steps)
        picked = torch.multinomial(weights, settings.batch, replacement=True)
        labels = faces.labels[rows[picked]]
        labels = torch.where(mirrored[picked][:, None], labels[:, faces.words.mirror], labels)
        code = known[picked]
        code = code + settings.code_noise * torch.randn_like(code)
        with accelerator.autocast():
            loss = flow_matching(network, code, faces.told(labels, faces.looks[rows[picked]]))
        accelerator.backward(loss)
        average_gradients(accelerator, network.parameters())
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        update_average(state.average.flow, network, i, 0.999)
        return {"loss": loss.detach()}

    return step
