"""Whatever is typed, sent, dropped or read: an answer, or a refusal in one sentence; never a traceback.

Requests to the app are in test_fuzz_app.py.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
import yaml
from fuzzing import JSON, PERSON, TEXT, fuzzed
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from test_data_readers import POSITIVE, write_images, write_table

from facegen import bulk, registry
from facegen.attributes import NAMES
from facegen.data.base import DataError
from facegen.data.prepare import PrepareConfig, prepare
from facegen.data.readers import read_dataset
from facegen.data.sets.pubfig import image_file, read_links
from facegen.errors import UserError
from facegen.hub import CONFIG, WEIGHTS, CheckpointError
from facegen.picture import png_bytes, read_settings
from facegen.pipeline import Face
from facegen.reading.readers import READERS
from facegen.reading.result import DescriptionError
from facegen.training.default.settings import read_recipe
from facegen.training.recipe import read_settings as read_recipe_file
from facegen.training.run import TrainingError
from facegen.ui import links, session


@pytest.mark.parametrize("reader", READERS)
@fuzzed
@given(TEXT)
def test_any_text_is_read(reader, text):
    try:
        reading = READERS[reader](text)
    except DescriptionError:
        return
    assert set(reading.attributes) <= set(NAMES)
    assert "".join(piece for piece, _ in reading.segments()) == text
    assert all(0 <= m.start < m.end <= len(text) for m in reading.mentions)
    json.dumps(reading.to_dict(NAMES), allow_nan=False)


@fuzzed
@given(
    st.dictionaries(st.sampled_from(["description", "overrides", "person", "strength", "look", "attributes"]), JSON),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=3),
    st.integers(0, 10**6),
)
def test_any_picture_is_restored_or_refused(quick_pipe, said, flips, cut):
    png = bytearray(png_bytes(Image.new("RGB", (8, 8)), {"description": "a man", **said}))
    for place, value in flips:
        png[place % len(png)] = value
    try:
        found = read_settings(bytes(png if cut % 3 else png[: cut % len(png)]))
        assert isinstance(session.redraw(quick_pipe, found), Face)
    except UserError as error:
        assert "\n" not in str(error)


@fuzzed
@given(
    st.dictionaries(
        st.sampled_from([*links.KEYS, "look", "utm"]), TEXT | PERSON | st.sampled_from(["hat=yes", "3", "lstm", "nan"])
    ).map(urlencode)
    | st.text(max_size=80)
)
def test_any_link_is_read_or_refused(quick_pipe, query):
    try:
        links.Faces(lambda found: session.redraw(quick_pipe, found), 1).get(query)
    except UserError:
        pass


@fuzzed
@given(st.data())
def test_any_config_is_loaded_or_refused(small_checkpoint, tmp_path, data):
    config = json.loads((small_checkpoint / CONFIG).read_text())
    del config["sha256"]
    keys = st.sampled_from([*config, "format_version", "sha256", "sia256"])
    changes = data.draw(st.dictionaries(keys, JSON, min_size=1, max_size=3))
    shutil.copy(small_checkpoint / WEIGHTS, tmp_path / WEIGHTS)
    (tmp_path / CONFIG).write_text(json.dumps({**config, **changes}))
    try:
        registry.load(tmp_path)
    except CheckpointError as error:
        assert "\n" not in str(error)


@pytest.fixture(scope="module")
def data_sets(tmp_path_factory, faces) -> dict[str, tuple[Path, list[str]]]:
    """{kind: (folder, the files in it that are read)}, each of them well-formed."""
    root = tmp_path_factory.mktemp("sets")
    celeba = root / "celeba"
    shutil.copytree(faces, celeba)
    names = sorted(p.name for p in (celeba / "images").iterdir())
    (celeba / "identity.txt").write_text("".join(f"{name} {i % 6}\n" for i, name in enumerate(names)))
    (celeba / "alignment.csv").write_text("image,inside_share\n" + "".join(f"{name},0.9\n" for name in names))
    np.save(celeba / "landmarks68.npy", np.zeros((len(names), 68, 2), np.float32))
    people = [("Anna Example", 1), ("Bert O'Sample", 2)]
    pubfig = root / "pubfig"
    pubfig.mkdir()
    write_table(pubfig / "pubfig_attributes.txt", POSITIVE)
    write_images(pubfig / "images", [image_file(*key) for key in people])
    row = ["Anna Example", "1", "http://127.0.0.1:9/a.jpg", "1,2,30,40", "0" * 32]
    (pubfig / "dev_urls.txt").write_text("# PubFig\n# person\timagenum\turl\trect\tmd5sum\n" + "\t".join(row) + "\n")
    plain = root / "plain"
    write_images(plain / "images", ["a.png", "b.png"])
    (plain / "labels.csv").write_text('image,subject,male,words\na.png,1,yes,"hat, no_beard"\nb.png,2,,\n')
    (plain / "annotations.csv").write_text("subject,words\n1,beard male\n2,no_hat\n")
    omi = root / "omi"
    write_images(omi / "images", ["1.jpg", "2.jpg"])
    columns = ["image", "age", "gender", "long-haired", "skin-color", "black", "asian", "white", "hispanic"]
    (omi / "ratings.csv").write_text(",".join(columns) + "\n1.jpg,40,20,80,30,5,10,80,5\n2.jpg,60,90,10,80,90,5,5,30\n")
    return {
        "celeba": (celeba, ["list_attr_celeba.txt", "identity.txt", "alignment.csv", "landmarks68.npy"]),
        "pubfig": (pubfig, ["pubfig_attributes.txt", "dev_urls.txt"]),
        "folder": (plain, ["labels.csv", "annotations.csv"]),
        "omi": (omi, ["ratings.csv"]),
    }  # fmt: skip


PIECES = [b"\n", b",", b"\t", b'"', b"-1", b"9" * 5000, b"nan", b"1e999", b"\xff", b"..", b"\0", b"../../x", b"x" * 400]
PIECE = st.binary(max_size=8) | st.sampled_from(PIECES)


@pytest.mark.parametrize("kind", ["celeba", "pubfig", "folder", "omi"])
@fuzzed
@given(st.data())
def test_any_data_set_is_read_or_refused(data_sets, kind, data):
    folder, files = data_sets[kind]
    assert len(read_dataset(folder, kind))
    path = folder / data.draw(st.sampled_from(files))
    whole = path.read_bytes()
    place, length = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 40))
    try:
        path.write_bytes(whole[:place] + data.draw(PIECE) + whole[place + length :])
        if path.name == "dev_urls.txt":
            read_links(path)
        else:
            len(read_dataset(folder, kind)) and read_dataset(folder, kind)[0]
    except DataError as error:
        assert "\n" not in str(error).strip()
    finally:
        path.write_bytes(whole)


@fuzzed
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_log_of_prepare_is_gone_on_with_or_refused(tmp_path_factory, faces, log):
    out = tmp_path_factory.mktemp("out")
    (out / "images").mkdir()
    (out / "prepare.jsonl").write_bytes(log)
    with pytest.raises(DataError):
        prepare(faces, out, PrepareConfig(size=32), "celeba", model=out, workers=1, limit=1, progress=False)


@fuzzed
@given(st.dictionaries(st.sampled_from(["data", "flow", "generator", "autoencoder", "precision", "x"]), JSON) | JSON)
def test_any_recipe_is_taken_or_refused(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("recipe") / "any.yaml"
    path.write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    try:
        read_recipe(read_recipe_file(str(path), None, None, "default"))
    except TrainingError:
        pass


ROW = st.dictionaries(st.sampled_from([*bulk.COLUMNS, "more"]), JSON)


def as_lines(rows: list[dict]) -> bytes:
    return "\n".join(map(json.dumps, rows)).encode()


def as_csv(rows: list[dict]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, [*bulk.COLUMNS, "more"])
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


@fuzzed
@given(
    st.tuples(st.just(".jsonl"), st.lists(ROW, max_size=3).map(as_lines))
    | st.tuples(st.just(".csv"), st.lists(ROW, max_size=3).map(as_csv))
    | st.tuples(st.sampled_from(bulk.KINDS), st.binary(max_size=80))
)
def test_any_file_of_descriptions_is_drawn_or_told_row_by_row(tmp_path_factory, quick_pipe, file):
    path = tmp_path_factory.mktemp("rows") / f"rows{file[0]}"
    path.write_bytes(file[1])
    try:
        rows = list(bulk.rows(path, path.parent / "out", 0, {}))
    except bulk.RowError:
        return
    for row in rows:
        if "error" not in row.more:
            try:
                row.draw(quick_pipe)
            except UserError:
                pass
