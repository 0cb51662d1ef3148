"""`python -m facegen COMMAND`. Each command imports what it needs when it runs: `parse` starts without torch."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from facegen.attributes import VocabularyError, check, parse_override
from facegen.errors import UserError

app = typer.Typer(
    name="facegen",
    help="Type a description, see the face it describes. All faces are synthetic.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Model = Annotated[
    str | None, typer.Option("--model", help="A checkpoint folder or Hub repo id; the embedded one if left out.")
]
Reader = Annotated[str, typer.Option("--reader", help="rules (keywords) or lstm (the recurrent reader).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class UsageError(UserError):
    """A mistake on the command line, in one sentence."""


@app.command()
def parse(text: str, as_json: AsJson = False, model: Model = None, reader: Reader = "rules") -> None:
    """What a description says: attributes, keywords, and what was not understood."""
    reading = _reader(reader)(text)
    drawable = _drawable(model)
    if as_json:
        print(json.dumps(reading.to_dict(drawable), ensure_ascii=False, indent=2))
        return
    for name, value in reading.attributes.items():
        words = ", ".join(repr(m.words) for m in reading.mentions if m.attribute == name) or "follows from the rest"
        print(f"{name:18} {'yes' if value else 'no':4} {words}{'' if name in drawable else '  (not drawable)'}")
    _report(reading.attributes, reading.unused)


@app.command()
def generate(
    text: str,
    out: Annotated[Path, typer.Option("-o", "--out", help="The PNG to write.")] = Path("face.png"),
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
    as_json: AsJson = False,
    force: Annotated[bool, typer.Option(help="Overwrite files that exist.")] = False,
    model: Model = None,
) -> None:
    """Draw a description as a PNG that carries its own settings."""
    overrides = _overrides(set_ or [])
    if n < 1:
        raise UsageError(f"--n {n} is no number of images: draw at least 1")
    if person is not None and n > 1:
        raise UsageError("--person is one person: use --seed to draw several")
    read = _reader(reader)
    read(text)  # a bad description or seed is told before the model is loaded
    from facegen import person as identity

    seed = identity.check_seed(int(seed_) if seed_.lstrip("-").isdecimal() else seed_)
    if seed + n - 1 > identity.MAX_SEED:
        raise UsageError(f"seeds {seed} to {seed + n - 1} go past the last one, {identity.MAX_SEED}")
    if person is not None:
        identity.parse_person(person)
    paths = [out] if n == 1 else [out.with_name(f"{out.stem}-{seed + i}{out.suffix}") for i in range(n)]
    for path in paths:
        _check_writable(path, force)

    from facegen.pipeline import FacePipeline

    pipe = FacePipeline.from_pretrained(model)
    records = []
    for i, path in enumerate(paths):
        face = pipe(text, seed + i, overrides, person=person, strength=strength, best_of=best_of, parser=read)
        try:
            face.save(path)
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror or error}") from error
        if as_json:
            records.append({"path": str(path), **face.to_dict()})
        else:
            drawn = ", ".join(f"{name}={'yes' if value else 'no'}" for name, value in face.attributes.items())
            print(f"{path}: person {face.person}, {drawn or 'left to chance'}")
    if as_json:
        print(json.dumps(records[0] if n == 1 else records, ensure_ascii=False, indent=2))
    else:
        if face.settings["undrawable"]:
            print(f"Understood, but this model can't draw it: {', '.join(face.settings['undrawable'])}.")
        _report(face.reading.attributes, face.reading.unused)


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
) -> None:
    """Publish a checkpoint folder on the Hugging Face Hub."""
    from facegen import hub

    print(hub.push(folder, repo_id))


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
    try:
        code = typer.main.get_command(app).main(args=arguments, prog_name="facegen", standalone_mode=False)
    except typer.TyperException as error:
        _fail(error.format_message(), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped", 130)
    except BrokenPipeError:  # the reader of a pipe (head, say) had enough
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


def _reader(name: str):
    """The function text -> Reading of --reader."""
    if name == "rules":
        from facegen.reading.rules import parse as read

        return read
    if name == "lstm":
        from facegen.reading.network import load_reader

        return load_reader().parse
    raise UsageError(f"--reader {name} is unknown: rules or lstm")


def _drawable(model: str | None) -> list[str]:
    """Names of what a model can draw, from its config.json alone: reading a description needs no weights."""
    if model is None:
        package = Path(__file__).parent
        folders = (package / "checkpoints/default", package.parent / "checkpoints/default")  # installed; a checkout
        config = next((f / "config.json" for f in folders if (f / "config.json").is_file()), None)
        if config is not None:
            return json.loads(config.read_text(encoding="utf-8"))["attributes"]
    from facegen import hub

    return list(hub.read(hub.resolve(model))[0].get("attributes", []))


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
    folder = path.parent
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path} can't be written: images are PNG, so let the name end in .png")
    if path.is_dir():
        raise UsageError(f"{path} can't be written: it is a folder")
    if not folder.is_dir():
        raise UsageError(f"{path} can't be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise UsageError(f"{path} can't be written: the folder {folder} is read-only")
    if path.exists() and not force:
        raise UsageError(f"{path} exists: choose another name, or add --force to overwrite it")


def _report(understood: dict[str, bool], unused: tuple[str, ...]) -> None:
    if not understood:
        print("Nothing in the description was understood: the face is left to chance.")
    if unused:
        print(f"Not understood: {', '.join(unused)}.")
