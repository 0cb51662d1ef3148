"""A training run: its folder, its clock, its log; and the loop that every trainer here shares.

A run stops cleanly at its time limit, at Ctrl-C and at SIGTERM: the step under way is finished, then state and
checkpoint are written. Every file is written beside its final name and moved over it, so that a kill in mid-write loses
nothing but the minutes since the last save.
"""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import yaml
from accelerate import Accelerator
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from facegen.errors import UserError
from facegen.files import append_line, write_atomic


class TrainingError(UserError):
    """A user's mistake in how training is called; one sentence."""


@dataclass
class Run:
    """Folder and limits of a run.

    Args:
        folder: where everything goes; see `new_run`.
        time_limit: seconds until a clean stop, or None.
        save_every, picture_every: seconds between saves of the state and between contact sheets.
        accelerator: of a distributed run: only its main process writes, and all processes stop at the same step.
    """

    folder: Path
    time_limit: float | None = None
    save_every: float = 180.0
    picture_every: float = 240.0
    accelerator: Accelerator | None = None
    started: float = field(default_factory=time.monotonic)
    stopping: str = ""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.main:  # what a kill in mid-write left: safetensors writes to .tmp*, we to *.part
            for left in (*self.folder.glob(".tmp*"), *self.folder.glob("*.part")):
                left.unlink(missing_ok=True)
        self.board = SummaryWriter(str(self.folder / "tensorboard")) if self.main else None

    @property
    def main(self) -> bool:
        """Whether this process writes: it is alone, or the first of several."""
        return self.accelerator is None or self.accelerator.is_main_process

    def accumulating(self) -> AbstractContextManager:
        """The context of a step: with --accumulate, optimizers move only every so many steps (Accelerate)."""
        return nullcontext() if self.accelerator is None else self.accelerator.accumulate()

    def should_stop(self) -> bool:
        """Whether a signal came or the time is up, on any process."""
        if self.out_of_time and not self.stopping:
            self.stopping = "the time limit"
        if self.accelerator is not None and self.accelerator.num_processes > 1:
            votes = torch.tensor(float(bool(self.stopping)), device=self.accelerator.device)
            if self.accelerator.reduce(votes, "sum") > 0 and not self.stopping:
                self.stopping = "another process"
        return bool(self.stopping)

    @property
    def out_of_time(self) -> bool:
        """Whether `time_limit` seconds have passed since the start."""
        return self.time_limit is not None and time.monotonic() - self.started > self.time_limit

    def save_config(self, config: Any) -> None:
        """Write a dataclass as config.yaml, which `--recipe` and `--resume` read."""
        if self.main:
            write_atomic(self.folder / "config.yaml", yaml.safe_dump(asdict(config), sort_keys=False))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """One line of JSON in log.jsonl, and the same for TensorBoard."""
        if self.board is not None:
            seconds = round(time.monotonic() - self.started, 1)
            append_line(self.folder / "log.jsonl", json.dumps({"step": step, "seconds": seconds, **values}))
            for name, value in values.items():
                self.board.add_scalar(name, value, step)


def new_run(root: Path, preset: str) -> Path:
    """The next free folder: runs/000-default, runs/001-deconv, .."""
    numbers = [int(p.name[:3]) for p in root.glob("[0-9][0-9][0-9]-*")] if root.is_dir() else []
    return root / f"{max(numbers, default=-1) + 1:03d}-{preset}"


def loop(
    run: Run,
    name: str,
    steps: range,
    step: Callable[[int], Mapping[str, float | Tensor]],
    save: Callable[[int], None],
    picture: Callable[[int], None] | None = None,
) -> bool:
    """Call `step(i)` for each of `steps`, saving and drawing as the clock says; True when all steps were done.

    `step` returns losses, as numbers or as scalars that an accelerator may still be working out (asking for each would
    wait for it), shown on the bar as running means; what ends in "_validation" comes seldom and is shown as it is.
    `save(i)` means: steps up to i - 1 are done.
    """
    means: dict[str, float | Tensor] = {}
    saved = drawn = time.monotonic()
    i = logged = steps.start
    with _signals(run), tqdm(total=steps.stop, initial=i, desc=name, disable=not run.main, mininterval=2.0) as bar:
        while i < steps.stop and not run.should_stop():
            with run.accumulating():
                values = step(i)
            for key, value in values.items():
                seldom = key not in means or key.endswith("_validation")
                means[key] = value if seldom else 0.98 * means[key] + 0.02 * value
            i += 1
            bar.update()
            if i % 20 == 0:
                bar.set_postfix({k: f"{float(v):.3f}" for k, v in means.items()}, refresh=False)
            if i % 100 == 0:
                run.log(i, {f"{name}/{k}": float(v) for k, v in means.items()})
                logged = i
            now = time.monotonic()
            if now - saved > run.save_every:
                save(i)
                saved = now
            if picture and now - drawn > run.picture_every:
                picture(i)
                drawn = now
    if i > logged:  # the log's last line tells how far the stage came, and in what time
        run.log(i, {f"{name}/{k}": float(v) for k, v in means.items()})
    save(i)
    if picture:
        picture(i)
    return i >= steps.stop


@contextmanager
def _signals(run: Run) -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into a clean stop; a second Ctrl-C ends at once."""

    def stop(number: int, frame: object) -> None:
        if run.stopping and number == signal.SIGINT:
            raise KeyboardInterrupt
        run.stopping = signal.Signals(number).name

    previous = {n: signal.signal(n, stop) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def save_state(
    path: Path, modules: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer], extra: dict
) -> None:
    """Everything needed to go on, in one safetensors file; `extra` (JSON) in its header."""
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors.update({f"{name}.{k}": v for k, v in module.state_dict().items()})
    for name, optimizer in optimizers.items():
        for i, state in optimizer.state_dict()["state"].items():
            tensors.update({f"{name}.{i}.{k}": torch.as_tensor(v) for k, v in state.items()})
    tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    try:
        write_atomic(path, lambda partial: save_file(tensors, partial, {"extra": json.dumps(extra)}))
    except SafetensorError as error:  # its word for a full disk
        raise TrainingError(f"{path} can't be written: {error}") from None


def load_state(path: Path, modules: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer]) -> dict:
    """Fill modules and optimizers from `save_state`'s file; returns its `extra`. Raises `TrainingError`."""
    try:
        with safe_open(path, "pt") as file:
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118 (safe_open is no dict)
            extra = json.loads(file.metadata()["extra"])
        for name, module in modules.items():
            module.load_state_dict({k[len(name) + 1 :]: v for k, v in tensors.items() if k.startswith(f"{name}.")})
    except (OSError, SafetensorError, RuntimeError, KeyError) as error:
        raise TrainingError(f"can't resume from {path}: {str(error).splitlines()[0]}") from None
    for name, optimizer in optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in tensors.items():
            if key.startswith(f"{name}."):
                index, field_name = key[len(name) + 1 :].split(".", 1)
                state.setdefault(int(index), {})[field_name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    return extra
