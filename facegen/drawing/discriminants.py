"""How far an appearance code shows each attribute, and codes corrected so that they show what was said.

Planes tell photographs' codes apart: those of women from those of men with a ROC area of 0.99. A flow learns how often things
go together, too: of its women with gray hair, glasses and no make-up, most come out as men, which is what the photographs
show. So the flow's code is moved by as little as need be to where, plane by plane, each attribute that was said is shown as
well as in an average photograph that has it (or has it not).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

ROUNDS = 6


class Discriminants(nn.Module):
    """Fisher's linear discriminants (1936), one an attribute; all zero, which corrects nothing, until `fit`.

    Args:
        codes, attributes: how long a code is, how many attributes there are.
        firmness: what a code may be moved for being one standard deviation short in one attribute; 0 is not at all.
    """

    def __init__(self, codes: int, attributes: int, firmness: float):
        super().__init__()
        self.firmness = firmness
        self.register_buffer("normals", torch.zeros(attributes, codes))
        self.register_buffer("yes", torch.zeros(attributes))
        self.register_buffer("no", torch.zeros(attributes))

    @torch.no_grad()
    def fit(self, codes: Tensor, labels: Tensor, least: int = 10) -> None:
        """Learn from codes (m, d) and their labels (m, a) of -1/0/+1; an attribute with fewer than `least` of either stays zero.

        `normals` are scaled so that one attribute's codes spread by 1 along its own, `yes` and `no` are the means there.
        """
        codes = codes.double()
        spread = torch.cov(codes.T)
        spread += 0.02 * spread.diagonal().mean() * torch.eye(len(spread), device=codes.device, dtype=codes.dtype)
        for j, label in enumerate(labels.T):
            with_it, without = codes[label > 0], codes[label < 0]
            if min(len(with_it), len(without)) < least:
                continue
            normal = torch.linalg.solve(spread, with_it.mean(0) - without.mean(0))
            a, b = with_it @ normal, without @ normal
            within = (((a - a.mean()).square().sum() + (b - b.mean()).square().sum()) / (len(a) + len(b))).sqrt().clamp(min=1e-6)
            self.normals[j], self.yes[j], self.no[j] = normal / within, a.mean() / within, b.mean() / within

    def correct(self, codes: Tensor, attributes: Tensor) -> Tensor:
        """Codes (n, d), moved to show attributes (n, a) of -1/0/+1.

        What is minimised is |move|^2 / (2 firmness) + the sum of (what a said attribute is short of its mean)^2 / 2: the likeliest code,
        were codes spread evenly around the flow's and attributes around their means. What is shown better than that shall stay so:
        it is held where it is. Only what would be short counts, which is found in rounds.
        """
        with torch.autocast(codes.device.type, enabled=False):
            codes, attributes = codes.float(), attributes.float()
            short = torch.where(attributes > 0, self.yes, self.no) - codes @ self.normals.T
            short = attributes * (attributes * short).clamp(min=0)
            gram, like = self.normals @ self.normals.T, torch.eye(len(self.yes), device=codes.device) / self.firmness
            steps = torch.zeros_like(short)
            for _ in range(ROUNDS):
                counts = (attributes * (short - steps @ gram) > -1e-4).float() * attributes.abs()
                system = like + counts[:, :, None] * gram * counts[:, None, :]
                steps = counts * torch.linalg.solve_ex(system, counts * short).result  # unchecked: an accelerator would be waited for
            return codes + steps @ self.normals
