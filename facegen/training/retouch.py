"""Codes of people whom photographs seldom show, for the flow to learn beside photographs' own.

Of 14,000 photographs a few dozen show women with gray hair, and a flow that has hardly met such codes draws men when asked for
one, or paint for skin. Its codes, moved along a classifier's gradient, through the decoder, until the faces read back as what
was asked for, are such people's. The steps take longer than people wait for a face, so they are taken before the flow trains on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from facegen.training.augment import jitter
from facegen.training.batches import TELLING

if TYPE_CHECKING:
    from facegen.training.faces import FaceTrainer

GUIDANCE = 1.75  # of the flow, at most: what is strongly guided has hard light, which would be learned
STEPS, RATE = 15, 0.1  # of Adam, for each code
MOVE = 0.03  # what it costs to move a code by one, squared, in nats of the classifier's answers
SURE = 0.75  # how likely the classifier must think a label to be for it to be told


def retouched_codes(trainer: FaceTrainer, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Codes (m, d), m <= n; what their faces read back as and, of that, what was asked for, both (m, a) of -1/0/+1.

    What was asked for must always be told of such a code: others, of whom it isn't said, should stay as rare as they are. Kept
    in the run's folder, for `--resume`.

    Args:
        n: how many are tried, each for a description put together from two photographs' labels (`batches.recombined`);
            whose face doesn't read back as asked for isn't among them.
    """
    file = trainer.run.folder / "retouched.safetensors"
    if file.exists():
        kept = load_file(file, str(trainer.device))
    else:
        batch = 2 * trainer.config.batch
        parts = [_retouch(trainer, batch) for _ in tqdm(range(-(-n // batch)), desc="retouch", disable=not trainer.run.main)]
        kept = dict(zip(("codes", "labels", "asked"), (torch.cat(part)[:n] for part in zip(*parts, strict=True)), strict=True))
        if trainer.run.main:
            partial = file.with_name(f"{file.name}.part")
            save_file({name: tensor.cpu() for name, tensor in kept.items()}, partial)
            partial.replace(file)
    return kept["codes"], kept["labels"], kept["asked"]


def _retouch(trainer: FaceTrainer, n: int) -> tuple[Tensor, Tensor, Tensor]:
    names, judge, accelerator = trainer.batches.names, trainer.judge, trainer.accelerator
    told = [name for name in judge.attributes if name in names]
    ours, theirs = [names.index(name) for name in told], [judge.attributes.index(name) for name in told]
    prior, decoder = trainer.average.prior, trainer.average.decoder
    asked = trainer.batches.ask(n, imagined=1.0, few=1.0)
    noise = torch.randn(n, trainer.config.generator.identity_dim, device=trainer.device)
    with torch.no_grad(), accelerator.autocast():
        start = prior.within(prior.flow(noise, asked, min(GUIDANCE, trainer.config.generator.guidance), steps=4).float())
    code = start.clone().requires_grad_(True)
    optimizer = torch.optim.Adam([code], RATE)
    said, count = asked[:, ours], asked[:, ours].abs()
    for _ in range(STEPS):
        with accelerator.autocast():
            # Blurred and recolored by chance, so that what the classifier is shown is no fine pattern.
            logits = judge(jitter(decoder(code, asked).float(), blur=True)).float()[:, theirs]
        wrong = (F.softplus(-logits * said) * count).sum()
        (wrong + MOVE * (code - start).square().sum()).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    with torch.no_grad(), accelerator.autocast():
        code = prior.within(code.detach())
        read = torch.sigmoid(judge(decoder(code, asked)).float()[:, theirs])
    labels = torch.zeros_like(asked)
    labels[:, ours] = (read > SURE).float() - (read < 1 - SURE).float()
    telling = [j for j, name in enumerate(told) if name in TELLING]
    shown = ((read - 0.5) * said)[:, telling].amin(1) >= 0
    return code[shown], torch.where(asked != 0, asked, labels)[shown], asked[shown]
