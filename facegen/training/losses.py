"""Sibling losses with one shape: (network, what it is judged on) -> scalar."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def flow_matching(prior: nn.Module, code: Tensor, attributes: Tensor) -> Tensor:
    """Flow matching with straight paths (Lipman et al. 2023; Liu et al. 2023): mean squared error of the velocity.

    Args:
        prior: (codes (n, d), times (n,), attributes (n, a)) -> velocity (n, d).
        code: (n, d), the data; attributes: (n, a) of -1/0/+1.
    """
    noise = torch.randn_like(code)
    # Times drawn from a logistic normal: the middle of the path is where the error is (Esser et al. 2024, section 3.1).
    t = torch.sigmoid(torch.randn(len(code), device=code.device))
    x = noise + t[:, None] * (code - noise)
    return F.mse_loss(prior(x, t, attributes).float(), code - noise)


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """Relativistic pairing loss (Jolicoeur-Martineau 2019; R3GAN, Huang et al. 2024): the winner's logit should be higher.

    The discriminator trains with (real, drawn), the generator with (drawn, real); pairs share their attributes.
    """
    return F.softplus(loser - winner).mean()


def gradient_penalty(discriminator: nn.Module, images: Tensor, attributes: Tensor) -> Tensor:
    """Zero-centred gradient penalty (Mescheder et al. 2018): R1 on photographs, R2 on drawn faces.

    Args:
        images: (n, 3, s, s), detached; attributes: (n, a).

    Returns:
        Mean over the images of the squared gradient norm, halved, for each place of the discriminator's grid (the places
        look at mostly different pixels, so that their squared gradients add up).
    """
    images = images.detach().requires_grad_()
    logits = discriminator(images, attributes)
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return 0.5 * gradient.float().square().sum((1, 2, 3)).mean() / logits[0].numel()


def feature_penalty(discriminator: nn.Module, maps: list[Tensor], attributes: Tensor) -> Tensor:
    """`gradient_penalty` for a discriminator of feature maps (n, c, h, w), which it counts in their own units: mean over the maps."""
    maps = [m.detach().float().requires_grad_() for m in maps]
    logits = discriminator(maps, attributes)
    gradients = torch.autograd.grad(sum(each.sum() for each in logits), maps, create_graph=True)
    each = [
        (g.float() / scale).square().sum((1, 2, 3)).mean() / places[0].numel()
        for g, scale, places in zip(gradients, discriminator.scale, logits, strict=True)
    ]
    return 0.5 * sum(each) / len(each)


def agreement(classifier: nn.Module, images: Tensor, attributes: Tensor, names: list[str]) -> Tensor:
    """Cross-entropy of what a frozen classifier reads in drawn faces (n, 3, s, s) against what was asked (n, len(names)).

    Only what was said, and what the classifier knows, counts, and a wrong answer counts by how wrong it is, not by how rare the attribute is.
    """
    shared = [name for name in classifier.attributes if name in names]
    logits = classifier(images).float()[:, [classifier.attributes.index(name) for name in shared]]
    attributes = attributes[:, [names.index(name) for name in shared]]
    said = attributes != 0
    return (F.softplus(-logits * attributes) * said).sum() / said.sum().clamp(min=1)


def identity(network: nn.Module, redrawn: Tensor, photo: Tensor) -> Tensor:
    """Mean squared distance of the face embeddings (see facenet.py) of redrawn photographs and photographs (n, 3, s, s)."""
    with torch.no_grad():
        person = network.embedding(photo)
    return (network.embedding(redrawn) - person).square().sum(1).mean()


def painted(drawn: Tensor, coarse: Tensor, allowed: float = 0.045) -> Tensor:
    """How much farther than `allowed` the colors of drawn faces (n, 3, s, s) are from those of their coarse faces (n, 3, t, t).

    Colors are means of an eighth of the side; a face's distance is the mean absolute difference. Photographs are 0.032 from the
    coarse faces of their codes, on average; what discriminators let pass as a face with paint for skin is 0.09 to 0.14.
    """
    apart = F.adaptive_avg_pool2d(drawn.float(), 8) - F.adaptive_avg_pool2d(coarse.float(), 8)
    return (apart.abs().mean((1, 2, 3)) - allowed).clamp(min=0).mean()


class FeatureMeans:
    """Matches the mean of drawn faces' features to that of photographs (GFMN, dos Santos et al. 2019).

    A batch is too small to tell how far the means are apart, so the difference is a moving average (their section 3.3,
    without Adam), and the batch's features are pushed against it. Each layer counts in shares of its features' variance.
    Their variances, which GFMN matches as well, are left alone: it is met soonest by a few garish faces.
    """

    def __init__(self, decay: float = 0.98):
        self.decay, self.steps = decay, 0
        self.state: list[list[Tensor]] = []

    def __call__(self, drawn: list[Tensor], photos: list[Tensor]) -> tuple[Tensor, Tensor]:
        """(what to minimise, the squared distance of the means) of lists of feature maps (n, c, h, w)."""
        drawn, photos = ([m.float().mean((2, 3)) for m in maps] for maps in (drawn, photos))
        if not self.state:
            self.state = [[p.var(0).mean(), torch.zeros_like(p[0])] for p in photos]
        self.steps += 1
        share = max(1 - self.decay, 1 / self.steps)  # all past steps count alike at first
        push = distance = torch.zeros((), device=drawn[0].device)
        for a, b, (variance, apart) in zip(drawn, photos, self.state, strict=True):
            variance.lerp_(b.var(0).mean(), share)
            means = a.mean(0) / variance.sqrt()
            apart.lerp_(means.detach() - b.mean(0) / variance.sqrt(), share)
            push = push + 2 * (apart * means).mean()
            distance = distance + apart.square().mean()
        return push / len(drawn), distance / len(drawn)
