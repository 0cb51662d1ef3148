"""What `evaluate` found, as tables for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table


def print_faces(result: dict, console: Console | None = None) -> None:
    """Print the result of `evaluation.faces.evaluate`."""
    console = console or Console()
    summary = _table("Drawn faces beside photographs", "", "drawn", "photographs")
    for label, key in (("face found", "face_found"), ("accuracy, main attributes", "accuracy_main")):
        summary.add_row(label, f"{result[key]['drawn']:.3f}", f"{result[key]['photographs']:.3f}")
    console.print(summary)

    table = _table("Distance to test photographs", "space", "measure", "drawn", "train photographs", "floor (two halves)")
    for space, measures in result["distance"].items():
        for measure, values in measures.items():
            row = (f"{values[k]:.4g}" for k in ("drawn", "train_photographs", "floor"))
            table.add_row(space, measure, *row)
    console.print(table)

    table = _table("Balanced accuracy of the judge", "attribute", "drawn", "photographs")
    for name, values in result["accuracy"].items():
        table.add_row(name, f"{values['drawn']:.3f}", f"{values['photographs']:.3f}")
    console.print(table)

    if "flips" in result:
        _print_flips(result, console)
    console.print(f"{result['protocol']}")


def _print_flips(result: dict, console: Console) -> None:
    table = _table("Flipping one attribute", "attribute", "yes when yes", "yes when no", "moved right", "pixels", "same person")
    for name, v in result["flips"].items():
        cosine = "-" if v["identity_cosine"] is None else f"{v['identity_cosine']:.3f}"
        shares = (f"{v[k]:.2f}" for k in ("judged_yes_when_yes", "judged_yes_when_no", "moved_the_right_way"))
        table.add_row(name, *shares, f"{v['mean_pixel_change']:.1f}", cosine)
    console.print(table)
    if result["other_people"]:
        console.print(f"Cosine between different people's photographs: {result['other_people']['identity_cosine']:.3f}")
