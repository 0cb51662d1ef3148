"""The default generator's adversarial stage: its decoder against discriminators, on codes drawn from the flow (see `faces`).

Photographs' codes are drawn cleaner than the flow's. What encoder and decoder make of a face drawn, redrawing it as if it was a
photograph, is cleaner, too; a teacher, the decoder as it was before this stage, does so, and its pupil learns to do without
(`teaching`): else what the discriminators let pass, hard light first, is all that a rare face is held to.

One discriminator looks at pixels; where `feature_adversarial` or `face_adversarial` is not 0 another one looks at a pretrained
network's features of the same images: SqueezeNet's, or those of dlib's face embedding, which see who a face is. All train by the
same relativistic loss, and all see every image through the same random changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from facegen.training import losses
from facegen.training.augment import jitter
from facegen.training.batches import recombined
from facegen.training.flow import fit_corrections, photographs_codes
from facegen.training.optim import anneal, average_gradients, update_average

if TYPE_CHECKING:
    from facegen.training.faces import FaceTrainer
    from facegen.training.networks import FeatureDiscriminator

# The feature discriminators' maps: all but the first, which has most places and shows little that the pixels don't.
DEEP = slice(1, None)


@dataclass
class FeatureSpace:
    """A pretrained network, images (n, 3, s, s) -> maps; the discriminator of these, and the weight of it, 0 where there is none."""

    name: str
    network: nn.Module
    heads: FeatureDiscriminator | None
    weight: float
    means: losses.FeatureMeans = field(default_factory=losses.FeatureMeans)
    real: list[Tensor] = field(default_factory=list)  # maps of this step's photographs and faces drawn, as the discriminators see them
    drawn: list[Tensor] = field(default_factory=list)
    logits: list[Tensor] = field(default_factory=list)  # of the photographs

    def look(self, photo: Tensor, drawn: Tensor) -> None:
        with torch.no_grad():
            self.real = self.network(photo)
        self.drawn = self.network(drawn)
        if self.heads and bool((self.heads.scale == 1).all()):  # not taken over from a checkpoint
            self.heads.calibrate(self.real[DEEP])

    def judged(self, labels: Tensor) -> tuple[Tensor, float]:
        """The discriminator's loss, and how much more real photographs look to it than faces drawn."""
        self.logits = self.heads(self.real[DEEP], labels)
        fake = self.heads([m.detach() for m in self.drawn[DEEP]], labels)
        pairs = list(zip(self.logits, fake, strict=True))
        loss = sum(losses.relativistic(a, b) for a, b in pairs)
        return loss, sum((a.mean() - b.mean()).item() for a, b in pairs) / len(pairs)

    def adversarial(self, labels: Tensor) -> Tensor:
        """The decoder's loss; the photographs' logits from just before the discriminator's step serve as well as fresh ones."""
        pairs = zip(self.heads(self.drawn[DEEP], labels), self.logits, strict=True)
        return sum(losses.relativistic(a, b.detach()) for a, b in pairs) / len(self.logits)


def adversarial_stage(trainer: FaceTrainer) -> Callable[[int], dict[str, float]]:
    """The function of the step number that makes one step of it and returns its losses."""
    config, accelerator = trainer.config, trainer.accelerator
    decoder, discriminator = trainer.model.decoder, trainer.discriminator
    spaces = [
        FeatureSpace("features", trainer.features, trainer.feature_discriminator, config.feature_adversarial),
        FeatureSpace("faces", trainer.face_features, trainer.face_discriminator, config.face_adversarial),
    ]
    spaces = [space for space in spaces if space.network and (space.heads or config.feature_means)]
    games = [space for space in spaces if space.heads]
    opt_decoder = trainer.optimizers["opt_decoder"]
    opponents = {"opt_discriminator": discriminator} if config.adversarial else {}
    opponents |= {f"opt_{space.name}": space.heads for space in games}
    opt_opponents = [trainer.optimizers[name] for name in opponents]
    trainer.encoder.requires_grad_(False).eval()
    if (tints := trainer.average.prior.tints) and not tints.normals.any():  # the checkpoint gone on from has no corrections
        fit_corrections(trainer, *photographs_codes(trainer, 0))
    prior, guidance = trainer.average.prior, config.generator.guidance
    if trainer.teacher and trainer.done["adversarial"] == 0:
        trainer.teacher.load_state_dict(trainer.average.decoder.state_dict())
    trainer.batches.weights = trainer.batches.weights**config.adversarial_rarity
    trainer.batches.weights /= trainer.batches.weights.sum()
    half, warm_up = config.batch // 2, min(200, max(1, config.adversarial_steps // 10))
    labelled = config.batch - round(config.imagined * config.batch)

    def penalties(photo, drawn, labels) -> torch.Tensor:
        """Of photographs (R1) and drawn faces (R2), for each discriminator."""
        total = torch.zeros(())
        for images in (photo[:half], drawn[:half].detach()):
            images = jitter(images)
            if config.adversarial:
                total = total + config.gradient_penalty * losses.gradient_penalty(discriminator, images, labels[:half])
            for space in games:
                with torch.no_grad():
                    maps = space.network(images)[DEEP]
                total = total + config.feature_penalty * losses.feature_penalty(space.heads, maps, labels[:half])
        return total

    @torch.no_grad()
    def redrawn_by_teacher(code, labels) -> torch.Tensor:
        with accelerator.autocast():
            read = trainer.encoder(trainer.teacher(code, labels).clamp(-1, 1))
            return trainer.teacher(read, labels).float().clamp(-1, 1)

    def step(i: int) -> dict[str, float]:
        anneal(opt_decoder, config.adversarial_learning_rate, i, config.adversarial_steps, warm_up)
        for optimizer in opt_opponents:
            anneal(optimizer, config.discriminator_learning_rate, i, config.adversarial_steps, warm_up)
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
            for space in spaces:
                space.look(seen_real, seen_drawn)

        # Discriminators: the photograph should look more real than the face drawn for the same attributes.
        for opponent in opponents.values():
            opponent.requires_grad_(True)
        gaps, loss = {}, torch.zeros((), device=trainer.device)
        with accelerator.autocast():
            if config.adversarial:
                real = discriminator(seen_real, labels)
                fake = discriminator(seen_drawn.detach(), labels)
                loss = losses.relativistic(real, fake)
                gaps["real-drawn"] = (real.mean() - fake.detach().mean()).item()
            for space in games:
                judged, gaps[f"{space.name} real-drawn"] = space.judged(labels)
                loss = loss + judged
            if opponents and i % config.penalty_every == 0:  # lazily, as in StyleGAN2: it costs as much as the rest together
                penalty = penalties(photo, drawn, labels)
                trainer.penalty = penalty.item()
                loss = loss + config.penalty_every * penalty
        if opponents:
            accelerator.backward(loss)
        for opponent, optimizer in zip(opponents.values(), opt_opponents, strict=True):
            average_gradients(accelerator, opponent.parameters())
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            opponent.requires_grad_(False)

        # Decoder: the same pair the other way round; and half a batch of photographs to redraw.
        loss, agreement = torch.zeros((), device=trainer.device), torch.zeros(())
        with accelerator.autocast():
            if config.adversarial:
                # The photographs' logits from just before the discriminators' step serve as well as fresh ones.
                adversarial = losses.relativistic(discriminator(seen_drawn, labels), real.detach())
                loss = config.adversarial * adversarial
                gaps["adversarial"] = adversarial.item()
            for space in games:
                fooled = space.adversarial(labels)
                loss = loss + space.weight * fooled
                gaps[f"{space.name} adversarial"] = fooled.item()
            if trainer.judge:
                agreement = losses.agreement(trainer.judge, seen_drawn, asked, trainer.batches.names)
            for space in spaces if config.feature_means else ():
                push, apart = space.means([m[:labelled] for m in space.drawn], space.real)
                loss = loss + config.feature_means * push
                gaps[f"{space.name} means"] = apart.item()
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
            "agreement": agreement.item(),
            "paint": paint.item(),
            "taught": taught.item(),
            "l1": pixel.item(),
            "perceptual": perceptual.item(),
            "identity": identity.item(),
            "penalty": trainer.penalty,
        }

    return step
