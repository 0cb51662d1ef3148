"""Face after face from the running app: memory, open files, threads and temporary files must stay flat.

    python benchmarks/soak.py [--faces 10000] [--model FOLDER]

Each face has a description and a seed of its own, and is asked for as programs do (/generate_face) and as the page
does (by link). The server is a process of its own, with the embedded checkpoint unless another is named. Temporary
files are kept for ten minutes, so that their number is flat from the tenth minute on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from served import served  # noqa: E402

from facegen.picture import read_settings  # noqa: E402

WHO = ("a woman", "a man", "an old man", "a young woman")
HOW = ("with a beard", "with glasses", "with long blond hair", "with a hat", "smiling", "with bangs")


def ask(client: httpx.Client, url: str, i: int) -> None:
    """One face, by an endpoint and by a link; both must be the face that was asked for."""
    text = f"{WHO[i % len(WHO)]} {HOW[i % len(HOW)]}"
    call = f"{url}/gradio_api/call/v2/generate_face"
    event = client.post(call, json={"text": text, "seed": i}).raise_for_status().json()["event_id"]
    answer = client.get(f"{call}/{event}").text.strip().split("\n")[-1]
    png = client.get(json.loads(answer.removeprefix("data: "))[0]["url"]).raise_for_status().content
    said = read_settings(png)
    assert (said["description"], said["seed"]) == (text, i)
    client.get(f"{url}/face.webp", params={"text": text, "seed": i}).raise_for_status()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument("--model")
    options = parser.parse_args()
    every, start = max(1, options.faces // 20), time.monotonic()
    print("| faces | minutes | memory, MB | open files | threads | temporary files |\n|" + " --- |" * 6, flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        served(options.model, Path(folder), FACEGEN_CALLS_A_MINUTE="1000000000") as server,
        httpx.Client(timeout=300) as client,
    ):
        for i in range(options.faces):
            ask(client, server.url, i)
            if (i + 1) % every == 0:
                cells = [i + 1, f"{(time.monotonic() - start) / 60:.1f}", *server.size.values()]
                print("|", " | ".join(map(str, cells)), "|", flush=True)
        assert "Traceback" not in server.log.read_text()


if __name__ == "__main__":
    main()
