"""Which of a generator's own codes its flow learns from, and what is told of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.attributes import MEASURED, rivals
from facegen.training.refine.sight import FAR

TELLING = (*MEASURED, "old", "long_hair", "sunglasses")  # a code is left out where one of these isn't as was said
HIDDEN, EPOCHS, NETWORKS = 512, 30, 3  # of the network that tells from a code what is seen
DEGREES = ("old", "long_hair")  # told by degrees: the clearer it is seen, the stronger
PLAINLY = 0.4  # share of those that are told as a plain yes nevertheless


class FromCodes(nn.Module):
    """Tells scores of a face from its code and what was said: the mean of a few small networks, each beside a line."""

    def __init__(self, inputs: int, scores: int):
        super().__init__()

        def network() -> nn.Module:
            middle = (nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Dropout(0.3))
            return nn.Sequential(
                nn.Linear(inputs, HIDDEN), nn.SiLU(), nn.Dropout(0.3), *middle, nn.Linear(HIDDEN, scores)
            )

        self.networks = nn.ModuleList(network() for _ in range(NETWORKS))
        self.lines = nn.ModuleList(nn.Linear(inputs, scores) for _ in range(NETWORKS))

    def each(self, x: Tensor) -> Tensor:
        """(networks, n, scores) of (n, inputs)."""
        return torch.stack([a(x) + b(x) for a, b in zip(self.networks, self.lines, strict=True)])

    def learn(self, x: Tensor, scores: Tensor) -> Tensor:
        """Fit to (n, inputs) and (n, scores); correlations (scores,) on the tenth that was kept apart."""
        self.mean, self.spread = scores.mean(0), scores.std(0).clamp(min=1e-6)
        target, apart = (scores - self.mean) / self.spread, torch.arange(len(x)) % 10 == 0
        rows, optimizer = torch.where(~apart)[0], torch.optim.AdamW(self.parameters(), weight_decay=0.05)
        for epoch in range(EPOCHS):
            optimizer.param_groups[0]["lr"] = 1e-3 * (1 - epoch / EPOCHS)
            for some in rows[torch.randperm(len(rows))].split(256):
                loss = F.mse_loss(self.each(x[some]), target[some].expand(NETWORKS, -1, -1))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        self.requires_grad_(False).eval()
        told = self.each(x[apart]).mean(0)
        both = torch.stack([told - told.mean(0), target[apart] - target[apart].mean(0)])
        return (both[0] * both[1]).mean(0) / both.square().mean(1).sqrt().prod(0).clamp(min=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (n, scores) of (n, inputs)."""
        parts = [self.each(some).mean(0) for some in x.split(4096)]
        return torch.cat(parts) * self.spread + self.mean


@dataclass
class Chosen:
    """Codes that are learned from.

    Args:
        codes: (n, d). told: (n, a), what is said of each.
        kinds: attributes that may be told besides. plainly: bool (n, k), where each of them is plain.
    """

    codes: Tensor
    told: Tensor
    kinds: list[str]
    plainly: Tensor


def choose(
    codes: Tensor,
    said: Tensor,
    scores: Mapping[str, Tensor],
    names: Sequence[str],
    plain: Mapping[str, float],
    left_out: float,
) -> Chosen:
    """Leave out codes (n, d) that don't show what was said, (n, a), or are far from photographs; tell degrees and kinds
    of the rest.

    Args:
        scores: name -> (n,), as `Sight` gives them.
        plain: attribute that no label told of -> share of the codes in which it is plainest, which are told of it.
        left_out: share that is left out for being farther from photographs than what was said lets expect, so that
            hats and dark skin, of which there are few photographs, are left out no more often than others.
    """
    missing = torch.zeros(len(codes), dtype=torch.bool)
    for name in (n for n in TELLING if n in names and n in scores):
        wanted = said[:, names.index(name)]
        others = [names.index(rival) for rival in rivals(name) if rival in names]
        wanted = wanted.where((wanted > 0) | ~(said[:, others] > 0).any(1), 0)  # black hair is no word about gray hair
        missing |= (wanted > 0) & (scores[name] < 0) | (wanted < 0) & (scores[name] > 0)
    far = scores[FAR]
    groups = [torch.sigmoid(4 * scores[name]) for name in (*plain, "male") if name in scores]
    expected = torch.cat([said.clamp(min=0), -said.clamp(max=0), torch.stack([*groups, torch.ones(len(codes))], 1)], 1)
    ridge = expected.T @ expected + 10 * torch.eye(expected.shape[1])
    farther = far - expected @ torch.linalg.solve(ridge, expected.T @ far)
    missing |= (farther > _cut(farther, left_out)) | (far > _cut(far, left_out / 4))
    kept = torch.where(~missing)[0]
    told = said[kept].clone()
    for name in DEGREES:
        if name in names and name in scores:
            column = told[:, names.index(name)]
            yes = torch.where(column > 0)[0]
            place = scores[name][kept][yes].argsort().argsort() / max(len(yes) - 1, 1)
            column[yes] = torch.where(torch.rand(len(yes)) < PLAINLY, 1.0, 0.5 + place)
    plainly = torch.zeros(len(kept), len(plain), dtype=torch.bool)
    for k, (name, share) in enumerate(plain.items()):
        seen, known = scores[name], told[:, names.index(name)]
        plainly[:, k] = (seen[kept] > _cut(seen, share)) & (known >= 0) | (known > 0)
    return Chosen(codes[kept], told, list(plain), plainly)


def _cut(values: Tensor, share: float) -> float:
    """The value above which a share of them lies."""
    return float(values.sort().values[min(int(len(values) * (1 - share)), len(values) - 1)])
