"""Recipes: a YAML file holds everything that a run needs but the data's place."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from facegen.training.run import TrainingError

Settings = TypeVar("Settings")

RECIPES = Path(__file__).parent / "recipes"


def read_settings(recipe: str | None, resume: Path | None, pairs: list[str] | None, preset: str) -> dict:
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


def filled(settings: Settings, values: object, where: str = "") -> Settings:
    """A dataclass with a recipe's values in place of its own; a dataclass in it takes names and values in turn.

    Raises `TrainingError` for a name that is unknown or a value of the wrong kind.
    """
    if not isinstance(values, dict):
        raise TrainingError(f"{where or 'the recipe'} = {values!r}: names and values are expected")
    known: dict[str, Any] = {f.name: getattr(settings, f.name) for f in fields(settings)}  # type: ignore[arg-type]
    changed = {}
    for name, value in values.items():
        path = f"{where}.{name}" if where else str(name)
        if name not in known:
            raise TrainingError(f"unknown setting {path!r}: known are {', '.join(known)}")
        changed[name] = (
            filled(known[name], value, path) if is_dataclass(known[name]) else _typed(known[name], value, path)
        )
    return replace(settings, **changed)  # type: ignore[type-var]


def _typed(default: object, value: object, path: str) -> object:
    """The value, as the default's type."""
    number = isinstance(default, (int, float)) and not isinstance(default, bool)
    if number and isinstance(value, (int, float)) and not isinstance(value, bool):
        if isinstance(default, float) or value == int(value):
            return float(value) if isinstance(default, float) else int(value)
    if type(value) is not type(default):
        raise TrainingError(f"{path} = {value!r}: a value such as {default!r} is expected")
    return value
