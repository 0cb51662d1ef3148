"""Fetch the images of a URL list, expecting most links to be dead.

    FOLDER/images/First_Last/First_Last_0001.jpg   what could be had, cropped to its box
    FOLDER/download.jsonl                          one line a finished link: how it ended
    FOLDER/download_report.json                    how many were lost, and why

Run again, it goes on where it stopped: links that ended well, or for good (gone, changed), are not asked again; those
that failed for a passing reason (timeouts, a busy server) are. What is killed in mid-write leaves no half image.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import random
import ssl
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from PIL import Image
from tqdm import tqdm

from facegen.data.base import DataError
from facegen.data.sets.pubfig import Link
from facegen.files import append_line, write_atomic

# Outcomes that another try wouldn't change. The others: timeout, unreachable, cut off, server error.
FINAL = {
    "ok",
    "gone",
    "changed",
    "not an image",
    "too large",
    "box outside the image",
    "bad address",
    "too many redirects",
}


@dataclass(frozen=True)
class DownloadConfig:
    """How to ask.

    Args:
        workers: links asked at once; at most `per_host` of them at one host.
        timeout: seconds without a byte, or to connect, before a try is given up.
        deadline: seconds that one try may take in all, so that a trickling server can't hold a worker.
        tries: for passing failures; between tries the pause doubles from `pause` seconds, with jitter.
        max_bytes: larger files are not images worth having.
        margin: how far beyond the face's box to crop, in box sides; `prepare` needs hair and chin. 0 is the box itself.
        check_md5: refuse files that are no longer what the list describes.
    """

    workers: int = 16
    per_host: int = 4
    timeout: float = 10.0
    deadline: float = 60.0
    tries: int = 3
    pause: float = 1.0
    max_bytes: int = 30_000_000
    margin: float = 0.6
    check_md5: bool = True


class _Failure(Exception):
    """A try that failed: `args[0]` is the outcome, as in the report."""

    def __init__(self, outcome: str, wait: float = 0.0) -> None:
        super().__init__(outcome)
        self.wait = wait  # seconds that the server asked for


def download(
    links: Sequence[Link],
    folder: str | Path,
    config: DownloadConfig = DownloadConfig(),
    progress: bool = True,  # noqa: B008
) -> dict[str, int]:
    """Fetch, check, crop and write the images of `links`.

    Returns:
        Outcome -> number of links, over this run and those before it. "ok" are there.

    Raises:
        DataError: the folder can't be written.
    """
    folder = Path(folder)
    log = folder / "download.jsonl"
    try:
        (folder / "images").mkdir(parents=True, exist_ok=True)
        log.touch()
    except OSError as error:
        raise DataError(f"{folder}: can't be written ({error.strerror})") from None
    outcomes = _read_log(log)
    wanted = [link for link in links if not _finished(link, outcomes.get(str(link.file)), folder)]
    random.Random(0).shuffle(wanted)  # lists are sorted by person: spread the load over hosts
    hosts: dict[str, threading.Semaphore] = {}
    hosts_lock = threading.Lock()
    stop = threading.Event()

    def work(link: Link) -> tuple[Link, str, int]:
        try:
            host = urlsplit(link.url).netloc
        except ValueError:
            return link, "bad address", 0
        with hosts_lock:
            gate = hosts.setdefault(host, threading.Semaphore(config.per_host))
        with gate:
            return link, *_fetch_with_retries(link, folder, config, tls, stop)

    tls = httpx.create_ssl_context()
    with ThreadPoolExecutor(config.workers) as pool:
        tasks = [pool.submit(work, link) for link in wanted]
        try:
            bar = tqdm(as_completed(tasks), total=len(links), initial=len(links) - len(wanted), disable=not progress)
            bar.set_description("download")
            for task in bar:
                link, outcome, tries = task.result()
                outcomes[str(link.file)] = outcome
                entry = {"file": str(link.file), "outcome": outcome, "tries": tries, "url": link.url}
                append_line(log, json.dumps(entry))
                bar.set_postfix(ok=sum(o == "ok" for o in outcomes.values()))
        except BaseException:  # Ctrl-C: those not begun aren't, those under way give up at their next chunk
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    counts = Counter(outcomes[str(link.file)] for link in links)
    report = {"links": len(links), "outcomes": dict(counts.most_common())}
    write_atomic(folder / "download_report.json", (json.dumps(report, indent=2) + "\n").encode())
    return dict(counts)


def _read_log(path: Path) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
            outcomes[entry["file"]] = entry["outcome"]
        except (ValueError, KeyError, TypeError):
            continue  # a line that a killed run left half-written: its link is asked again
    return outcomes


def _finished(link: Link, outcome: str | None, folder: Path) -> bool:
    if outcome == "ok":
        return (folder / "images" / link.file).is_file()
    return outcome in FINAL


def _fetch_with_retries(
    link: Link, folder: Path, config: DownloadConfig, tls: ssl.SSLContext, stop: threading.Event
) -> tuple[str, int]:
    """How it ended, and in how many tries."""
    outcome = "unreachable"
    for attempt in range(1, config.tries + 1):
        try:
            content = asyncio.run(_fetch(link.url, config, tls, stop))
            _check(content, link, config)
            _write_crop(content, link, folder / "images" / link.file, config.margin)
            return "ok", attempt
        except _Failure as failure:
            outcome = failure.args[0]
            wait = max(failure.wait, config.pause * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
        if outcome in FINAL or attempt == config.tries or stop.wait(min(wait, config.deadline)):
            return outcome, attempt
    return outcome, config.tries


async def _fetch(url: str, config: DownloadConfig, tls: ssl.SSLContext, stop: threading.Event) -> bytes:
    """The body of a link; raises `_Failure`. A coroutine, since a deadline can then end a wait for headers, too."""
    body = bytearray()
    agent = {"User-Agent": "facegen (research data set downloader)"}
    client = httpx.AsyncClient(
        verify=tls, timeout=config.timeout, follow_redirects=True, max_redirects=5, headers=agent
    )
    try:
        async with asyncio.timeout(config.deadline), client, client.stream("GET", url) as response:
            status = response.status_code
            if status == 429 or status >= 500:
                raise _Failure("server error", _retry_after(response))
            if status != 200:
                raise _Failure("gone")
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > config.max_bytes:
                    raise _Failure("too large")
                if stop.is_set():
                    raise _Failure("timeout")
    except (httpx.TimeoutException, TimeoutError):
        raise _Failure("timeout") from None
    except httpx.TooManyRedirects:
        raise _Failure("too many redirects") from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
        raise _Failure("bad address") from None
    except (httpx.RemoteProtocolError, httpx.ReadError, httpx.DecodingError):
        raise _Failure("cut off") from None
    except httpx.HTTPError:
        raise _Failure("unreachable") from None
    return bytes(body)


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else 0.0


def _check(content: bytes, link: Link, config: DownloadConfig) -> None:
    if config.check_md5 and link.md5 and hashlib.md5(content, usedforsecurity=False).hexdigest() != link.md5:
        raise _Failure("changed")


def _write_crop(content: bytes, link: Link, path: Path, margin: float) -> None:
    """The box with its margin, cut at the image's edges, as a JPEG."""
    try:
        with Image.open(io.BytesIO(content)) as opened:
            image = opened.convert("RGB")  # not turned by EXIF: the boxes were drawn on the stored pixels
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _Failure("not an image") from None
    x0, y0, x1, y1 = link.box
    if x0 >= image.width or y0 >= image.height or x1 <= 0 or y1 <= 0:
        raise _Failure("box outside the image")
    dx, dy = round(margin * (x1 - x0)), round(margin * (y1 - y0))
    crop = image.crop((max(0, x0 - dx), max(0, y0 - dy), min(image.width, x1 + dx), min(image.height, y1 + dy)))
    buffer = io.BytesIO()
    crop.save(buffer, "JPEG", quality=95)
    write_atomic(path, buffer.getvalue())
