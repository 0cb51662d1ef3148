"""Coarse faces of four numbers: gray, red, green, and one that is no color."""

import torch

from facegen.drawing.color_bounds import Tints, tint


def coarse(codes):
    """The fourth place darkens the frame, which is not the middle."""
    gray, red, green, frame = (codes[:, j, None, None].expand(-1, 16, 16) for j in range(4))
    faces = torch.stack([gray + red, gray + green, gray], 1) + 0.1
    faces[:, :, :2] += frame[:, None, :2]
    return faces


def test_colors_stay_within_what_photographs_show():
    torch.manual_seed(0)
    photographs = torch.randn(5000, 4) * torch.tensor([1.0, 0.1, 0.1, 1.0])
    tints = Tints(4)
    wild = torch.tensor([[2.0, 0.05, 0.0, -3.0], [2.0, 1.5, 0.0, -3.0], [-2.0, 0.0, -1.0, 3.0], [0.0, -0.9, 0.9, 0.0]])
    torch.testing.assert_close(tints.correct(wild), wild)  # nothing learned yet

    tints.fit(photographs, coarse)
    seen = tint(coarse(photographs))
    beyond = ((seen < tints.low - 1e-6) | (seen > tints.high + 1e-6)).float().mean(0)
    torch.testing.assert_close(beyond, torch.tensor([0.04, 0.04]), atol=0.002, rtol=0)
    kept = tints.correct(wild)
    torch.testing.assert_close(kept[0], wild[0])  # within
    now, before = tint(coarse(kept)), tint(coarse(wild))
    torch.testing.assert_close(now, before.clamp(tints.low, tints.high), atol=1e-5, rtol=0)
    torch.testing.assert_close(kept[:, [0, 3]], wild[:, [0, 3]], atol=1e-5, rtol=0)  # what is no color stays
