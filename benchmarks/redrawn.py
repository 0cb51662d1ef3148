"""How the first report's network draws people whom it knows, on photographs of theirs that it was not shown.

    python -m benchmarks.redrawn --data LONDON plain=CHECKPOINT adversarial=CHECKPOINT ..

PSNR in dB; and how sharp the faces are: their energy at periods of 2 to 8 px, photographs' being 1. No photograph, and
nobody's face, is written anywhere.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import table
from facegen import registry
from facegen.data.pack import pack
from facegen.data.readers import read_dataset
from facegen.evaluation.instruments.pixels import photographs
from facegen.evaluation.instruments.spectrum import Spectrum, spectrum
from facegen.evaluation.models.redrawn import redrawn
from facegen.training.reports.deconv import psnr


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("models", nargs="+", metavar="NAME=CHECKPOINT")
    options.add_argument("--data", type=Path, required=True, help="the photographs that the models learned from")
    asked = options.parse_args()
    models = {name: registry.load(folder) for name, _, folder in (pair.partition("=") for pair in asked.models)}
    sizes = {model.config.image_size for model in models.values()}
    if len(sizes) > 1:
        raise SystemExit(f"the models draw {sorted(sizes)} px: one size is needed")
    with tempfile.TemporaryDirectory() as cache:
        data = pack([read_dataset(asked.data)], sizes.pop(), Path(cache))
        held_out = np.sort(np.concatenate([data.rows("validation"), data.rows("test")]))
        rows = []
        for name, model in models.items():
            mine, drawn = redrawn(model, data, held_out)
            photos = photographs(data, mine)
            sharp = spectrum(Spectrum()(drawn), Spectrum()(photos))["fine_energy"]
            rows.append((name, f"{psnr((drawn + 1) / 2, (photos + 1) / 2):.2f}", f"{sharp:.2f}"))
        table(f"{len(held_out)} held-out photographs", ("", "PSNR, dB", "sharpness"), rows)


if __name__ == "__main__":
    main()
