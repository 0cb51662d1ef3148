"""Distances between sets of faces, and scores of single attributes."""

from __future__ import annotations

import numpy as np
import torch
from scipy.linalg import svdvals
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torchmetrics.image.kid import KernelInceptionDistance  # not from torchmetrics.image: that asks for torchvision


class _Features(nn.Identity):
    """Lets torchmetrics take features instead of images."""

    def __init__(self, width: int):
        super().__init__()
        self.num_features = width


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance (Heusel et al. 2017) between two sets of features (n, d) and (m, d), as Gaussians.

    The trace of the root of the covariances' product is the sum of the singular values of A B^T, where A^T A and B^T B
    are the covariances: the same number as by the eigenvalues of the product, in seconds rather than minutes for d over
    1,000, and exact where there are fewer faces than features.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    roots = [_root(x) for x in (a, b)]
    spread = sum(float((root**2).sum()) for root in roots)
    difference = a.mean(0) - b.mean(0)
    return float(difference @ difference) + spread - 2 * float(svdvals(roots[0] @ roots[1].T).sum())


def frechet_infinity(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance as it would be of endlessly many faces (FID infinity, Chong & Forsyth 2020).

    The distance of n faces to n others exceeds that by about a constant over n. So a line through the distance of all
    and that of halves (both of a to both of b, on average), followed to 1/n = 0. Two sets from one source come out near
    0, at times below it, where there are more faces than features.
    """
    rng = np.random.default_rng(0)
    n = min(len(a), len(b)) // 2 * 2
    halves = [np.split(x[rng.permutation(len(x))[:n]], 2) for x in (a, b)]
    half = np.mean([frechet_distance(c, d) for c in halves[0] for d in halves[1]])
    return float(2 * frechet_distance(*map(np.concatenate, halves)) - half)


def _root(x: np.ndarray) -> np.ndarray:
    """A matrix R (at most d rows, d) with R^T R = the covariance of features (n, d)."""
    centered = (x - x.mean(0)) / np.sqrt(len(x) - 1)
    return centered if len(x) <= x.shape[1] else np.asarray(np.linalg.qr(centered, mode="r"))


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """KID (Binkowski et al. 2018): unbiased MMD with a cubic kernel, mean over 20 subsets of at most 500."""
    torch.manual_seed(0)  # torchmetrics draws the subsets from the global generator
    size = min(500, len(a), len(b))
    metric = KernelInceptionDistance(_Features(a.shape[1]), subsets=20, subset_size=size)
    scale = 1 / max(a.std(), 1e-9)  # the cubic kernel is not scale-free; in units of the photographs' spread
    for real, features in ((True, a), (False, b)):
        metric.update(torch.from_numpy(np.ascontiguousarray(features * scale)).double(), real=real)
    mean, _ = metric.compute()
    return float(mean)


def balanced_accuracy(asked: np.ndarray, probability: np.ndarray) -> float:
    """Mean of the hit rates on yes and on no; `asked` (n,) of -1/0/+1, 0 left out. NaN where one side is empty."""
    said = asked != 0
    if len(np.unique(asked[said])) < 2:
        return float("nan")
    return float(balanced_accuracy_score(asked[said] > 0, probability[said] > 0.5))
