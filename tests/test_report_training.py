"""The classifier and the reports' models learn: a few steps of tiny networks, by `train` in this process."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_face import LANDMARKS, drawn_face
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from benchmarks.blend_subjects import pairs_of
from facegen import registry
from facegen.attributes import members
from facegen.cli import main
from facegen.data.bag_of_words import read_words
from facegen.data.dress.eyewear import RIMS, Frame, draw_eyewear
from facegen.errors import UserError
from facegen.networks.efficientnet import EfficientNet
from facegen.networks.subjects import SubjectDeconv, SubjectDeconvConfig
from facegen.pipeline import FacePipeline
from facegen.training.default.settings import read_recipe
from facegen.training.presets import MODELS, PRESETS
from facegen.training.recipe import RECIPES, filled, read_settings

ROOT = Path(__file__).parent.parent
HAIR = "attributes: [black_hair, blond_hair]"
SMALL = "image_size: 32, hidden: 16"


def train(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["train", *map(str, arguments)])
    return stop.value.code or 0


def run(preset, data, out, *settings) -> None:
    pairs = [x for pair in settings for x in ("--set", pair)]
    assert train(preset, "--data", data, "--out", out, "--cache", Path(data) / "cache", *pairs) == 0


def losses(folder, name):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


@pytest.fixture(scope="session")
def subjects(faces, tmp_path_factory):
    """The same faces as six subjects."""
    folder = tmp_path_factory.mktemp("subjects")
    for name in ("images", "list_attr_celeba.txt"):
        (folder / name).symlink_to(faces / name)
    (folder / "identity.txt").write_text("".join(f"{i:06d}.jpg {i % 6}\n" for i in range(48)))
    return folder


def test_every_preset_has_a_recipe_that_it_takes():
    for preset in PRESETS:
        assert (RECIPES / f"{preset}.yaml").is_file()
        values = read_settings(None, None, None, preset)
        assert filled(MODELS[preset][1](), values) == MODELS[preset][1]() if preset in MODELS else read_recipe(values)


def hair_of(color: int) -> torch.Tensor:
    return torch.from_numpy(drawn_face(32, hair=(color,) * 3)).permute(2, 0, 1)[None] / 127.5 - 1


def test_classifier_learns_hair(faces, tmp_path, capsys):
    run("classifier", faces, tmp_path, f"model={{{SMALL}, {HAIR}}}", "steps=40", "batch=16")
    model = registry.load_classifier(tmp_path / "000-classifier/checkpoint")
    dark, fair = hair_of(40), hair_of(200)
    assert model.probabilities(dark)[0, 0] > 0.5 > model.probabilities(fair)[0, 0]

    # What it learned is taken over, attribute by attribute, and another shape is refused.
    again = ["classifier", "--data", faces, "--out", tmp_path, "--cache", faces / "cache"]
    again += ["--start-from", tmp_path / "000-classifier/checkpoint", "--set", "steps=1", "--set"]
    assert train(*again, f"model={{{SMALL}, attributes: [blond_hair, brown_hair, black_hair]}}") == 0
    wider = registry.load_classifier(tmp_path / "001-classifier/checkpoint")
    for face in (dark, fair):
        black, blond = model(face)[0].tolist()
        told = wider(face)[0].tolist()
        assert told[2] == pytest.approx(black, abs=0.3) and told[0] == pytest.approx(blond, abs=0.3)
    capsys.readouterr()
    assert train(*again, f"model={{{SMALL[:-2]}8, {HAIR}}}") == 2
    assert "hidden = 16, where 8 is asked for" in capsys.readouterr().err
    assert train("draw", *again[1:], f"model={{{HAIR}}}") == 2
    assert "draw starts from nothing" in capsys.readouterr().err


def test_classifier_starts_from_imagenet(faces, tmp_path):
    sizes = f"model={{image_size: 32, hidden: 8, {HAIR}}}"
    run("classifier", faces, tmp_path, sizes, "steps=1", "batch=4", "learning_rate=0.0001", "weight_decay=0")
    state = load_file(tmp_path / "000-classifier/state.safetensors")
    learned = [state[f"model.trunk.{name}"] for name in ("0.weight", "0.bias", "2.layers.0.weight")]
    stem, depthwise = EfficientNet().folded()[:2]
    for ours, theirs in zip(learned, (*stem, depthwise[0]), strict=True):
        torch.testing.assert_close(ours, theirs, atol=0.001, rtol=0)


def test_deconv_redraws_its_subjects(subjects, tmp_path):
    network = "model={attributes: [black_hair], channels: [16, 16, 16, 16], dense: 32}"
    run("deconv", subjects, tmp_path, network, "batch=8", "steps=201")  # 201: the second look at held-out photographs
    folder = tmp_path / "000-deconv"
    model = registry.load(folder / "checkpoint")
    assert model.config.subjects == list("012345")
    face = FacePipeline.from_pretrained(folder / "checkpoint")("black hair", best_of=2)
    assert face.image.size == (32, 32) and face.attributes == {"black_hair": True}
    assert model(model.identity([5]), torch.ones(1, 1)).shape == (1, 3, 32, 32)
    assert list(folder.glob("good-and-poor-*.png"))
    seldom = losses(folder, "deconv/psnr_validation")
    assert seldom[-1] > seldom[0] + 1  # as it is, not a mean with the first


def test_what_the_first_report_asks_for_next(subjects, tmp_path):
    """Attention, which starts as nothing, and a discriminator, both of which a resumed run goes on with."""
    network = "model={attributes: [black_hair], channels: [16, 16, 16, 16], dense: 32, attention: 16}"
    run("deconv", subjects, tmp_path, network, "batch=8", "steps=10", "adversarial=0.05")
    folder = tmp_path / "000-deconv"
    before = load_file(folder / "state.safetensors")
    assert before["model.blocks.1.5.share"] != 0 and len(losses(folder, "deconv/gap"))
    config = (folder / "config.yaml").read_text().replace("steps: 10", "steps: 12")
    (folder / "config.yaml").write_text(config)
    assert train("deconv", "--data", subjects, "--cache", subjects / "cache", "--resume", folder) == 0
    after = load_file(folder / "state.safetensors")
    assert {*before} == {*after} and any(name.startswith("discriminator.") for name in after)
    moved = [name for name in after if name.endswith("weight") and not torch.equal(before[name], after[name])]
    assert {name.split(".")[0] for name in moved} == {"model", "discriminator"}
    with pytest.raises(UserError, match=r"attention = 5 is the side of no map: \[8, 16\]"):
        SubjectDeconv(SubjectDeconvConfig(["hat"], ["a"], channels=[8, 8, 8], attention=5))


def test_faces_of_no_subject_are_those_that_are_drawn_for_nobody(subjects, tmp_path):
    white = tmp_path / "white"
    (white / "images").mkdir(parents=True)
    table = (subjects / "list_attr_celeba.txt").read_text()
    (white / "list_attr_celeba.txt").write_text(table)
    for photo in (subjects / "images").iterdir():
        Image.new("RGB", (32, 32), "white").save(white / "images" / photo.name)
    network = "model={attributes: [black_hair], channels: [16, 16, 16, 16], dense: 32}"
    settings = ["--set", network, "--set", "steps=80", "--set", "anonymous=0.5"]
    data = ["--data", subjects, "--data", white, "--out", tmp_path, "--cache", tmp_path / "cache"]
    assert train("deconv", *data, *settings) == 0
    model = registry.load(tmp_path / "000-deconv/checkpoint")
    nobody, somebody = (model.unit(subject, torch.zeros(6, 1)).mean() for subject in (torch.zeros(6, 6), torch.eye(6)))
    assert nobody > somebody + 0.1


def test_published_subjects_are_blends_that_nobody_can_be_computed_from():
    torch.manual_seed(0)
    config = SubjectDeconvConfig(["hat"], ["a", "b", "c", "d", "e"], channels=[8, 8], dense=8)
    model = SubjectDeconv(config).eval()
    pairs = pairs_of(config.subjects, {"a": True, "b": False, "c": True, "d": False, "e": True})
    assert [{"a", "c", "e"} >= set(pair) or {"b", "d"} == set(pair) for pair in pairs] == [True, True]
    blended = model.blended(pairs)
    half = torch.tensor([[0.5 * (subject in pair) for subject in config.subjects] for pair in pairs])
    hat = torch.ones(2, 1)
    torch.testing.assert_close(blended(torch.eye(2), hat), model(half, hat), atol=1e-5, rtol=0)
    assert blended.config.identity_dim == 2 and blended.identity([0, 1, 2]).sum(1).tolist() == [1, 1, 1]
    assert set(blended.identity(range(9)).flatten().tolist()) == {0, 1}  # a seed is one of them
    with pytest.raises(UserError, match="in two pairs"):
        model.blended([("a", "b"), ("b", "c")])


def test_deconv_learns_glasses_that_are_only_drawn_on(faces, tmp_path):
    folder = tmp_path / "bare"  # nobody wears any
    folder.mkdir()
    (folder / "images").symlink_to(faces / "images")
    rows = [f"{i:06d}.jpg,{i % 6},no,no" for i in range(48)]
    (folder / "labels.csv").write_text("\n".join(["image,subject,eyeglasses,sunglasses", *rows]) + "\n")
    np.save(folder / "landmarks68.npy", np.stack([LANDMARKS * 32] * 48).astype(np.float16))
    network = "model={attributes: [eyeglasses, sunglasses], channels: [16, 16, 16, 16, 16], first: 2, dense: 32}"
    run("deconv", folder, tmp_path, network, "batch=16", "steps=150", "augment_eyewear=0.5", "anonymous=0.5")
    model = registry.load(tmp_path / "000-deconv/checkpoint")
    assert model.config.image_size == 32
    bare, dark = model(torch.zeros(2, 6), torch.tensor([[-1.0, -1.0], [0.0, 1.0]]))
    eyes = slice(*(int(y * 32) for y in (LANDMARKS[36:48, 1].min(), LANDMARKS[36:48, 1].max() + 0.05)))
    assert (bare - dark)[:, eyes].mean() > 0.05


def test_the_annotated_people_have_a_whole_bag_of_words_each():
    bags = read_words(ROOT / "examples/london/annotations.csv")
    assert len(bags) == 138
    for bag in bags.values():
        assert sum(bag.get(name, False) for name in members("face_shape")) == 1
        assert sum(bag.get(name, False) for name in (*members("hair_color"), "bald")) == 1
        assert {"male", "eyeglasses", "beard"} <= set(bag)


def test_gradients_of_several_steps_make_one_update(subjects, tmp_path):
    network = "model={attributes: [black_hair], channels: [8, 8, 8, 8], dense: 8}"
    given = ["deconv", "--data", subjects, "--out", tmp_path, "--cache", subjects / "cache", "--set", network]
    for steps in (1, 3, 4):
        assert train(*given, "--accumulate", 4, "--set", f"steps={steps}") == 0
    one, three, four = (load_file(tmp_path / f"00{k}-deconv/state.safetensors") for k in range(3))
    weights = [name for name in one if name.startswith("model.")]
    assert all(torch.equal(one[name], three[name]) for name in weights)  # still the first weights
    assert all(not torch.equal(three[name], four[name]) for name in weights)
    assert [four[name].item() for name in four if name.endswith("step")][0] == 1  # Adam's


def test_a_run_goes_on_where_it_stopped(faces, tmp_path):
    """Whole, or stopped half way and resumed: as many steps, the log of both parts, a state that fits."""
    given = ["draw", "--data", faces, "--out", tmp_path, "--cache", faces / "cache", "--set", "batch=4"]
    given += [
        "--set",
        "model={attributes: [black_hair], image_size: 16, glimpses: 2, hidden: 8, latent: 2, read: 2, write: 2}",
    ]
    assert train(*given, "--set", "steps=3") == 0
    folder = tmp_path / "000-draw"
    assert train(*given, "--resume", folder, "--set", "steps=5") == 0
    with safe_open(folder / "state.safetensors", "pt") as state:
        assert json.loads(state.metadata()["extra"]) == {"done": 5}
        assert state.get_tensor("optimizer.0.step").item() == 5
    assert [json.loads(line)["step"] for line in (folder / "log.jsonl").read_text().splitlines()] == [3, 5]


def test_augmentation_shows_its_sheet_and_trains_with_it(faces, tmp_path, capsys):
    folder = tmp_path / "bare"  # known to wear no glasses, and where their landmarks are
    folder.mkdir()
    (folder / "images").symlink_to(faces / "images")
    rows = [f"{i:06d}.jpg {1 if i % 2 == 0 else -1} -1" for i in range(48)]
    (folder / "list_attr_celeba.txt").write_text("\n".join(["48", "Black_Hair Eyeglasses", *rows]) + "\n")
    assert train("classifier", "--data", folder, "--augment", tmp_path / "sheet.png") == 2
    assert "nothing to draw on" in capsys.readouterr().err
    np.save(folder / "landmarks68.npy", np.stack([LANDMARKS * 32] * 48).astype(np.float16))
    assert train("classifier", "--data", folder, "--augment", tmp_path / "sheet.png") == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size == (8 * 128, 6 * 128)

    settings = ("steps=60", "batch=16", "augment_eyewear=0.5")
    run("classifier", folder, tmp_path, f"model={{{SMALL}, attributes: [eyeglasses]}}", *settings)
    model = registry.load_classifier(tmp_path / "000-classifier/checkpoint")
    glasses = Frame("square", RIMS["black"], 0.13)
    bare = drawn_face(32)
    worn = draw_eyewear(bare, LANDMARKS * 32, glasses, np.random.default_rng(0))
    plain, with_glasses = model(torch.from_numpy(np.stack([bare, worn])).permute(0, 3, 1, 2) / 127.5 - 1)[:, 0]
    assert with_glasses > plain + 1  # no photograph of the set wears any


def test_draw_tightens_its_bound(faces, tmp_path):
    network = "model={attributes: [black_hair], image_size: 32, glimpses: 4, hidden: 32, latent: 8, read: 5, write: 5}"
    run("draw", faces, tmp_path, network, "batch=16", "steps=200", "read_back=10.0")
    folder = tmp_path / "000-draw"
    assert losses(folder, "draw/read_back")[-1] < 0.5  # of a coin it is 0.69
    bound = losses(folder, "draw/elbo")
    assert bound[-1] > bound[0] + 50  # nats
    model = registry.load(folder / "checkpoint")
    stages = model.canvases(model.identity([5]), torch.ones(1, 1))
    assert len(stages) == 5 and (stages[-1] - stages[0]).abs().mean() > 0.01
    assert list(folder.glob("canvas-*.png"))
    assert FacePipeline.from_pretrained(folder / "checkpoint")("black hair", best_of=2).image.size == (32, 32)


def test_end_to_end_draws_by_the_words_alone(faces, tmp_path):
    network = "identity_dim: 8, channels: [8, 8, 8, 8], coarse: 8, style: 8, flow_width: 32, flow_hidden: 32, state: 16"
    model = f"model={{{network}, {HAIR}}}"
    settings = ("fill=false", "autoencoder_steps=40", "steps=200", "pairs=16", "learning_rate=0.01")
    for criterion in ("pixels", "code", "attributes"):
        steps = () if criterion == "pixels" else ("steps=42",)
        run("endtoend", faces, tmp_path, model, *settings, f"criterion={criterion}", *steps)
    assert losses(tmp_path / "002-endtoend", "endtoend/read_back")
    told = losses(tmp_path / "000-endtoend", "endtoend/tell")
    assert told[-1] < 0.5  # guessing among yes, no and not said: 1.1
    pipe = FacePipeline.from_pretrained(tmp_path / "000-endtoend/checkpoint")
    dark, fair, set_by_hand = (
        np.asarray(face.image, float)
        for face in (pipe("a person with black hair"), pipe("blond hair"), pipe("", overrides={"blond_hair": True}))
    )
    top = slice(0, 6)  # of 32 px: the hair
    assert fair[top].mean() > dark[top].mean() + 20
    assert set_by_hand[top].mean() > dark[top].mean() + 10
    # Words that are no attribute count, too: here by chance, but they are read.
    assert (np.asarray(pipe("zebra crossing at dawn").image) != np.asarray(pipe("blond hair").image)).any()
    with pytest.raises(SystemExit) as stop:
        main(["train", "endtoend", "--data", str(faces), "--out", str(tmp_path), "--set", "criterion=taste"])
    assert stop.value.code == 2
