"""Finding faces and telling people apart with dlib: HOG detector, landmarks, and the ResNet face embedding.

The model files aren't ours to ship. They come from the package face_recognition_models where it is installed (its
landmark model was trained on iBUG 300-W: research only); without it only the detector works.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import dlib
import numpy as np

from facegen.data.base import DataError
from facegen.data.landmarks import EMBEDDING, find_model


class FaceFinder:
    """dlib's detector, and its embedding where the model files are at hand."""

    def __init__(self) -> None:
        self.detector = dlib.get_frontal_face_detector()
        try:
            landmarks: Path | None = find_model()
        except DataError:
            landmarks = None
        self.can_embed = False
        if landmarks is not None and landmarks.with_name(EMBEDDING).is_file():
            self.can_embed = True
            self.landmarks = dlib.shape_predictor(str(landmarks))
            self.network = dlib.face_recognition_model_v1(str(landmarks.with_name(EMBEDDING)))

    def find(self, image: np.ndarray) -> dlib.rectangle | None:
        """The surest face in uint8 RGB (h, w, 3); images under 256 px are doubled first (the detector wants 80 px)."""
        found, scores, _ = self.detector.run(image, 1 if image.shape[0] < 256 else 0, 0.0)
        return found[int(np.argmax(scores))] if len(found) else None

    def measure(self, images: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Whether a face is found, bool (n,), and embeddings float32 (n, 128), NaN where none is or models lack."""
        images = list(images)
        boxes = [self.find(image) for image in images]  # not in threads: dlib's detector keeps state, and crashes
        embeddings = np.full((len(images), 128), np.nan, np.float32)
        if self.can_embed:
            known = [i for i, box in enumerate(boxes) if box is not None]
            for some in (known[k : k + 64] for k in range(0, len(known), 64)):
                chips = [dlib.get_face_chip(images[i], self.landmarks(images[i], boxes[i])) for i in some]
                for i, vector in zip(some, self.network.compute_face_descriptor(chips), strict=True):
                    embeddings[i] = vector
        return np.array([box is not None for box in boxes]), embeddings


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine similarity of rows (n, d) and (n, d): (n,), NaN where either row is."""
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


@lru_cache(maxsize=1)
def _finder() -> FaceFinder:
    return FaceFinder()


def measure_with_dlib(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`FaceFinder.measure` for processes of their own: here, where they need not import torch."""
    return _finder().measure(images)
