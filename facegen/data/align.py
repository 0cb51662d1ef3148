"""FFHQ's crop (Karras et al. 2019, appendix A): the square spanned by the eyes' and the mouth's centers."""

from __future__ import annotations

import cv2
import numpy as np

from facegen.data.derived import LEFT_EYE, RIGHT_EYE

MOUTH_CORNERS = (48, 54)


def crop_square(landmarks: np.ndarray) -> np.ndarray:
    """The crop of a face.

    Args:
        landmarks: (68, 2), in pixels.

    Returns:
        float32 (4, 2): its corners in pixels: top left, top right, bottom right, bottom left of the aligned image.
    """
    p = np.asarray(landmarks, np.float64)
    left, right = p[LEFT_EYE].mean(axis=0), p[RIGHT_EYE].mean(axis=0)
    eyes, mouth = (left + right) / 2, p[list(MOUTH_CORNERS)].mean(axis=0)
    across, down = right - left, mouth - eyes
    # The image's x axis: between the eyes' line and the perpendicular of the face's midline.
    x = across + np.array([down[1], -down[0]])
    length = np.linalg.norm(x)
    if length < 1e-6:
        raise ValueError("the landmarks span no face")
    x = x / length * max(2.0 * np.linalg.norm(across), 1.8 * np.linalg.norm(down))
    y = np.array([-x[1], x[0]])
    center = eyes + 0.1 * down
    return np.float32([center - x - y, center + x - y, center + x + y, center - x + y])


def align(image: np.ndarray, landmarks: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Cut a face out, upright.

    Args:
        image: uint8 (h, w, 3) RGB.
        landmarks: (68, 2), in its pixels.
        size: of the result, in pixels.

    Returns:
        The face, uint8 (size, size, 3), beyond the photograph's edges its mirror image; the landmarks in it, float32
        (68, 2); the side of the crop in pixels of the photograph; and the share 0..1 of it that lay inside.
    """
    corners = crop_square(landmarks)
    native = float(np.linalg.norm(corners[1] - corners[0]))
    source = corners[:3]
    shrink = native / size
    if shrink > 2:  # a warp samples, and would alias: first by areas to twice the size, then smoothed for the rest
        scale = 2 / shrink
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        source, shrink = (source + 0.5) * scale - 0.5, 2.0
    if shrink > 1:
        image = cv2.GaussianBlur(image, (0, 0), 0.5 * np.sqrt(shrink**2 - 1))
    edge = np.float32([[0, 0], [size, 0], [size, size]]) - 0.5
    matrix = cv2.getAffineTransform(source, edge)
    face = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    h, w = image.shape[:2]
    inside = cv2.warpAffine(np.full((h, w), 255, np.uint8), matrix, (size, size), flags=cv2.INTER_LINEAR)
    matrix = cv2.getAffineTransform(corners[:3], edge)
    points = np.asarray(landmarks, np.float32) @ matrix[:, :2].T + matrix[:, 2]
    return face, points.astype(np.float32), native, float(inside.mean() / 255)
