"""What the pages say of the repository is there: links, files, and the commands' options."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("checkpoints/*/README.md")])
FOLDERS = "benchmarks|checkpoints|docs|examples|facegen|tests"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_and_files_are_there(page):
    text = page.read_text(encoding="utf-8")
    links = [page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", text)]
    files = [ROOT / name for name in re.findall(rf"(?<![\w/.])((?:{FOLDERS})/[\w./-]*\w\.(?:py|json|yaml|md))\b", text)]
    missing = [path for path in links + files if "NAME" not in path.name and not path.exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_anchors_are_headings(page):
    text = page.read_text(encoding="utf-8")
    headings = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^#+ (.+)$", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


def test_options_of_the_pages_are_options_of_the_commands():
    """Every --option in a `facegen` command of a page is one that some command takes."""
    from typer.main import get_command

    from facegen.cli import app
    from facegen.evaluation.cli import app as evaluate
    from facegen.training.cli import app as train

    def options(command) -> set[str]:
        own = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
        return own.union({"--help"}, *(options(each) for each in getattr(command, "commands", {}).values()))

    known = set().union(*(options(get_command(each)) for each in (app, evaluate, train)))
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for command in re.findall(r"(?:python -m |venv/bin/)facegen ([^\n`]*)", text):
            assert set(re.findall(r"(?<!\S)--[a-z][a-z-]+", command)) <= known, (page, command)


def test_names_of_the_architecture_are_where_it_says():
    """`file.py`, `name` and `module.name` or `Class.name`: a definition of that name is in such a file or class."""
    sources = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "facegen").rglob("*.py"))}

    def defines(source: str, name: str) -> bool:
        parts = [rf"^\s*(?:def|class) {part}\b|^\s*{part}\b.* = " for part in name.split(".")]
        return all(re.search(part, source, re.M) for part in parts)

    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    for file, name in re.findall(r"`([\w/]+\.py)`, `([\w.]+)`(?! and)", text):
        if not name.endswith((".py", ".json")):
            here = [source for path, source in sources.items() if path.as_posix().endswith(f"/{file}")]
            assert any(defines(source, name) for source in here), (file, name)
    for owner, name in re.findall(r"`(\w+)\.(?!py`|json`|yaml`)(\w+)`", text):
        here = [s for path, s in sources.items() if path.stem == owner or re.search(rf"^class {owner}\b", s, re.M)]
        assert any(defines(source, name) for source in here), (owner, name)
