"""The default generator's last stage: its decoder against a discriminator, on codes drawn from the flow (see `faces`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from facegen.training import losses
from facegen.training.augment import jitter
from facegen.training.optim import anneal, average_gradients, update_average

if TYPE_CHECKING:
    from facegen.training.faces import FaceTrainer


def adversarial_stage(trainer: FaceTrainer) -> Callable[[int], dict[str, float]]:
    """The function of the step number that makes one step of it and returns its losses."""
    config, accelerator = trainer.config, trainer.accelerator
    decoder, discriminator = trainer.model.decoder, trainer.discriminator
    opt_decoder, opt_discriminator = trainer.optimizers["opt_decoder"], trainer.optimizers["opt_discriminator"]
    trainer.encoder.requires_grad_(False).eval()
    prior, guidance = trainer.average.prior, config.generator.guidance
    trainer.batches.weights = trainer.batches.weights**config.adversarial_rarity
    trainer.batches.weights /= trainer.batches.weights.sum()
    means = losses.FeatureMeans()

    def step(i: int) -> dict[str, float]:
        anneal(opt_decoder, config.adversarial_learning_rate, i, config.adversarial_steps)
        anneal(opt_discriminator, config.discriminator_learning_rate, i, config.adversarial_steps)
        photo, labels = trainer.batches.draw(config.batch)
        noise = torch.randn(config.batch, config.generator.identity_dim, device=trainer.device)
        with torch.no_grad(), accelerator.autocast():
            code = prior.sample(noise, labels, guidance, steps=4).float()
        with accelerator.autocast():
            drawn = decoder(code, labels).float()

        # Discriminator: the photograph should look more real than the face drawn for the same attributes.
        discriminator.requires_grad_(True)
        with accelerator.autocast():
            real = discriminator(jitter(photo), labels)
            fake = discriminator(jitter(drawn.detach()), labels)
            loss = losses.relativistic(real, fake)
            if i % config.penalty_every == 0:  # lazily, as in StyleGAN2: it costs as much as the rest together
                half = config.batch // 2
                penalty = losses.gradient_penalty(discriminator, jitter(photo[:half]), labels[:half])
                penalty = penalty + losses.gradient_penalty(discriminator, jitter(drawn[:half].detach()), labels[:half])
                trainer.penalty = penalty.item()
                loss = loss + config.gradient_penalty * config.penalty_every * penalty
        accelerator.backward(loss)
        average_gradients(accelerator, discriminator.parameters())
        opt_discriminator.step()
        opt_discriminator.zero_grad(set_to_none=True)

        # Decoder: the same pair the other way round; and half a batch of photographs to redraw.
        discriminator.requires_grad_(False)
        half = config.batch // 2
        with accelerator.autocast():
            # The photographs' logits from just before the discriminator's step serve as well as fresh ones.
            adversarial = losses.relativistic(discriminator(jitter(drawn), labels), real.detach())
            agreement = torch.zeros(())
            if trainer.judge:
                agreement = losses.agreement(trainer.judge, jitter(drawn), labels, trainer.batches.names)
            push = apart = torch.zeros(())
            if config.feature_means and trainer.features:
                with torch.no_grad():
                    seen = trainer.features(photo)
                push, apart = means(trainer.features(drawn), seen)
        loss = config.adversarial * adversarial + config.agreement * agreement + config.feature_means * push
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
            "adversarial": adversarial.item(),
            "agreement": agreement.item(),
            "means": apart.item(),
            "l1": pixel.item(),
            "perceptual": perceptual.item(),
            "penalty": trainer.penalty,
        }

    return step
