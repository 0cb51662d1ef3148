"""Last stages: the decoder learns from codes drawn from the flow, against discriminators, and from photographs.

Two discriminators train by one relativistic loss (R3GAN, Huang et al. 2024): of pixels, and of a frozen network's
features (Projected GAN, Sauer et al. 2021). Both see every image through the same random changes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facegen.drawing.decoder import Crop
from facegen.networks.encoder import shrunk
from facegen.training.default import losses
from facegen.training.default.settings import AdversarialSettings
from facegen.training.default.state import DEEP, State
from facegen.training.jitter import jitter
from facegen.training.optim import anneal, average_gradients, update_average


def place(settings: AdversarialSettings) -> Crop | None:
    """Where this step looks: a square of an even place, drawn evenly."""
    if not settings.crop:
        return None
    top, left = (2 * torch.randint(0, (settings.size - settings.crop) // 2 + 1, (2,))).tolist()
    return Crop(top, left, settings.crop)


def cut(images: Tensor, crop: Crop | None) -> Tensor:
    """The crop of images (n, 3, s, s)."""
    return images if crop is None else images[..., crop.top : crop.top + crop.side, crop.left : crop.left + crop.side]


def logits(discriminators: nn.ModuleDict, images: Tensor, maps: list[Tensor], told: Tensor) -> list[Tensor]:
    """What each discriminator says of images (n, 3, s, s) and their feature maps: logits (n, h, w), of pixels first."""
    said = [discriminators["pixels"](images, told)]
    return said + (discriminators["features"](maps[DEEP], told) if "features" in discriminators else [])


def weighted(settings: AdversarialSettings, winners: list[Tensor], losers: list[Tensor]) -> Tensor:
    """The relativistic loss: that of the pixels' logits and the mean of the features', each with its weight."""
    each = [losses.relativistic(a, b) for a, b in zip(winners, losers, strict=True)]
    return settings.pixels * each[0] + (settings.features * sum(each[1:]) / len(each[1:]) if each[1:] else 0.0)


def adversarial(state: State, name: str):
    """The function of the step number that makes one step of stage `name` and returns its losses."""
    settings: AdversarialSettings = getattr(state.recipe, name)
    accelerator, decoder, features, discriminators = (
        state.accelerator,
        state.model.decoder,
        state.features,
        state.discriminators[name],
    )
    opt_decoder, opt_discriminators = state.optimizers[f"opt_{name}"], state.optimizers[f"opt_{name}_discriminators"]
    flow, config = state.average.flow, state.recipe.generator
    state.encoder.requires_grad_(False).eval()
    decoder.train().requires_grad_(not settings.only_last)
    decoder.blocks[-1].requires_grad_(True)
    decoder.eigenfaces.requires_grad_(False)
    warm_up, half = min(200, max(1, settings.steps // 10)), settings.batch // 2
    redraw = half if settings.reconstruction else 0
    if "features" in discriminators and bool((discriminators["features"].scale == 1).all()):
        with torch.no_grad():
            discriminators["features"].calibrate(
                features(cut(state.faces.draw(settings.batch, settings.size).photos, place(settings)))[DEEP]
            )

    def look(images: Tensor) -> list[Tensor]:
        return features(images) if "features" in discriminators else []

    def penalty(photos: Tensor, drawn: Tensor, told: Tensor) -> Tensor:
        """Gradient penalties of half of the photographs (R1) and of the faces drawn (R2)."""
        total = torch.zeros((), device=state.device)
        for images in (jitter(photos[:half]), jitter(drawn[:half])):
            total = total + settings.penalty * losses.gradient_penalty(discriminators["pixels"], images, told[:half])
            if "features" in discriminators:
                with torch.no_grad():
                    maps = look(images)[DEEP]
                total = total + settings.feature_penalty * losses.feature_penalty(
                    discriminators["features"], maps, told[:half]
                )
        return total

    def step(i: int) -> dict[str, Tensor]:
        anneal(opt_decoder, settings.learning_rate, i, settings.steps, warm_up)
        anneal(opt_discriminators, settings.discriminator_learning_rate, i, settings.steps, warm_up)
        crop = place(settings)
        batch = state.faces.draw(settings.batch, max(settings.size, state.encoder.size))
        photos, told = cut(shrunk(batch.photos, settings.size), crop), batch.conditions
        noise = torch.randn(settings.batch, config.identity_dim, device=state.device)
        with torch.no_grad(), accelerator.autocast():
            code = flow.sample(noise, told, config.guidance).float()
            if redraw:
                kept = state.encoder(batch.photos[:redraw])
                code = torch.cat([code, kept + settings.code_noise * torch.randn_like(kept)])
        with accelerator.autocast():
            both = decoder(code, torch.cat([told, told[:redraw]]), settings.size, crop).float()
        drawn, redrawn = both[: settings.batch], both[settings.batch :]
        seen_real, seen_drawn = jitter(photos), jitter(drawn)

        # Discriminators: the photograph should look more real than the face drawn for the same words.
        discriminators.requires_grad_(True)
        with accelerator.autocast():
            with torch.no_grad():
                real_maps = look(seen_real)
            drawn_maps = look(seen_drawn)
            real = logits(discriminators, seen_real, real_maps, told)
            fake = logits(discriminators, seen_drawn.detach(), [m.detach() for m in drawn_maps], told)
            loss = sum(losses.relativistic(a, b) for a, b in zip(real, fake, strict=True))
            if i % settings.penalty_every == 0:  # lazily, as in StyleGAN2: it costs as much as the rest together
                loss = loss + settings.penalty_every * penalty(photos, drawn.detach(), told)
        accelerator.backward(loss)
        average_gradients(accelerator, discriminators.parameters())
        opt_discriminators.step()
        opt_discriminators.zero_grad(set_to_none=True)
        discriminators.requires_grad_(False)

        # Decoder: the same pairs the other way round. The photographs' logits from before serve as well as fresh ones.
        with accelerator.autocast():
            again = logits(discriminators, seen_drawn, drawn_maps, told)
            fooled = weighted(settings, again, [r.detach() for r in real])
        pixel = perceptual = torch.zeros((), device=state.device)
        if redraw:
            pixel, perceptual = state.reconstruction(redrawn, photos[:redraw])
        accelerator.backward(fooled + settings.reconstruction * (pixel + settings.perceptual * perceptual))
        average_gradients(accelerator, decoder.parameters())
        opt_decoder.step()
        opt_decoder.zero_grad(set_to_none=True)
        update_average(state.average.decoder, decoder, state.recipe.autoencoder.steps + i, settings.average)
        gaps = [(r.mean() - f.mean()).detach() for r, f in zip(real, fake, strict=True)]
        more = {"features gap": sum(gaps[1:]) / len(gaps[1:])} if gaps[1:] else {}
        return {
            "gap": gaps[0],
            **more,
            "fooled": fooled.detach(),
            "l1": pixel.detach(),
            "perceptual": perceptual.detach(),
        }

    return step
