"""`facegen generate`: descriptions from the command line, a file or standard input, drawn and told one by one."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facegen.attributes import Override, VocabularyError, check, laid_over, parse_override
from facegen.errors import UsageError, UserError

if TYPE_CHECKING:
    from facegen.bulk import Row
    from facegen.pipeline import Face, FacePipeline

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="A name that `facegen models` lists, a checkpoint folder, or a Hub repo, owner/name[@REVISION]; "
        "the default one if left out.",
    ),
]
END_TO_END = "endtoend"  # a reader and a generator in one
Reader = Annotated[str, typer.Option("--reader", help="rules (keywords) or lstm (the recurrent reader).")]
GeneratesWith = Annotated[
    str,
    typer.Option(
        "--reader", help="rules (keywords), lstm (the recurrent reader), or endtoend, a model that reads for itself."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; of several, one line each.")]


def generate(
    text: Annotated[str, typer.Argument(help="The description; - reads one a line from standard input.")] = "",
    out: Annotated[Path, typer.Option("-o", "--out", help="The PNG to write; of several, a folder or a name.")] = Path(
        "face.png"
    ),
    seed_: Annotated[str, typer.Option("--seed", help="Who: 0 to 4294967295.")] = "0",
    n: Annotated[int, typer.Option("--n", help="How many, from seeds SEED, SEED+1, ..; written as OUT-SEED.png.")] = 1,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="name=yes, name=no or name=auto; again for more.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(help="A blend of seeds, such as 7*0.94+12*0.34, in place of --seed.")
    ] = None,
    strength: Annotated[
        float | None, typer.Option(help="How closely to follow the text, 1 to 6; the model's own if left out.")
    ] = None,
    best_of: Annotated[
        int, typer.Option("--best-of", help="1 to 8: draws close variations and keeps the best match.")
    ] = 1,
    reader: GeneratesWith = "rules",
    look: Annotated[
        str | None, typer.Option(help="Kind of picture, such as studio or snapshot, where the model has several.")
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="Side in px: 256, or 512 where the model draws it; its own if left out.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="A .txt, .csv or .jsonl of descriptions; run again, it goes on where it was stopped."),
    ] = None,
    part: Annotated[
        str, typer.Option(help="Of --file, every N-th row from the K-th on, for one of N processes: K/N.")
    ] = "1/1",
    from_: Annotated[
        Path | None, typer.Option("--from", help="A PNG that facegen saved; TEXT says what to change about its face.")
    ] = None,
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option(help="Overwrite files that exist.")] = False,
    model: Model = None,
) -> None:
    """Draw a description as a PNG that carries its own settings."""
    from facegen import bulk
    from facegen.request import ask

    if reader == END_TO_END:
        if model not in (None, END_TO_END):
            raise UsageError(f"--reader {END_TO_END} brings its own model: leave --model {model} out")
        model, reader = END_TO_END, "rules"  # which tell what is said; the model reads the words
    seed = bulk.whole(seed_)
    more: dict[str, Any] = {
        "overrides": _overrides(set_ or []),
        "person": person,
        "strength": strength,
        "best_of": best_of,
        "reader": reader,
        "look": look,
        "size": size,
    }
    if from_ is not None:
        text, more = _changed(from_, text, more)
    if file is not None or text == "-":
        if file is not None and text or n > 1:
            raise UsageError("a file or - brings its own descriptions: leave TEXT and --n out")
        ask("", seed, **more)
        if not out.suffix:
            try:
                out.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(f"the folder {out} can't be made: {error.strerror}") from None
        _draw_rows(bulk.part(bulk.rows(file or "-", out, seed, more), part), model, as_json, force)
        return
    if not text.strip() and not more["overrides"]:
        raise UsageError("the description is empty: write a few words about the face, or --set an attribute")
    # A bad description or seed is told before the model is loaded.
    request = ask(text, seed, n=n, **more)
    paths = [out] if n == 1 else [out.with_name(f"{out.stem}-{seed + i}{out.suffix}") for i in range(n)]
    for path in paths:
        _check_writable(path, force)
    pipe = _pipeline(model)
    for i, path in enumerate(paths):
        face: Face = pipe(request.reading or "", seed + i, **more)  # type: ignore[assignment]  # one seed, one face
        _save(face, path, force)
        _tell(face, path, as_json, one=n == 1)
    if not as_json:
        if face.settings["undrawable"]:
            print(f"Understood, but this model can't draw it: {', '.join(face.settings['undrawable'])}.")
        if face.reading:
            report(face.reading.attributes, face.reading.unused)


def _changed(source: Path, order: str, more: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Description and arguments of a saved face, changed as an order says; what is set by hand counts more."""
    from facegen.picture import read_settings
    from facegen.request import changed, check_overrides, read

    if more["person"] is not None:
        raise UsageError("--from brings its own person: leave --person out")
    settings = read_settings(source)
    text = settings["description"]
    overrides, _ = changed(read(text), check_overrides(settings["overrides"]), order)
    return text, {
        **more,
        "overrides": laid_over(overrides, more["overrides"]),
        "person": settings["person"],
        "strength": more["strength"] or settings["strength"],
        "look": more["look"] or settings["look"],
        "size": more["size"] or settings["size"],
    }


def _draw_rows(rows: Iterator[Row], model: str | None, as_json: bool, force: bool) -> None:
    """Draw rows one after the other; what can't be drawn is told and passed over, what is there already is kept."""
    from facegen import bulk

    drawn = kept = failed = 0
    pipe = _pipeline(model)
    for row in rows:
        try:
            if "error" in row.more:
                raise bulk.RowError(row.more["error"])
            if not force and row.path.is_file() and bulk.drawn_before(row, pipe):
                kept += 1
                continue
            _check_writable(row.path, force)
            face = row.draw(pipe)
            _save(face, row.path, force)
            drawn += 1
            _tell(face, row.path, as_json, one=False)
        except (UserError, OSError) as error:
            failed += 1
            print(f"{row.place}: {' '.join(str(error).split())}", file=sys.stderr)
        if sys.stderr.isatty():
            print(f"\r{drawn} drawn, {kept} were there, {failed} failed", end="", file=sys.stderr)
    print(f"{drawn} drawn, {kept} were there, {failed} failed", file=sys.stderr)
    if failed:
        raise typer.Exit(2)


def _pipeline(model: str | None) -> FacePipeline:
    from facegen.pipeline import FacePipeline

    return FacePipeline.from_pretrained(model)


def _save(face: Face, path: Path, force: bool) -> None:
    try:
        face.save(path, overwrite=force)
    except FileExistsError:
        raise UsageError(f"{path} exists by now: choose another name, or add --force") from None
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror or error}") from error


def _tell(face: Face, path: Path, as_json: bool, one: bool) -> None:
    if as_json:
        print_json({"path": str(path), **face.to_dict()}, one)
        return
    drawn = ", ".join(f"{name}={'yes' if value else 'no'}" for name, value in face.attributes.items())
    print(f"{path}: person {face.person}, {drawn or 'left to chance'}", flush=True)


def print_json(record: dict, one: bool) -> None:
    """A record by itself is laid out for people; of several, each is a line (JSON Lines), printed at once."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(record, ensure_ascii=plain, indent=2 if one else None), flush=True)


def _overrides(pairs: list[str]) -> dict[str, Override]:
    """--set options as {attribute: bool}; contradictions are refused."""
    overrides: dict[str, Override] = {}
    seen: dict[str, str] = {}
    for pair in pairs:
        name, value = parse_override(pair)
        if seen.setdefault(name, pair) != pair and overrides.get(name) != value:
            raise VocabularyError(f"--set {seen[name]} and --set {pair} contradict each other")
        if value is not None:
            overrides[name] = value
    check(overrides)
    return overrides


def _check_writable(path: Path, force: bool) -> None:
    """Refuse, before anything is drawn, a path that can't be written to."""
    folder = path.parent
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path} can't be written: images are PNG, so let the name end in .png")
    try:
        wrong = (
            "it is a folder" if path.is_dir()
            else f"there is no folder {folder}" if not folder.is_dir()
            else f"the folder {folder} is read-only" if not os.access(folder, os.W_OK)
            else ""
        )  # fmt: skip
        there = bool(path.lstat()) if path.is_symlink() or path.exists() else False
    except (OSError, ValueError) as error:  # a name that is too long, or holds what no name may
        raise UsageError(f"{str(path)[:80]} can't be written: {getattr(error, 'strerror', None) or error}") from None
    if wrong:
        raise UsageError(f"{path} can't be written: {wrong}")
    if there and not force:
        raise UsageError(f"{path} exists: choose another name, or add --force to overwrite it")


def report(understood: dict[str, bool], unused: tuple[str, ...]) -> None:
    """Print what was not understood of a description."""
    if not understood:
        print("Nothing in the description was understood: the face is left to chance.")
    if unused:
        print(f"Not understood: {', '.join(unused)}.")
