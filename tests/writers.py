"""Everything that writes files, to be killed while it does: a process that forks one writer for each line it is given.

    python tests/writers.py        a line of JSON in: [writer, folder, more..]; out: its process id, then how it ended

The first process imports all and draws the faces, so that a fork is at work within a millisecond.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

from facegen import registry
from facegen.errors import UserError
from facegen.pipeline import FacePipeline

CHECKPOINT = sys.argv[1] if __name__ == "__main__" else ""


def attempts() -> Iterator[int]:
    """0, 1, 2, ..: a writer that is killed doesn't end by itself; one on a full disk ends with the error."""
    return itertools.count()


def png(folder: Path) -> None:
    for i in attempts():
        FACES[i % 2].save(folder / "face.png")


def rating(folder: Path) -> None:
    from facegen.ui import ratings

    for i in attempts():
        said = {"description": "a man", "seed": i, "model": "m", "attributes": {"male": True}, "verdict": "good"}
        ratings.append(folder, {**said, "reason": None, "file": f"{i % 2}.png"}, FACES[i % 2].png)


def archive(folder: Path) -> None:
    from facegen.ui import files

    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    for _ in attempts():
        files.packed("facegen-gallery.zip", {f"{i:02}.png": FACES[i % 2].png for i in range(20)})


def checkpoint(folder: Path) -> None:
    for i in attempts():
        registry.save(MODELS[i % 2], folder)


def state(folder: Path) -> None:
    from facegen.training.run import save_state

    for i in attempts():
        save_state(folder / "state.safetensors", {"model": MODELS[i % 2]}, {}, {"done": i})


def prepare(folder: Path, source: str, model: str) -> None:
    from facegen.data.prepare import PrepareConfig, prepare

    prepare(Path(source), folder, PrepareConfig(size=64), "auto", Path(model), workers=1, progress=False)


def download(folder: Path, urls: list[str], md5: str) -> None:
    from facegen.data.download import DownloadConfig, download
    from facegen.data.sets.pubfig import Link

    links = [Link("Anna Example", i, url, (10, 20, 60, 90), md5) for i, url in enumerate(urls)]
    download(links, folder, DownloadConfig(workers=2, pause=0.01), progress=False)


WRITERS: dict[str, Callable[..., None]] = {
    w.__name__: w for w in (png, rating, archive, checkpoint, state, prepare, download)
}


def other(model):
    """The same network with other weights."""
    import copy

    changed = copy.deepcopy(model)
    for parameter in changed.parameters():
        parameter.mul_(-1)
    return changed


def main() -> None:
    import facegen.training.run  # noqa: F401  (imported before anything is forked)
    import facegen.ui.ratings  # noqa: F401

    for line in sys.stdin:
        name, folder, *more = json.loads(line)
        if not (child := os.fork()):
            try:
                WRITERS[name](Path(folder), *more)
                os._exit(0)
            except OSError as error:
                os._exit(error.errno or 1)
            except UserError as error:  # safetensors' word for it, in a sentence of ours
                os._exit(errno.ENOSPC if "No space left on device" in str(error) else 1)
            except BaseException as error:
                print(name, repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    MODELS = [registry.load(CHECKPOINT)]
    MODELS.append(other(MODELS[0]))
    FACES = [FacePipeline.from_pretrained(CHECKPOINT)(text) for text in ("a man with a beard", "a smiling woman")]
    for face in FACES:
        assert face.png  # drawn before anything is forked
    main()
