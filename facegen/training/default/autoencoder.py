"""First stage: encoder and decoder learn to draw photographs from codes (L1 and perceptual loss).

What is said of a face is given beside its code, most of it left out, as people do.
"""

from __future__ import annotations

import torch
from torch import Tensor

from facegen.networks.encoder import eigenfaces
from facegen.training.default.state import State
from facegen.training.optim import anneal, average_gradients, update_average

EIGENFACES_OF = 4000  # photographs


def start(state: State) -> None:
    """Start the linear paths as eigenfaces."""
    some = [state.faces.draw(100, state.encoder.size).photos for _ in range(EIGENFACES_OF // 100)]
    share = eigenfaces(state.encoder, state.model.decoder.eigenfaces, torch.cat(some), state.recipe.seed)
    state.average.decoder.load_state_dict(state.model.decoder.state_dict())
    if state.run.main:
        print(f"eigenfaces hold {share:.3f} of the variance")


def autoencoder(state: State):
    """The function of the step number that makes one step and returns its losses."""
    settings, accelerator, decoder = state.recipe.autoencoder, state.accelerator, state.model.decoder
    optimizer = state.optimizers["opt_autoencoder"]
    state.encoder.train()
    decoder.train()

    def step(i: int) -> dict[str, Tensor]:
        anneal(optimizer, settings.learning_rate, i, settings.steps)
        batch = state.faces.draw(settings.batch, settings.size)
        with accelerator.autocast():
            code = state.encoder(batch.photos)
            code = code + settings.code_noise * torch.randn_like(code)
            redrawn = decoder(code, batch.conditions, settings.size)
        photos = batch.photos
        pixel, perceptual = state.reconstruction(redrawn, photos)
        accelerator.backward(pixel + settings.perceptual * perceptual)
        average_gradients(accelerator, [p for m in (state.encoder, decoder) for p in m.parameters()])
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        update_average(state.average.decoder, decoder, i, 0.998)
        return {"l1": pixel.detach(), "perceptual": perceptual.detach()}

    return step
