"""What is seen in faces, by linear classifiers on a frozen network's features: taught by labelled photographs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import Tensor

from facegen.networks.squeezenet import SqueezeNet
from facegen.training.batches import to_tensor

COMPONENTS = 400  # of the features, that classifiers look at
NEAREST, DIMENSIONS = 3, 100  # photographs, and components, that tell how far a face is from any photograph
FAR = "far"


class Sight:
    """Scores of faces: attributes (above 0 is yes), and `far`, a distance.

    `far` is the mean distance to the three nearest photographs in whitened features. It is what the realism score of
    Kynkaanniemi et al. (2019, section 3.2) measures: garish and broken faces are far from all photographs.

    Args:
        network: whose maps but the first are looked at.
        images: photographs, uint8 (n, s, s, 3).
        labels: int8 (n, len(names)) of -1/0/1.
        drawn: some drawn faces, uint8 (m, s, s, 3), so that what they have of their own is no outlier.
    """

    def __init__(
        self,
        network: SqueezeNet,
        images: np.ndarray,
        labels: np.ndarray,
        names: Sequence[str],
        drawn: np.ndarray,
    ):
        self.network = network
        features = self.features(images)
        self.base = _whitened(np.concatenate([features, self.features(drawn)]))
        self.photographs = self.base.transform(features)
        self.models: dict[str, LogisticRegression] = {}
        for name, told in zip(names, labels.T, strict=True):
            model = LogisticRegression(C=0.001, max_iter=500, class_weight="balanced")
            self.models[name] = model.fit(self.photographs[told != 0], told[told != 0] > 0)

    @property
    def names(self) -> list[str]:
        """The columns of `scores`."""
        return [*self.models, FAR]

    @torch.inference_mode()
    def features(self, images: np.ndarray) -> np.ndarray:
        """float32 (n, f) of uint8 (n, s, s, 3): averages of the maps, of the deeper ones in four quarters."""
        found = []
        for some in np.array_split(np.arange(len(images)), -(-len(images) // 32)):
            maps = self.network(to_tensor(images[some]))[1:]
            parts = [F.adaptive_avg_pool2d(m, 1 if m.shape[1] < 256 else 2).flatten(1) for m in maps]
            found.append(torch.cat(parts, 1).numpy())
        return np.concatenate(found)

    def scores(self, images: np.ndarray) -> Tensor:
        """float32 (n, len(self.names)) of faces uint8 (n, s, s, 3)."""
        seen = self.base.transform(self.features(images))
        columns = [torch.from_numpy(model.decision_function(seen)) for model in self.models.values()]
        a, b = (torch.from_numpy(x[:, :DIMENSIONS]) for x in (seen, self.photographs))
        far = torch.cdist(a, b).topk(min(NEAREST, len(b)), largest=False).values.mean(1)
        return torch.stack([*columns, far], 1).float()


def clipped(x: np.ndarray) -> np.ndarray:
    """Features no farther from their mean than four standard deviations."""
    return np.clip(x, -4, 4)


def _whitened(features: np.ndarray) -> Pipeline:
    """Fitted to features: standardised, without outliers, turned to principal components, standardised again."""
    count = min(COMPONENTS, max(len(features) // 4, 1), features.shape[1])
    steps = [StandardScaler(), FunctionTransformer(clipped), PCA(count, random_state=0), StandardScaler()]
    return make_pipeline(*steps, FunctionTransformer(clipped)).fit(features)
