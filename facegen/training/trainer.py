"""What `train` asks of a trainer, and what the small trainers (one network, one optimizer, one loop) share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from facegen import registry
from facegen.data.pack import Pack
from facegen.training.optim import average_gradients
from facegen.training.run import Run, TrainingError, load_state, loop, save_state


class Trainer(Protocol):
    """Made from a recipe's settings; then `resume` or `start_from` where asked for; then `fit`."""

    @property
    def product(self) -> Path:
        """The file or folder that a run is for."""
        ...

    def resume(self, path: Path) -> None:
        """Go on from a state file. Raises `TrainingError` where it doesn't fit."""
        ...

    def start_from(self, folder: Path) -> None:
        """Take over what a checkpoint has learned. Raises `TrainingError` where the model starts from nothing."""
        ...

    def fit(self) -> bool:
        """Train on; True when all steps are done, False when the run was stopped."""
        ...


class ModelTrainer(ABC):
    """Trains one network. A subclass builds `model` and `optimizer`, and says what a `step` is.

    Args:
        config: its settings; all have `model` (the network's config), `seed`, `steps` and `batch`.
        rows: the training photographs; all of the pack's training part if left out.
    """

    stage: str  # names the losses in the log
    model: nn.Module
    optimizer: torch.optim.Optimizer

    def __init__(
        self, config: Any, data: Pack, run: Run, accelerator: Accelerator | None = None, rows: np.ndarray | None = None
    ):
        self.config, self.data, self.run = config, data, run
        self.accelerator = accelerator or Accelerator()
        self.device: torch.device = self.accelerator.device
        self.rows = data.rows("train") if rows is None else rows
        self.labels = torch.from_numpy(data.columns(config.model.attributes).astype(np.float32))
        self.done = 0
        torch.manual_seed(config.seed)  # the same first weights in every process; batches differ
        self.rng = np.random.default_rng(config.seed + self.accelerator.process_index)
        self.build()
        torch.manual_seed(config.seed + 1 + self.accelerator.process_index)

    @abstractmethod
    def build(self) -> None:
        """Make `model` and `optimizer`."""

    @abstractmethod
    def step(self, i: int) -> Mapping[str, float]:
        """One step; its losses."""

    @property
    def product(self) -> Path:
        """The checkpoint's folder."""
        return self.run.folder / "checkpoint"

    @property
    def modules(self) -> dict[str, nn.Module]:
        """What a state holds."""
        return {"model": self.model}

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """What a state holds of them."""
        return {"optimizer": self.optimizer}

    def base_rates(self) -> list[float]:
        """Share of yes (0..1) of each attribute among the training faces of which it is told."""
        said = self.labels[self.rows]
        yes, no = (said > 0).sum(0), (said < 0).sum(0)
        return [round(float(rate), 5) for rate in yes / (yes + no).clamp(min=1)]

    def prepare(self, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
        """Under Accelerate, which holds it back while gradients accumulate, and undoes float16's scale."""
        return self.accelerator.prepare(optimizer)

    def update(self, loss: Tensor, parameters: Iterable[nn.Parameter] | None = None, clip: float = 0.0) -> None:
        """Move the weights down the loss's gradient.

        Args:
            parameters: those that move; the model's if left out.
            clip: the gradient's largest norm; 0 for any.
        """
        moved = list(parameters or self.model.parameters())
        self.accelerator.backward(loss)
        average_gradients(self.accelerator, moved)
        if clip and self.accelerator.sync_gradients:  # not the part of an accumulated gradient
            self.accelerator.clip_grad_norm_(moved, clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def save(self, i: int) -> None:
        """State and product, on the main process. `i`: steps done."""
        self.done = i
        if self.run.main:
            save_state(self.run.folder / "state.safetensors", self.modules, self.optimizers, {"done": i})
            self.save_product()

    def save_product(self) -> None:
        """Write the checkpoint."""
        registry.save(self.model, self.product)

    def picture(self, i: int) -> None:  # noqa: B027  (a hook: nothing is drawn unless a subclass does)
        """Draw what is to be looked at, from time to time."""

    def resume(self, path: Path) -> None:
        """Go on from a state file. Raises `TrainingError` where it doesn't fit."""
        self.done = load_state(path, self.modules, self.optimizers)["done"]

    def start_from(self, folder: Path) -> None:
        """Raises `TrainingError`: most models start from nothing."""
        raise TrainingError(f"--start-from {folder}: {self.stage} starts from nothing; --resume goes on with a run")

    def fit(self) -> bool:
        """The steps that are left; True when none is."""
        return loop(self.run, self.stage, range(self.done, self.config.steps), self.step, self.save, self.picture)


def drop(labels: Tensor, most: float) -> Tensor:
    """Labels (n, a) of -1/0/+1 with some left out: of each face a share that is drawn evenly from 0 to `most`."""
    chance = torch.rand(len(labels), 1, device=labels.device) * most
    return labels * (torch.rand_like(labels) >= chance)


def batches(rows: np.ndarray, size: int = 64) -> Sequence[np.ndarray]:
    """Rows in batches of at most `size`."""
    return np.array_split(rows, -(-len(rows) // size))
