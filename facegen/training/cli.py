"""`python -m facegen train PRESET`: every preset has the same clock, log, resume and options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from facegen.training.presets import PRESETS, Setting, trainer_of
from facegen.training.reader import train_reader
from facegen.training.recipe import read_settings
from facegen.training.run import Run, TrainingError, new_run

app = typer.Typer(
    help="Train a model. Stops cleanly at --time-limit or Ctrl-C; --resume goes on.",
    no_args_is_help=True,
    add_completion=False,
)


def command(preset: str) -> Callable[..., None]:
    """The typer command of a preset; all have these options."""

    def train(
        data: Annotated[
            list[Path],
            typer.Option(help="A data set folder (CelebA, prepared, RaFD, PubFig, LFW, a CSV); again for more."),
        ],
        out: Annotated[Path, typer.Option(help="Where run folders are made, numbered by themselves.")] = Path("runs"),
        time_limit: Annotated[float | None, typer.Option(help="Stop cleanly after this many minutes.")] = None,
        resume: Annotated[Path | None, typer.Option(help="A run folder to go on with.")] = None,
        precision: Annotated[
            str | None,
            typer.Option(
                help="no, bf16 (fast on CPUs with AMX, too) or fp16; else the recipe's, or `accelerate launch`'s."
            ),
        ] = None,
        accumulate: Annotated[int, typer.Option(min=1, help="Steps whose gradients make one update.")] = 1,
        recipe: Annotated[
            str | None,
            typer.Option(help="Hyper-parameters: a YAML file or a recipe's name; run folders hold their own."),
        ] = None,
        set_: Annotated[
            list[str] | None,
            typer.Option("--set", help="name=value or stage.name=value over the recipe; again for more."),
        ] = None,
        start_from: Annotated[
            Path | None, typer.Option(help="A checkpoint folder to start from (classifier; see also --resume).")
        ] = None,
        feature_weights: Annotated[
            Path | None, typer.Option(help="SqueezeNet 1.0 for the feature loss (safetensors, torchvision's names).")
        ] = None,
        cache: Annotated[Path, typer.Option(help="Where the packed photographs are kept.")] = Path(".cache/train"),
        augment: Annotated[
            Path | None,
            typer.Option(help="Write a sheet of photographs before and after live augmentation here, and stop."),
        ] = None,
    ) -> None:
        from accelerate import Accelerator
        from accelerate.utils import broadcast_object_list

        from facegen.data.dress.augment import contact_sheet
        from facegen.data.pack import keep_memory
        from facegen.data.readers import read_dataset

        keep_memory()
        values = read_settings(recipe, resume, set_, preset)
        precision = precision or values.get("precision")
        if precision not in (None, "no", "bf16", "fp16"):
            raise TrainingError(f"--precision {precision!r} is unknown: no, bf16 or fp16 is needed")
        state = resume / "state.safetensors" if resume else None
        if state and not state.is_file():
            raise TrainingError(f"{resume} holds no run to resume: state.safetensors is missing")
        datasets = [read_dataset(folder) for folder in data]
        if augment:
            print(contact_sheet(datasets[0], 24, augment))
            return
        try:
            accelerator = Accelerator(mixed_precision=precision, gradient_accumulation_steps=accumulate)
        except ValueError as error:  # fp16 without a GPU
            raise TrainingError(f"this machine can't train with --precision {precision}: {error}") from None
        # One folder for all processes: the main one's.
        folder = Path(broadcast_object_list([str(resume or new_run(out, preset))])[0])
        run = Run(folder, time_limit and time_limit * 60, accelerator=accelerator)
        with accelerator.main_process_first():  # it packs the photographs, the others find them packed
            trainer = trainer_of(preset, Setting(values, datasets, run, accelerator, cache, feature_weights))
        if state:
            trainer.resume(state)
        elif start_from:
            trainer.start_from(start_from)
        done = trainer.fit()
        if run.main:
            print(f"checkpoint: {trainer.product}")
            if not done:
                print(f"stopped by {run.stopping}; go on with --resume {run.folder}")

    train.__doc__ = PRESETS[preset]
    return train


for name in PRESETS:
    app.command(name)(command(name))
app.command("reader")(train_reader)
