"""What `evaluate faces` found, as tables for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i == 0 else "right")
    return table


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _four(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def print_faces(result: dict, console: Console | None = None) -> None:
    """Print the result of `evaluation.faces.protocol.evaluate`."""
    console = console or Console()
    protocol, said, spectrum = result["protocol"], result["said"], result["spectrum"]
    words = f"{protocol['said_on_average']:.1f} attributes said"
    summary = _table(f"Drawn faces beside photographs, {words}", "", "drawn", "photographs")
    rows = {
        "seen of what was said, main attributes": said["seen_main"],
        "balanced accuracy, main attributes": result["accuracy_main"],
        "face found": result["face_found"],
        **{f"grid every {period} px, dB": sides for period, sides in spectrum["grid_db"].items()},
        "energy at periods of 2 to 8 px": {"drawn": spectrum["fine_energy"], "photographs": 1.0},
        **{f"mean distance of two faces, {space}": value for space, value in result["diversity"].items()},
    }
    for label, sides in rows.items():
        summary.add_row(label, _three(sides["drawn"]), _three(sides["photographs"]))
    console.print(summary)

    sets = _table("Sets of faces", "space", "in a loss", "faces", "measure", "drawn", "photographs")
    for space, row in result["manifold"].items():
        for measure in ("precision", "recall"):
            values = (_three(row[measure][side]) for side in ("drawn", "photographs"))
            sets.add_row(space, "yes" if row["seen_by_a_loss"] else "no", str(row["faces"]), measure, *values)
    console.print(sets)
    table = _table(
        "Distance to photographs", "space", "in a loss", "measure", "drawn", "train photographs", "floor (two halves)"
    )
    for space, measures in result["distance"].items():
        for measure in ("frechet", "kernel"):
            values = (_four(measures[measure][k]) for k in ("drawn", "train_photographs", "floor"))
            table.add_row(space, "yes" if measures["seen_by_a_loss"] else "no", measure, *values)
    console.print(table)

    table = _table("Attributes, by the judge", "attribute", "said", "seen", "photographs", "balanced", "photographs")
    for name, sides in said["each"].items():
        seen = (_three(sides[side] and sides[side]["seen"]) for side in ("drawn", "photographs"))
        balanced = (_three(result["accuracy"][name][side]) for side in ("drawn", "photographs"))
        table.add_row(name, str(sides["drawn"]["n"]), *seen, *balanced)
    console.print(table)

    table = _table("By group: the same words, said of each", "group", "seen", "face found", "Frechet", "photographs")
    for group, row in result["groups"].items():
        values = (row["seen"], row["face_found"], row["frechet"]["drawn"], row["frechet"]["photographs"])
        table.add_row(group, *map(_three, values))
    console.print(table)
    table = _table("Typed: seen as it was said", "description", "share", "least")
    for text, shares in result["typed"]["each"].items():
        least = min(shares, key=shares.get)
        table.add_row(text, _three(sum(shares.values()) / len(shares)), f"{least} {_three(shares[least])}")
    table.add_row("all", _three(result["typed"]["shown"]), "")
    console.print(table)
    if "leakage" in result:
        _print_flips(result, console)
    if "memorisation" in result:
        _print_memorisation(result["memorisation"], console)
    console.print(f"{protocol}")


def _print_flips(result: dict, console: Console) -> None:
    table = _table(
        "One attribute flipped, the rest said",
        "attribute",
        "people",
        "as asked",
        "moved right",
        "leakage",
        "same person",
    )
    for name, v in result["leakage"]["flips"].items():
        shares = (_three(v[k]) for k in ("judged_as_asked", "moved_the_right_way", "off_target_main"))
        table.add_row(name, str(v["people"]), *shares, _three(result["identity"]["each"][name]))
    console.print(table)
    table = _table(
        "One attribute flipped, nothing else said",
        "attribute", "yes when yes", "yes when no", "moved right", "leakage", "pixels", "same person",
    )  # fmt: skip
    keys = ("judged_yes_when_yes", "judged_yes_when_no", "moved_the_right_way", "off_target_main")
    for name, v in result["flips"].items():
        pixels = f"{v['mean_pixel_change']:.1f}"
        table.add_row(name, *(_three(v[k]) for k in keys), pixels, _three(v["identity_cosine"]))
    console.print(table)
    table = _table("Leakage", "judged on", "verdict changed", "mirrored drawn faces", "mirrored photographs")
    for title, key in (("main attributes", "off_target_main"), ("all attributes", "off_target_all")):
        v = result["leakage"][key]
        table.add_row(title, *(_three(v[k]) for k in ("changed", "mirrored_drawn", "mirrored_photographs")))
    console.print(table)
    v = result["identity"]
    console.print(
        f"Identity, cosine of dlib's embedding: flips {_three(v['flips'])}, one person's photographs "
        f"{_three(v['same_person'])}, two people's {_three(v['other_person'])}; nearer to the first: "
        f"{_three(v.get('nearer_to_same'))} of flips"
    )


def _print_memorisation(result: dict, console: Console) -> None:
    table = _table("Distance to the nearest training face", "space", "faces", "median", "lowest 1 %", "minimum")
    for space in (s for s in ("dlib_embedding", "pixels") if s in result):
        for side in (s for s in ("drawn", "held_out", "strangers") if s in result[space]):
            v = result[space][side]
            table.add_row(space, side, *(_three(v[k]) for k in ("median", "lowest_1_percent", "minimum")))
    console.print(table)
    for space in (s for s in ("dlib_embedding", "pixels") if "nearer_than_held_out" in result.get(s, {})):
        v = result[space]
        console.print(
            f"{space}: a drawn face is nearer than a held-out photograph in {v['nearer_than_held_out']:.3f} of pairs, "
            f"nearer than all but 1 % of them in {v['below_held_out_1_percent']:.3f}"
        )
