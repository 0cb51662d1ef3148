"""`python -m facegen train PRESET`: every preset trains on the same data with the same clock, log and resume."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
import yaml

app = typer.Typer(help="Train a model. Stops cleanly at --time-limit or Ctrl-C; --resume goes on.", no_args_is_help=True)

Data = Annotated[list[Path], typer.Option(help="A data set folder (CelebA, prepared, RaFD, PubFig, LFW or a CSV); again for more.")]
Out = Annotated[Path, typer.Option(help="Where run folders are made, numbered by themselves.")]
Limit = Annotated[float | None, typer.Option(help="Stop cleanly after this many minutes.")]
Resume = Annotated[Path | None, typer.Option(help="A run folder to go on with.")]
Precision = Annotated[str, typer.Option(help="no, bf16 or fp16; bf16 is many times faster on CPUs with AMX.")]
Config = Annotated[Path | None, typer.Option(help="A YAML file of hyper-parameters, as each run folder has one.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="name=value of a hyper-parameter; again for more.")]
Cache = Annotated[Path, typer.Option(help="Where the packed photographs are kept.")]
Weights = Annotated[Path | None, typer.Option(help="SqueezeNet 1.0 weights for the feature loss (safetensors, torchvision's names).")]


def settings(config_file: Path | None, resume: Path | None, pairs: list[str] | None) -> dict:
    """Hyper-parameters from a YAML file (the resumed run's own, if none is given) and name=value pairs."""
    from facegen.training.run import TrainingError

    file = config_file or (resume / "config.yaml" if resume else None)
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8")) if file else {}
    except (OSError, yaml.YAMLError) as error:
        raise TrainingError(f"{file} can't be read as YAML: {error}") from None
    for pair in pairs or []:
        name, separator, value = pair.partition("=")
        if not separator:
            raise TrainingError(f"--set {pair!r} is no name=value pair")
        values[name.strip()] = yaml.safe_load(value)
    return values


def build(kind: type, values: dict, **nested: object):
    """A config dataclass from values; an unknown name or a wrong type is a `TrainingError` that says what is known."""
    from dataclasses import fields

    from facegen.training.run import TrainingError

    known = {f.name: f for f in fields(kind) if f.name not in nested}
    for name, value in values.items():
        if name in nested:
            continue
        if name not in known:
            raise TrainingError(f"unknown hyper-parameter {name!r}: known are {', '.join(known)}")
        default = getattr(kind(**nested), name)
        if isinstance(default, (int, float)) and not isinstance(value, (int, float)):
            raise TrainingError(f"{name} = {value!r}: a number is needed, such as {default}")
        values[name] = type(default)(value) if isinstance(default, (int, float)) else value
    return kind(**nested, **{k: v for k, v in values.items() if k in known})


def start(preset: str, out: Path, resume: Path | None, minutes: float | None, precision: str):
    """The run folder's `Run` and the accelerator; only the main process writes."""
    from accelerate import Accelerator

    from facegen.training.run import Run, TrainingError, new_run

    if precision not in ("no", "bf16", "fp16"):
        raise TrainingError(f"--precision {precision!r}: no, bf16 or fp16 is needed")
    if resume and not (resume / "state.safetensors").is_file():
        raise TrainingError(f"{resume} holds no run to resume: state.safetensors is missing")
    accelerator = Accelerator(mixed_precision=precision)
    folder = resume or new_run(out, preset)
    return Run(folder, minutes and minutes * 60, main=accelerator.is_main_process), accelerator


@app.command()
def default(
    data: Data,
    out: Out = Path("runs"),
    time_limit: Limit = None,
    resume: Resume = None,
    precision: Precision = "no",
    config: Config = None,
    set_: Set = None,
    feature_weights: Weights = None,
    judge: Annotated[Path | None, typer.Option(help="A classifier's checkpoint that keeps attributes right in stage 3.")] = None,
    cache: Cache = Path(".cache/train"),
) -> None:
    """The default generator: autoencoder, then prior, then adversarial."""
    from facegen.classifier import load_classifier
    from facegen.data.readers import read_dataset
    from facegen.generator import GeneratorConfig
    from facegen.training.faces import FaceTrainer, FaceTrainingConfig
    from facegen.training.pack import drawable_names, keep_memory

    keep_memory()
    values = settings(config, resume, set_)
    datasets = [read_dataset(folder) for folder in data]
    generator = build(GeneratorConfig, values.pop("generator", {}))
    generator.attributes = generator.attributes or drawable_names(datasets)
    settled = build(FaceTrainingConfig, values, generator=generator)
    run, accelerator = start("default", out, resume, time_limit, precision)
    run.save_config(settled)
    reader = load_classifier(judge) if judge else None
    trainer = FaceTrainer(settled, datasets, run, cache, feature_weights, reader, accelerator)
    if resume:
        trainer.resume(resume / "state.safetensors")
    finish(trainer.fit(), run)


@app.command()
def classifier(
    data: Data,
    out: Out = Path("runs"),
    time_limit: Limit = None,
    resume: Resume = None,
    precision: Precision = "no",
    config: Config = None,
    set_: Set = None,
    cache: Cache = Path(".cache/train"),
) -> None:
    """The small classifier that reads drawn faces back, from nothing."""
    from facegen.classifier import ClassifierConfig
    from facegen.data.readers import read_dataset
    from facegen.training.classifier import ClassifierTrainer, ClassifierTrainingConfig
    from facegen.training.pack import drawable_names, keep_memory, pack

    keep_memory()
    values = settings(config, resume, set_)
    datasets = [read_dataset(folder) for folder in data]
    network = build(ClassifierConfig, values.pop("classifier", {}))
    network.attributes = network.attributes or drawable_names(datasets)
    settled = build(ClassifierTrainingConfig, values, classifier=network)
    run, accelerator = start("classifier", out, resume, time_limit, precision)
    packed = pack(datasets, network.image_size, cache)
    trainer = ClassifierTrainer(settled, packed, packed.rows("train"), run, accelerator)
    run.save_config(settled)
    if resume:
        trainer.resume(resume / "state.safetensors")
    finish(trainer.fit(), run)


def finish(done: bool, run) -> None:
    """Say where the checkpoint is, and how to go on."""
    if run.main:
        print(f"checkpoint: {run.folder / 'checkpoint'}")
        if not done:
            print(f"stopped by {run.stopping}; go on with --resume {run.folder}")
