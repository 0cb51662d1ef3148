"""Many at once: errors, mixed-up answers, waiting times and memory of the running app.

    python -m benchmarks load [--sessions 100] [--seconds 120] [--json]

Half of the sessions are programs that ask /generate_face again and again; half do what the page does for a visitor:
draw by the button, be told one's place in the queue, then have each word explained. Each has descriptions and seeds of
its own, and the metadata of every PNG that comes back must be those of its request. The server is a process of its own;
its memory is read every two seconds after the first quarter of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from conftest import free_port  # noqa: E402

from facegen.picture import read_settings  # noqa: E402

WHO = ("a woman", "a man", "an old man", "a young woman")
HOW = ("with a beard", "with glasses", "with long blond hair", "with a hat", "smiling", "with bangs")


@dataclass
class Seen:
    """What one kind of session has met so far."""

    errors: list[str] = field(default_factory=list)
    mixed_up: int = 0
    seconds: list[float] = field(default_factory=list)
    last_in_queue: int = 0  # the worst place that anybody was told

    def summary(self) -> dict:
        took = sorted(self.seconds)
        return {
            "answers": len(took),
            "errors": len(self.errors),
            "first_errors": self.errors[:3],
            "mixed_up": self.mixed_up,
            "median_s": round(statistics.median(took), 2) if took else None,
            "p95_s": round(took[int(0.95 * (len(took) - 1))], 2) if took else None,
            "last_in_queue": self.last_in_queue,
        }


async def ask(client: httpx.AsyncClient, api: str, text: str, seed: int, seen: Seen) -> bytes | None:
    """One face as a program asks for it."""
    start, call = time.monotonic(), f"{api}/call/v2/generate_face"
    event = (await client.post(call, json={"text": text, "seed": seed})).raise_for_status().json()
    kind, answer = "", None
    async with client.stream("GET", f"{call}/{event['event_id']}") as stream:
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                kind = line.split(":", 1)[1].strip()
            elif line.startswith("data:") and kind in ("complete", "error"):
                answer = json.loads(line.split(":", 1)[1])
                break
    if kind != "complete":
        seen.errors.append(str(answer)[:200])
        return None
    png = (await client.get(answer[0]["url"])).raise_for_status().content
    seen.seconds.append(time.monotonic() - start)
    return png


class Visitor:
    """What the page sends for one visitor: its events go by their place in the page's own list."""

    def __init__(self, client: httpx.AsyncClient, api: str, name: str, events: dict[str, int]):
        self.client, self.api, self.name, self.events = client, api, name, events

    async def messages(self, event: str, data: list) -> AsyncIterator[dict]:
        join = {"data": data, "fn_index": self.events[event], "session_hash": self.name, "event_data": None}
        (await self.client.post(f"{self.api}/queue/join", json=join)).raise_for_status()
        where = f"{self.api}/queue/data?session_hash={self.name}"
        async with self.client.stream("GET", where) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    message = json.loads(line.split(":", 1)[1])
                    if message["msg"] == "close_stream":
                        return
                    yield message

    async def draw(self, text: str, seed: int, seen: Seen) -> bytes | None:
        """Draw by the button, then have the words explained; the PNG that the page would show."""
        html = None
        start = time.monotonic()
        async for message in self.messages("submitted", [None, True, text, {}, str(seed), 2, "rules", False]):
            if message["msg"] == "estimation":
                seen.last_in_queue = max(seen.last_in_queue, message["rank"] + 1)
            elif message["msg"] == "process_completed":
                if not message["success"]:
                    seen.errors.append(str(message["output"])[:200])
                    return None
                html = message["output"]["data"][1]
        if html is None:
            seen.errors.append("the stream ended without an answer")
            return None
        seen.seconds.append(time.monotonic() - start)
        async for message in self.messages("explained", [None]):
            if message["msg"] == "process_completed" and not message["success"]:
                seen.errors.append(str(message["output"])[:200])
        link = re.search(r'data-link="([^"]+)"', html)
        assert link is not None
        site = self.api.removesuffix("/gradio_api")
        return (await self.client.get(f"{site}/face.png{unescape(link[1])}")).raise_for_status().content


async def session(i: int, client: httpx.AsyncClient, url: str, until: float, seen: Seen, events: dict | None) -> None:
    """Ask until the time is up: as a program, or as a visitor where the page's `events` are given."""
    random_ = random.Random(i)
    api = f"{url}/gradio_api"
    visitor = Visitor(client, api, f"load{i}", events) if events else None
    while time.monotonic() < until:
        text, seed = f"{random_.choice(WHO)} {random_.choice(HOW)}", random_.randrange(2**32)
        try:
            png = await (visitor.draw(text, seed, seen) if visitor else ask(client, api, text, seed, seen))
            if png is not None:
                said = read_settings(png)
                seen.mixed_up += (said["description"], said["seed"]) != (text, seed)
        except httpx.HTTPError as error:
            seen.errors.append(f"{type(error).__name__}: {error}"[:200])


async def watch(process: psutil.Process, start: float, until: float, memory: list[float]) -> None:
    while time.monotonic() < until:
        if time.monotonic() - start > (until - start) / 4:
            memory.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(2)


async def run(url: str, sessions: int, seconds: float, process: psutil.Process) -> dict:
    programs, visitors, memory = Seen(), Seen(), []
    limits = httpx.Limits(max_connections=4 * sessions)
    async with httpx.AsyncClient(timeout=300, limits=limits) as client:
        config = (await client.get(f"{url}/config")).raise_for_status().json()
        events = {dependency["api_name"]: dependency["id"] for dependency in config["dependencies"]}
        start = time.monotonic()
        until = start + seconds
        crowd = [
            session(i, client, url, until, visitors if i % 2 else programs, events if i % 2 else None)
            for i in range(sessions)
        ]
        await asyncio.gather(watch(process, start, until, memory), *crowd)
        took = time.monotonic() - start
    return {
        "sessions": sessions,
        "seconds": round(took),
        "programs": programs.summary(),
        "visitors": visitors.summary(),
        "answers_per_second": round((len(programs.seconds) + len(visitors.seconds)) / took, 2),
        "memory_mb": [round(min(memory)), round(max(memory))] if memory else None,
        "memory_growth_percent": round(100 * (max(memory) / min(memory) - 1), 1) if memory else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    # All sessions come from one address here, which would have one client's share.
    limits = ("SHARE", "VISITORS_SHARE", "CALLS_A_MINUTE", "PATIENCE", "SECONDS")
    roomy = {f"FACEGEN_{name}": "1000000" for name in limits}
    command = [sys.executable, "-m", "facegen", "app", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, env=os.environ | roomy)
    try:
        for _ in range(240):
            try:
                httpx.get(url, timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.5)
        result = asyncio.run(run(url, options.sessions, options.seconds, psutil.Process(server.pid)))
    finally:
        server.terminate()
        server.wait()
    if options.json:
        print(json.dumps(result, indent=2))
        return
    for name, value in result.items():
        print(f"{name.replace('_', ' '):24} {value}")


if __name__ == "__main__":
    main()
