"""`evaluate models`: the table, what people wrote around it, and what each kind of model can be asked."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from drawn_face import drawn_face
from PIL import Image

from facegen import registry
from facegen.cli import main
from facegen.evaluation.models import redrawn as targets
from facegen.evaluation.models.report import BEGIN, END
from facegen.evaluation.output import spliced
from facegen.networks.draw import Draw, DrawConfig
from facegen.networks.subjects import SubjectDeconv, SubjectDeconvConfig
from facegen.picture import SOURCE_TYPE

HAIR = ["black_hair", "blond_hair"]


def facegen(*arguments) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", *map(str, arguments)])
    return stop.value.code or 0


def save(model, folder):
    registry.save(model, folder)
    return folder


def test_evaluate_models_writes_the_table(many, tmp_path, capsys):
    torch.manual_seed(0)
    subjects = SubjectDeconv(SubjectDeconvConfig(HAIR, ["0", "1", "2"], [8, 8, 8, 8], 8))
    draw = Draw(DrawConfig(HAIR, image_size=16, glimpses=2, latent=4, hidden=8, read=4, write=4))
    save(subjects, tmp_path / "run/checkpoint")
    save(draw, tmp_path / "draw")
    log = [{"step": 100, "seconds": 60.0, "deconv/msle": 1.0}, {"step": 200, "seconds": 30.0, "deconv/msle": 1.0}]
    (tmp_path / "run/log.jsonl").write_text("".join(json.dumps(x) + "\n" for x in log) + '{"step": 30')
    out = tmp_path / "docs/models.md"
    given = ["models", f"deconv={tmp_path / 'run/checkpoint'}", f"draw={tmp_path / 'draw'}", "--data", many]
    given += ["--size", "32", "--cache", many / "cache", "-o", out]
    given += ["--ask", "blond_hair", "--n-asked", "7"]
    assert facegen(*given, "--note", "Ninety seconds each.") == 0

    text = out.read_text()
    lines = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    table = {row[0]: dict(zip(lines[0], row, strict=True)) for row in lines[2:5]}
    asked = {row[0]: [float(x) for x in row[1].split("/")] for row in lines[7:]}
    assert list(table) == list(asked) == ["deconv", "draw", "photographs"]
    assert all(0 <= share <= 1 for row in asked.values() for share in row)
    assert asked["photographs"][0] > 0.8 > 0.2 > asked["photographs"][1]  # blond is judged yes where it is labelled so
    assert table["deconv"]["training, minutes"] == "1.5" and table["deconv"]["steps"] == "deconv 200"
    assert table["draw"]["training, minutes"] == "-" and table["draw"]["px"] == "16"
    for name in ("deconv", "draw"):
        assert 3 < float(table[name]["PSNR, dB"]) < 30
        assert float(table[name]["ms an image"]) > 0 and float(table[name]["memory, MB"]) > 50
        distance = {k: float(table[k]["Frechet distance"].replace(",", "")) for k in (name, "photographs")}
        assert distance[name] > 3 * distance["photographs"]
    # The judge tells hair in photographs; untrained networks draw none.
    assert float(table["photographs"]["attribute accuracy"]) > 0.9 > 0.7 > float(table["deconv"]["attribute accuracy"])
    assert "Ninety seconds each." in text and "black hair, blond hair" in text
    assert "nats an image" in text and str(tmp_path) not in text
    sizes = {"draw": (160, 96), "draw-canvas": (48, 96), "deconv": (320, 192), "deconv-good-and-poor": (256, 64)}
    for name, size in sizes.items():
        assert f"(models/{name}.webp)" in text
        with Image.open(out.parent / f"models/{name}.webp") as picture:
            assert picture.size == size and SOURCE_TYPE.encode() in picture.info["xmp"]  # marked as what it is

    capsys.readouterr()
    assert facegen(*given) == 2
    assert f"{out} exists" in capsys.readouterr().err
    out.write_text(f"{END}\n")
    assert facegen(*given, "--force") == 2  # before anything is measured
    assert "evaluate models: begin" in capsys.readouterr().err
    assert facegen("models", "draw", *given[3:]) == 2
    assert "'draw' is no name=folder pair" in capsys.readouterr().err


def test_what_people_wrote_around_the_table_stays(tmp_path):
    page = f"# Ours\n\nHow to read it.\n\n{BEGIN}\nstale\n{END}\n\nThe end.\n"
    assert spliced(page, "| new |\n", BEGIN, END, tmp_path) == page.replace("stale", "| new |")


def test_draw_redraws_what_its_bound_measures(packed):
    """With a posterior that has no spread, the picture redrawn is the one that the bound's first term is of."""
    torch.manual_seed(0)
    model = Draw(DrawConfig(HAIR, image_size=32, glimpses=3, latent=4, hidden=8, read=4, write=4)).eval()
    with torch.no_grad():
        model.posterior.weight[4:] = 0
        model.posterior.bias[4:] = -20
        model.patch.weight *= 0.02  # else pixels saturate, and a probability of 1 has no log-odds left
        model.patch.bias *= 0.02
    rows = packed.rows("test")[:6]
    photo = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 255
    attributes = torch.from_numpy(packed.columns(HAIR)[rows].astype(np.float32))
    mine, images = targets.redrawn(model, packed, rows)
    with torch.no_grad():
        nll, _ = model.elbo(photo, attributes)
    expected = F.binary_cross_entropy((images + 1) / 2, photo, reduction="none").sum((1, 2, 3)).mean()
    assert list(mine) == list(rows)
    torch.testing.assert_close(nll, expected, rtol=1e-5, atol=0.01)


def test_deconv_is_asked_for_its_own_subjects_only(packed):
    model = SubjectDeconv(SubjectDeconvConfig(HAIR, ["1", "stranger"], [8, 8, 8, 8], 8)).eval()
    rows = packed.rows("test")[:9]
    mine, images = targets.redrawn(model, packed, rows)
    assert list(mine) == [r for r in rows if packed.subjects[r] == "1"] and len(images) == 3
    label = torch.from_numpy(packed.columns(HAIR)[mine[:1]].astype(np.float32))
    torch.testing.assert_close(images[:1], model(torch.tensor([[1.0, 0.0]]), label))
    strangers = SubjectDeconv(SubjectDeconvConfig(HAIR, ["9"], [8, 8, 8, 8], 8)).eval()
    assert targets.redrawn(strangers, packed, rows) is None


def test_good_and_poor_are_ordered_by_psnr(packed):
    """Photographs themselves, then with more and more noise: the first in the picture is the cleanest."""
    rows = packed.rows("test")[:6]
    photos = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 127.5 - 1
    noise = torch.linspace(0.6, 0.1, 6).view(-1, 1, 1, 1) * torch.randn(
        photos.shape, generator=torch.Generator().manual_seed(0)
    )
    pair = rows, (photos + noise).clamp(-1, 1)
    order = targets.quality(pair, packed)
    assert (order.diff() > 0).all()
    sheet = np.asarray(targets.good_and_poor(pair, packed, 2), float)
    assert sheet.shape == (64, 64, 3)
    best = ((pair[1][5].permute(1, 2, 0).numpy() + 1) * 127.5).round()
    np.testing.assert_allclose(sheet[:32, :32], best, atol=1)


def test_the_bound_is_the_networks_own(packed):
    torch.manual_seed(0)
    model = Draw(DrawConfig(HAIR, image_size=32, glimpses=2, latent=4, hidden=8, read=4, write=4)).eval()
    rows = packed.rows("test")[:70]  # two batches of unequal size are weighed by it
    found = targets.bound(model, packed, rows)
    assert found["elbo"] == pytest.approx(found["reconstruction"] - found["divergence"])
    photo = torch.from_numpy(packed.images[rows]).permute(0, 3, 1, 2) / 255
    attributes = torch.from_numpy(packed.columns(HAIR)[rows].astype(np.float32))
    with torch.no_grad():
        nll, divergence = model.elbo(photo, attributes)
    assert found["elbo"] == pytest.approx(-float(nll + divergence), rel=0.02)


def test_a_set_that_one_learned_from_judges_with_its_other_parts(many, tmp_path, capsys):
    torch.manual_seed(0)
    folder = save(SubjectDeconv(SubjectDeconvConfig(HAIR, ["0"], [8, 8, 8, 8], 8)), tmp_path / "a")
    other = tmp_path / "other"
    (other / "images").mkdir(parents=True)
    numbers = [
        10 * i + k for i in range(400, 410) for k in range(10)
    ]  # ten each to validate and to test, eighty to train
    for number in numbers:
        Image.fromarray(drawn_face(32)).save(other / f"images/{number:06d}.jpg")
    rows = [f"{n:06d}.jpg 1 -1" for n in numbers]
    (other / "list_attr_celeba.txt").write_text("\n".join([str(len(rows)), "Black_Hair Blond_Hair", *rows]) + "\n")
    given = ["models", f"a={folder}", "--data", many, "--size", "32", "--n", "4"]
    out = tmp_path / "table.md"
    assert facegen(*given, "--judge-held-out", other, "--cache", tmp_path / "cache", "-o", out) == 0
    assert "a judge trained on 230 other photographs" in " ".join(
        out.read_text().split()
    )  # 310 with those that the model learned from
