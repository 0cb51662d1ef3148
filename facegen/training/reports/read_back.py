"""What was said of a face should be seen in it: the embedded classifier's word as a loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from facegen import registry
from facegen.training.classifier import masked_cross_entropy
from facegen.training.jitter import jitter


class ReadBack:
    """Cross-entropy of what the frozen classifier sees against what was said, where it was said.

    Faces are jittered before it looks, so that no pattern of single pixels pleases it.

    Args:
        names: of the columns of what is said; those that the classifier doesn't know don't count.
    """

    def __init__(self, names: Sequence[str], device: torch.device):
        self.classifier = registry.load_classifier().to(device)
        known = self.classifier.attributes
        self.seen = [known.index(name) for name in names if name in known]
        self.said = [j for j, name in enumerate(names) if name in known]

    def __call__(self, drawn: Tensor, said: Tensor) -> Tensor:
        """The loss for images (n, 3, s, s) in -1..1 of which said (n, len(names)) is -1/0/+1."""
        logits = self.classifier(jitter(drawn)).float()
        return masked_cross_entropy(logits[:, self.seen], said[:, self.said])
