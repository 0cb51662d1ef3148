"""Draw beards, goatees, moustaches and stubble onto a face, procedurally, following its 68 landmarks.

A region is a soft mask between landmarks; it is filled with a thin dark ground and then with hair-like strokes
that follow the way beards grow (down the cheeks, outwards on the upper lip), in a color taken from the brows and
lit as the skin beneath is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from facegen.data.derived import cheek_color, luma

OVERSAMPLE = 3

# What brows can't tell: hair dyed, or a label that knows better. RGB under good light.
HAIR_COLORS: dict[str, tuple[int, int, int]] = {
    "black_hair": (34, 28, 26),
    "brown_hair": (72, 50, 36),
    "blond_hair": (142, 108, 70),
    "gray_hair": (142, 138, 134),
    "red_hair": (120, 62, 34),
}


@dataclass(frozen=True)
class FacialHair:
    """One style.

    Args:
        parts: of "mustache", "chin", "cheeks" (the jaw and sideburns too).
        length: of a hair, in distances between the outer corners of the eyes.
        density: 0..1, how much skin the ground hides.
        hairs: strokes per squared distance between the eyes' outer corners.
        cheek_line: 0 low on the jaw .. 1 high on the cheek.
        spread: how far a moustache reaches beyond the corners of the mouth, in mouth widths.
    """

    parts: frozenset[str]
    length: float
    density: float
    hairs: int
    cheek_line: float = 0.5
    spread: float = 0.05


def random_facial_hair(rng: np.random.Generator) -> tuple[str, FacialHair]:
    """A style's name ("mustache", "goatee", "beard" or "stubble") and the style."""
    name = str(rng.choice(["mustache", "goatee", "beard", "stubble"], p=[0.2, 0.25, 0.4, 0.15]))
    line, spread = rng.uniform(0.15, 0.8), rng.uniform(-0.02, 0.12)
    if name == "mustache":
        parts = {"mustache"}
        return name, FacialHair(frozenset(parts), rng.uniform(0.06, 0.11), rng.uniform(0.6, 0.85), 2600, line, spread)
    if name == "goatee":
        parts = {"chin", "mustache"} if rng.random() < 0.75 else {"chin"}
        return name, FacialHair(frozenset(parts), rng.uniform(0.05, 0.12), rng.uniform(0.5, 0.8), 2400, line, spread)
    parts = frozenset({"chin", "mustache", "cheeks"})
    if name == "stubble":
        return name, FacialHair(parts, rng.uniform(0.015, 0.03), rng.uniform(0.22, 0.36), 2600, line, spread)
    return name, FacialHair(parts, rng.uniform(0.05, 0.16), rng.uniform(0.55, 0.85), 2400, line, spread)


def draw_facial_hair(
    image: np.ndarray,
    landmarks: np.ndarray,
    style: FacialHair,
    rng: np.random.Generator,
    attributes: Mapping[str, bool] | None = None,
) -> np.ndarray:
    """The face with facial hair.

    Args:
        image: uint8 (h, w, 3) RGB.
        landmarks: (68, 2) in pixels of `image`.
        attributes: what is known of the face; a hair color among them is taken into account.

    Returns:
        uint8 (h, w, 3), a new array.
    """
    p = np.asarray(landmarks, np.float32)
    unit = float(np.linalg.norm(p[45] - p[36]))
    if unit < 4:
        return image.copy()
    pad = unit * (0.12 + style.length)
    x0, y0 = np.maximum(np.floor(p[:17].min(axis=0) - pad).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(p[:17].max(axis=0) + pad).astype(int) + 1, image.shape[1::-1])
    y0 = max(y0, int(p[28, 1]) if "cheeks" not in style.parts else int(min(p[0, 1], p[16, 1])))
    if x1 - x0 < 8 or y1 - y0 < 8:
        return image.copy()
    crop = image[y0:y1, x0:x1].astype(np.float32)
    size = (crop.shape[1] * OVERSAMPLE, crop.shape[0] * OVERSAMPLE)
    q = (p - np.array([x0, y0], np.float32) + 0.5) * OVERSAMPLE - 0.5
    big_unit = unit * OVERSAMPLE

    mask, lips = _region(q, size, style, big_unit, rng)
    color = hair_color(image, p, attributes or {})
    light = luma(cv2.GaussianBlur(crop, (0, 0), max(1.0, 0.05 * unit)))
    light = np.clip(light / max(_skin_level(image, p), 20.0), 0.35, 1.5)[..., None]

    ground_alpha = cv2.resize(mask, crop.shape[1::-1], interpolation=cv2.INTER_AREA) * style.density
    strokes, stroke_alpha = _strokes(mask, q, style, color, big_unit, rng)
    # Hairs thin out past the region's edge and lie behind the lips.
    thin = (1 - 0.85 * lips) * np.clip(0.12 + 1.3 * cv2.GaussianBlur(mask, (0, 0), 0.03 * big_unit), 0, 1)
    strokes = _shrink(strokes * thin[..., None], crop.shape[1::-1])
    stroke_alpha = _shrink(stroke_alpha * thin, crop.shape[1::-1])[..., None]

    # The ground: hair in the shade of hair, over skin that still shows a little.
    out = crop * (1 - ground_alpha[..., None]) + color * 0.72 * light * ground_alpha[..., None]
    strength = min(0.85, 0.45 + 4 * style.length)  # short hairs are thin
    out = out * (1 - strength * stroke_alpha) + strokes * light * strength
    result = image.copy()
    result[y0:y1, x0:x1] = np.clip(out + 0.5, 0, 255).astype(np.uint8)
    return result


def _shrink(layer: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Average down to (width, height), then as soft as a photograph's own pixels are."""
    return cv2.GaussianBlur(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), (0, 0), 0.4)


def hair_color(image: np.ndarray, landmarks: np.ndarray, attributes: Mapping[str, bool]) -> np.ndarray:
    """The color of a face's hair: RGB float32 (3,), from the dark half of the brows and the hair color's label."""
    unit = np.linalg.norm(landmarks[45] - landmarks[36])
    pixels = []
    for x, y in landmarks[[18, 19, 20, 23, 24, 25]]:
        r = max(1, round(0.025 * unit))
        x, y = int(np.clip(x, 0, image.shape[1] - 1)), int(np.clip(y, 0, image.shape[0] - 1))
        pixels.append(image[max(0, y - r) : y + r + 1, max(0, x - r) : x + r + 1].reshape(-1, 3))
    brows = np.concatenate(pixels).astype(np.float32)
    level = luma(brows)
    brow = brows[level <= np.quantile(level, 0.35)].mean(axis=0)
    known = [HAIR_COLORS[name] for name in HAIR_COLORS if attributes.get(name)]
    if not known:
        return brow * 0.8
    lit = min(1.15, max(0.35, _skin_level(image, landmarks) / 165))
    return 0.35 * brow + 0.65 * lit * np.mean(known, axis=0, dtype=np.float32)


def _skin_level(image: np.ndarray, landmarks: np.ndarray) -> float:
    return float(luma(cheek_color(image, landmarks)))


def _mix(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    return a * (1 - t) + b * t


def _region(
    q: np.ndarray, size: tuple[int, int], style: FacialHair, unit: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Where hair grows, and where the lips are: float32 (h, w) in 0..1, soft at their edges."""
    shape = size[::-1]
    mask = np.zeros(shape, np.float32)
    mouth = q[54] - q[48]

    def fill(points: list[np.ndarray], blur: float) -> None:
        layer = np.zeros(shape, np.uint8)
        cv2.fillPoly(layer, [np.round(np.stack(points)).astype(np.int32)], 255)
        soft = cv2.GaussianBlur(layer, (0, 0), blur * unit).astype(np.float32) / 255
        np.maximum(mask, soft, out=mask)

    center = q[[8, 30, 27]].mean(axis=0)
    jaw = q[:17] + (q[:17] - center) * (0.02 + 0.25 * style.length)  # a beard stands off the skin
    if "cheeks" in style.parts:
        t = style.cheek_line
        left = [jaw[0] * 0.4 + jaw[1] * 0.6, _mix(q[1], q[31], 0.10), _mix(q[2], q[31], 0.13 + 0.07 * t)]
        left += [_mix(q[3], q[31], 0.18 + 0.2 * t), _mix(q[4], _mix(q[31], q[48], 0.6 - 0.3 * t), 0.62)]
        right = [jaw[16] * 0.4 + jaw[15] * 0.6, _mix(q[15], q[35], 0.10), _mix(q[14], q[35], 0.13 + 0.07 * t)]
        right += [_mix(q[13], q[35], 0.18 + 0.2 * t), _mix(q[12], _mix(q[35], q[54], 0.6 - 0.3 * t), 0.62)]
        inner = [q[48] - 0.02 * mouth, q[57], q[54] + 0.02 * mouth]
        fill([*left, *inner, *right[::-1], *jaw[15:0:-1]], 0.035)
    if "chin" in style.parts:
        width = 0.12 + 0.1 * style.cheek_line
        down = q[8] - q[57]
        if "mustache" in style.parts:  # a circle around the mouth
            around = [q[48] - width * mouth, _mix(q[48], q[57], 0.5) + 0.12 * down, q[57] + 0.1 * down]
            around += [_mix(q[54], q[57], 0.5) + 0.12 * down, q[54] + width * mouth]
            around += [_mix(jaw[10], q[54], 0.25), jaw[9], jaw[8], jaw[7], _mix(jaw[6], q[48], 0.25)]
        else:
            around = [_mix(q[59], q[58], 0.5) + 0.15 * down, _mix(q[55], q[56], 0.5) + 0.15 * down]
            around += [_mix(jaw[9], jaw[10], 0.4), jaw[8], _mix(jaw[7], jaw[6], 0.4)]
        fill(around, 0.025)
    if "mustache" in style.parts:
        upper = [_mix(q[33], q[51], 0.22), _mix(q[34], q[52], 0.2), _mix(q[35], q[53], 0.3)]
        upper_left = [_mix(q[31], q[49], 0.3), _mix(q[32], q[50], 0.2)]
        ends = 0.10 * (q[57] - q[33])
        fill(
            [
                q[48] - style.spread * mouth + ends,
                *upper_left,
                *upper,
                q[54] + style.spread * mouth + ends,
                _mix(q[54], q[53], 0.3),
                _mix(q[52], q[53], 0.3),
                q[51],
                _mix(q[50], q[49], 0.3),
                _mix(q[48], q[49], 0.3),
            ],
            0.014,
        )
    lips = np.zeros(shape, np.uint8)
    outline = np.concatenate([q[48:60]])
    outline = outline + (q[57] - q[51]) * np.float32(0.05) * np.array([[0]] * 7 + [[1]] * 5, np.float32)
    cv2.fillPoly(lips, [np.round(outline).astype(np.int32)], 255)
    lips = cv2.GaussianBlur(lips, (0, 0), 0.012 * unit).astype(np.float32) / 255
    mask *= 1 - lips
    # Uneven growth: coarse patches, thinner where the masks fade.
    step = max(1, int(0.09 * unit))
    coarse = rng.random((max(2, shape[0] // step), max(2, shape[1] // step)), dtype=np.float32)
    noise = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    return np.clip(mask * (0.8 + 0.4 * noise), 0, 1), lips


def _strokes(
    mask: np.ndarray, q: np.ndarray, style: FacialHair, color: np.ndarray, unit: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Hairs: premultiplied RGB float32 (h, w, 3) and their alpha (h, w)."""
    h, w = mask.shape
    across = (q[45] - q[36]) / unit
    down = np.array([-across[1], across[0]], np.float32)
    ys, xs = np.nonzero(mask > 0.05)
    rgb = np.zeros((h, w, 3), np.uint8)
    alpha = np.zeros((h, w), np.uint8)
    if not len(xs):
        return rgb.astype(np.float32), alpha.astype(np.float32)
    low, high = np.array([xs.min(), ys.min()]), np.array([xs.max(), ys.max()])
    n = int(style.hairs * np.prod(high - low + 1) / unit**2)
    roots = (low + rng.random((n, 2)) * (high - low)).astype(np.float32)
    keep = mask[roots[:, 1].astype(int), roots[:, 0].astype(int)] > 0.15 + 0.6 * rng.random(n)
    roots = roots[keep]
    n = len(roots)
    if not n:
        return rgb.astype(np.float32), alpha.astype(np.float32)

    # Which way hair grows, in the face's own axes.
    local = (roots - q[33]) / unit
    x, y = local @ across, local @ down
    lip = (q[51] - q[33]) @ down / unit
    mouth_width = np.linalg.norm(q[54] - q[48]) / unit
    on_lip = (y < lip + 0.1) & (np.abs(x) < 0.62 * mouth_width)
    sideways = np.where(on_lip, 1.1 * np.tanh(x / 0.06), 0.25 * x)
    angle = np.arctan2(1.0, sideways) + rng.normal(0, 0.28, n)
    direction = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * down
    bend = rng.normal(0, 0.22, n)[:, None] * np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    length = (style.length * unit * rng.uniform(0.4, 1.1, n))[:, None]
    length[on_lip] *= 0.8
    middles, tips = roots + 0.5 * length * (direction + 0.3 * bend), roots + length * (direction + bend)
    curves = np.stack([roots, middles, tips], axis=1)
    curves = np.round(curves).astype(np.int32)

    tones = np.clip(rng.normal(1.0, 0.22, 7), 0.5, 1.5)  # few tones, so that few calls draw thousands of hairs
    tone_of = rng.integers(0, len(tones), n)
    thick = max(1, round(0.0075 * unit))
    for k, tone in enumerate(tones):
        lines = list(curves[tone_of == k])
        value = np.clip(color * tone, 0, 255)
        cv2.polylines(rgb, lines, False, tuple(float(v) for v in value), thick)
        cv2.polylines(alpha, lines, False, 255, thick)
    return rgb.astype(np.float32), alpha.astype(np.float32) / 255
