"""What is said of a face, of all that is known of it: as much, and those words, as people say."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from facegen.attributes import BY_NAME, GROUPS, MIRRORED, members
from facegen.training.default.settings import DataSettings

# How often people say it of a face that is so, in shares of a main attribute's yes (368 descriptions as typed): another
# attribute's yes, a no that people say, another no. Gender is said of most.
SAID_MINOR, SAID_NO, SAID_OTHER_NO, SAID_GENDER = 0.35, 0.2, 0.03, 3.0
DENIED = (
    "beard", "mustache", "goatee", "stubble", "eyeglasses", "hat", "smiling", "long_hair", "heavy_makeup", "earrings",
    "chubby",
)  # fmt: skip


class Words:
    """Labels (n, a), columns `names`, to what is said of them."""

    def __init__(self, names: Sequence[str], settings: DataSettings, device: torch.device):
        self.settings, self.device = settings, device
        order = {name: j for j, name in enumerate(names)}
        self.mirror = torch.tensor([order.get(MIRRORED.get(n, n), j) for n, j in order.items()], device=device)
        self.exclusive = [
            torch.tensor(columns, device=device)
            for group in GROUPS
            if group.exclusive and len(columns := [order[n] for n in members(group.name) if n in order]) > 1
        ]
        often = [SAID_GENDER if n == "male" else 1.0 if BY_NAME[n].main else SAID_MINOR for n in names]
        denied = [SAID_GENDER if n == "male" else SAID_NO if n in DENIED else SAID_OTHER_NO for n in names]
        self.often, self.denied = (torch.tensor(each, device=device).log() for each in (often, denied))

    def mirrored(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Labels (n, a), half of them by chance as a mirror shows the face; and which, (n,)."""
        turned = torch.rand(len(labels), device=self.device) < 0.5
        return torch.where(turned[:, None], labels[:, self.mirror], labels), turned

    def said(self, labels: Tensor) -> Tensor:
        """Labels (n, a) of which as much is left as people say: of some faces nothing, of most up to `most`
        attributes, of some all.

        Which ones is drawn without replacement, those that people say more often first (Gumbel top-k, Kool et al.
        2019). With a yes of an exclusive group the noes that it stands for are said.
        """
        n, settings = len(labels), self.settings
        chance = torch.rand(n, 1, device=self.device)
        several = torch.randint(1, settings.most + 1, (2, n, 1), device=self.device).amin(0)  # few more often than many
        several = torch.where(chance < settings.silent, 0, several)
        several = torch.where(chance >= 1 - settings.wordy, labels.shape[1], several)
        often = torch.where(labels < 0, self.denied, self.often)
        score = often - torch.log(-torch.log(torch.rand_like(labels).clamp(1e-9, 1 - 1e-9)))
        score = score.masked_fill(labels == 0, -torch.inf)
        rank = score.argsort(1, descending=True).argsort(1)
        said = torch.where(rank < several, labels, 0.0)
        for columns in self.exclusive:
            yes = (said[:, columns] > 0).any(1, keepdim=True)
            said[:, columns] = torch.where(yes, labels[:, columns], said[:, columns])
        return said
