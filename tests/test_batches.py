"""A mirrored photograph needs other labels."""

import numpy as np
import torch

from facegen.training.batches import mirrored


def test_a_mirrored_face_is_told_to_face_the_other_way():
    images = torch.arange(4.0).expand(200, 3, 4, 4).contiguous()  # darker on the left
    labels = torch.tensor([[1.0, -1.0, 1.0]]).repeat(200, 1)
    turned, told = mirrored(images, labels, ["facing_left", "facing_right", "hat"], np.random.default_rng(0))
    some = turned[:, 0, 0, 0] > turned[:, 0, 0, 3]
    assert 70 < some.sum() < 130
    assert (told[some] == torch.tensor([-1.0, 1.0, 1.0])).all() and (told[~some] == labels[~some]).all()
    torch.testing.assert_close(turned[some], images[some].flip(3))
    torch.testing.assert_close(turned[~some], images[~some])
    assert (images[:, 0, 0, 0] < images[:, 0, 0, 3]).all()  # what was given stays as it was
