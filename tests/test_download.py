"""The downloader against a server that serves, stalls, trickles, truncates, redirects, fails and lies."""

import hashlib
import io
import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from drawn_face import drawn_face
from PIL import Image

from facegen.data.base import DataError
from facegen.data.download import DownloadConfig, download
from facegen.data.sets.pubfig import Link

QUICK = DownloadConfig(workers=8, timeout=0.3, deadline=0.7, tries=3, pause=0.01, margin=0.0)


def jpeg(size: int = 96) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(drawn_face(size)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


PICTURE = jpeg()
MD5 = hashlib.md5(PICTURE).hexdigest()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status=200, body=PICTURE, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0].strip("/")
        with self.server.lock:
            self.server.asked[path] += 1
            asked = self.server.asked[path]
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
        try:
            self.reply(path, asked)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def reply(self, path, asked):
        if path == "missing":
            self.answer(404, b"gone")
        elif path == "stalls":
            self.server.closing.wait(5)
        elif path == "trickles":
            self.send_response(200)
            self.send_header("Content-Length", str(len(PICTURE)))
            self.end_headers()
            for k in range(len(PICTURE)):
                self.wfile.write(PICTURE[k : k + 1])
                self.wfile.flush()
                if self.server.closing.wait(0.1):
                    return
        elif path == "trickles-headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while not self.server.closing.wait(0.1):
                self.wfile.write(b"X-More: 1\r\n")
        elif path == "truncates" or (path == "truncates-once" and asked == 1):
            self.send_response(200)
            self.send_header("Content-Length", str(len(PICTURE)))
            self.end_headers()
            self.wfile.write(PICTURE[: len(PICTURE) // 2])
            self.close_connection = True
        elif path == "moved":
            self.answer(302, b"", Location="/fine")
        elif path == "circles":
            self.answer(302, b"", Location="/circles")
        elif path == "page":
            self.answer(200, b"<html>this image has moved</html>")
        elif path == "busy" or (path == "busy-once" and asked == 1):
            self.answer(503, b"", Retry_After="0")
        elif path == "slow":
            time.sleep(0.05)
            self.answer()
        else:
            self.answer()


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.lock, server.asked, server.busy, server.busiest = threading.Lock(), Counter(), 0, 0
    server.closing = threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()


def link(server, path: str, number: int = 1, md5: str = MD5, box=(10, 20, 60, 90)) -> Link:
    return Link("Anna Example", number, f"{server.url}/{path}", box, md5)


def outcome_of(server, tmp_path, one: Link, config=QUICK) -> str:
    counts = download([one], tmp_path, config, progress=False)
    assert sum(counts.values()) == 1
    return next(iter(counts))


def test_a_good_link_is_cropped_to_its_box(server, tmp_path):
    assert outcome_of(server, tmp_path, link(server, "fine")) == "ok"
    written = np.asarray(Image.open(tmp_path / "images" / "Anna_Example" / "Anna_Example_0001.jpg"), dtype=int)
    assert written.shape == (70, 50, 3)
    assert np.abs(written - drawn_face(96)[20:90, 10:60]).mean() < 4


def test_the_margin_is_cut_at_the_images_edges(server, tmp_path):
    config = DownloadConfig(margin=0.5)
    assert outcome_of(server, tmp_path, link(server, "fine", box=(10, 20, 60, 90)), config) == "ok"
    with Image.open(next((tmp_path / "images").rglob("*.jpg"))) as image:
        assert image.size == (85, 96)  # x -15..85, y -15..125, cut at 0 and 96


@pytest.mark.parametrize(
    ("path", "outcome", "asked"),
    [
        ("missing", "gone", 1),
        ("page", "changed", 1),
        ("stalls", "timeout", 3),
        ("trickles", "timeout", 3),
        ("trickles-headers", "timeout", 3),
        ("truncates", "cut off", 3),
        ("busy", "server error", 3),
        ("circles", "too many redirects", 6),
    ],
)
def test_each_way_to_be_lost(server, tmp_path, path, outcome, asked):
    assert outcome_of(server, tmp_path, link(server, path)) == outcome
    assert server.asked[path] == asked  # tried again where that could help, and only there
    assert not list((tmp_path / "images").rglob("*.*"))
    report = json.loads((tmp_path / "download_report.json").read_text())
    assert report == {"links": 1, "outcomes": {outcome: 1}}


@pytest.mark.parametrize("path", ["truncates-once", "busy-once"])
def test_passing_failures_are_tried_again(server, tmp_path, path):
    assert outcome_of(server, tmp_path, link(server, path)) == "ok"
    assert server.asked[path] == 2


def test_redirects_are_followed(server, tmp_path):
    assert outcome_of(server, tmp_path, link(server, "moved")) == "ok"


def test_without_an_md5_the_picture_itself_is_checked(server, tmp_path):
    assert outcome_of(server, tmp_path, link(server, "page", md5="")) == "not an image"
    assert outcome_of(server, tmp_path, link(server, "fine", number=2, md5="")) == "ok"


def test_no_server_and_no_address(server, tmp_path):
    dead = Link("Anna Example", 1, "http://127.0.0.1:9/a.jpg", (0, 0, 9, 9), MD5)
    assert outcome_of(server, tmp_path, dead) == "unreachable"
    odd = Link("Anna Example", 2, "ftp://example.org/a.jpg", (0, 0, 9, 9), MD5)
    assert outcome_of(server, tmp_path, odd) == "bad address"


def test_a_bad_row_is_told_and_passed_over(server, tmp_path):
    good = link(server, "fine")
    bad = Link("Anna Example", 2, "http://[bad/x", (0, 0, 9, 9), MD5)
    long = Link("Ä" * 300, 1, f"{server.url}/fine", (10, 20, 60, 90), MD5)
    assert download([bad, long, good], tmp_path, QUICK, progress=False) == {"bad address": 1, "ok": 2}
    assert (tmp_path / "images" / long.file).is_file()


def test_a_box_outside_and_a_file_too_large(server, tmp_path):
    assert outcome_of(server, tmp_path, link(server, "fine", box=(200, 200, 300, 300))) == "box outside the image"
    small = DownloadConfig(max_bytes=1000)
    assert outcome_of(server, tmp_path, link(server, "fine", number=2), small) == "too large"


def test_a_second_run_asks_only_for_what_may_still_come(server, tmp_path):
    links = [link(server, p, number=n) for n, p in enumerate(["fine", "missing", "busy", "also-fine"])]
    first = download(links, tmp_path, QUICK, progress=False)
    assert first == {"ok": 2, "gone": 1, "server error": 1}
    server.asked.clear()
    assert download(links, tmp_path, QUICK, progress=False) == first
    assert set(server.asked) == {"busy"}


def test_a_killed_run_is_gone_on_with(server, tmp_path):
    links = [link(server, f"fine-{n}", number=n) for n in range(3)]
    download(links, tmp_path, QUICK, progress=False)
    log = tmp_path / "download.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:2]) + lines[2][:25])  # killed in mid-line
    (tmp_path / "images" / json.loads(lines[0])["file"]).unlink()
    server.asked.clear()
    assert download(links, tmp_path, QUICK, progress=False) == {"ok": 3}
    assert sum(server.asked.values()) == 2
    assert all(json.loads(line) for line in log.read_text().splitlines() if line.endswith("}"))
    assert download(links, tmp_path, QUICK, progress=False) == {"ok": 3}
    assert sum(server.asked.values()) == 2


def test_links_are_fetched_at_once_but_no_host_is_flooded(server, tmp_path):
    links = [link(server, "slow", number=n) for n in range(12)]
    config = DownloadConfig(workers=12, per_host=3, margin=0.0)
    assert download(links, tmp_path, config, progress=False) == {"ok": 12}
    assert 2 <= server.busiest <= 3


def test_a_folder_that_cant_be_written_is_named(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(DataError, match="taken.*can't be written"):
        download([], tmp_path / "taken", progress=False)
