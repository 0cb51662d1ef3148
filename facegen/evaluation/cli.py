"""`python -m facegen evaluate faces | models | classifier | features | reader | card | leakage`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from facegen.evaluation.reader import evaluate_reader
from facegen.files import write_atomic

app = typer.Typer(help="Measure what was trained, beside the same figures for photographs.", no_args_is_help=True)

Cache = Annotated[Path, typer.Option(help="Where the packed photographs are kept.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Data = Annotated[list[Path], typer.Option(help="A data set folder; its test part is measured on. Again for more.")]
ClassifierModel = Annotated[
    str | None, typer.Option(help="A classifier's checkpoint folder or Hub repo id; the embedded one if left out.")
]


@app.command()
def faces(
    data: Annotated[
        Path, typer.Option(help="Labelled photographs: people, and what is said of them, are their test part's.")
    ],
    judge_data: Annotated[
        list[Path], typer.Option(help="Photographs that the generator never saw, for the judge; again for more.")
    ],
    reference: Annotated[
        list[Path] | None,
        typer.Option(
            help="Photographs to compare sets of faces with, but their training part: those of --data if left out."
        ),
    ] = None,
    train_data: Annotated[
        list[Path] | None,
        typer.Option(help="What the generator learned from beside --data: kept from the judge; again for more."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Checkpoint folder or Hub repo id; the embedded one if left out.")
    ] = None,
    said: Annotated[
        str, typer.Option(help="few: as many of a photograph's labels as people say; all: all of them.")
    ] = "few",
    n: Annotated[
        int | None,
        typer.Option(min=100, help="Faces to draw (5000 is the full protocol); one for each test photograph."),
    ] = None,
    quick: Annotated[bool, typer.Option(help="A face for every second test photograph, and few flips.")] = False,
    flips: Annotated[
        bool, typer.Option(help="Without: nothing of people and training faces, to choose a checkpoint by.")
    ] = True,
    feature_weights: Annotated[
        Path | None,
        typer.Option(help="SqueezeNet 1.0 weights: distances in its features, too, which are in training losses."),
    ] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the figures as JSON here.")] = None,
    sheet: Annotated[Path | None, typer.Option(help="Write a picture of forty typed descriptions here (PNG).")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures here: drawn faces only.")] = None,
    nearest_photographs: Annotated[
        bool,
        typer.Option(help="Show the nearest training photographs on the page, which must lie where git ignores it."),
    ] = False,
    force: Force = False,
    cache: Cache = Path(".cache/evaluate"),
    size: Annotated[int, typer.Option(min=16, help="Side in px at which the judge sees faces.")] = 128,
    reference_size: Annotated[
        int | None,
        typer.Option(min=16, help="Side in px at which sets are compared with --reference; the model's if left out."),
    ] = None,
) -> None:
    """What is seen of what was said, distances, sharpness, leakage, identity, memorisation: each beside photographs."""
    from facegen import registry
    from facegen.data.pack import pack
    from facegen.data.readers import read_dataset
    from facegen.evaluation.faces import typed
    from facegen.evaluation.faces.page import check_private, write_page
    from facegen.evaluation.faces.protocol import Options, beside, evaluate
    from facegen.evaluation.faces.report import print_faces
    from facegen.evaluation.instruments.distances import loss_spaces
    from facegen.evaluation.instruments.lenses import Generator
    from facegen.evaluation.output import claim, known, write_picture
    from facegen.evaluation.reader import EvaluationError

    known(said, ("few", "all"), "what --said takes")
    if nearest_photographs:
        if html is None or not flips:
            raise EvaluationError("--nearest-photographs shows them on the page: it needs --html, and no --no-flips")
        check_private(html)
    for path in filter(None, (out, html, sheet)):
        claim(path, force)
    generator: Generator = registry.load(model)
    train_data = train_data or []
    packed = beside(
        pack([read_dataset(folder) for folder in (data, *judge_data, *train_data)], size, cache), len(train_data)
    )
    others = None
    if reference:
        side = reference_size or generator.config.image_size
        others = pack([read_dataset(folder) for folder in reference], side, cache / "reference")
    options = Options(n, said, quick, flips, nearest_photographs, loss_spaces(model), feature_weights, cache)
    result, evidence = evaluate(generator, packed, options, others)
    print_faces(result)
    if out:
        write_atomic(out, json.dumps(result, indent=1) + "\n")
    if sheet:
        write_picture(sheet, typed.sheet(generator))
    if html:
        write_page(html, result, evidence, generator, "/".join(Path(model).parts[-2:]) if model else "embedded")


@app.command()
def classifier(
    data: Data,
    model: ClassifierModel = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the figures as JSON here.")] = None,
    picture: Annotated[
        Path | None, typer.Option(help="Write a picture of reliability and ROC curves here (PNG).")
    ] = None,
    calibrate: Annotated[
        bool,
        typer.Option("--calibrate", help="First find, on validation photographs, when it is sure; MODEL keeps it."),
    ] = False,
    force: Force = False,
    cache: Cache = Path(".cache/evaluate"),
) -> None:
    """Balanced accuracy, ROC area and calibration of each attribute, on test photographs."""
    from facegen import hub
    from facegen.data.pack import pack
    from facegen.data.readers import read_dataset
    from facegen.evaluation.classifier import calibrate as find_thresholds
    from facegen.evaluation.classifier import evaluate, load, print_table
    from facegen.evaluation.output import claim, write_figure

    for path in filter(None, (out, picture)):
        claim(path, force)
    network = load(model)
    packed = pack([read_dataset(folder) for folder in data], network.config.image_size, cache)
    if calibrate:
        find_thresholds(hub.resolve(model, "classifier"), packed)
        network = load(model)
    result, figure = evaluate(network, packed)
    print_table(result)
    if out:
        write_atomic(out, json.dumps(result, indent=1) + "\n")
    if picture:
        write_figure(picture, figure)


@app.command()
def features(
    data: Data,
    model: ClassifierModel = None,
    attribute: Annotated[str, typer.Option(help="What the points are colored by.")] = "male",
    method: Annotated[
        list[str] | None, typer.Option(help="pca, tsne or umap, again for more; all that are installed if left out.")
    ] = None,
    n: Annotated[int, typer.Option(min=4, help="Photographs, at most.")] = 1500,
    out: Annotated[Path, typer.Option("-o", "--out", help="The PNG to write: points only, no photographs.")] = Path(
        "features.png"
    ),
    force: Force = False,
    cache: Cache = Path(".cache/evaluate"),
) -> None:
    """A classifier's penultimate features in the plane, colored by an attribute."""
    from facegen.attributes import NAMES
    from facegen.data.pack import pack
    from facegen.data.readers import read_dataset
    from facegen.evaluation.classifier import load, test_rows
    from facegen.evaluation.features import chosen, neighbors, penultimate
    from facegen.evaluation.features import picture as draw
    from facegen.evaluation.output import claim, known, write_figure

    claim(out, force)
    known(attribute, NAMES, "the attributes")
    methods = chosen(method)
    network = load(model)
    packed = pack([read_dataset(folder) for folder in data], network.config.image_size, cache)
    rows = test_rows(packed, n)
    labels = packed.columns([attribute])[rows, 0]
    found = penultimate(network, packed, rows)
    write_figure(out, draw(found, labels, attribute, methods))
    near, chance = neighbors(found, labels)
    print(f"{len(rows)} photographs, {', '.join(methods)}: {out}")
    print(f"of the 10 nearest faces of one with {attribute}, {near:.2f} have it, too; of all, {chance:.2f}")


@app.command()
def models(
    checkpoints: Annotated[list[str], typer.Argument(help="Each checkpoint under a name.", metavar="NAME=FOLDER...")],
    data: Annotated[Path, typer.Option(help="The generators' data set; its test part is the yardstick.")],
    judge_data: Annotated[
        list[Path] | None, typer.Option(help="Photographs no generator saw, for the judge; again for more.")
    ] = None,
    judge_held_out: Annotated[
        list[Path] | None, typer.Option(help="The same of a set that one learned from: only its other parts are taken.")
    ] = None,
    n: Annotated[int, typer.Option(min=2, help="Faces to draw, at most one for each test photograph.")] = 1200,
    ask: Annotated[
        list[str] | None, typer.Option(help="An attribute to ask people for, with and without; again for more.")
    ] = None,
    n_asked: Annotated[int, typer.Option(min=1, help="How many people are asked for each of them.")] = 100,
    size: Annotated[int, typer.Option(min=16, help="Side in px at which all faces are compared.")] = 128,
    note: Annotated[str, typer.Option(help="A sentence for the table's head: the budget, the machine.")] = "",
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            help="The Markdown file, whose text around the table is kept; pictures go into a folder beside it.",
        ),
    ] = Path("docs/models.md"),
    force: Force = False,
    cache: Cache = Path(".cache/evaluate"),
) -> None:
    """One table of several generators on the same photographs, and a contact sheet of each."""
    from facegen.attributes import NAMES
    from facegen.data.base import split_rows
    from facegen.data.pack import pack
    from facegen.data.readers import read_dataset
    from facegen.evaluation.models.compare import compare, named
    from facegen.evaluation.models.report import BEGIN, END, picture_path, write_all
    from facegen.evaluation.output import claim, known, spliced

    folders = named(checkpoints)
    for name in ask or []:
        known(name, NAMES, "the attributes")
    for path in (out, *(picture_path(out, name) for name in folders)):
        claim(path, force)
    if out.is_file():  # a page that can't take the table is told at once
        spliced(out.read_text(encoding="utf-8"), "", BEGIN, END, out)
    datasets = [read_dataset(folder) for folder in (data, *(judge_data or []))]
    for folder in judge_held_out or []:
        table = read_dataset(folder)
        datasets.append(table.subset(sorted({*split_rows(table, "validation"), *split_rows(table, "test")})))
    packed = pack(datasets, size, cache)
    result, pictures = compare(folders, packed, n, ask or (), n_asked, cache)
    write_all(result, pictures, out, note)
    print(f"{len(folders)} models: {out}")


@app.command()
def card(
    folder: Annotated[Path, typer.Argument(help="The checkpoint folder of a generator, classifier or reader.")],
    figures: Annotated[
        Path, typer.Option(help="What `evaluate faces -o`, `classifier -o` or `reader --json` wrote of it.")
    ],
    repo_id: Annotated[str, typer.Option(help="The Hub repo that the card's commands name.")] = "OWNER/NAME",
) -> None:
    """Write figures, groups, usage and a picture into a checkpoint's model card; its author's words stay."""
    from facegen.evaluation.card import write_card

    print(write_card(folder, figures, repo_id))


@app.command()
def leakage(
    model: Annotated[
        str | None, typer.Option(help="Checkpoint folder or Hub repo id; the embedded one if left out.")
    ] = None,
    people: Annotated[int, typer.Option(min=2, help="How many people are drawn with and without each attribute.")] = 24,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The JSON; leakage.json in the checkpoint's folder if left out.")
    ] = None,
    force: Force = False,
) -> None:
    """What else changes when an attribute is asked for, as the classifier sees it; the app tells of it."""
    from facegen import hub, registry
    from facegen.evaluation.leakage import leakage as measure
    from facegen.evaluation.output import claim

    folder = hub.resolve(model)
    out = out or folder / hub.LEAKAGE
    claim(out, force)
    change = measure(registry.load(model), registry.load_classifier(), people)
    write_atomic(out, json.dumps({"weights": hub.digest(folder), "people": people, "change": change}) + "\n")
    pairs = sorted(((abs(v), v, a, b) for a, row in change.items() for b, v in row.items()), reverse=True)
    for _, value, asked, other in pairs[:12]:
        print(f"{asked}: {other} {value:+.2f}")
    print(f"{len(pairs)} pairs of {len(change)} attributes: {out}")


app.command("reader")(evaluate_reader)
