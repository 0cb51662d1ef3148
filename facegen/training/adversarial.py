"""The default generator's adversarial stage: its decoder against discriminators, on codes drawn from the flow (see `faces`).

Photographs' codes are drawn cleaner than the flow's. What encoder and decoder make of a face drawn, redrawing it as if it was a
photograph, is cleaner, too; a teacher, the decoder as it was before this stage, does so, and its pupil learns to do without
(`teaching`): else what the discriminators let pass, hard light first, is all that a rare face is held to.

One discriminator looks at pixels; where `feature_adversarial` is not 0 a second one looks at a pretrained network's features of
the same images. Both train by the same relativistic loss, and both see every image through the same random changes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from facegen.training import losses
from facegen.training.augment import jitter
from facegen.training.batches import recombined
from facegen.training.flow import fit_corrections, photographs_codes
from facegen.training.optim import anneal, average_gradients, update_average

if TYPE_CHECKING:
    from facegen.training.faces import FaceTrainer

# The feature discriminator's maps: all but the first, which has most places and shows little that the pixels don't.
DEEP = slice(1, None)


def adversarial_stage(trainer: FaceTrainer) -> Callable[[int], dict[str, float]]:
    """The function of the step number that makes one step of it and returns its losses."""
    config, accelerator = trainer.config, trainer.accelerator
    decoder, discriminator, heads = trainer.model.decoder, trainer.discriminator, trainer.feature_discriminator
    opt_decoder = trainer.optimizers["opt_decoder"]
    opponents = [discriminator] + ([heads] if heads else [])
    opt_opponents = [trainer.optimizers[name] for name in ("opt_discriminator", "opt_features") if name in trainer.optimizers]
    trainer.encoder.requires_grad_(False).eval()
    if (tints := trainer.average.prior.tints) and not tints.normals.any():  # the checkpoint gone on from has no corrections
        fit_corrections(trainer, *photographs_codes(trainer, 0))
    prior, guidance = trainer.average.prior, config.generator.guidance
    if trainer.teacher and trainer.done["adversarial"] == 0:
        trainer.teacher.load_state_dict(trainer.average.decoder.state_dict())
    trainer.batches.weights = trainer.batches.weights**config.adversarial_rarity
    trainer.batches.weights /= trainer.batches.weights.sum()
    means = losses.FeatureMeans()
    half = config.batch // 2
    labelled = config.batch - round(config.imagined * config.batch)

    def penalties(photo, drawn, labels) -> torch.Tensor:
        """Of photographs (R1) and drawn faces (R2), for each discriminator."""
        total = torch.zeros(())
        for images in (photo[:half], drawn[:half].detach()):
            images = jitter(images)
            total = total + config.gradient_penalty * losses.gradient_penalty(discriminator, images, labels[:half])
            if heads:
                with torch.no_grad():
                    maps = trainer.features(images)[DEEP]
                total = total + config.feature_penalty * losses.feature_penalty(heads, maps, labels[:half])
        return total

    @torch.no_grad()
    def redrawn_by_teacher(code, labels) -> torch.Tensor:
        with accelerator.autocast():
            read = trainer.encoder(trainer.teacher(code, labels).clamp(-1, 1))
            return trainer.teacher(read, labels).float().clamp(-1, 1)

    def step(i: int) -> dict[str, float]:
        anneal(opt_decoder, config.adversarial_learning_rate, i, config.adversarial_steps)
        for optimizer in opt_opponents:
            anneal(optimizer, config.discriminator_learning_rate, i, config.adversarial_steps)
        photo, labels = trainer.batches.draw(config.batch)
        asked = labels.clone()  # of the faces drawn; the discriminators aren't told what was asked of the imagined ones
        asked[labelled:] = recombined(labels, trainer.batches.names)[labelled:]
        labels[labelled:] = 0
        noise = torch.randn(config.batch, config.generator.identity_dim, device=trainer.device)
        with torch.no_grad(), accelerator.autocast():
            code = prior.sample(noise, asked, guidance, steps=4).float()
        with accelerator.autocast():
            drawn = decoder(code, asked).float()
            seen_real, seen_drawn = jitter(photo), jitter(drawn)
            maps_real = maps_drawn = None
            if trainer.features and (heads or config.feature_means):
                with torch.no_grad():
                    maps_real = trainer.features(seen_real)
                maps_drawn = trainer.features(seen_drawn)
        if heads and bool((heads.scale == 1).all()):  # not taken over from a checkpoint
            heads.calibrate(maps_real[DEEP])

        # Discriminators: the photograph should look more real than the face drawn for the same attributes.
        for opponent in opponents:
            opponent.requires_grad_(True)
        feature_gap, real_features = 0.0, []
        with accelerator.autocast():
            real = discriminator(seen_real, labels)
            fake = discriminator(seen_drawn.detach(), labels)
            loss = losses.relativistic(real, fake)
            if heads:
                real_features = heads(maps_real[DEEP], labels)
                drawn_features = heads([m.detach() for m in maps_drawn[DEEP]], labels)
                pairs = list(zip(real_features, drawn_features, strict=True))
                loss = loss + sum(losses.relativistic(a, b) for a, b in pairs)
                feature_gap = sum((a.mean() - b.mean()).item() for a, b in pairs) / len(pairs)
            if i % config.penalty_every == 0:  # lazily, as in StyleGAN2: it costs as much as the rest together
                penalty = penalties(photo, drawn, labels)
                trainer.penalty = penalty.item()
                loss = loss + config.penalty_every * penalty
        accelerator.backward(loss)
        for opponent, optimizer in zip(opponents, opt_opponents, strict=True):
            average_gradients(accelerator, opponent.parameters())
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            opponent.requires_grad_(False)

        # Decoder: the same pair the other way round; and half a batch of photographs to redraw.
        push = apart = agreement = adversarial_features = torch.zeros(())
        with accelerator.autocast():
            # The photographs' logits from just before the discriminators' step serve as well as fresh ones.
            adversarial = losses.relativistic(discriminator(seen_drawn, labels), real.detach())
            if heads:
                pairs = zip(heads(maps_drawn[DEEP], labels), real_features, strict=True)
                adversarial_features = sum(losses.relativistic(a, b.detach()) for a, b in pairs) / len(real_features)
            if trainer.judge:
                agreement = losses.agreement(trainer.judge, seen_drawn, asked, trainer.batches.names)
            if config.feature_means and trainer.features:
                push, apart = means([m[:labelled] for m in maps_drawn], maps_real)
        loss = config.adversarial * adversarial + config.feature_adversarial * adversarial_features
        loss = loss + config.agreement * agreement + config.feature_means * push
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
        pixel = perceptual = torch.zeros(())
        if config.reconstruction:
            with accelerator.autocast():
                with torch.no_grad():
                    kept = trainer.encoder(photo[:half])
                    kept = kept + 0.5 * config.code_noise * torch.randn_like(kept)
                redrawn = decoder(kept, labels[:half])
            pixel, perceptual = trainer.reconstruction(redrawn, photo[:half])
            loss = loss + config.reconstruction * (pixel + config.perceptual * perceptual)
        accelerator.backward(loss)
        average_gradients(accelerator, decoder.parameters())
        opt_decoder.step()
        opt_decoder.zero_grad(set_to_none=True)
        update_average(trainer.average.decoder, decoder, trainer.done["autoencoder"] + i, 0.998)
        return {
            "real-drawn": (real.mean() - fake.detach().mean()).item(),
            "features real-drawn": feature_gap,
            "adversarial": adversarial.item(),
            "feature adversarial": adversarial_features.item(),
            "agreement": agreement.item(),
            "means": apart.item(),
            "paint": paint.item(),
            "taught": taught.item(),
            "l1": pixel.item(),
            "perceptual": perceptual.item(),
            "penalty": trainer.penalty,
        }

    return step
