"""`python -m facegen train PRESET`: every preset has the same clock, log, resume and options."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
import yaml

from facegen.training.presets import PRESETS, Setting
from facegen.training.reader import train_reader
from facegen.training.run import Run, TrainingError, new_run

app = typer.Typer(
    help="Train a model. Stops cleanly at --time-limit or Ctrl-C; --resume goes on.",
    no_args_is_help=True,
    add_completion=False,
)


RECIPES = Path(__file__).parent / "recipes"


def settings(recipe: str | None, resume: Path | None, pairs: list[str] | None, preset: str) -> dict:
    """A recipe's values, with name=value pairs laid over it; "stage.name=value" sets what a stage's name has.

    Args:
        recipe: a YAML file, or the name of one in training/recipes. If left out: the resumed run's own, else the
            preset's.
    """
    file = recipe_file(recipe) if recipe else resume / "config.yaml" if resume else RECIPES / f"{preset}.yaml"
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) if recipe or resume or file.is_file() else {}
    except (OSError, yaml.YAMLError) as error:
        raise TrainingError(f"{file} can't be read as YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(values, dict):
        raise TrainingError(f"{file} holds no hyper-parameters: lines of name: value are needed")
    for pair in pairs or []:
        name, separator, value = pair.partition("=")
        if not separator:
            raise TrainingError(f"--set {pair!r} is no name=value pair")
        *parents, name = name.strip().split(".")
        place = values
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise TrainingError(f"--set {pair!r}: {parent} has no settings of its own")
        place[name] = yaml.safe_load(value)
    return values


def recipe_file(recipe: str) -> Path:
    """The file of a recipe given as a path or by its name. Raises `TrainingError`."""
    known = sorted(path.stem for path in RECIPES.glob("*.yaml"))
    if recipe in known:
        return RECIPES / f"{recipe}.yaml"
    if not Path(recipe).is_file():
        raise TrainingError(f"--recipe {recipe!r}: no such file, and the recipes known by name are {', '.join(known)}")
    return Path(recipe)


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
                help="no, bf16 or fp16 (`accelerate launch`'s own, or no, if left out); bf16 is many times faster on CPUs with AMX, too."
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
        values = settings(recipe, resume, set_, preset)
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
            trainer = PRESETS[preset][1](Setting(values, datasets, run, accelerator, cache, feature_weights))
        if state:
            trainer.resume(state)
        elif start_from:
            if not hasattr(trainer, "start_from"):
                raise TrainingError(
                    f"--start-from {start_from}: the preset {preset} starts from nothing; --resume goes on with a run"
                )
            trainer.start_from(start_from)
        if hasattr(trainer, "optimizers"):  # trainers with one optimizer prepare it themselves
            # Accelerate holds a prepared optimizer back while gradients accumulate, and undoes float16's scale.
            trainer.optimizers = {name: accelerator.prepare(each) for name, each in trainer.optimizers.items()}
        done = trainer.fit()
        if run.main:
            print(f"checkpoint: {getattr(trainer, 'product', run.folder / 'checkpoint')}")
            if not done:
                print(f"stopped by {run.stopping}; go on with --resume {run.folder}")

    train.__doc__ = PRESETS[preset][0]
    return train


for name in PRESETS:
    app.command(name)(command(name))
app.command("reader")(train_reader)
