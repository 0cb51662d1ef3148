"""What a data set never labels is told by a classifier, where it is sure; what it labels stays."""

import numpy as np
import torch
from test_training import arguments, mistake_at_last

from facegen import registry
from facegen.attributes import NAMES
from facegen.data.pack import pack
from facegen.data.readers import read_dataset
from facegen.training.batches import to_tensor
from facegen.training.default.fill_labels import NO, YES, filled


def test_empty_columns_are_filled_where_the_classifier_is_sure(pipe, tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["image,male"]
    for text in ("a smiling young woman with long blond hair", "a bearded man with black hair"):
        for seed in range(4):
            name = f"{len(lines)}.png"
            pipe(text, seed=seed).image.save(tmp_path / "images" / name)
            lines.append(f"{name},{'yes' if seed == 3 else ''}")  # of the fourth woman it is wrong
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    classifier = registry.load_classifier().eval()
    before = pack([read_dataset(tmp_path)], 128, tmp_path / "cache")
    after = filled(before, classifier)
    np.testing.assert_array_equal(after.columns(["male"]), before.columns(["male"]))
    blond, beard = after.columns(["blond_hair"])[:, 0], after.columns(["beard"])[:, 0]
    assert (blond[:4] > 0).sum() >= 3 and (blond[4:] < 0).all()
    assert (beard[:4] < 0).all() and (beard[4:] > 0).sum() >= 3
    with torch.inference_mode():
        answers = torch.sigmoid(classifier(to_tensor(np.array(after.images)))).numpy()
    j, k = NAMES.index("mustache"), classifier.attributes.index("mustache")
    np.testing.assert_array_equal(after.attributes[:, j], (answers[:, k] >= YES).astype(int) - (answers[:, k] <= NO))


def test_filling_needs_a_classifier(faces, tmp_path):
    assert "fill is true, but no classifier tells" in mistake_at_last(*arguments(faces, tmp_path, (0, 4, 0, 0)), "--set", "fill=true")
