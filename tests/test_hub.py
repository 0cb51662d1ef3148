"""Checkpoints: what is saved comes back, and what is broken is told in one sentence."""

import json

import pytest
import torch

from facegen import hub, registry
from facegen.drawing.classifier import AttributeClassifier, ClassifierConfig
from facegen.drawing.deconv.generator import DeconvGenerator


def inputs(model: DeconvGenerator):
    return model.identity([1, 2]), torch.tensor([[1.0, 0, -1, 0], [0, 0, 1, 1]])


def test_a_saved_generator_draws_nearly_the_same(small_checkpoint, tmp_path):
    torch.manual_seed(0)
    model = registry.load(small_checkpoint)
    for parameter in model.parameters():
        parameter.normal_(std=0.2)
    registry.save(model, tmp_path / "copy")
    again = registry.load(tmp_path / "copy")
    assert again.config == model.config
    drawn, redrawn = model(*inputs(model)), again(*inputs(model))
    assert drawn.std() > 0.05
    # int8 rows: half a step of 1/127 of the largest weight, through a few layers.
    assert (drawn - redrawn).abs().mean() < 0.05 * drawn.std()


def test_weights_take_one_byte_each(small_checkpoint):
    model = registry.load()
    matrices = sum(p.numel() for p in model.parameters() if p.dim() > 1)
    assert (hub.embedded() / hub.WEIGHTS).stat().st_size < 1.1 * matrices


def test_a_save_leaves_no_partial_files(small_checkpoint, tmp_path):
    model = registry.load(small_checkpoint)
    for _ in range(2):
        registry.save(model, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [hub.CONFIG, hub.WEIGHTS]


def test_a_failed_save_leaves_the_old_checkpoint(small_checkpoint, tmp_path):
    model = registry.load(small_checkpoint)
    registry.save(model, tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(TypeError):
        hub.write(tmp_path, {"not": {1, 2}}, model.state_dict())
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.suffix != ".part"}
    assert after == before


@pytest.mark.parametrize("drop", [hub.CONFIG, hub.WEIGHTS])
def test_missing_file(small_checkpoint, tmp_path, drop):
    registry.save(registry.load(small_checkpoint), tmp_path)
    (tmp_path / drop).unlink()
    with pytest.raises(hub.CheckpointError, match=f"{drop} is missing"):
        registry.load(tmp_path)


def test_config_of_another_shape_is_refused(small_checkpoint, tmp_path):
    registry.save(registry.load(small_checkpoint), tmp_path)
    config = json.loads((tmp_path / hub.CONFIG).read_text())
    del config["sha256"]
    (tmp_path / hub.CONFIG).write_text(json.dumps({**config, "identity_dim": 9}))
    with pytest.raises(hub.CheckpointError, match="doesn't fit"):
        registry.load(tmp_path)


@pytest.mark.parametrize("source", ["no-such-folder", "./nowhere", "/no/such/folder", "a/b/c"])
def test_neither_folder_nor_repo(source):
    with pytest.raises(hub.CheckpointError, match="neither a checkpoint folder nor a Hub repo id"):
        hub.resolve(source)


def test_a_generator_is_no_classifier(small_checkpoint):
    with pytest.raises(hub.CheckpointError, match="model_type .facegen-deconv."):
        registry.load_classifier(small_checkpoint)


def test_a_saved_classifier_reads_the_same(tmp_path):
    torch.manual_seed(0)
    config = ClassifierConfig(attributes=["male", "hat"], base_rates=[0.5, 0.02], image_size=32, channels=[8, 8], hidden=8)
    model = AttributeClassifier(config).eval()
    registry.save(model, tmp_path)
    images = torch.rand(3, 3, 32, 32) * 2 - 1
    again = registry.load_classifier(tmp_path)
    torch.testing.assert_close(model.probabilities(images), again.probabilities(images), atol=0.05, rtol=0.0)


def test_a_rare_attribute_is_judged_without_its_prior():
    config = ClassifierConfig(attributes=["hat"], base_rates=[0.02], image_size=32, channels=[8, 8], hidden=8)
    model = AttributeClassifier(config).eval()
    with torch.no_grad():
        model.heads.weight.zero_()
        model.heads.bias.fill_(float(torch.logit(torch.tensor(0.02))))  # "I see nothing beyond the prior"
    assert model.probabilities(torch.zeros(1, 3, 32, 32)).item() == pytest.approx(0.5, abs=1e-4)
