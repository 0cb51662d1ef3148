"""Descriptions of faces that no photograph shows."""

import numpy as np
import torch

from facegen.attributes import BY_NAME, members
from facegen.training.batches import EXCHANGED, mirrored, recombined

NAMES = ["male", "young", "old", "black_hair", "gray_hair", "bald", "receding_hairline", "wavy_hair", "eyeglasses", "beard", "smiling", "heavy_makeup", "facing_left", "hat"]  # fmt: skip


def test_groups_come_whole_from_a_face_or_the_next():
    torch.manual_seed(0)
    labels = torch.tensor([[1.0], [-1.0]]).repeat(50, len(NAMES))
    labels[:, NAMES.index("bald")] = -1
    mixed = recombined(labels, NAMES)
    stays = [j for j, name in enumerate(NAMES) if BY_NAME[name].group not in EXCHANGED or name in ("bald", "receding_hairline")]
    torch.testing.assert_close(mixed[:, stays], labels[:, stays])  # with gender
    for group in EXCHANGED:
        columns = [j for j, name in enumerate(NAMES) if name in members(group) and j not in stays]
        taken = mixed[:, columns] != labels[:, columns]
        assert (taken == taken[:, :1]).all() and 20 < taken[:, 0].sum() < 80
    assert len(mixed.unique(dim=0)) > 20  # each group by itself


def test_nothing_is_said_of_hair_that_is_not_there():
    labels = torch.ones(40, len(NAMES))
    labels[1::2, NAMES.index("bald")] = -1
    hair = [NAMES.index(name) for name in ("black_hair", "gray_hair", "wavy_hair", "receding_hairline")]
    mixed = recombined(labels, NAMES)
    assert (mixed[::2, hair] == 0).all() and (mixed[1::2, hair] == 1).all()


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
