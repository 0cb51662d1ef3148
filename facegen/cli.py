"""`python -m facegen COMMAND`. Each command imports what it needs when it runs: `parse` starts without torch."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from facegen import __version__
from facegen.attributes import VocabularyError, check, parse_override
from facegen.errors import UserError

if TYPE_CHECKING:
    from facegen.bulk import Row
    from facegen.pipeline import Face, FacePipeline


class PipeClosed(Exception):
    """Whoever read our output (head, say) had enough."""


class Commands(TyperGroup):
    """Tells a closed pipe from a failure; typer itself ends both with exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; raises `PipeClosed` where whoever reads the output has gone."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except BrokenPipeError as error:
            raise PipeClosed from error


app = typer.Typer(
    cls=Commands,
    name="facegen",
    help="Type a description, see the face it describes. All faces are synthetic.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Model = Annotated[
    str | None,
    typer.Option(
        "--model", help="A checkpoint folder or a Hub repo, owner/name[@REVISION]; the embedded one if left out."
    ),
]
Reader = Annotated[str, typer.Option("--reader", help="rules (keywords) or lstm (the recurrent reader).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON; of several, one line each.")]


class UsageError(UserError):
    """A mistake on the command line, in one sentence."""


def _version(wanted: bool) -> None:
    if wanted:
        print(f"facegen {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Options that stand before the command."""
    pass


@app.command()
def parse(
    text: Annotated[str, typer.Argument(help="The description; - reads one a line from standard input.")],
    as_json: AsJson = False,
    model: Model = None,
    reader: Reader = "rules",
) -> None:
    """What a description says: attributes, keywords, and what was not understood."""
    from facegen.reading.result import check_text
    from facegen.request import read

    drawable = _drawable(model)
    for line in _lines() if text == "-" else [text]:
        reading = read(check_text(line), reader)
        assert reading is not None  # the text isn't empty
        if as_json:
            _print_json(reading.to_dict(drawable), one=text != "-")
            continue
        for name, value in reading.attributes.items():
            words = ", ".join(repr(m.words) for m in reading.mentions if m.attribute == name) or "follows from the rest"
            print(f"{name:18} {'yes' if value else 'no':4} {words}{'' if name in drawable else '  (not drawable)'}")
        _report(reading.attributes, reading.unused)


@app.command()
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
        float | None, typer.Option(help="How hard attributes push, 1 to 6; the model's own if left out.")
    ] = None,
    best_of: Annotated[
        int, typer.Option("--best-of", help="1 to 8: of the person and near relatives, draw who shows the words best.")
    ] = 1,
    reader: Reader = "rules",
    file: Annotated[
        Path | None,
        typer.Option(help="A .txt, .csv or .jsonl of descriptions; run again, it goes on where it was stopped."),
    ] = None,
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option(help="Overwrite files that exist.")] = False,
    model: Model = None,
) -> None:
    """Draw a description as a PNG that carries its own settings."""
    from facegen import bulk
    from facegen.request import ask

    seed = bulk.whole(seed_)
    more: dict[str, Any] = {
        "overrides": _overrides(set_ or []),
        "person": person,
        "strength": strength,
        "best_of": best_of,
        "reader": reader,
    }
    if file is not None or text == "-":
        if file is not None and text or n > 1:
            raise UsageError("a file or - brings its own descriptions: leave TEXT and --n out")
        ask("", seed, **more)
        _draw_rows(bulk.rows(file or "-", out, seed, more), model, as_json, force)
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
            _report(face.reading.attributes, face.reading.unused)


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
        _print_json({"path": str(path), **face.to_dict()}, one)
        return
    drawn = ", ".join(f"{name}={'yes' if value else 'no'}" for name, value in face.attributes.items())
    print(f"{path}: person {face.person}, {drawn or 'left to chance'}", flush=True)


def _print_json(record: dict, one: bool) -> None:
    """A record by itself is laid out for people; of several, each is a line (JSON Lines), printed at once."""
    plain = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(json.dumps(record, ensure_ascii=plain, indent=2 if one else None), flush=True)


def _lines() -> Iterator[str]:
    return (line for line in sys.stdin if line.strip())


@app.command()
def models(as_json: AsJson = False) -> None:
    """The models at hand: embedded, or downloaded from the Hub."""
    from facegen import hub

    found = hub.at_hand()
    for model in found:
        if as_json:
            _print_json(model, one=False)
        else:
            size = f"{model['px']} px" if model["px"] else ""
            print(f"{model['name']:24} {model['type']:20} {size:8} {model['mb']:6.1f} MB  {model['licence']}")


@app.command("app")
def app_command(
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 7860 if left out.")] = None,
    model: Model = None,
) -> None:
    """Start the browser app."""
    from facegen import ui

    _serve(ui.launch, model, server_name=host, server_port=port)


@app.command()
def review(
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for ratings.jsonl and the report.")] = Path(
        "runs/review"
    ),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Port; the first free one from 7860 if left out.")] = None,
    model: Model = None,
) -> None:
    """Rate a grid of faces in the browser: good or poor, and why."""
    from facegen import ui

    _serve(ui.launch_review, model, out, server_name=host, server_port=port)


def _serve(launch, *arguments, **options) -> None:
    try:
        launch(*arguments, **options)
    except OSError as error:  # Gradio's word for a port that is taken
        raise UsageError(f"the app can't listen on {options['server_name']}: {error}") from error


@app.command()
def push(
    folder: Path,
    repo_id: Annotated[str, typer.Argument(help="owner/name on the Hub; you are logged in with `hf auth login`.")],
    private: Annotated[bool, typer.Option("--private", help="If the repo is made by this, only you see it.")] = False,
    revision: Annotated[str | None, typer.Option(help="A branch; the main one if left out.")] = None,
    message: Annotated[str | None, typer.Option(help="Of the commit.")] = None,
) -> None:
    """Publish a checkpoint folder on the Hugging Face Hub, with its card."""
    from facegen import hub

    print(hub.push(folder, repo_id, private, revision=revision, commit_message=message))


def _mount(name: str, module: str, help_text: str) -> None:
    """A command whose options live in another module, which is imported only when the command is called."""

    @app.command(
        name,
        help=help_text,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    )
    def command(ctx: typer.Context) -> None:
        try:
            inner = typer.main.get_command(import_module(module).app)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] == "facegen":
                raise
            raise UsageError(
                f"{name} needs the training packages ({error.name} is missing): pip install 'facegen[train]'"
            ) from error
        inner.main(args=ctx.args, prog_name=f"facegen {name}", standalone_mode=False)


_mount("prepare", "facegen.data.prepare", "Read a data set and write aligned faces with their attributes.")
_mount("annotate", "facegen.ui.annotate", "Describe faces by hand, in the browser.")
_mount("train", "facegen.training.cli", "Train a model.")
_mount("evaluate", "facegen.evaluation.cli", "Measure a model: attribute accuracy, Frechet distance, identity.")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a user's mistake is one sentence on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):  # a code page that lacks a letter is no reason to fail
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = typer.main.get_command(app).main(args=arguments, prog_name="facegen", standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message(), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped", 130)
    except PipeClosed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except UserError as error:
        _fail(str(error), 2)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> None:
    message = " ".join(message.split())
    if message:  # `facegen` alone prints its help and has nothing to add
        print(f"Error: {message}{'' if message.endswith(('.', '?')) else '.'}", file=sys.stderr)
    sys.exit(code)


def _drawable(model: str | None) -> list[str]:
    """Names of what a model can draw, from its config.json alone: reading a description needs no weights."""
    from facegen import hub

    return list(hub.read_config(hub.resolve(model)).get("attributes", []))


def _overrides(pairs: list[str]) -> dict[str, bool]:
    """--set options as {attribute: bool}; contradictions are refused."""
    overrides: dict[str, bool] = {}
    seen: dict[str, str] = {}
    for pair in pairs:
        name, value = parse_override(pair)
        if seen.setdefault(name, pair) != pair and overrides.get(name) is not value:
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


def _report(understood: dict[str, bool], unused: tuple[str, ...]) -> None:
    if not understood:
        print("Nothing in the description was understood: the face is left to chance.")
    if unused:
        print(f"Not understood: {', '.join(unused)}.")
