"""`python -m facegen COMMAND`. Each command imports what it needs when it runs: `parse` starts without torch."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from facegen import __version__
from facegen.errors import UsageError, UserError
from facegen.generate import AsJson, Model, Reader, generate, print_json, report

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of the disk, of a person's share of it, of a file


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
            print_json(reading.to_dict(drawable), one=text != "-")
            continue
        for name, value in reading.attributes.items():
            words = ", ".join(repr(m.words) for m in reading.mentions if m.attribute == name) or "follows from the rest"
            print(f"{name:18} {'yes' if value else 'no':4} {words}{'' if name in drawable else '  (not drawable)'}")
        report(reading.attributes, reading.unused)


def _lines() -> Iterator[str]:
    return (line for line in sys.stdin if line.strip())


app.command()(generate)


@app.command()
def models(
    as_json: AsJson = False,
    on_hub: Annotated[bool, typer.Option("--hub", help="Ask the Hub, too, for those that are not at hand.")] = False,
) -> None:
    """The models at hand, embedded or downloaded; with --hub also those that the Hub has."""
    from facegen import hub

    found = hub.at_hand()
    names = {model["name"].partition("@")[0] for model in found}
    found += [{"name": name, "where": "hub"} for name in (hub.on_the_hub() if on_hub else []) if name not in names]
    for model in found:
        if as_json:
            print_json(model, one=False)
        elif model["where"] == "hub":
            print(f"{model['name']:24} on the Hub: --model {model['name']} downloads it")
        else:
            size = f"{model['px']} px" if model["px"] else ""
            row = f"{model['name']:24} {model['where']:10} {model['type']:20} {size:8} {model['mb']:6.1f} MB"
            print(f"{row}  {model['licence']}")


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
        _fail(_sentence(error), error.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _fail("stopped", 130)
    except PipeClosed:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except UserError as error:
        _fail(str(error), 2)
    except OSError as error:
        if error.errno not in FULL:
            raise
        _fail(f"{error.filename or 'a file'} can't be written: {error.strerror}", 2)
    sys.exit(code if isinstance(code, int) else 0)


def _sentence(error: typer.TyperException) -> str:
    """What is wrong with an option; Typer's own words leave out what was given where pydantic refuses it."""
    refused = error.__cause__
    if not isinstance(refused, ValueError) or not hasattr(refused, "errors"):
        return error.format_message()
    first = refused.errors(include_url=False)[0]
    return f"{error.format_message().partition(':')[0]}: {str(first['input'])[:60]!r}: {first['msg'].lower()}"


def _fail(message: str, code: int) -> None:
    message = " ".join(message.split())
    if message:  # `facegen` alone prints its help and has nothing to add
        print(f"Error: {message}{'' if message.endswith(('.', '?')) else '.'}", file=sys.stderr)
    sys.exit(code)


def _drawable(model: str | None) -> list[str]:
    """Names of what a model can draw, from its config.json alone: reading a description needs no weights."""
    from facegen import hub

    return list(hub.read_config(hub.resolve(model)).get("attributes", []))
