"""Distances between sets of faces, and scores of single attributes."""

from __future__ import annotations

import numpy as np
import torch
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance  # not from torchmetrics.image: that asks for torchvision
from torchmetrics.image.kid import KernelInceptionDistance

# The attributes that the README's table names: seen in most photographs, and common enough to be measured.
MAIN = (
    "male", "young", "black_hair", "brown_hair", "blond_hair", "gray_hair", "bald", "bangs", "eyeglasses", "beard",
    "mustache", "smiling", "wavy_hair", "hat", "heavy_makeup", "pale_skin",
)  # fmt: skip


class _Features(nn.Identity):
    """Lets torchmetrics take features instead of images."""

    def __init__(self, width: int):
        super().__init__()
        self.num_features = width


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance (Heusel et al. 2017) between two sets of features (n, d) and (m, d), as Gaussians."""
    return _distance(FrechetInceptionDistance(_Features(a.shape[1])).set_dtype(torch.float64), a, b)


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """KID (Binkowski et al. 2018): unbiased MMD with a cubic kernel, mean over 20 subsets of at most 500."""
    torch.manual_seed(0)  # torchmetrics draws the subsets from the global generator
    size = min(500, len(a), len(b))
    metric = KernelInceptionDistance(_Features(a.shape[1]), subsets=20, subset_size=size)
    scale = 1 / max(a.std(), 1e-9)  # the cubic kernel is not scale-free; in units of the photographs' spread
    mean, _ = _fill(metric, a * scale, b * scale).compute()
    return float(mean)


def _fill(metric: nn.Module, a: np.ndarray, b: np.ndarray) -> nn.Module:
    metric.update(torch.from_numpy(np.ascontiguousarray(a)).double(), real=True)
    metric.update(torch.from_numpy(np.ascontiguousarray(b)).double(), real=False)
    return metric


def _distance(metric: nn.Module, a: np.ndarray, b: np.ndarray) -> float:
    return float(_fill(metric, a, b).compute())


def balanced_accuracy(asked: np.ndarray, probability: np.ndarray) -> float:
    """Mean of the hit rates on yes and on no; `asked` (n,) of -1/0/+1, 0 left out. NaN where one side is empty."""
    said = asked != 0
    if len(np.unique(asked[said])) < 2:
        return float("nan")
    return float(balanced_accuracy_score(asked[said] > 0, probability[said] > 0.5))
