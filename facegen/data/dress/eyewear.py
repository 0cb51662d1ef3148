"""Draw glasses and sunglasses onto a face, procedurally, following its 68 landmarks.

A frame is drawn in coordinates of the face: u runs from the middle of the nose's bridge (0) to the outer corner
of either eye (1), v from the line of the eyes (0) down to the base of the nose (1). Each half of the face has its
own affine map, so that on a turned head the far lens is foreshortened as the far eye is.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from facegen.data.derived import LEFT_EYE, RIGHT_EYE, cheek_color, luma

OVERSAMPLE = 4  # rims are thinner than a pixel of a 128 px face: drawn large, then averaged down

# name: (half-width, half-height, center u, center v, superellipse exponent, taper, lift, drop)
SHAPES: dict[str, tuple[float, float, float, float, float, float, float, float]] = {
    "round": (0.44, 0.37, 0.70, 0.08, 2.0, 0.0, 0.0, 0.0),
    "oval": (0.47, 0.30, 0.72, 0.08, 2.2, 0.0, 0.0, 0.0),
    "rectangle": (0.50, 0.28, 0.73, 0.06, 4.5, 0.03, 0.0, 0.0),
    "square": (0.50, 0.36, 0.73, 0.10, 4.0, 0.05, 0.0, 0.0),
    "wayfarer": (0.51, 0.37, 0.74, 0.09, 3.4, 0.10, 0.10, 0.0),
    "cat_eye": (0.51, 0.34, 0.74, 0.06, 2.6, 0.08, 0.30, 0.0),
    "aviator": (0.54, 0.43, 0.74, 0.15, 2.6, 0.05, 0.0, 0.22),
    "oversized": (0.60, 0.50, 0.77, 0.18, 2.8, 0.04, 0.05, 0.0),
}
RIMS: dict[str, tuple[int, int, int]] = {
    "black": (22, 20, 21),
    "dark brown": (52, 32, 22),
    "tortoise": (92, 56, 30),
    "gold": (176, 142, 82),
    "silver": (168, 170, 174),
    "gunmetal": (74, 76, 82),
    "navy": (30, 38, 72),
    "red": (132, 28, 32),
    "clear": (206, 196, 186),
}
METALS = ("gold", "silver", "gunmetal")
TINTS: dict[str, tuple[int, int, int]] = {
    "gray": (20, 20, 23),
    "black": (9, 9, 11),
    "brown": (46, 27, 16),
    "green": (20, 31, 24),
    "blue": (20, 30, 58),
    "amber": (94, 54, 20),
    "mirror": (92, 104, 122),
}


@dataclass(frozen=True)
class Frame:
    """One pair of glasses.

    Args:
        shape: a key of `SHAPES`.
        rim: RGB 0-255.
        thickness: of the rim, in u; 0.03 is wire, 0.13 a heavy acetate frame.
        half_rim: only the upper rim is seen.
        tint: RGB of the lens; None for clear glass.
        density: 0..1, how much of the eye the tint hides at the top of the lens.
        fade: 0..1, how much lighter the tint is at the bottom.
        glare: 0..1, strength of reflections.
    """

    shape: str
    rim: tuple[int, int, int]
    thickness: float
    half_rim: bool = False
    tint: tuple[int, int, int] | None = None
    density: float = 0.0
    fade: float = 0.0
    glare: float = 0.2


def random_frame(rng: np.random.Generator, dark: bool) -> Frame:
    """A frame of random style; `dark` for sunglasses."""
    if dark:
        shape = rng.choice(list(SHAPES), p=[0.08, 0.03, 0.08, 0.14, 0.22, 0.10, 0.22, 0.13])
    else:
        shape = rng.choice(list(SHAPES), p=[0.15, 0.15, 0.25, 0.18, 0.15, 0.08, 0.02, 0.02])
    metal = rng.random() < (0.85 if shape == "aviator" else 0.35 if shape in ("round", "oval", "rectangle") else 0.08)
    if metal:
        rim = RIMS[rng.choice(METALS)]
        thickness = rng.uniform(0.025, 0.045)
    else:
        names = [n for n in RIMS if n not in METALS]
        rim = RIMS[rng.choice(names, p=[0.52, 0.18, 0.16, 0.05, 0.04, 0.05])]
        thickness = rng.uniform(0.05, 0.11)
    half_rim = not dark and shape in ("rectangle", "oval") and rng.random() < 0.25
    if not dark:
        return Frame(shape, rim, thickness, half_rim, glare=rng.choice([0.0, 0.12, 0.3], p=[0.4, 0.4, 0.2]))
    tint = TINTS[rng.choice(list(TINTS), p=[0.28, 0.27, 0.2, 0.1, 0.04, 0.04, 0.07])]
    fade = rng.uniform(0.1, 0.4) if rng.random() < 0.5 else 0.0
    return Frame(shape, rim, thickness, False, tint, rng.uniform(0.88, 0.99), fade, rng.uniform(0.05, 0.7))


def draw_eyewear(image: np.ndarray, landmarks: np.ndarray, frame: Frame, rng: np.random.Generator) -> np.ndarray:
    """The face with the frame on.

    Args:
        image: uint8 (h, w, 3) RGB.
        landmarks: (68, 2) in pixels of `image`.

    Returns:
        uint8 (h, w, 3), a new array.
    """
    half_width, half_height, center_u, center_v, exponent, taper, lift, drop = SHAPES[frame.shape]
    grow = rng.uniform(1.05, 1.2) if frame.tint is not None else rng.uniform(0.98, 1.1)
    half_width, half_height = half_width * grow, half_height * grow * rng.uniform(0.94, 1.06)
    center_u = max(center_u, half_width + 0.15)  # the nose needs its room
    lens = _outline(exponent, taper, lift, drop) * (half_width, half_height) + (center_u, center_v)
    middle, sides, down = _face_axes(landmarks)

    def place(points: np.ndarray, side: int) -> np.ndarray:
        return middle + points[:, :1] * sides[side] + points[:, 1:] * down

    # Crop to what the frame can reach; all that follows is in pixels of the crop.
    reach = np.concatenate([place(lens * 1.06, 0), place(lens * 1.06, 1), landmarks[[0, 16]]])
    pad = 0.3 * np.linalg.norm(down)
    x0, y0 = np.maximum(np.floor(reach.min(axis=0) - pad).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(reach.max(axis=0) + pad).astype(int) + 1, image.shape[1::-1])
    if x1 - x0 < 4 or y1 - y0 < 4:
        return image.copy()
    crop = image[y0:y1, x0:x1].astype(np.float32)
    origin = np.array([x0, y0], np.float32)
    unit = float(np.mean([np.linalg.norm(s) for s in sides]))  # pixels in one u

    def canvas() -> np.ndarray:
        return np.zeros((crop.shape[0] * OVERSAMPLE, crop.shape[1] * OVERSAMPLE), np.uint8)

    def big(points: np.ndarray) -> np.ndarray:
        return np.round((points - origin + 0.5) * OVERSAMPLE - 0.5).astype(np.int32)

    def small(mask: np.ndarray) -> np.ndarray:
        return cv2.resize(mask, crop.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255

    thick = max(1, round(frame.thickness * unit * OVERSAMPLE))
    glass, rim, temples = canvas(), canvas(), canvas()
    for side in (0, 1):
        points = big(place(lens, side))
        cv2.fillPoly(glass, [points], 255)
        if frame.half_rim:
            upper = lens[:, 1] < center_v + 0.15 * half_height
            start = int(np.flatnonzero(upper & ~np.roll(upper, 1))[0])
            top = np.roll(upper, -start)
            cv2.polylines(temples, [points], True, 110, max(1, thick // 2))  # the glass's own edge
            cv2.polylines(rim, [np.roll(points, -start, axis=0)[top]], False, 255, thick)
        else:
            cv2.polylines(rim, [points], True, 255, thick)
        if frame.thickness > 0.05 and not frame.half_rim:  # acetate is heavier at the brow
            upper = points[lens[:, 1] < center_v - 0.55 * half_height]
            cv2.polylines(rim, [upper], False, 255, round(thick * 1.5))
        _draw_temple(temples, rim, place, big, lens, landmarks, side, thick, sides[side])
    for line in _bridge(frame, lens, center_v, half_height):
        left, right = place(line, 0), place(line[::-1], 1)
        cv2.polylines(rim, [big(np.concatenate([left, right]))], False, 255, max(1, round(thick * 0.9)))

    glass, temples_small, rim_small = small(glass), small(temples), small(rim)
    light, tilt = _light(image, landmarks)
    across = np.linspace(-1, 1, crop.shape[1], dtype=np.float32)[None, :, None]
    shading = np.clip(light * (1 + tilt * across), 0.25, 1.25)

    out = crop * (1 - 0.22 * _shadow(np.maximum(rim_small, temples_small), unit)[..., None])
    out = _lay_glass(out, glass, frame, origin, middle, sides, down, lens, shading, rng)
    color = np.array(frame.rim, np.float32)
    # A rim is round: lit from above, dark below.
    relief = cv2.GaussianBlur(rim_small, (0, 0), max(0.4, 0.03 * unit))
    relief = np.roll(relief, 1, axis=0) - np.roll(relief, -1, axis=0)
    metal = frame.thickness < 0.05
    shine = (70 if metal else 26) * np.maximum(-relief, 0)
    color = shading * (color * (1 - 0.35 * relief[..., None]) + shine[..., None])
    if tuple(frame.rim) == RIMS["tortoise"]:
        color = color * (0.45 + 1.1 * _mottle(crop.shape[:2], unit, rng)[..., None])
    alpha = np.maximum(rim_small, 0.9 * temples_small)[..., None] * (0.6 if frame.rim == RIMS["clear"] else 0.97)
    out = out * (1 - alpha) + np.clip(color, 0, 255) * alpha

    result = image.copy()
    result[y0:y1, x0:x1] = np.clip(out + 0.5, 0, 255).astype(np.uint8)
    return result


def _outline(exponent: float, taper: float, lift: float, drop: float) -> np.ndarray:
    """A lens in [-1, 1]: (k, 2), x outwards from the nose, y down."""
    t = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    c, s = np.cos(t), np.sin(t)
    x = np.sign(c) * np.abs(c) ** (2 / exponent)
    y = np.sign(s) * np.abs(s) ** (2 / exponent)
    x = x * (1 - taper * y)
    y = y - lift * np.maximum(x, 0) ** 2 * (y < 0.3)  # the upper outer corner rises
    y = np.where(y > 0, y * (1 + drop * (0.4 + 0.6 * x)), y * (1 - 0.5 * drop))  # a tear drop hangs outwards
    x = np.where((x < 0) & (y > 0), x * (1 - 1.1 * drop * np.clip(y, 0, 1)), x)
    return np.stack([x, y], axis=1)


def _face_axes(p: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], np.ndarray]:
    """Origin (2,), the u axes to the left and the right eye, and the v axis, all in pixels."""
    p = np.asarray(p, np.float32)
    left, right = p[LEFT_EYE].mean(axis=0), p[RIGHT_EYE].mean(axis=0)
    line, nose = right - left, p[33] - p[27]
    # Where the ridge of the nose crosses the line of the eyes.
    det = nose[0] * line[1] - nose[1] * line[0]
    offset = left - p[27]
    t = (offset[0] * line[1] - offset[1] * line[0]) / det if abs(det) > 1e-3 else 0.1
    middle = p[27] + np.clip(t, -0.1, 0.35) * nose
    ridge = p[33] - middle
    upright = np.array([-line[1], line[0]], np.float32) / max(float(np.linalg.norm(line)), 1e-3)
    down = 0.5 * ridge + 0.5 * upright * np.linalg.norm(ridge)
    sides = tuple(
        0.5 * (corner - middle) + 0.5 * (center - middle) / 0.675 for corner, center in ((p[36], left), (p[45], right))
    )
    return middle, sides, down  # type: ignore[return-value]


def _draw_temple(temples, rim, place, big, lens, landmarks, side, thick, axis) -> None:
    """The arm from the hinge to the ear, as far as the head's turn shows it."""
    outer = lens[np.argmax(lens[:, 0] - 0.6 * lens[:, 1])]
    hinge = np.array([outer, outer + (0.07, 0.0)])
    a, b = place(hinge, side)
    cv2.line(rim, tuple(map(int, big(a))), tuple(map(int, big(b))), 255, round(thick * 1.3))
    ear = landmarks[0 if side == 0 else 16] + 0.25 * (landmarks[0] - landmarks[1] + landmarks[16] - landmarks[15]) / 2
    length = float(np.dot(ear - b, axis) / max(np.dot(axis, axis), 1e-6))
    if length <= 0.05:
        return  # turned away: the lens covers the arm
    points = [b + (ear - b) * s for s in np.linspace(0, 0.95, 7)]
    for k, (q, r) in enumerate(zip(points[:-1], points[1:], strict=True)):
        value = int(255 * max(0.0, 1 - max(0.12, 0.45 * length / 3) * k))  # it goes under hair and into shadow
        cv2.line(temples, tuple(map(int, big(q))), tuple(map(int, big(r))), value, max(1, round(thick * 0.9)))


def _bridge(frame: Frame, lens: np.ndarray, center_v: float, half_height: float) -> list[np.ndarray]:
    """Lines in (u, v) from a lens' inner side to the middle."""
    inner = lens[np.argmin(lens[:, 0])]
    v = center_v - 0.35 * half_height
    arch = 0.10 * half_height + 0.03
    end = max(inner[0], 0.05) + 0.02
    lines = [np.array([[end, v], [0.5 * end, v - 0.8 * arch], [0.0, v - arch]], np.float32)]
    if frame.shape == "aviator":
        top = center_v - 0.95 * half_height
        near = lens[np.argmin(np.abs(lens[:, 1] - top) + np.maximum(lens[:, 0], 0))]
        lines.append(np.array([[near[0], top], [0.0, top]], np.float32))
    return lines


def _light(image: np.ndarray, landmarks: np.ndarray) -> tuple[float, float]:
    """How brightly the face is lit (about 1 for a well-lit one), and how much more from the right: -0.5..0.5."""
    gray = luma(image)
    sides = []
    for cheek in (landmarks[[2, 31]], landmarks[[14, 35]]):
        x, y = np.clip(cheek.mean(axis=0), 0, np.array(image.shape[1::-1]) - 1).astype(int)
        sides.append(float(gray[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].mean()) + 8)
    level = float(luma(cheek_color(image, landmarks)))
    tilt = (sides[1] - sides[0]) / sum(sides)
    return float(np.clip((level / 165) ** 0.7, 0.35, 1.15)), float(np.clip(tilt, -0.5, 0.5))


def _shadow(mask: np.ndarray, unit: float) -> np.ndarray:
    """What the frame shades: below it, soft."""
    step = max(1, round(0.06 * unit))
    shifted = np.zeros_like(mask)
    shifted[step:] = mask[:-step]
    return cv2.GaussianBlur(shifted, (0, 0), max(0.5, 0.05 * unit))


def _mottle(shape: tuple[int, int], unit: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise in 0..1."""
    noise = cv2.GaussianBlur(rng.random(shape, dtype=np.float32), (0, 0), max(0.6, 0.06 * unit))
    return np.clip((noise - 0.5) * 4 + 0.5, 0, 1)


def _lay_glass(out, glass, frame, origin, middle, sides, down, lens, shading, rng) -> np.ndarray:
    """Tint and reflections within the lenses, which mirror the same room and so look alike in both."""
    height, width = glass.shape
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32) + origin - middle
    low, high = lens.min(axis=0), lens.max(axis=0)
    u = np.zeros((height, width), np.float32)
    v = np.zeros((height, width), np.float32)
    for side, sign in ((0, -1.0), (1, 1.0)):
        inverse = np.linalg.inv(np.stack([sides[side], down], axis=1)).astype(np.float32)
        local = grid @ inverse.T
        mine = local[..., 0] > 0
        u[mine] = (sign * (local[..., 0] - (low[0] + high[0]) / 2))[mine]  # grows to the image's right in both
        v[mine] = ((local[..., 1] - low[1]) / (high[1] - low[1]))[mine]
    v = np.clip(v, 0, 1)
    strength = shading * frame.glare
    if frame.tint is None:
        alpha = 0.05 * glass[..., None]
        out = out * (1 - alpha) + np.float32([150, 160, 158]) * shading * alpha
    else:
        density = frame.density * (1 - frame.fade * v)
        alpha = (density * glass)[..., None]
        tint = np.array(frame.tint, np.float32) * (1 + 0.9 * v[..., None])
        sky = np.clip(1 - v / 0.55, 0, 1)[..., None] * np.float32([150, 165, 185]) * 0.28 * strength
        out = out * (1 - alpha) + (tint * shading + sky) * alpha
    # One window: a slanting soft streak, and for tinted lenses a bright spot.
    slant = u * rng.uniform(0.8, 1.3) + (v - 0.5) * rng.uniform(0.3, 0.7)
    where = rng.uniform(-0.25, 0.25)
    streak = np.exp(-(((slant - where) / rng.uniform(0.05, 0.14)) ** 2)) * np.clip(1.2 - v, 0, 1)
    if frame.tint is not None:
        away = (u - rng.uniform(-0.2, 0.2)) ** 2 + ((v - rng.uniform(0.15, 0.4)) * 0.7) ** 2
        spot = np.exp(-away / rng.uniform(0.002, 0.012))
        streak = 0.3 * streak + 0.9 * spot * (rng.random() < 0.6)
    glare = np.clip(streak[..., None] * strength * glass[..., None] * 0.75, 0, 0.85)
    return out * (1 - glare) + 245 * glare
