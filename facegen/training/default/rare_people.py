"""Codes of people whom photographs seldom show, for the flow to learn beside photographs' own.

Of 14,000 photographs a few dozen show women with gray hair, and a flow that has met only these knows them by heart: it draws the same
few women, men, or paint for skin. But what an attribute adds to a code, other attributes being equal, can be added to any photograph's
(attribute vectors: Larsen et al. 2016, section 4.2). So for each description the photograph that shows most of it already is moved by
what it lacks, farther where a classifier doesn't see it yet, until the face drawn reads back as what was asked for; then a few more
photographs are moved the same way. Their faces stay as calm as photographs' own, where those of codes that follow a classifier's
gradient from what the flow drew have hard light.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from tqdm import tqdm

from facegen.attributes import encode
from facegen.training.batches import TELLING
from facegen.training.sentences import grammar

if TYPE_CHECKING:
    from facegen.training.default.trainer import FaceTrainer

STARTS, MORE = 256, 4  # photographs from which the nearest is chosen for each description; others moved as one that came out well
# 1 is the way from an average photograph without an attribute to one with it; codes that need more than FAR are left out.
FIRST, STEP, FAR, ROUNDS = 1.2, 0.9, 5.0, 5
SHOWN, SURE = 0.6, 0.75  # how likely the classifier must think what was asked for; and a label of its own, for it to be told
MISSED = 0.2  # share of what was asked for that may be missing, if it is none of batches.TELLING
# What a code shouldn't be moved to, where a photograph shows it: it goes with too much else. The rest counts 1.
HARD = {"male": 8, "bald": 5, "hat": 5, "facing_front": 4, "facing_left": 4, "facing_right": 4, "sunglasses": 4, "eyeglasses": 3, "bangs": 3, "beard": 3}


def attribute_vectors(codes: Tensor, labels: Tensor) -> Tensor:
    """What each attribute adds to a code, others being equal: (a, d), by ridge regression of codes (m, d) on labels (m, a) of -1/0/+1."""
    x = torch.cat([labels, torch.ones_like(labels[:, :1])], 1).double()
    ridge = 20 * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    return torch.linalg.solve(x.T @ x + ridge, x.T @ codes.double())[:-1].to(codes)


def retouched_codes(trainer: FaceTrainer, codes: Tensor, labels: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Codes (m, d), what their faces read back as and, of that, what was asked for, both (m, a) of -1/0/+1; m <= (1 + MORE) n.

    What was asked for must always be told of such a code: others, of whom it isn't said, should stay as rare as they are. Kept
    in the run's folder, for `--resume`.

    Args:
        codes, labels: photographs' codes (p, d) and labels (p, a).
        n: how many descriptions are tried: half put together from two photographs' labels (`batches.recombined`), half as people
            put them together (`grammar.draw`). What doesn't read back as asked for is left out.
    """
    file = trainer.run.folder / "retouched.safetensors"
    if file.exists():
        kept = load_file(file, str(trainer.device))
    else:
        batch, vectors = 2 * trainer.config.batch, attribute_vectors(codes, labels)
        parts = [_retouch(trainer, codes, labels, vectors, batch) for _ in tqdm(range(-(-n // batch)), desc="retouch", disable=not trainer.run.main)]
        kept = dict(zip(("codes", "labels", "asked"), (torch.cat(part) for part in zip(*parts, strict=True)), strict=True))
        if trainer.run.main:
            partial = file.with_name(f"{file.name}.part")
            save_file({name: tensor.cpu() for name, tensor in kept.items()}, partial)
            partial.replace(file)
    return kept["codes"], kept["labels"], kept["asked"]


def _asked(trainer: FaceTrainer, n: int) -> Tensor:
    """What n descriptions say, (n, a)."""
    batches, draw = trainer.batches, random.Random(int(trainer.rng.integers(1 << 31)))
    typed = [encode({k: v for k, v in grammar.draw(draw).items() if k in batches.names}, batches.names) for _ in range(n // 2)]
    return torch.cat([torch.tensor(typed, device=trainer.device), batches.ask(n - n // 2, imagined=1.0, few=1.0)])


@torch.no_grad()
def _retouch(trainer: FaceTrainer, codes: Tensor, labels: Tensor, vectors: Tensor, n: int) -> tuple[Tensor, Tensor, Tensor]:
    names, judge, prior = trainer.batches.names, trainer.judge, trainer.average.prior
    told = [name for name in judge.attributes if name in names]
    ours, theirs = [names.index(name) for name in told], [judge.attributes.index(name) for name in told]
    telling = torch.tensor([name in TELLING for name in told], device=trainer.device)
    hard = torch.tensor([float(HARD.get(name, 1)) for name in names], device=trainer.device)
    asked = _asked(trainer, n)
    some = torch.randint(len(codes), (n, STARTS), device=trainer.device)
    near = ((labels[some] * asked[:, None]) * hard).sum(2) + 0.3 * torch.rand(n, STARTS, device=trainer.device)
    starts = some.gather(1, near.topk(min(1 + MORE, STARTS), 1).indices)

    def moved(start: Tensor, moves: Tensor, asked: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Codes of photographs, moved; how likely what is told is in their faces; which of it is asked for and missing."""
        with trainer.accelerator.autocast():
            code = prior.within(codes[start] + moves @ vectors)
            seen = judge.probabilities(trainer.average.decoder(code, asked).float().clamp(-1, 1))[:, theirs].clone()
        said = asked[:, ours]
        return code.float(), seen, (said != 0) & ((seen - 0.5) * said < SHOWN - 0.5)

    def well(missing: Tensor, asked: Tensor) -> Tensor:
        said = asked[:, ours].abs().sum(1)  # 0 where all that was asked for is unknown here
        return (said > 0) & ~(missing & telling).any(1) & (missing.sum(1) <= MISSED * said)

    moves = FIRST * torch.where(asked != 0, asked - labels[starts[:, 0]], 0.0)
    done = torch.zeros(n, dtype=torch.bool, device=trainer.device)
    parts = []
    for _ in range(ROUNDS):
        rows = (~done).nonzero()[:, 0]
        code, seen, missing = moved(starts[rows, 0], moves[rows], asked[rows])
        shown = well(missing, asked[rows])
        parts.append((code[shown], seen[shown], asked[rows][shown]))
        done[rows[shown]] = True
        farther = torch.zeros_like(moves[rows])
        farther[:, ours] = STEP * asked[rows][:, ours] * missing
        moves[rows] += farther * ~shown[:, None]
        done |= moves.abs().amax(1) > FAR
        if done.all():
            break
    good = (done & (moves.abs().amax(1) <= FAR)).nonzero()[:, 0]
    for start in starts[good, 1:].T:
        code, seen, missing = moved(start, moves[good], asked[good])
        shown = well(missing, asked[good])
        parts.append((code[shown], seen[shown], asked[good][shown]))
    code, seen, asked = (torch.cat(part) for part in zip(*parts, strict=True))
    read = torch.zeros_like(asked)
    read[:, ours] = (seen > SURE).float() - (seen < 1 - SURE).float()
    return code, torch.where(asked != 0, asked, read), asked
