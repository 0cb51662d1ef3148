"""`python -m facegen evaluate reader`: how well both readers read descriptions that people labeled by hand.

A description file has one JSON object a line: {"kind": .., "text": .., "attributes": {name: true or false}}. A
statement counts as right if the label says the same, and as found if the reading says the same, where yes to one of
an exclusive group stands for no to the rest: neither side loses anything for leaving that unsaid.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from facegen import attributes
from facegen.errors import UserError
from facegen.reading.result import Reading
from facegen.reading.rules import parse

DEFAULT_FILES = tuple(
    Path(f"tests/data/descriptions_{name}.jsonl")
    for name in ("dev", "unseen", "field_dev", "field_unseen", "field_third")
)


class EvaluationError(UserError):
    """An evaluation that can't be made of what the user gave: a file, a name, too few photographs."""


class Description(NamedTuple):
    """A labeled description: who would write so, the text, and what it says."""

    kind: str
    text: str
    attributes: dict[str, bool]


@dataclass
class Score:
    """Counts over descriptions, and the mistakes behind them.

    Attributes:
        right, wrong: statements of the reader that the label agrees with, or doesn't. inverted: wrong ones of which the
            label says the opposite.
        missed: statements of the label that the reader did not make. noes_missed: those that say no.
        mistakes: (text, statements read wrongly, statements missed).
    """

    right: int = 0
    wrong: int = 0
    inverted: int = 0
    found: int = 0
    missed: int = 0
    noes: int = 0
    noes_missed: int = 0
    exact: int = 0
    descriptions: int = 0
    mistakes: list[tuple[str, dict[str, bool], dict[str, bool]]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Share (0..1) of what was read that is right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share (0..1) of what is labelled that was read."""
        return self.found / max(1, self.found + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0..1."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    def add(self, text: str, read: Mapping[str, bool], label: Mapping[str, bool]) -> None:
        """Count one description: what was read of it against its label. What follows from either counts as said."""
        read_full, label_full = attributes.complete(read), attributes.complete(label)
        wrong = {name: value for name, value in read.items() if label_full.get(name) != value}
        missed = {name: value for name, value in label.items() if read_full.get(name) != value}
        self.right += len(read) - len(wrong)
        self.wrong += len(wrong)
        self.inverted += sum(name in label_full for name in wrong)
        self.found += len(label) - len(missed)
        self.missed += len(missed)
        self.noes += sum(not value for value in label.values())
        self.noes_missed += sum(not value for value in missed.values())
        self.descriptions += 1
        self.exact += not (wrong or missed)
        if wrong or missed:
            self.mistakes.append((text, wrong, missed))

    def to_dict(self) -> dict:
        """The figures, for JSON."""
        return {
            "descriptions": self.descriptions,
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "read_without_a_mistake": round(self.exact / max(1, self.descriptions), 4),
            "inverted": self.inverted,
            "noes": self.noes,
            "noes_missed": self.noes_missed,
        }


def read_descriptions(path: Path) -> list[Description]:
    """The descriptions of a file. Raises `EvaluationError` with the line that is wrong."""
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise EvaluationError(f"{path} can't be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            attributes.check(row["attributes"])
            found.append(Description(row.get("kind", ""), row["text"], row["attributes"]))
        except (ValueError, KeyError, TypeError) as error:
            raise EvaluationError(f"{path}, line {number}: {error}") from None
    return found


def score(read: Callable[[str], Reading], descriptions: Sequence[Description]) -> Score:
    """Read all descriptions and count."""
    result = Score()
    for description in descriptions:
        result.add(description.text, read(description.text).attributes, description.attributes)
    return result


def by_kind(descriptions: Sequence[Description]) -> dict[str, list[Description]]:
    """The descriptions of each kind, in the file's order."""
    kinds: dict[str, list[Description]] = {}
    for description in descriptions:
        kinds.setdefault(description.kind, []).append(description)
    return kinds


def differences(
    one: Callable[[str], Reading], other: Callable[[str], Reading], descriptions: Sequence[Description]
) -> list[tuple[str, dict[str, tuple[bool | None, bool | None]]]]:
    """Where two readers differ: the text, and attribute -> (what the one read, what the other read)."""
    found = []
    for description in descriptions:
        a, b = (attributes.complete(read(description.text).attributes) for read in (one, other))
        differing = {n: (a.get(n), b.get(n)) for n in attributes.NAMES if a.get(n) != b.get(n)}
        if differing:
            found.append((description.text, differing))
    return found


def evaluate_reader(
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="Labeled descriptions (JSON lines); again for more.")
    ] = None,
    reader: Annotated[
        str | None, typer.Option(help="Checkpoint folder of the recurrent reader; the embedded one if left out.")
    ] = None,
    rules_only: Annotated[bool, typer.Option("--rules-only", help="Leave the recurrent reader out.")] = False,
    mistakes: Annotated[
        int, typer.Option(min=0, help="How many mistakes and differences to print for each file.")
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Precision, recall and F1 of both readers on hand-labeled descriptions, and where they differ."""
    files = files or [f for f in DEFAULT_FILES if f.is_file()]
    if not files:
        raise EvaluationError("no descriptions: give --file, or run this in a checkout, where tests/data has some")
    readers: dict[str, Callable[[str], Reading]] = {"rules": parse}
    if not rules_only:
        from facegen.reading.network import load_reader

        readers["lstm"] = load_reader(reader).parse
    sets = {path.stem: read_descriptions(path) for path in files}
    every = [d for descriptions in sets.values() for d in descriptions]
    results, kinds = _scores(readers, sets | {"all": every}), _scores(readers, by_kind(every))
    if as_json:
        tables = {**results, "kinds": kinds}
        print(json.dumps(tables, indent=1, default=Score.to_dict))
        return
    _print(results, "descriptions")
    _print(kinds, "kind")
    for name in sets:
        for text, wrong, missed in results[name]["rules"].mistakes[:mistakes]:
            print(f"\n{name}: {_short(text)}")
            print(f"     read wrongly: {_list(wrong) or '-'}; missed: {_list(missed) or '-'}")
    if mistakes and "lstm" in readers:
        print("\nWhere the two differ (rules, lstm):")
        for text, differing in differences(readers["rules"], readers["lstm"], every)[:mistakes]:
            print(f"  {_short(text)}")
            print("     " + ", ".join(f"{n}: {_said(a)}, {_said(b)}" for n, (a, b) in differing.items()))


def _scores(
    readers: Mapping[str, Callable[[str], Reading]], sets: Mapping[str, Sequence[Description]]
) -> dict[str, dict[str, Score]]:
    """set -> reader -> score."""
    return {
        name: {which: score(read, descriptions) for which, read in readers.items()}
        for name, descriptions in sets.items()
    }


def _print(results: Mapping[str, Mapping[str, Score]], title: str) -> None:
    print(
        f"\n{title:24} {'reader':7} {'n':>4} {'precision':>9} {'recall':>7} {'F1':>6} {'inverted':>8} "
        f"{'no mistake':>10} {'noes missed':>12}"
    )
    for name, scores in results.items():
        for which, s in scores.items():
            share = s.exact / max(1, s.descriptions)
            print(
                f"{name:24} {which:7} {s.descriptions:4} {s.precision:9.3f} {s.recall:7.3f} {s.f1:6.3f} {s.inverted:8} "
                f"{share:10.0%} {f'{s.noes_missed} of {s.noes}':>12}"
            )


def _list(statements: Mapping[str, bool]) -> str:
    return ", ".join(f"{name} {_said(value)}" for name, value in statements.items())


def _said(value: bool | None) -> str:
    return "not said" if value is None else "yes" if value else "no"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 110 else line[:107] + "..."
