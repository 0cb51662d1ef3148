"""The default generator's training: what it is told of faces, what each stage learns, and a run that goes on."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from accelerate import Accelerator

from facegen import registry
from facegen.attributes import NAMES
from facegen.data.pack import pack
from facegen.data.readers import read_dataset
from facegen.drawing.flow import adams
from facegen.drawing.generator import FaceGenerator
from facegen.training.default import autoencoder, distillation
from facegen.training.default.faces import Faces
from facegen.training.default.labels import NO, YES, fill, graded, look_of, read_scales
from facegen.training.default.settings import DataSettings, read_recipe
from facegen.training.default.state import STAGES
from facegen.training.default.trainer import DefaultTrainer, begin
from facegen.training.recipe import read_settings
from facegen.training.run import Run

HAIR = ["black_hair", "blond_hair"]


def trainer(faces, folder, **steps):
    """A trainer of the toy recipe; `steps` in place of its own, 0 for stages that aren't named, if any is."""
    recipe = read_recipe(read_settings("toy", None, None, "default"))
    recipe.generator.attributes = HAIR
    for stage in STAGES if steps else ():
        getattr(recipe, stage).steps = steps.get(stage, 0)
    return of_recipe(recipe, faces, folder)


def of_recipe(recipe, faces, folder):
    data, cache = [read_dataset(faces)], folder.parent / "cache"
    return DefaultTrainer(begin(recipe, data, Run(folder), cache, None, Accelerator(cpu=True)))


def weights(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def test_all_stages_run_and_leave_a_checkpoint(faces, tmp_path):
    whole = trainer(faces, tmp_path / "run")
    assert whole.fit()
    assert whole.state.done == {stage: getattr(whole.state.recipe, stage).steps for stage in STAGES}
    model = registry.load(tmp_path / "run/checkpoint")
    assert model.config == whole.state.recipe.generator
    drawn = model(model.identity([1, 2]), torch.zeros(2, 2))
    assert drawn.isfinite().all() and (drawn[0] - drawn[1]).abs().mean() > 0.005
    for stage in STAGES:
        assert list((tmp_path / "run").glob(f"{stage}-*.jpg"))


def test_what_is_drawn_is_chosen_from_what_the_classifier_fills_in_too(pipe, tmp_path):
    """A data set of which hair alone is labelled supports more than hair."""
    folder, number = tmp_path / "data", 0
    (folder / "images").mkdir(parents=True)
    for text in ("a man with glasses", "a smiling young woman"):
        for face in pipe(text, seed=0, n=4):
            for _ in range(30):  # the same again: 80 of each kind are asked for
                face.image.save(folder / f"images/{number:06d}.jpg")
                number += 1
    rows = [f"{i:06d}.jpg {(-1) ** i}" for i in range(number)]
    (folder / "list_attr_celeba.txt").write_text("\n".join([str(number), "Black_Hair", *rows]) + "\n")
    recipe = read_recipe(read_settings("toy", None, None, "default"))
    recipe.data.fill, recipe.generator.channels = True, [16] * 6  # 128 px, at which the classifier looks
    names = of_recipe(recipe, folder, tmp_path / "run").state.faces.names
    assert {"black_hair", "male", "eyeglasses"} <= set(names) and "hat" not in names


def test_a_run_goes_on_where_it_stopped(faces, tmp_path):
    first = trainer(faces, tmp_path / "run", autoencoder=6, flow=4, adversarial=4)
    first.state.recipe.flow.steps = 2
    first.state.recipe.adversarial.steps = 0
    first.fit()
    again = trainer(faces, tmp_path / "run", autoencoder=6, flow=4, adversarial=4)
    again.resume(tmp_path / "run/state.safetensors")
    assert again.state.done["autoencoder"] == 6 and again.state.done["flow"] == 2
    for name, module in first.state.modules.items():
        if name in again.state.modules:
            torch.testing.assert_close(weights(again.state.modules[name]), weights(module))
    moments = [s["exp_avg_sq"] for s in again.state.optimizers["opt_autoencoder"].state.values()]
    assert moments and all(m.isfinite().all() for m in moments)
    before = weights(again.state.encoder)
    assert again.fit() and again.state.done["adversarial"] == 4
    assert torch.equal(weights(again.state.encoder), before)  # its stage was done


@pytest.mark.parametrize("name", ["default", "cpu", "gan", "toy"])
def test_a_recipe_fits_together(name):
    recipe = read_recipe(read_settings(name, None, None, "default"))
    drawn = [getattr(recipe, stage) for stage in ("autoencoder", "adversarial", "detail")]
    assert max(stage.size for stage in drawn if stage.steps) == recipe.generator.image_size
    assert recipe.generator.coarse <= recipe.autoencoder.size
    if name == "default":
        assert recipe.generator.image_size == 256
        assert sum(p.numel() for p in FaceGenerator(recipe.generator).parameters()) < 20e6  # a byte each


def test_a_gan_plays_from_nothing(faces, tmp_path):
    recipe, toy = (read_recipe(read_settings(name, None, None, "default")) for name in ("gan", "toy"))
    recipe.generator = dataclasses.replace(toy.generator, attributes=HAIR, flow_steps=recipe.generator.flow_steps)
    recipe.autoencoder.size, recipe.data.fill, recipe.precision = 16, False, "no"
    recipe.adversarial = dataclasses.replace(recipe.adversarial, steps=9, batch=8, size=32, width=8, features=0.0)
    gan = of_recipe(recipe, faces, tmp_path / "run")
    assert gan.fit()
    model = gan.state.average
    seeds, nothing = model.identity([1, 2]), torch.zeros(2, model.config.conditions)
    assert torch.equal(model.flow.sample(seeds, nothing, 1.0), seeds)
    a, b = model(seeds, torch.zeros(2, 2))
    assert (a - b).abs().mean() > 1e-3  # noise alone is the code
    assert not model.decoder.eigenfaces.weight.any()  # no photograph was looked at for it


def test_the_autoencoder_learns_to_draw_what_it_sees(faces, tmp_path):
    state = trainer(faces, tmp_path / "run", autoencoder=300).state
    step = autoencoder.autoencoder(state)  # without eigenfaces to start from
    losses = [step(i)["l1"].item() for i in range(150)]
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:5])


def test_the_flow_learns_what_words_mean_and_its_pupil_where_it_ends(faces, tmp_path):
    state = trainer(faces, tmp_path / "run", autoencoder=20, flow=300, distillation=600).state
    this = DefaultTrainer(state)
    for stage in ("autoencoder", "flow", "distillation"):
        step = this.stage(stage)
        losses = [
            step(i)["loss" if stage != "autoencoder" else "l1"].item()
            for i in range(getattr(state.recipe, stage).steps)
        ]
        if stage != "autoencoder":
            assert np.mean(losses[-40:]) < 0.9 * np.mean(losses[:10])
    noise, model = torch.randn(200, 16), state.model
    dark, unsaid = (model.conditions(torch.tensor([said]).expand(200, -1)) for said in ([1.0, -1.0], [0.0, 0.0]))
    one = torch.ones(200)

    def taught(strength):
        def velocity(x, t):
            return distillation.guided(*(state.teacher(x, t * one, told, one) for told in (dark, unsaid)), strength)

        return adams(velocity, noise, 32)[-1]

    with torch.inference_mode():
        wanted = {strength: taught(strength) for strength in (1.0, 3.0)}
        off = {
            (s, w): (state.average.flow.sample(noise, dark, s) - wanted[w]).norm(dim=1).mean().item()
            for s in wanted
            for w in wanted
        }
    assert off[1.0, 1.0] < 0.7 * off[1.0, 3.0] and off[3.0, 3.0] < 0.7 * off[3.0, 1.0], (
        off
    )  # told how strong, it ends there


def test_discriminators_and_decoder_pull_against_each_other(faces, tmp_path):
    state = trainer(faces, tmp_path / "run", autoencoder=20, adversarial=60).state
    this = DefaultTrainer(state)
    for stage in ("autoencoder", "adversarial"):
        step = this.stage(stage)
        before = weights(state.model.decoder)
        values = [step(i) for i in range(getattr(state.recipe, stage).steps)]
        assert not torch.equal(before, weights(state.model.decoder))
    assert all(math.isfinite(v["fooled"]) for v in values)
    assert np.mean([v["gap"].item() for v in values[-20:]]) > np.mean([v["gap"].item() for v in values[:3]])


def test_detail_trains_the_last_block_alone(faces, tmp_path):
    state = trainer(faces, tmp_path / "run", detail=2).state
    step, decoder = DefaultTrainer(state).stage("detail"), state.model.decoder
    before = [weights(block) for block in decoder.blocks]
    for i in range(2):
        step(i)
    changed = [not torch.equal(a, weights(b)) for a, b in zip(before, decoder.blocks, strict=True)]
    assert changed == [False, False, True]


def made(labels, names, **data):
    """Faces of the given labels, all of the same gray."""
    n = len(labels)
    images, looks = np.full((n, 8, 8, 3), 128, np.uint8), np.zeros(n, np.int64)
    return Faces(images, labels, looks, looks + 8, np.arange(n), names, 3, DataSettings(**data), torch.device("cpu"))


def test_as_much_is_said_as_people_say():
    torch.manual_seed(0)
    names = [
        "male",
        "old",
        "young",
        "middle_aged",
        "black_hair",
        "brown_hair",
        "smiling",
        "beard",
        "hat",
        "big_nose",
        "oval_face",
        "necktie",
    ]
    labels = np.ones((1, len(names)), np.float32)
    labels[:, [2, 3, 5, 8]] = -1
    faces = made(labels, names, silent=0.2, wordy=0.1, most=4)
    full = torch.from_numpy(labels).expand(4000, -1).contiguous()
    said = faces.words.said(full)
    assert ((said == 0) | (said == full)).all()
    count = (said != 0).sum(1)
    assert (count == 0).float().mean().item() == pytest.approx(0.2, abs=0.03)
    assert (count == len(names)).float().mean().item() == pytest.approx(0.1, abs=0.03)
    some = said[(count > 0) & (count < len(names))]
    yes = (some > 0).sum(1)
    assert yes.max() == 4 and yes.float().mean() > 1.5
    old = some[:, 1] > 0
    assert (some[old][:, [2, 3]] == -1).all()  # the noes that an old one's yes stands for
    often = (some != 0).float().mean(0)
    assert often[0] > 0.5 and often[6] > often[9] > often[8]  # gender, then what is main, then the rest, then noes


def test_nothing_unknown_is_said():
    labels = np.array([[1.0, 0.0, -1.0]], np.float32)
    faces = made(labels, ["male", "smiling", "hat"], silent=0.0, wordy=1.0)
    assert (faces.words.said(torch.from_numpy(labels).expand(50, -1).contiguous()) == torch.from_numpy(labels)).all()


def test_a_mirrored_face_faces_the_other_way():
    torch.manual_seed(0)
    labels = np.array([[1.0, -1.0]], np.float32)
    faces = made(labels, ["facing_left", "facing_right"], silent=0.0, wordy=1.0, no_look=0.0)
    faces.images[:, :, :4] = 0  # dark on the left
    batch = faces.draw(200, 4)
    mirrored = batch.photos[:, 0, 0, 0] > batch.photos[:, 0, 0, -1]
    assert 60 < mirrored.sum() < 140 and batch.photos.shape == (200, 3, 4, 4)
    assert (batch.conditions[mirrored][:, :4] == torch.tensor([0.0, 1.0, 1.0, 0.0])).all()
    assert (batch.conditions[~mirrored][:, :4] == torch.tensor([1.0, 0.0, 0.0, 1.0])).all()
    assert (batch.conditions[:, 4:] == torch.tensor([1.0, 0.0, 0.0])).all()  # the look


def test_what_is_drawn_large_is_learned_from_large_photographs():
    faces = made(np.ones((2, 1), np.float32), ["male"])
    faces.images[1] = 255
    faces.sides[0] = 4
    assert faces.draw(50, 8).photos.min() == 1
    assert faces.draw(50, 4).photos.min() < 0.1


def test_scales_make_degrees(tmp_path):
    labels = np.array([[1, 1], [1, -1], [-1, 0], [1, 1]], np.int8)
    (tmp_path / "meta.csv").write_text(
        "image,source,age,age_predicted,happy\na.jpg,x,75,20,50\nb.jpg,x,,52,10\nc.jpg,x,30,,70\n"
    )
    scales = read_scales(tmp_path, ["a.jpg", "b.jpg", "c.jpg", "d.jpg"])
    told = graded(labels, scales, ["old", "smiling"])
    np.testing.assert_allclose(told, [[1.5, 0.5], [0.5, -1.5], [-1.4565, 0], [1, 1]], atol=1e-3)


def test_looks_come_from_the_folders_name():
    looks = {"studio": ["london"], "celebrity": ["celebahq"]}
    assert [look_of(name, looks) for name in ("london", "celebahq", "elsewhere")] == ["studio", "celebrity", "snapshot"]


def test_empty_columns_are_filled_where_the_classifier_is_sure(pipe, tmp_path):
    (tmp_path / "images").mkdir()
    lines = ["image,male"]
    for text in ("a smiling young woman with long blond hair", "a man with glasses and black hair"):
        for seed in range(4):
            name = f"{len(lines)}.png"
            pipe(text, seed=seed).image.save(tmp_path / "images" / name)
            lines.append(f"{name},{'yes' if seed == 3 else ''}")  # of the fourth woman it is wrong
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    classifier = registry.load_classifier().eval()
    data = pack([read_dataset(tmp_path)], 128, tmp_path / "cache")
    after = dataclasses.replace(data, attributes=fill(data, classifier))
    np.testing.assert_array_equal(after.columns(["male"]), data.columns(["male"]))
    blond, glasses = after.columns(["blond_hair"])[:, 0], after.columns(["eyeglasses"])[:, 0]
    assert (blond[:4] > 0).sum() >= 3 and (blond[4:] < 0).all()
    assert (glasses[:4] < 0).all() and (glasses[4:] > 0).sum() >= 3
    j, k = NAMES.index("mustache"), classifier.attributes.index("mustache")
    with torch.inference_mode():
        answers = torch.sigmoid(classifier(torch.from_numpy(np.array(data.images)).permute(0, 3, 1, 2) / 127.5 - 1))[
            :, k
        ].numpy()
    np.testing.assert_array_equal(after.attributes[:, j], (answers >= YES).astype(int) - (answers <= NO))
