"""A face that nobody has: drawn from shapes, with the 68 landmarks that it was drawn by. dlib's detector finds it."""

from functools import lru_cache

import cv2
import numpy as np

cv2.setNumThreads(1)  # its threads cost more than they bring on small pictures

# (x, y) in shares of the image's side, in iBUG's order; symmetric; the crop is FFHQ's.
_LEFT_JAW = [(228, 468), (232, 541), (243, 614), (256, 685), (280, 752), (319, 811), (371, 860), (432, 899)]
_LEFT_BROW = [(271, 421), (308, 394), (356, 389), (405, 397), (451, 416)]
_RIDGE = [(500, 469), (500, 517), (500, 566), (500, 616)]
_LEFT_NOSTRIL = [(450, 646), (474, 655)]
_LEFT_EYE = [(329, 473), (359, 456), (396, 457), (426, 481), (392, 488), (356, 488)]
_UPPER_LIP = [(399, 735), (437, 720), (473, 711)]
_LOWER_LIP = [(471, 779), (436, 766)]
_UPPER_INNER, _LOWER_INNER = [(417, 738), (472, 737)], [(472, 741)]


def _mirrored(points):
    return [(1000 - x, y) for x, y in reversed(points)]


def _right_eye():
    outer, a, b, inner, c, d = ((1000 - x, y) for x, y in _LEFT_EYE)
    return [inner, b, a, outer, d, c]


_POINTS = (
    [*_LEFT_JAW, (500, 910), *_mirrored(_LEFT_JAW)]
    + [*_LEFT_BROW, *_mirrored(_LEFT_BROW)]
    + [*_RIDGE, *_LEFT_NOSTRIL, (500, 663), *_mirrored(_LEFT_NOSTRIL)]
    + [*_LEFT_EYE, *_right_eye()]
    + [*_UPPER_LIP, (500, 718), *_mirrored(_UPPER_LIP), *_mirrored(_LOWER_LIP), (500, 782), *_LOWER_LIP]
    + [*_UPPER_INNER, (500, 740), *_mirrored(_UPPER_INNER), *_mirrored(_LOWER_INNER), (500, 744), *_LOWER_INNER]
)
# _mirrored turns the lower lip's order around already: 55, 56 | 57 | 58, 59.
LANDMARKS = np.array(_POINTS, np.float32) / 1000
assert LANDMARKS.shape == (68, 2)


def drawn_face(size: int, lens: int | None = None, skin=(224, 180, 152), hair=(70, 46, 34)) -> np.ndarray:
    """uint8 (size, size, 3) RGB; with `lens`, round glasses of that gray lie over the eyes."""
    large = _draw(lens, tuple(skin), tuple(hair))
    return cv2.resize(large, (size, size), interpolation=cv2.INTER_AREA).round().astype(np.uint8)


@lru_cache(maxsize=16)
def _draw(lens: int | None, skin: tuple, hair: tuple) -> np.ndarray:
    s = 512
    p = LANDMARKS * s
    image = np.full((s, s, 3), (150, 165, 180), np.float32)

    def fill(points, color, blur=2.0, alpha=1.0):
        mask = np.zeros((s, s), np.uint8)
        cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255)
        soft = cv2.GaussianBlur(mask, (0, 0), blur)[..., None] * (alpha / 255)
        image[:] = image * (1 - soft) + np.float32(color) * soft

    def ellipse(center, axes, color, blur=2.0, alpha=1.0):
        t = np.linspace(0, 2 * np.pi, 60)
        fill(np.stack([center[0] + axes[0] * np.cos(t), center[1] + axes[1] * np.sin(t)], 1), color, blur, alpha)

    skin, hair = np.float32(skin), np.float32(hair)
    ellipse((0.5 * s, 0.44 * s), (0.33 * s, 0.36 * s), hair, 4)
    ellipse((0.5 * s, 0.98 * s), (0.15 * s, 0.2 * s), skin * 0.72, 3)
    forehead = np.array([(0.74, 0.36), (0.66, 0.25), (0.5, 0.21), (0.34, 0.25), (0.26, 0.36)], np.float32) * s
    fill(np.concatenate([p[:17], forehead]), skin, 3)
    for cheek in (0.3, 0.7):
        ellipse((cheek * s, 0.66 * s), (0.07 * s, 0.09 * s), skin * np.float32([1.0, 0.9, 0.88]), 14, 0.7)
    for eye in (slice(36, 42), slice(42, 48)):
        center = p[eye].mean(axis=0)
        ellipse(center + (0, -4), (0.075 * s, 0.045 * s), skin * 0.62, 9, 0.75)  # the socket's shadow
        fill(p[eye], (235, 232, 228), 1)
        ellipse(center, (8, 8), (48, 32, 24), 1)
        cv2.polylines(image, [np.round(p[eye][:4]).astype(np.int32)], False, (50, 34, 28), 3)
    for brow in (slice(17, 22), slice(22, 27)):
        cv2.polylines(image, [np.round(p[brow]).astype(np.int32)], False, tuple(float(v) for v in hair), 9)
    fill(
        np.stack([p[27] - (9, 0), p[31] - (4, 8), p[31], p[33], p[35], p[35] + (4, -8), p[27] + (9, 0)]),
        skin * 0.86,
        6,
        0.6,
    )
    ellipse(p[30], (12, 10), np.minimum(skin * 1.12, 255), 6, 0.8)
    for nostril in (32, 34):
        ellipse(p[nostril] + (0, -2), (7, 4), skin * 0.4, 2)
    ellipse(p[57] + (0, 14), (40, 6), skin * 0.75, 6, 0.7)
    fill(p[48:60], (176, 84, 84), 2)
    cv2.polylines(image, [np.round(p[60:65]).astype(np.int32)], False, (88, 36, 38), 3)
    if lens is not None:
        for eye in (slice(36, 42), slice(42, 48)):
            ellipse(p[eye].mean(axis=0) + (0, 6), (58, 44), (lens, lens, lens), 1)
    shade = 1 - 0.12 * np.linspace(-1, 1, s, dtype=np.float32)[None, :, None]
    return np.clip(image * shade, 0, 255)
