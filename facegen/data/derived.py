"""Labels that CelebA lacks, derived from what lies beside it; the unsure middle is left not said.

Every threshold was set by looking at contact sheets of the 17,457 faces numbered 182638-202599 on both sides
of it, and what didn't hold up to a look isn't derived: the predicted ratings for Asian, white, Hispanic and
Middle Eastern follow hair color and light more than people, and CelebA says nothing of Indian, red hair or
eye color. "Black" and "dark skin" hold only where the cheek's own color agrees with the rating.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from facegen.attributes import NAMES
from facegen.data.base import settle_exclusive
from facegen.picture import LUMA

LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)  # iBUG's order; left and right of the image
CHEEK_MAX_SATURATION, CHEEK_MAX_LUMA = 0.62, 150.0  # above: colored stage light, or simply not dark


def derive(
    values: np.ndarray,
    files: Sequence[Path],
    landmarks: np.ndarray | None = None,
    ratings: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Fill in derived labels, in place, as far as what is known of the images allows.

    Args:
        values: int8 (n, len(NAMES)) of -1/0/1, with CelebA's own columns filled in.
        files: the n images. Only those that wear glasses, or may have dark skin, are opened.
        landmarks: (n, 68, 2) in pixels of the stored images, NaN where unknown, or None.
        ratings: column -> (n,) predicted human ratings 0-100 (NaN where unknown), or None.
    """
    _beard(values)
    if ratings is not None:
        if "age" in ratings:
            _age(values, ratings["age"])
        if "long-haired" in ratings:
            _ends(values, "long_hair", ratings["long-haired"], no=28, yes=56)
        if landmarks is not None and {"black", "skin-color"} <= ratings.keys():
            _skin(values, files, landmarks, ratings["black"], ratings["skin-color"])
    if landmarks is not None:
        _eyewear(values, files, landmarks)
        _face_shape(values, landmarks)
        _pose(values, landmarks)
        settle_exclusive(values)


def _column(values: np.ndarray, name: str) -> np.ndarray:
    return values[:, NAMES.index(name)]  # a view: writing to it writes to the table


def _known(landmarks: np.ndarray) -> np.ndarray:
    return np.isfinite(landmarks).all(axis=(1, 2))


def _beard(values: np.ndarray) -> None:
    """A beard is more than stubble, where CelebA's No_Beard counts both: stubble alone is none, and both are unsure."""
    beard, stubble = _column(values, "beard"), _column(values, "stubble")
    others = np.stack([_column(values, name) for name in ("goatee", "sideburns", "mustache")])
    more, bearded = (others > 0).any(0), beard > 0
    beard[bearded & (stubble > 0)] = 0
    beard[bearded & (stubble > 0) & ~more] = -1
    beard[bearded & (stubble < 0) & (others < 0).all(0)] = 0  # of a beard that is none of them half is stubble, too


def _ends(values: np.ndarray, name: str, score: np.ndarray, no: float, yes: float) -> None:
    column = _column(values, name)
    column[score <= no] = -1
    column[score >= yes] = 1


def _age(values: np.ndarray, age: np.ndarray) -> None:
    """CelebA's Young is the base; the predicted age parts the rest, and overrules it only by silence."""
    young, middle, old = (_column(values, name) for name in ("young", "middle_aged", "old"))
    is_young, not_young = young > 0, young < 0
    young[is_young & (age > 48)] = 0
    middle[is_young & (age < 40)] = -1
    old[is_young] = -1
    young[not_young & (age < 30)] = 0
    middle[not_young & (age >= 36) & (age <= 46)] = 1
    old[not_young & (age <= 46)] = -1
    old[not_young & (age >= 51)] = 1
    middle[not_young & (age >= 51)] = -1


def _skin(
    values: np.ndarray, files: Sequence[Path], landmarks: np.ndarray, black: np.ndarray, skin: np.ndarray
) -> None:
    """Both ratings high, and a cheek that is dark without being lit in color."""
    both = np.minimum((black - 19.9) / 13.9, (skin - 30.5) / 12.6)  # in standard deviations over those faces
    for i in np.flatnonzero((both >= 1.95) & _known(landmarks)):
        if _dark_cheek(files[i], landmarks[i]):
            _column(values, "dark_skin")[i] = 1
            if both[i] >= 2.4:
                _column(values, "black")[i] = 1
    _column(values, "dark_skin")[skin <= 30] = -1
    _column(values, "black")[(black <= 15) & (skin <= 35)] = -1


def derive_skin(values: np.ndarray, files: Sequence[Path], landmarks: np.ndarray | None) -> None:
    """Dark skin where it isn't said but black or white is, in place: yes where a black person's cheek is dark, too.

    Args:
        values: int8 (n, len(NAMES)) of -1/0/1; files, landmarks: as in `derive`.
    """
    skin, black, white = (_column(values, name) for name in ("dark_skin", "black", "white"))
    if landmarks is None or skin.any():
        return
    for i in np.flatnonzero((black > 0) & _known(landmarks)):
        skin[i] = _dark_cheek(files[i], landmarks[i])
    skin[white > 0] = -1


def _dark_cheek(file: Path, landmarks: np.ndarray) -> bool:
    color = cheek_color(np.asarray(Image.open(file).convert("RGB")), landmarks)
    saturation = (color.max() - color.min()) / max(color.max(), 1.0)
    return bool(saturation < CHEEK_MAX_SATURATION and color[2] > 0.3 * color[0] and luma(color) < CHEEK_MAX_LUMA)


def _eyewear(values: np.ndarray, files: Sequence[Path], landmarks: np.ndarray) -> None:
    """CelebA's Eyeglasses parted into clear lenses and dark ones; lightly tinted ones are neither."""
    glasses, sunglasses = _column(values, "eyeglasses"), _column(values, "sunglasses")
    sunglasses[glasses < 0] = -1
    for i in np.flatnonzero((glasses > 0) & _known(landmarks)):
        darkness = lens_brightness(np.asarray(Image.open(files[i]).convert("RGB")), landmarks[i])
        sunglasses[i] = 1 if darkness < 0.33 else -1 if darkness > 0.50 else 0
        glasses[i] = 1 if darkness > 0.50 else 0  # behind sunglasses, eyeglasses is not said


def luma(color: np.ndarray) -> np.ndarray:
    """Rec. 601 luma of RGB (..., 3), in the same range."""
    return np.asarray(color, np.float32) @ np.array(LUMA, np.float32)


def _patch(image: np.ndarray, center: np.ndarray, half: float) -> np.ndarray:
    """The square patch (m, 3) around a point, cut at the image's edge; at least one pixel."""
    h, w = image.shape[:2]
    x, y, r = int(np.clip(center[0], 0, w - 1)), int(np.clip(center[1], 0, h - 1)), max(1, round(half))
    return image[max(0, y - r) : y + r + 1, max(0, x - r) : x + r + 1].reshape(-1, 3)


def cheek_color(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Mean color of the cheeks below the eyes: RGB float32 (3,), 0-255."""
    unit = np.linalg.norm(landmarks[45] - landmarks[36])  # outer eye corners
    patches = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        center = landmarks[eye].mean(axis=0)
        center = np.array([center[0], 0.3 * center[1] + 0.7 * landmarks[33, 1]])
        patches.append(_patch(image, center, 0.09 * unit).mean(axis=0))
    return np.mean(patches, axis=0, dtype=np.float32)


def lens_brightness(image: np.ndarray, landmarks: np.ndarray) -> float:
    """How bright the eye regions are against the cheeks below: about 0.1 behind sunglasses, 0.7 behind clear lenses."""
    gray = luma(image)
    yy, xx = np.mgrid[: gray.shape[0], : gray.shape[1]]
    eyes, cheeks = [], []
    for eye in (LEFT_EYE, RIGHT_EYE):
        center, width = landmarks[eye].mean(axis=0), np.ptp(landmarks[eye][:, 0])
        x, y = center[0], center[1] + 0.12 * width
        inside = ((xx - x) / (0.62 * width)) ** 2 + ((yy - y) / (0.42 * width)) ** 2 <= 1
        eyes.append(np.median(gray[inside]) if inside.any() else 128.0)
        below = [np.array([center[0], center[1] + s * (landmarks[33, 1] - center[1])]) for s in (0.65, 1.1)]
        cheeks.append(
            max(np.median(luma(_patch(image, point, 0.2 * width))) for point in below)
        )  # large lenses reach 0.8
    return float(np.mean(eyes) / max(np.mean(cheeks), 8.0))


def jaw_geometry(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """Proportions of faces from landmarks (n, 68, 2).

    Returns four arrays (n,), all free of scale and roll: `yaw` (-1..1, 0 frontal), `aspect` (brow to chin with the
    mouth closed, over the face's width), `jaw` (width at the jaw's corners over the face's width), `chin` (the
    chin's width over the jaw's).
    """

    def distance(i: int, j: int) -> np.ndarray:
        return np.linalg.norm(landmarks[:, i] - landmarks[:, j], axis=1)

    left, right, width = distance(30, 1), distance(30, 15), np.maximum(distance(1, 15), 1e-3)
    brow = (landmarks[:, 19] + landmarks[:, 24]) / 2
    length = np.linalg.norm(brow - landmarks[:, 8], axis=1) - distance(62, 66)
    return {
        "yaw": (left - right) / np.maximum(left + right, 1e-3),
        "aspect": length / width,
        "jaw": distance(4, 12) / width,
        "chin": distance(6, 10) / np.maximum(distance(4, 12), 1e-3),
    }


def face_shape_scores(landmarks: np.ndarray) -> dict[str, np.ndarray]:
    """Scores (n,) of round, square and oblong faces from landmarks (n, 68, 2), in standard deviations of CelebA's
    frontal faces; NaN for heads turned so far that the jaw's outline says nothing (|yaw| >= 0.15)."""
    g = jaw_geometry(landmarks)
    aspect, jaw, chin = (g["aspect"] - 0.938) / 0.058, (g["jaw"] - 0.830) / 0.029, (g["chin"] - 0.580) / 0.021
    turned = np.abs(g["yaw"]) >= 0.15
    scores = {
        "oblong_face": aspect,
        "round_face": -aspect - 0.5 * np.abs(chin),
        "square_face": (jaw + chin - 0.5 * np.abs(aspect)) / 1.5,
    }
    return {name: np.where(turned, np.nan, score) for name, score in scores.items()}


def _face_shape(values: np.ndarray, landmarks: np.ndarray) -> None:
    """Oval is CelebA's own column; the others by the jaw: the upper ends yes, the lower halves no."""
    smiling = _column(values, "smiling")[:, None]
    scores = face_shape_scores(landmarks)
    shift = {"oblong_face": 0.27, "round_face": -0.27, "square_face": 0.0}  # a smile lifts the chin's outline
    oval = _column(values, "oval_face") > 0
    for name, score in scores.items():
        score = score + shift[name] * smiling[:, 0]
        _ends(values, name, score, no=0.0, yes=1.0 if name == "round_face" else 1.5)
        _column(values, name)[oval & (score < 1.5)] = -1


def _pose(values: np.ndarray, landmarks: np.ndarray) -> None:
    """Where the head is turned: from the nose's tip between the sides of the jaw; slight turns are not said."""
    yaw = jaw_geometry(landmarks)["yaw"]
    _ends(values, "facing_left", -yaw, no=0.0, yes=0.28)
    _ends(values, "facing_right", yaw, no=0.0, yes=0.28)
    _ends(values, "facing_front", -np.abs(yaw), no=-0.2, yes=-0.1)
