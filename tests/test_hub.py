"""Checkpoints: what is saved comes back, and what is broken is told in one sentence."""

import json

import numpy as np
import pytest
import torch

from facegen import FacePipeline, hub, registry
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


def test_a_save_killed_between_its_two_files_is_the_new_checkpoint(small_checkpoint, tmp_path):
    old = registry.load(small_checkpoint)
    registry.save(old, tmp_path)
    weights = (tmp_path / hub.WEIGHTS).read_bytes()
    new = registry.load(small_checkpoint)
    for parameter in new.parameters():
        parameter.mul_(-1)
    registry.save(new, tmp_path)
    after = FacePipeline.from_pretrained(tmp_path)
    (tmp_path / hub.WEIGHTS).rename(tmp_path / "model.safetensors.new")
    (tmp_path / hub.WEIGHTS).write_bytes(weights)
    killed = FacePipeline.from_pretrained(tmp_path)
    assert killed.model == after.model and killed("a man", seed=3).png == after("a man", seed=3).png
    registry.save(old, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [hub.CONFIG, hub.WEIGHTS]


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


def test_an_embedded_checkpoint_goes_by_its_name():
    assert hub.resolve("reader") == hub.embedded("reader")
    with pytest.raises(hub.CheckpointError, match="neither a checkpoint folder nor a Hub repo"):
        hub.resolve("nobody")


def test_a_generator_is_no_classifier(small_checkpoint):
    with pytest.raises(hub.CheckpointError, match="model_type .facegen-deconv."):
        registry.load_classifier(small_checkpoint)


def test_what_is_graded_is_an_attribute_of_the_model(small_checkpoint, tmp_path):
    config, tensors = hub.read(small_checkpoint)
    hub.write(tmp_path / "other", {**config, "graded": ["hat"]}, tensors)
    with pytest.raises(hub.CheckpointError, match="grades 'hat', which isn't one of its attributes"):
        registry.load(tmp_path / "other")


def test_a_saved_classifier_reads_the_same(tmp_path):
    torch.manual_seed(0)
    config = ClassifierConfig(attributes=["male", "hat"], base_rates=[0.5, 0.02], image_size=32, hidden=8)
    model = AttributeClassifier(config).eval()
    registry.save(model, tmp_path)
    images = torch.rand(3, 3, 32, 32) * 2 - 1
    again = registry.load_classifier(tmp_path)
    torch.testing.assert_close(model.probabilities(images), again.probabilities(images), atol=0.05, rtol=0.0)


def test_a_rare_attribute_is_judged_without_its_prior():
    config = ClassifierConfig(attributes=["hat"], base_rates=[0.02], image_size=32, hidden=8)
    model = AttributeClassifier(config).eval()
    with torch.no_grad():
        model.heads.weight.zero_()
        model.heads.bias.fill_(float(torch.logit(torch.tensor(0.02))))  # "I see nothing beyond the prior"
    assert model.probabilities(torch.zeros(1, 3, 32, 32)).item() == pytest.approx(0.5, abs=1e-4)


def altered(source, folder, sums=False, **changes):
    """A copy of a checkpoint whose config is another; without its sums, unless they are made anew."""
    folder.mkdir(exist_ok=True)
    (folder / hub.WEIGHTS).write_bytes((source / hub.WEIGHTS).read_bytes())
    config = {**json.loads((source / hub.CONFIG).read_text()), **changes}
    if not sums:
        del config["sha256"]
    (folder / hub.CONFIG).write_text(json.dumps(config))
    return folder


BAD_CONFIGS = {
    "width as text": ({"identity_dim": "256"}, "identity_dim = '256'"),
    "negative width": ({"identity_dim": -1}, "identity_dim = -1"),
    "enormous width": ({"identity_dim": 10_000_000}, "identity_dim = 10000000"),
    "huge but within bounds": ({"flow_width": 60_000, "flow_hidden": 60_000, "flow_blocks": 200}, "doesn't fit"),
    "no channels": ({"channels": []}, "channels of 0 entries"),
    "guidance as text": ({"guidance": "high"}, "guidance = 'high'"),
    "guidance NaN": ({"guidance": float("nan")}, "guidance"),
    "negative steps": ({"flow_steps": -1}, "flow_steps = -1"),
    "unknown attribute": ({"attributes": ["male", "young", "smiling", "wings"]}, "'wings'"),
    "attribute twice": ({"attributes": ["male", "male", "smiling", "beard"]}, "'male'"),
    "newer format": ({"format_version": 99}, "update facegen"),
    "format as text": ({"format_version": "one"}, "format_version 'one'"),
    "another kind": ({"model_type": "bert"}, "model_type 'bert'"),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
def test_a_config_is_checked_before_anything_is_allocated(small_checkpoint, tmp_path, name):
    changes, words = BAD_CONFIGS[name]
    folder = altered(small_checkpoint, tmp_path / "bad", **changes)
    with pytest.raises(hub.CheckpointError, match=words) as told:
        registry.load(folder)
    assert str(folder) in str(told.value) and "\n" not in str(told.value)


def test_a_config_without_sums_loads_and_a_changed_one_is_told(small_checkpoint, tmp_path):
    assert registry.load(altered(small_checkpoint, tmp_path / "old", guidance=3.0)).config.guidance == 3.0
    with pytest.raises(hub.CheckpointError, match="is not as it was written"):
        registry.load(altered(small_checkpoint, tmp_path / "changed", sums=True, guidance=3.0))


@pytest.mark.parametrize("file", [hub.CONFIG, hub.WEIGHTS])
def test_a_flipped_byte_never_draws_another_face(small_checkpoint, tmp_path, file):
    wanted = registry.load(small_checkpoint)
    rng = np.random.default_rng(0)
    for name in (hub.CONFIG, hub.WEIGHTS):
        (tmp_path / name).write_bytes((small_checkpoint / name).read_bytes())
    whole, refused = (small_checkpoint / file).read_bytes(), 0
    for place in rng.integers(0, len(whole), 60):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << rng.integers(8)
        (tmp_path / file).write_bytes(flipped)
        try:
            model = registry.load(tmp_path)
        except hub.CheckpointError:
            refused += 1
            continue
        assert model.config == wanted.config
        for tensor, other in zip(model.state_dict().values(), wanted.state_dict().values(), strict=True):
            assert torch.equal(tensor, other)
    assert refused > 40


@pytest.mark.parametrize("name", ["default", "classifier", "reader"])
def test_an_embedded_checkpoint_is_fit_to_be_published(name):
    folder = hub.embedded(name)
    hub.check_card(folder)
    assert ("non-commercial" in (folder / "LICENSE").read_text()) == (name != "reader")  # whose data is our own
    assert set(json.loads((folder / hub.CONFIG).read_text())["sha256"]) == {hub.CONFIG, hub.WEIGHTS}
    hub.read(folder)


def test_a_pipeline_saves_what_it_came_from(small_checkpoint, tmp_path):
    pipe = FacePipeline.from_pretrained(small_checkpoint)
    again = FacePipeline.from_pretrained(pipe.save_pretrained(tmp_path / "kept"))
    assert again("a man", seed=3).image.tobytes() == pipe("a man", seed=3).image.tobytes()
    assert again.model.partition("@")[2] == pipe.model.partition("@")[2]
    with pytest.raises(hub.CheckpointError, match="has no card"):
        pipe.push_to_hub("tester/tiny")
