"""`python -m facegen evaluate faces | reader | features`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from facegen.training.run import write_text

app = typer.Typer(help="Measure what was trained, beside the same figures for photographs.", no_args_is_help=True)


@app.command()
def faces(
    data: Annotated[Path, typer.Option(help="The generator's data set, CelebA's layout; its test part is the yardstick.")],
    judge_data: Annotated[
        list[Path], typer.Option(help="Photographs that the generator never saw, for the judge; again for more.")
    ],
    feature_weights: Annotated[Path, typer.Option(help="SqueezeNet 1.0 weights, safetensors with torchvision's names.")],
    model: Annotated[str | None, typer.Option(help="Checkpoint folder or Hub repo id; the embedded one if left out.")] = None,
    n: Annotated[int, typer.Option(min=100, help="Faces to draw, at most one for each test photograph.")] = 1800,
    quick: Annotated[bool, typer.Option(help="600 faces and 25 flips.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the figures as JSON here.")] = None,
    cache: Annotated[Path, typer.Option(help="Where the packed photographs are kept.")] = Path(".cache/evaluate"),
) -> None:
    """Attribute accuracy, Frechet distance, found faces, and flips that keep the person."""
    from facegen.data.readers import read_dataset
    from facegen.evaluation import families
    from facegen.evaluation.faces import evaluate
    from facegen.evaluation.report import print_faces
    from facegen.training.pack import pack
    from facegen.training.squeezenet import SqueezeNet

    generator = families.load(model)
    packed = pack([read_dataset(folder) for folder in (data, *judge_data)], generator.config.image_size, cache)
    network = SqueezeNet(feature_weights)
    result = evaluate(generator, packed, network, n=600 if quick else n, flips=25 if quick else 100)
    print_faces(result)
    if out:
        write_text(out, json.dumps(result, indent=1) + "\n")
