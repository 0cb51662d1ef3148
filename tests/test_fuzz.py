"""Whatever is typed, sent, dropped or read: an answer, or a refusal in one sentence; never a traceback.

FACEGEN_FUZZ is the number of examples a test; the default is quick, and always the same.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import shutil
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from served import served
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
from facegen.reading.lexicon import lexicon
from facegen.reading.readers import READERS
from facegen.reading.result import DescriptionError
from facegen.training.default.settings import read_recipe
from facegen.training.recipe import read_settings as read_recipe_file
from facegen.training.run import TrainingError
from facegen.ui import links, session
from facegen.ui.settings import Settings

EXAMPLES = int(os.environ.get("FACEGEN_FUZZ", 25))
anything = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
fuzzed = settings(anything, max_examples=EXAMPLES, derandomize="FACEGEN_FUZZ" not in os.environ)
as_it_comes = [Phase.generate]  # a request that fails is told as it was: making it small takes minutes

ODD = ["\x00", "\x1b[31m", "\u202e", "\ud7ff", "ﷺ", "🧔🏽‍♂️", "<b>", "'\"", "\\", "\r\n", "%00", "İ", "ß"]
ODD += ["no", "not", "without", ",", "."]
WORDS = sorted({entry.phrase for entry in lexicon().entries.values()})
SENTENCE = st.lists(st.sampled_from([*WORDS, *ODD]) | st.text(max_size=6), max_size=60).map(" ".join)
TEXT = st.text(max_size=200) | SENTENCE
NUMBER = st.integers() | st.floats() | st.sampled_from([0, 1, 7, 2**32 - 1, 2**32, -1, 10**400, 0.5, 1e308])
PEOPLE = st.sampled_from(["7", "7*0.94+12*0.34", "7*0+8*0", "+", "7*", "9" * 11, "7 + 8"])
PERSON = PEOPLE | st.text("0123456789*+. ", max_size=40)
NAME = st.sampled_from([*NAMES, "", "hat ", "HAT", "x" * 5000]) | st.text(max_size=12)
STATE = st.sampled_from(["yes", "no", "auto", True, False, None, 1, [], {}]) | TEXT
OVERRIDES = st.dictionaries(NAME, STATE, max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT | PERSON | OVERRIDES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


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
    columns = ["image", "age", "gender", "long-haired", "skin-color", "black"]
    (omi / "ratings.csv").write_text(",".join(columns) + "\n1.jpg,40,20,80,30,5\n2.jpg,60,90,10,80,90\n")
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


# One request: (how, what). Parameters are sometimes what the endpoint takes, and sometimes anything.
BODY = st.dictionaries(
    st.sampled_from(["text", "seed", "overrides", "person", "strength", "best_of", "previous", "look", "distance", "n",
                     "first", "second", "share", "parents", "x"]),
    JSON, max_size=5,
)  # fmt: skip
OPTIONAL = {"seed": st.integers(0, 9), "overrides": OVERRIDES, "person": PERSON, "strength": NUMBER}
OPTIONAL |= {"best_of": st.integers(0, 3), "previous": TEXT}
GOOD = st.fixed_dictionaries({"text": TEXT}, optional=OPTIONAL)
ENDPOINTS = ["generate_face", "parse_description", "list_attributes", "vary_person", "mix_people", "breed_people",
             "explain_words", "draw_face"]  # fmt: skip
PLACES = ["queue/join", "call/v2/generate_face", "upload", "mcp/", "run/parse_description", "cancel", "reset"]
EVENTS = ["index", "verdict", "reason", "links", "link", "value", "name"]
QUERY = st.dictionaries(st.sampled_from(links.KEYS), TEXT | PERSON)
DUMPED = JSON.map(lambda value: json.dumps(value).encode())
RAW = st.binary(max_size=60) | DUMPED | st.sampled_from([b"[" * 2000, b"{}"])
REQUEST = (
    st.tuples(st.just("call"), st.sampled_from(ENDPOINTS), GOOD | BODY)
    | st.tuples(st.just("run"), st.sampled_from(ENDPOINTS), st.lists(JSON | TEXT, max_size=8))
    | st.tuples(st.just("join"), st.integers(-1, 60), st.lists(JSON, max_size=8))
    | st.tuples(st.just("event"), st.integers(0, 60), JSON | st.dictionaries(st.sampled_from(EVENTS), JSON))
    | st.tuples(st.just("face"), st.sampled_from(["face.png", "face.webp", ""]), QUERY)
    | st.tuples(st.just("mcp"), st.just("draw_face"), JSON | GOOD)
    | st.tuples(st.just("raw"), st.sampled_from(PLACES), RAW)
    | st.tuples(st.just("get"), st.text(max_size=30), st.none())
)  # fmt: skip


client = httpx.Client(timeout=120)


def shape(url: str) -> dict[int, int]:
    """How many values each function of the page takes."""
    return {d["id"]: len(d["inputs"]) for d in client.get(f"{url}/config").json()["dependencies"]}


def ask(url: str, inputs: dict[int, int], how: str, what: object, more: object) -> None:
    """One request, whose answer must be an answer or a refusal."""
    api = f"{url}/gradio_api"
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}

    def post(path: str, body: object) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(path, content=content, headers=headers)

    if how == "call":
        response = post(f"{api}/call/v2/{what}", more)
        if response.status_code == 200:
            answer = client.get(f"{api}/call/v2/{what}/{response.json()['event_id']}").text
            told = json.loads(answer.strip().split("\n")[-1].removeprefix("data: "))
            assert "event: complete" in answer or told, answer
            assert "went wrong" not in answer and "Traceback" not in answer, (what, more, answer)
    elif how == "run":
        response = post(f"{api}/run/{what}", {"data": more})
    elif how in ("join", "event"):
        data = more if how == "join" else []
        if how == "event" or len(data) % 4:
            data = (data + [None] * 40)[: inputs.get(what, 0)]
        body = {"fn_index": what, "data": data, "session_hash": f"fuzz{what}"}
        response = post(f"{api}/queue/join", body | ({"event_data": more} if how == "event" else {}))
        if response.status_code == 200:
            with client.stream("GET", f"{api}/queue/data?session_hash=fuzz{what}") as stream:
                for line in stream.iter_lines():
                    assert "went wrong" not in line and "Traceback" not in line, (body, line)
                    if '"close_stream"' in line:
                        break
    elif how == "face":
        response = client.get(f"{url}/{what}", params=more)
    elif how == "mcp":
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": what, "arguments": more}}
        response = post(f"{api}/mcp/", call)
    elif how == "raw":
        response = post(f"{api}/{what}", more)
    else:
        response = client.get(f"{url}/{quote(what)}")
    assert response.status_code < 500 and "Traceback" not in response.text, (how, what, more, response.text[:500])


@settings(fuzzed, phases=as_it_comes)
@given(REQUEST)
def test_any_request_is_answered_or_refused(app, app_url, caplog, monkeypatch, asked):
    monkeypatch.setattr(app.guard, "settings", Settings(calls_a_minute=10**9))
    with caplog.at_level(logging.ERROR):
        ask(app_url, shape(app_url), *asked)
    assert not caplog.records, [record.getMessage() for record in caplog.records]


@pytest.mark.slow
def test_thousands_of_requests_leave_no_trace(quick_checkpoint, tmp_path):
    """No 500, no traceback in the log, no growth of memory, handles or threads; FACEGEN_FUZZ requests, or 2,000."""
    examples, asked, sizes = int(os.environ.get("FACEGEN_FUZZ", 2000)), 0, []
    with served(quick_checkpoint, tmp_path, FACEGEN_CALLS_A_MINUTE="1000000000") as server:
        inputs = shape(server.url)

        @settings(anything, max_examples=examples, phases=as_it_comes)
        @given(REQUEST)
        def requests(request):
            nonlocal asked
            ask(server.url, inputs, *request)
            asked += 1
            if asked % (examples // 20) == 0:
                sizes.append(server.size)

        requests()
        log = server.log.read_text()
    print(f"{asked} requests", *sizes, sep="\n")
    assert "Traceback" not in log and " 500 " not in log, log[-3000:]
    early, late = sizes[len(sizes) // 3], sizes[-1]
    assert late["memory"] < early["memory"] * 1.1 + 10
    assert late["handles"] < early["handles"] + 20 and late["threads"] < early["threads"] + 20
