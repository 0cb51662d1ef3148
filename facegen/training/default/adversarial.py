"""The default generator's adversarial stage: its decoder against discriminators, on codes drawn from the flow (see `faces`).

Photographs' codes are drawn cleaner than the flow's. What encoder and decoder make of a face drawn, redrawing it as if it was a
photograph, is cleaner, too; a teacher, the decoder as it was before this stage, does so, and its pupil learns to do without
(`teaching`): else what the discriminators let pass, hard light first, is all that a rare face is held to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from facegen.training import losses
from facegen.training.batches import recombined
from facegen.training.default.discriminating import Opponents
from facegen.training.default.flow import fit_corrections, photographs_codes
from facegen.training.optim import anneal, average_gradients, update_average

if TYPE_CHECKING:
    from facegen.training.default.trainer import FaceTrainer


def adversarial_stage(trainer: FaceTrainer) -> Callable[[int], dict[str, Tensor]]:
    """The function of the step number that makes one step of it and returns its losses."""
    config, accelerator = trainer.config, trainer.accelerator
    decoder = trainer.model.decoder
    opt_decoder = trainer.optimizers["opt_decoder"]
    trainer.encoder.requires_grad_(False).eval()
    if (tints := trainer.average.prior.tints) and not tints.normals.any():  # the checkpoint gone on from has no corrections
        fit_corrections(trainer, *photographs_codes(trainer, 0))
    prior, guidance = trainer.average.prior, config.generator.guidance
    if trainer.teacher and trainer.done["adversarial"] == 0:
        trainer.teacher.load_state_dict(trainer.average.decoder.state_dict())
    trainer.batches.weights = trainer.batches.weights**config.adversarial_rarity
    trainer.batches.weights /= trainer.batches.weights.sum()
    half, warm_up = config.batch // 2, min(200, max(1, config.adversarial_steps // 10))
    opponents = Opponents(trainer, config.adversarial_steps, warm_up, means=bool(config.feature_means))
    labelled = config.batch - round(config.imagined * config.batch)

    @torch.no_grad()
    def redrawn_by_teacher(code, labels) -> Tensor:
        with accelerator.autocast():
            read = trainer.encoder(trainer.teacher(code, labels).clamp(-1, 1))
            return trainer.teacher(read, labels).float().clamp(-1, 1)

    def step(i: int) -> dict[str, Tensor]:
        anneal(opt_decoder, config.adversarial_learning_rate, i, config.adversarial_steps, warm_up)
        photo, labels = trainer.batches.draw(config.batch)
        asked = labels.clone()  # of the faces drawn; the discriminators aren't told what was asked of the imagined ones
        asked[labelled:] = recombined(labels, trainer.batches.names)[labelled:]
        labels[labelled:] = 0
        noise = torch.randn(config.batch, config.generator.identity_dim, device=trainer.device)
        with torch.no_grad(), accelerator.autocast():
            code = prior.sample(noise, asked, guidance, steps=6).float()
        with accelerator.autocast():
            drawn = decoder(code, asked).float()
            opponents.look(photo, drawn)
        gaps = opponents.learn(i, labels)

        # Decoder: the same pair the other way round; and half a batch of photographs to redraw.
        agreement = torch.zeros(())
        with accelerator.autocast():
            loss, fooled = opponents.fooled(labels)
            gaps |= fooled
            if trainer.judge:
                agreement = losses.agreement(trainer.judge, opponents.seen_drawn, asked, trainer.batches.names)
            for space in opponents.spaces if config.feature_means else ():
                push, apart = space.means([m[:labelled] for m in space.drawn], space.real)
                loss = loss + config.feature_means * push
                gaps[f"{space.name} means"] = apart.detach()
        loss = loss + config.agreement * agreement
        paint = torch.zeros(())
        if config.paint:
            with torch.no_grad():
                coarse = decoder.coarse(code)
            paint = losses.painted(drawn, coarse)
            loss = loss + config.paint * paint
        taught = torch.zeros(())
        if trainer.teacher:
            taught = sum(trainer.reconstruction(drawn, redrawn_by_teacher(code, asked)))
            loss = loss + config.teaching * taught
        pixel = perceptual = identity = torch.zeros(())
        if config.reconstruction or config.identity:
            with accelerator.autocast():
                with torch.no_grad():
                    kept = trainer.encoder(photo[:half])
                    kept = kept + 0.5 * config.code_noise * torch.randn_like(kept)
                redrawn = decoder(kept, labels[:half])
            pixel, perceptual = trainer.reconstruction(redrawn, photo[:half])
            loss = loss + config.reconstruction * (pixel + config.perceptual * perceptual)
            if config.identity:
                identity = losses.identity(trainer.face_features, redrawn, photo[:half])
                loss = loss + config.identity * identity
        accelerator.backward(loss)
        average_gradients(accelerator, decoder.parameters())
        opt_decoder.step()
        opt_decoder.zero_grad(set_to_none=True)
        update_average(trainer.average.decoder, decoder, trainer.done["autoencoder"] + i, 0.998)
        return {
            **gaps,
            "agreement": agreement.detach(),
            "paint": paint.detach(),
            "taught": taught.detach(),
            "l1": pixel.detach(),
            "perceptual": perceptual.detach(),
            "identity": identity.detach(),
            "penalty": trainer.penalty,
        }

    return step
