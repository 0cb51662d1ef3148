"""The judge: reads attributes from faces, and has never met a photograph that the generator learned from.

Linear heads on EfficientNet's features (trained on ImageNet): few faces are enough to train it, and it shares neither
weights nor features nor data with any training loss.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from facegen.attributes import NAMES
from facegen.data.pack import Pack
from facegen.evaluation.instruments.cache import Arrays, cached, fingerprint
from facegen.evaluation.instruments.pixels import photographs
from facegen.networks.efficientnet import EfficientNet


class Judge:
    """One logistic regression an attribute, balanced between yes and no, on shared principal components."""

    def __init__(self, names: list[str], features: np.ndarray, labels: np.ndarray, components: int = 400):
        """Train on features (n, d) and labels int8 (n, len(names)) of -1/0/+1; what too few faces show is left out."""
        scaler = StandardScaler()
        reduce = PCA(min(components, len(features) // 2, features.shape[1]), svd_solver="randomized", random_state=0)
        x = reduce.fit_transform(scaler.fit_transform(features))
        scale = x.std(0).mean()
        heads: dict[str, LogisticRegression] = {}
        for j, name in enumerate(names):
            said = labels[:, j] != 0
            y = labels[said, j] > 0
            if min(y.sum(), (~y).sum()) >= 20:  # fewer can't be told from noise
                head = LogisticRegression(C=0.01, class_weight="balanced", max_iter=300)
                heads[name] = head.fit(x[said] / scale, y)
        width = reduce.n_components_
        self.arrays: Arrays = {
            "names": np.array(list(heads), dtype=str),
            "mean": scaler.mean_,
            "scale": scaler.scale_,
            "center": reduce.mean_,
            "components": reduce.components_ / scale,
            "weights": np.concatenate([np.empty((0, width)), *(h.coef_ for h in heads.values())]),
            "bias": np.concatenate([np.empty(0), *(h.intercept_ for h in heads.values())]),
        }

    @classmethod
    def restored(cls, arrays: Arrays) -> Judge:
        """A judge from the `arrays` of another."""
        judge = cls.__new__(cls)
        judge.arrays = dict(arrays)
        return judge

    @property
    def heads(self) -> list[str]:
        """The attributes that it can tell."""
        return self.arrays["names"].tolist()

    def probabilities(self, features: np.ndarray) -> dict[str, np.ndarray]:
        """Attribute -> probability of yes (n,) for features (n, d)."""
        a = self.arrays
        x = ((features - a["mean"]) / a["scale"] - a["center"]) @ a["components"].T
        yes = expit(x @ a["weights"].T + a["bias"])
        return {name: yes[:, j] for j, name in enumerate(self.heads)}


def judge_rows(data: Pack) -> np.ndarray:
    """What the judge learns from: the validation part of source 0, and sources above 0 less what others have too."""
    own = data.source <= 0
    strangers = np.flatnonzero(~own & ~np.isin(data.numbers, data.numbers[own]))
    return np.concatenate([data.rows("validation", source=0), strangers])


@torch.inference_mode()
def trained_judge(data: Pack, network: EfficientNet, folder: Path | None) -> tuple[Judge, str]:
    """The judge of a pack, trained or as it was kept in `folder`, and the name of all that it depends on."""
    rows = judge_rows(data)
    key = fingerprint("judge-2", network.name, data.images[rows], data.attributes[rows], ",".join(NAMES))

    def make() -> Arrays:
        parts = tqdm(np.array_split(rows, -(-len(rows) // 64)), desc="judge", unit="batch", mininterval=2.0)
        seen = np.concatenate([network.placed(photographs(data, some)).numpy() for some in parts])
        return Judge(list(NAMES), seen, data.attributes[rows]).arrays

    return Judge.restored(cached(folder, "judge", key, make)), key
