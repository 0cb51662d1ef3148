"""What the served app refuses, and how: over real HTTP, each a 4xx with one sentence."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from conftest import ROOT, free_port
from PIL import Image
from typer.testing import CliRunner

from facegen.picture import MetadataError, png_bytes, read_settings
from facegen.ui import guard, server, session, settings
from facegen.ui.guard import FAILED

JSON = {"content-type": "application/json"}


def call(app_url, name="parse_description", version="call/v2/", **body) -> httpx.Response:
    return httpx.post(f"{app_url}/gradio_api/{version}{name}", json=body, timeout=60)


def answer(app_url, event: str, name="parse_description") -> tuple[str, object]:
    """(kind, data) of a call's answer."""
    lines = httpx.get(f"{app_url}/gradio_api/call/v2/{name}/{event}", timeout=120).text.strip().split("\n")
    return lines[-2].removeprefix("event: "), json.loads(lines[-1].removeprefix("data: "))


def refused(response: httpx.Response, status: int, words: str) -> None:
    assert response.status_code == status, response.text
    sentence = response.json()["error"]
    assert words.lower() in sentence.lower() and len(sentence) < 320
    assert "Traceback" not in sentence and "\n" not in sentence


def test_unknown_endpoints_and_parameters_are_4xx(app_url):
    refused(call(app_url, "zeppelin"), 404, "There is no endpoint 'zeppelin'")
    refused(call(app_url, text="a man", colour="red"), 400, "There is no parameter 'colour'")
    refused(call(app_url), 400, "'text' is missing")
    refused(call(app_url, version="call/", data=["a man"]), 400, "in order")
    refused(call(app_url, version="run/", data={"text": "a man"}), 400, "in order")
    v2 = f"{app_url}/gradio_api/call/v2/parse_description"
    for content, words in ((b"{'", "no JSON"), (b"[1]", "JSON object"), (b'{"text":' + b"[" * 9000, "deep")):
        refused(httpx.post(v2, content=content, headers=JSON), 400, words)
    refused(httpx.post(v2, content=b"{}"), 415, "application/json")
    join = f"{app_url}/gradio_api/queue/join"
    refused(httpx.post(join, json={"fn_index": 9999, "data": [], "session_hash": "x"}), 404, "load it again")
    refused(httpx.post(join, json={"fn_index": 0, "data": [1] * 99, "session_hash": "x"}), 400, "does not fit")


def test_a_users_mistake_at_once_is_a_4xx_with_the_sentence(app_url):
    refused(call(app_url, version="run/", data=[" ", ""]), 400, "description is empty")
    refused(call(app_url, "mix_people", "run/", data=["7", "<b>x</b>", 0.5]), 400, "&lt;b&gt;x&lt;/b&gt;")
    nan = httpx.post(f"{app_url}/gradio_api/run/vary_person", content=b'{"data": ["7", NaN, 6, 0]}', headers=JSON)
    refused(nan, 400, "distance nan is out of range")


def test_a_fault_of_the_server_is_told_as_one(app_url, app, monkeypatch):
    function = next(f for f in app.fns.values() if f.api_name == "parse_description")
    monkeypatch.setattr(function, "fn", lambda text: 1 / 0)
    refused(call(app_url, version="run/", data=["a man", ""]), 500, FAILED)


def test_large_requests_are_refused_before_they_are_read(app_url):
    start = time.process_time()
    refused(call(app_url, "generate_face", text="a man", overrides={"x" * 3_000_000: "yes"}), 413, "too large")
    long_name = call(app_url, "generate_face", "run/", data=["a man", 0, {"x" * 200_000: "yes"}, "", 0, 1, "", ""])
    refused(long_name, 400, "unknown attribute")
    assert time.process_time() - start < 5  # a fuzzy match of the name took half a minute
    unannounced = (b" " * 65_536 for _ in range(40))
    refused(httpx.post(f"{app_url}/gradio_api/queue/join", content=unannounced), 413, "too large")


def test_uploads_have_a_limit(app_url):
    big = {"files": ("big.png", b"\0" * (settings.SETTINGS.file_bytes + 8192))}
    refused(httpx.post(f"{app_url}/gradio_api/upload", files=big), 413, "too large")
    assert httpx.post(f"{app_url}/gradio_api/upload", files={"files": ("small.png", b"\0" * 100)}).status_code == 200


def test_pictures_are_measured_before_they_are_decoded():
    big = io.BytesIO()
    Image.new("1", (13000, 13000)).save(big, "PNG")
    tracemalloc.start()
    with pytest.raises(MetadataError, match="no facegen settings"):
        read_settings(big.getvalue())
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_damaged_pictures_are_refused_or_read_and_never_a_crash():
    settings_ = {"description": "a man", "overrides": {"hat": True}, "person": "7", "strength": None}
    good = png_bytes(Image.new("RGB", (32, 32)), settings_)
    damage = random.Random(0)
    for _ in range(1000):
        png = bytearray(good)
        for _ in range(damage.randint(1, 4)):
            png[damage.randrange(len(png))] = damage.randrange(256)
        with contextlib.suppress(MetadataError):
            read_settings(bytes(png[: damage.randrange(len(png))] if damage.random() < 0.3 else png))


def test_headers_and_closed_doors(app_url):
    home = httpx.get(app_url)
    assert home.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in home.headers["content-security-policy"]
    assert httpx.get(f"{app_url}/config").headers["x-content-type-options"] == "nosniff"
    for path in (
        "/monitoring", "/monitoring/summary", "/gradio_api/deep_link?session_hash=x", "/gradio_api/runs",
        "/pwa_icon/90000", "/gradio_api/proxy=https://other.example/x", "/gradio_api/file=https://other.example/x",
    ):  # fmt: skip
        refused(httpx.get(f"{app_url}{path}"), 404, "nothing at this address")


def test_tools_are_closed_to_pages_of_other_sites(app_url):
    tool = f"{app_url}/gradio_api/mcp/"
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}
    other = {"origin": "https://other.example", **accept}
    refused(httpx.post(tool, json=hello, headers=other), 403, "other sites")
    pytest.importorskip("mcp")
    assert httpx.post(tool, json=hello, headers={"origin": app_url, **accept}).status_code == 200


@pytest.mark.parametrize("body", [b"[{}, Infinity]", b'{"event_id": Infinity}', b'{"event_id": {}}', b"x"])
@pytest.mark.parametrize("path", ["cancel", "reset"])
def test_an_event_to_end_is_named_by_a_word(app_url, path, body):
    assert httpx.post(f"{app_url}/gradio_api/{path}", content=body, headers=JSON).status_code == 400


def test_sessions_that_wait_for_nothing_are_forgotten(app_url, app):
    asked = app._queue.pending_event_ids_session
    asked |= {f"gone{i}": set() for i in range(guard.SESSIONS + 1)} | {"waiting": {"event"}}
    posted = call(app_url, "generate_face", text="a man")
    assert answer(app_url, posted.json()["event_id"])[0] == "complete"
    assert len(asked) < guard.SESSIONS and asked.pop("waiting") == {"event"}


def test_a_client_has_a_share_and_what_nobody_waits_for_is_dropped(app_url, app, monkeypatch):
    waiting = app._queue.event_queue_per_concurrency_id
    done = threading.Event()
    session._artist.submit(done.wait)
    try:
        posted = [call(app_url, "generate_face", text="a man") for _ in range(settings.SETTINGS.share + 1)]
        events = [p.json()["event_id"] for p in posted]
        refused(call(app_url, "generate_face", text="a man"), 429, "of yours are waiting already")
        page = {"fn_index": 0, "data": [None] * len(app.fns[0].inputs), "session_hash": "someone"}
        joined = httpx.post(f"{app_url}/gradio_api/queue/join", json=page)
        assert joined.status_code == 200  # pages have a share of their own
        monkeypatch.setattr(app.guard, "settings", settings.Settings(patience=0))
        later = call(app_url, "generate_face", text="a man")  # the others have gone: nobody listens for their answers
        assert later.status_code == 200 and len(waiting["api"].queue) == 1
    finally:
        done.set()
    assert answer(app_url, later.json()["event_id"])[0] == "complete"
    assert answer(app_url, events[0])[0] == "complete"  # was being drawn


def test_a_program_that_asks_too_often_is_told(app_url, app, monkeypatch):
    app.guard.calls.clear()
    monkeypatch.setattr(app.guard, "settings", settings.Settings(calls_a_minute=3))
    for _ in range(3):
        assert call(app_url, version="run/", data=["a man", ""]).status_code == 200
    refused(call(app_url, version="run/", data=["a man", ""]), 429, "Too many requests: 3 a minute")
    app.guard.calls.clear()


def test_a_request_that_takes_too_long_is_given_up(app_url, app, monkeypatch):
    from facegen.ui import blocks

    monkeypatch.setattr(blocks, "SETTINGS", settings.Settings(seconds=0))
    refused(call(app_url, version="run/", data=["a man", ""]), 400, "given up")


def test_a_temporary_folder_that_was_cleaned_away_is_made_again(app_url):
    shutil.rmtree(os.environ["GRADIO_TEMP_DIR"])
    kind, data = answer(app_url, call(app_url, "generate_face", text="a man").json()["event_id"], "generate_face")
    assert kind == "complete" and httpx.get(data[0]["url"]).content[:4] == b"\x89PNG"


def test_folders_of_dead_processes_are_removed(tmp_path, monkeypatch):
    from facegen.ui import files

    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in (f"facegen-{dead.pid}", f"facegen-{os.getppid()}", "facegen-mine"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    own = files.claim()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([own.name, f"facegen-{os.getppid()}", "facegen-mine"])


def test_faces_by_link_are_drawn_checked_and_kept(app_url, app, quick_pipe):
    picture = httpx.get(f"{app_url}/face.png?text=a+man&seed=5&set=hat=yes")
    assert picture.content == quick_pipe("a man", seed=5, overrides={"hat": True}).png
    refused(httpx.get(f"{app_url}/face.png"), 400, "names no face")
    refused(httpx.get(f"{app_url}/face.webp?text=a+man&person=me"), 400, "no person")
    for seed in range(settings.SETTINGS.linked_faces + 3):
        httpx.get(f"{app_url}/face.webp?text=a+man&seed={seed}")
    assert len(app.faces.kept) == settings.SETTINGS.linked_faces


def test_settings_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("FACEGEN_QUEUE", "9")
    assert settings.Settings.read().queue == 9
    monkeypatch.setenv("FACEGEN_QUEUE", "many")
    with pytest.raises(settings.SettingError, match="FACEGEN_QUEUE='many'"):
        settings.Settings.read()
    documented = (ROOT / "docs/deploy.md").read_text()
    for name, value in vars(settings.Settings()).items():
        assert f"| `FACEGEN_{name.upper()}` | {value:,} |" in documented, name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "port 99999 is out of range"),
        (["--port", "0"], "port 0 is out of range"),
        (["--host", "256.1.1.1"], "'256.1.1.1' is no address"),
        (["--port", "{taken}"], "another program does"),
    ],
)
def test_addresses_that_cannot_be_listened_on_are_told(arguments, words):
    from facegen.cli import app as commands

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        arguments = [a.format(taken=taken.getsockname()[1]) for a in arguments]
        result = CliRunner().invoke(commands, ["app", *arguments])
    assert isinstance(result.exception, server.AddressError) and words in str(result.exception)


def test_sigterm_lets_running_requests_end(quick_checkpoint, tmp_path):
    """The app as it is started from the shell, in a process of its own."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    command = [sys.executable, "-m", "facegen", "app", "--port", str(port), "--model", quick_checkpoint]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GRADIO_TEMP_DIR": str(tmp_path)}
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    try:
        while b"public link" not in log.read_bytes():  # what Gradio says once it is ready
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        with ThreadPoolExecutor(6) as pool:
            posted = [call(url, "generate_face", text="a man", seed=seed, best_of=8) for seed in range(6)]
            answers = [pool.submit(answer, url, p.json()["event_id"], "generate_face") for p in posted]
            process.send_signal(signal.SIGTERM)
            assert [a.result()[0] for a in answers] == ["complete"] * 6
        assert process.wait() == 0
    finally:
        process.kill()
    assert "Traceback" not in log.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["log"]  # its temporary files are gone
