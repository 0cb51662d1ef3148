"""Live augmentation: glasses, sunglasses and facial hair drawn onto training faces, their labels with them.

After Meden (2018): accessories are placed by the 68 landmarks while training runs, eyewear with p = 0.5 and facial
hair with p = 0.5 on male subjects only. A few milliseconds for a face of 128 px.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from facegen.attributes import FACIAL_HAIR, NAMES
from facegen.data.base import DataError, FaceDataset, load_with_landmarks, resolve_row
from facegen.data.derived import jaw_geometry
from facegen.data.dress.eyewear import draw_eyewear, random_frame
from facegen.data.dress.facial_hair import draw_facial_hair, random_facial_hair
from facegen.files import write_atomic

BEHIND_DARK_GLASSES = ("narrow_eyes", "bags_under_eyes", "brown_eyes", "blue_eyes", "green_eyes", "black_eyes")


@dataclass(frozen=True)
class AugmentConfig:
    """How often, and what.

    Args:
        eyewear: probability of glasses or sunglasses on a face that is known to wear neither.
        dark: share of sunglasses among them.
        facial_hair: probability of facial hair on a man who is known to have none.
        max_yaw: 0..1, heads turned further than this are left alone: a far lens would hang in the air.
    """

    eyewear: float = 0.5
    dark: float = 0.5
    facial_hair: float = 0.5
    max_yaw: float = 0.6


def augment(
    image: np.ndarray,
    landmarks: np.ndarray | None,
    attributes: Mapping[str, bool],
    rng: np.random.Generator,
    config: AugmentConfig = AugmentConfig(),  # noqa: B008 (frozen)
) -> tuple[np.ndarray, dict[str, bool]]:
    """Perhaps draw accessories onto a face.

    Nothing is drawn where it isn't known to be absent: no glasses on a face whose eyeglasses or sunglasses are yes or
    not said, no beard on anyone but a man known to be shaven.

    Args:
        image: uint8 (h, w, 3) RGB.
        landmarks: (68, 2) in pixels of `image`; with None the face is returned as it is.
        attributes: the tri-state labels.
        rng: the source of all chance.

    Returns:
        The image (a new array where something was drawn) and the labels that are now true.
    """
    attributes = dict(attributes)
    if landmarks is None or not _drawable(image, landmarks, config.max_yaw):
        return image, attributes
    shaven = attributes.get("beard") is False and not any(attributes.get(name) for name in FACIAL_HAIR)
    if shaven and attributes.get("male") is True and rng.random() < config.facial_hair:
        name, style = random_facial_hair(rng)
        image = draw_facial_hair(image, landmarks, style, rng, attributes)
        _label_facial_hair(attributes, name, "mustache" in style.parts)
    bare_eyed = attributes.get("eyeglasses") is False and attributes.get("sunglasses") is not True
    if bare_eyed and rng.random() < config.eyewear:
        dark = bool(rng.random() < config.dark)
        image = draw_eyewear(image, landmarks, random_frame(rng, dark), rng)
        _label_eyewear(attributes, dark)
    return image, attributes


def _drawable(image: np.ndarray, landmarks: np.ndarray, max_yaw: float) -> bool:
    if np.isnan(landmarks).any() or abs(float(jaw_geometry(landmarks[None])["yaw"][0])) > max_yaw:
        return False
    eyes = landmarks[36:48]
    return bool((eyes >= 0).all() and (eyes < np.array(image.shape[1::-1])).all())


def _label_facial_hair(attributes: dict[str, bool], name: str, with_mustache: bool) -> None:
    """CelebA's usage: a goatee is a beard too; whether a full beard counts as a moustache, or a moustache alone or
    stubble as a beard, its annotators didn't agree on, so that is left not said."""
    for part in FACIAL_HAIR + ("double_chin",):
        attributes.pop(part, None)
    if name == "mustache":
        attributes.update(mustache=True, goatee=False, stubble=False)
    elif name == "goatee":
        attributes.update(goatee=True, beard=True, sideburns=False)
        if not with_mustache:
            attributes["mustache"] = False
    elif name == "beard":
        attributes.update(beard=True, stubble=False)
    else:
        attributes.update(stubble=True, goatee=False, mustache=False)


def _label_eyewear(attributes: dict[str, bool], dark: bool) -> None:
    """As the readers have it: behind sunglasses, eyeglasses is not said, and so is what the lenses hide."""
    if not dark:
        attributes.update(eyeglasses=True, sunglasses=False)
        return
    attributes["sunglasses"] = True
    for name in ("eyeglasses", *BEHIND_DARK_GLASSES):
        attributes.pop(name, None)


def augment_row(
    image: np.ndarray,
    landmarks: np.ndarray | None,
    row: np.ndarray,
    rng: np.random.Generator,
    names: tuple[str, ...] = NAMES,
    config: AugmentConfig = AugmentConfig(),  # noqa: B008 (frozen)
) -> tuple[np.ndarray, np.ndarray]:
    """`augment` for a row of `attribute_table`: labels as int8 (len(names),) of -1/0/1, in and out."""
    said = {name: bool(value > 0) for name, value in zip(names, row, strict=True) if value}
    image, said = augment(image, landmarks, said, rng, config)
    return image, resolve_row(said, names)


def augment_rows(
    images: np.ndarray,
    landmarks: np.ndarray,
    rows: np.ndarray,
    rng: np.random.Generator,
    config: AugmentConfig = AugmentConfig(),  # noqa: B008 (frozen)
) -> tuple[np.ndarray, np.ndarray]:
    """`augment_row` for a batch.

    Args:
        images: uint8 (n, h, w, 3). landmarks: (n, 68, 2), NaN where unknown. rows: int8 (n, len(NAMES)).

    Returns:
        Images and rows, new arrays of the same shapes.
    """
    pairs = [augment_row(*face, rng, config=config) for face in zip(images, landmarks, rows, strict=True)]
    return np.stack([image for image, _ in pairs]), np.stack([row for _, row in pairs])


def contact_sheet(
    dataset: FaceDataset, n: int, path: str | Path, size: int = 128, seed: int = 0, columns: int = 8
) -> Path:
    """Write a picture of `n` faces, each as it is and augmented beside it, chosen and drawn by `seed`.

    Faces on which nothing was drawn are passed over. What is written holds photographs, if the data set does.

    Raises:
        DataError: there is no face to draw on, or the file can't be written.
    """
    rng = np.random.default_rng(seed)
    pairs: list[np.ndarray] = []
    for i in rng.permutation(len(dataset)):
        image, landmarks = load_with_landmarks(dataset, int(i), size)
        drawn, _ = augment(image, landmarks, dataset[int(i)].attributes, rng)
        if drawn is not image:
            pairs.append(np.concatenate([image, drawn], axis=1))
        if len(pairs) == n:
            break
    if not pairs:
        raise DataError(
            "no face of the data set has landmarks and is known to wear no glasses or no beard: nothing to draw on"
        )
    blank = np.full((size, 2 * size, 3), 255, np.uint8)
    columns = max(1, columns // 2)
    pairs += [blank] * (-len(pairs) % columns)
    rows = [np.concatenate(pairs[k : k + columns], axis=1) for k in range(0, len(pairs), columns)]
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(buffer, format="PNG")
    try:
        write_atomic(Path(path), buffer.getvalue())
    except OSError as error:
        raise DataError(f"{path}: can't be written ({error.strerror})") from None
    return Path(path)
