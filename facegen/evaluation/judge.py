"""The judge: reads attributes from faces, and has never met a photograph that the generator learned from.

Linear heads on SqueezeNet features (trained on ImageNet): few faces are enough to train it, and it shares neither weights
nor data with the classifier that guides training.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from facegen.training.squeezenet import SqueezeNet


@torch.inference_mode()
def features(network: SqueezeNet, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Features of images (n, 3, s, s) in -1..1.

    Returns:
        For distances: the last map averaged, (n, 512). For the judge: two maps at 4 x 4 places, (n, 12288).
    """
    pooled, placed = [], []
    for batch in images.split(64):
        maps = network(batch)
        pooled.append(maps[-1].mean((2, 3)))
        placed.append(torch.cat([F.adaptive_avg_pool2d(m, 4).flatten(1) for m in (maps[2], maps[-1])], 1))
    return torch.cat(pooled).numpy(), torch.cat(placed).numpy()


class Judge:
    """One logistic regression an attribute, balanced between yes and no, on shared principal components."""

    def __init__(self, names: list[str], features: np.ndarray, labels: np.ndarray, components: int = 400):
        """Train on features (n, d) and labels int8 (n, len(names)) of -1/0/+1."""
        self.reduce = make_pipeline(
            StandardScaler(), PCA(min(components, len(features) // 2), svd_solver="randomized", random_state=0)
        )
        x = self.reduce.fit_transform(features)
        self.scale = x.std(0).mean()
        self.heads: dict[str, LogisticRegression] = {}
        for j, name in enumerate(names):
            said = labels[:, j] != 0
            y = labels[said, j] > 0
            if min(y.sum(), (~y).sum()) >= 20:  # fewer can't be told from noise
                head = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300)
                self.heads[name] = head.fit(x[said] / self.scale, y)

    def probabilities(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """Attribute -> probability of yes (n,) for features (n, d)."""
        x = self.reduce.transform(features) / self.scale
        return {name: head.predict_proba(x)[:, 1] for name, head in self.heads.items()}
