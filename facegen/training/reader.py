"""`python -m facegen train reader`: the recurrent reader, trained on sentences that the grammar writes.

Every sentence is new, so there is no training set to overfit and no validation set to keep apart: the loss on the next
batch is the loss on unseen sentences of the grammar. How it reads what people write is for `evaluate reader`.
"""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor
from torch.nn import functional as F

from facegen import attributes, registry
from facegen.reading.network import ReaderConfig, RecurrentReader, encode
from facegen.training.optim import anneal, update_average
from facegen.training.run import Run, TrainingError, load_state, loop, new_run, save_state
from facegen.training.sentences.grammar import write

_POOL = 16  # batches of sentences sorted by length together, so that little is padded
_CLASS_WEIGHTS = (0.5, 1.0, 1.0)  # not said is by far the commonest


@dataclass
class ReaderTraining:
    """Hyper-parameters of `train reader`."""

    steps: int = 5000
    batch_size: int = 128
    learning_rate: float = 2e-3
    seed: int = 0
    average_decay: float = 0.995


def batches(rng: random.Random, size: int, names: list[str]):
    """Endless batches: characters (n, length) and classes (n, attributes) with 0 not said, 1 yes, 2 no."""
    while True:
        pool = sorted((write(rng) for _ in range(size * _POOL)), key=lambda pair: len(pair[0]))
        pieces = [pool[i : i + size] for i in range(0, len(pool), size)]
        rng.shuffle(pieces)
        for piece in pieces:
            yield encode([text for text, _ in piece]), targets([said for _, said in piece], names)


def targets(said: list[dict[str, bool]], names: list[str]) -> Tensor:
    """Classes (n, attributes): 0 not said, 1 yes, 2 no."""
    return torch.tensor([[0 if n not in row else 1 if row[n] else 2 for n in names] for row in said])


def train_reader(
    out: Annotated[Path, typer.Option(help="Where run folders are made, numbered by themselves.")] = Path("runs"),
    time_limit: Annotated[float | None, typer.Option(help="Stop cleanly after this many minutes.")] = None,
    resume: Annotated[Path | None, typer.Option(help="A run folder to go on with.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Batches to train on.")] = ReaderTraining.steps,
    batch_size: Annotated[int, typer.Option(min=1, help="Sentences in a batch.")] = ReaderTraining.batch_size,
    learning_rate: Annotated[float, typer.Option(help="Peak learning rate of AdamW.")] = ReaderTraining.learning_rate,
    hidden: Annotated[int, typer.Option(min=8, help="LSTM state for each direction.")] = ReaderConfig.hidden,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to PyTorch.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the weights and of the sentences.")] = 0,
) -> None:
    """The end-to-end reader (characters to attributes, an LSTM), on sentences of a grammar; no data is needed."""
    if threads:
        torch.set_num_threads(threads)
    state = resume / "state.safetensors" if resume else None
    if state and not state.is_file():
        raise TrainingError(f"{resume} holds no run to resume: state.safetensors is missing")
    config = ReaderTraining(steps, batch_size, learning_rate, seed)
    run = Run(resume or new_run(out, "reader"), time_limit and time_limit * 60)
    run.save_config(config)
    done = fit(run, config, ReaderConfig(list(attributes.NAMES), hidden=hidden), state)
    print(f"checkpoint: {run.folder / 'checkpoint'}")
    if not done:
        print(f"stopped by {run.stopping}; go on with --resume {run.folder}")


def fit(run: Run, config: ReaderTraining, model_config: ReaderConfig, state: Path | None = None) -> bool:
    """Train, saving state and checkpoint; True when all steps were done."""
    torch.manual_seed(config.seed)
    model, average = RecurrentReader(model_config), RecurrentReader(model_config)
    average.load_state_dict(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=0.01)
    modules, start = {"model": model, "average": average}, 0
    if state:
        start = load_state(state, modules, {"optimizer": optimizer})["step"]
    # A resumed run goes on with sentences that it has not seen.
    source = batches(random.Random(f"{config.seed}-{start}"), config.batch_size, model_config.attributes)
    weight = torch.tensor(_CLASS_WEIGHTS)

    def step(i: int) -> dict[str, float]:
        characters, classes = next(source)
        anneal(optimizer, config.learning_rate, i, config.steps)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits, _ = model(characters)
        loss = F.cross_entropy(logits.float().flatten(0, 1), classes.flatten(), weight=weight)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        update_average(average, model, i, config.average_decay)
        right = (logits.argmax(-1) == classes)[classes > 0].float().mean()
        return {"loss": loss.item(), "found": right.item()}

    def save(i: int) -> None:
        save_state(run.folder / "state.safetensors", modules, {"optimizer": optimizer}, {"step": i})
        trained = {"steps": i, "sentences": i * config.batch_size, **asdict(config)}
        registry.save(average, run.folder / "checkpoint", training=trained)

    return loop(run, "reader", range(start, config.steps), step, save)
