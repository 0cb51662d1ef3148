"""Many visitors at once: errors, mixed-up answers, waiting times and memory of the running app.

    python benchmarks/load.py [--sessions 100] [--seconds 120] [--json]

Each session asks /generate_face again and again, with descriptions and seeds of its own, and reads the PNG that comes
back: its metadata must be those of the request. The server is a process of its own; its memory is read every two seconds
after the first quarter of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import free_port  # noqa: E402

from facegen.metadata import read_settings  # noqa: E402

WHO = ("a woman", "a man", "an old man", "a young woman")
HOW = ("with a beard", "with glasses", "with long blond hair", "with a hat", "smiling", "with bangs")


async def session(i: int, client: httpx.AsyncClient, url: str, until: float, seen: dict) -> None:
    draw = random.Random(i)
    while time.monotonic() < until:
        text, seed = f"{draw.choice(WHO)} {draw.choice(HOW)}", draw.randrange(2**32)
        start = time.monotonic()
        try:
            data = {"data": [text, seed, {}, "", 0]}
            event = (await client.post(f"{url}/gradio_api/call/generate_face", json=data)).raise_for_status().json()
            answer = None
            async with client.stream("GET", f"{url}/gradio_api/call/generate_face/{event['event_id']}") as stream:
                kind = ""
                async for line in stream.aiter_lines():
                    if line.startswith("event:"):
                        kind = line.split(":", 1)[1].strip()
                    elif line.startswith("data:") and kind in ("complete", "error"):
                        answer = json.loads(line.split(":", 1)[1])
                        break
            if kind != "complete":
                seen["errors"].append(str(answer)[:200])
                continue
            png = (await client.get(answer[0]["url"])).raise_for_status().content
            said = read_settings(png)
            if (said["description"], said["seed"]) != (text, seed) or answer[1]["seed"] != seed:
                seen["mixed_up"] += 1
            seen["seconds"].append(time.monotonic() - start)
        except httpx.HTTPError as error:
            seen["errors"].append(f"{type(error).__name__}: {error}"[:200])


async def watch(process: psutil.Process, start: float, until: float, memory: list[float]) -> None:
    while time.monotonic() < until:
        if time.monotonic() - start > (until - start) / 4:
            memory.append(process.memory_info().rss / 2**20)
        await asyncio.sleep(2)


async def run(url: str, sessions: int, seconds: float, process: psutil.Process) -> dict:
    seen = {"errors": [], "mixed_up": 0, "seconds": []}
    memory: list[float] = []
    start = time.monotonic()
    until = start + seconds
    limits = httpx.Limits(max_connections=4 * sessions)
    async with httpx.AsyncClient(timeout=300, limits=limits) as client:
        crowd = [session(i, client, url, until, seen) for i in range(sessions)]
        await asyncio.gather(watch(process, start, until, memory), *crowd)
    took = sorted(seen["seconds"])
    return {
        "sessions": sessions,
        "answers": len(took),
        "answers_per_second": round(len(took) / (time.monotonic() - start), 2),
        "errors": len(seen["errors"]),
        "first_errors": seen["errors"][:3],
        "mixed_up": seen["mixed_up"],
        "median_s": round(statistics.median(took), 2) if took else None,
        "p95_s": round(took[int(0.95 * (len(took) - 1))], 2) if took else None,
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
    server = subprocess.Popen(
        [sys.executable, "-m", "facegen", "app", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
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
