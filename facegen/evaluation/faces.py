"""`evaluate faces`: every figure beside the same figure for photographs, so that it can be read.

Protocol. The yardstick is the test part of the data (image number modulo 10 = 1), which nothing trained on. Drawn faces
are asked for with the attributes of those photographs, from seeds 0, 1, 2, .. The judge (see judge.py) is trained on
the validation part and on extra photographs that the generator never saw.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from facegen.attributes import NAMES, encode
from facegen.evaluation.faceid import FaceFinder, cosine
from facegen.evaluation.judge import Judge, features
from facegen.evaluation.metrics import MAIN, balanced_accuracy, frechet_distance, kernel_distance
from facegen.generator import DeconvGenerator
from facegen.training.pack import Pack
from facegen.training.squeezenet import SqueezeNet

FLIPS = ("male", "blond_hair", "beard", "smiling", "eyeglasses")


@dataclass
class FaceSet:
    """Faces under test: images (n, 3, s, s) in -1..1 and what was measured on them."""

    images: Tensor
    pooled: np.ndarray = field(init=False)
    placed: np.ndarray = field(init=False)
    found: np.ndarray = field(init=False)
    embeddings: np.ndarray = field(init=False)

    def measure(self, network: SqueezeNet, finder: FaceFinder) -> FaceSet:
        self.pooled, self.placed = features(network, self.images)
        self.found, self.embeddings = finder.measure(to_pixels(self.images))
        return self

    def embedded(self) -> np.ndarray:
        return self.embeddings[~np.isnan(self.embeddings).any(1)]


def to_pixels(images: Tensor) -> np.ndarray:
    """(n, 3, s, s) in -1..1 -> uint8 (n, s, s, 3)."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()


def photographs(data: Pack, rows: np.ndarray) -> Tensor:
    return torch.from_numpy(data.images[rows]).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def draw(model: DeconvGenerator, attributes: np.ndarray, first_seed: int = 0) -> Tensor:
    """A face for each row of attributes (n, a) of -1/0/+1, from seeds first_seed, first_seed + 1, .."""
    drawn = []
    for start in tqdm(range(0, len(attributes), 32), desc="draw", unit="batch"):
        wanted = torch.from_numpy(attributes[start : start + 32].astype(np.float32))
        seeds = range(first_seed + start, first_seed + start + len(wanted))
        drawn.append(model(model.identity(list(seeds)), wanted))
    return torch.cat(drawn)


def evaluate(model: DeconvGenerator, data: Pack, network: SqueezeNet, n: int = 1800, flips: int = 100) -> dict:
    """Measure a generator.

    Args:
        data: source 0 is the generator's own data set; other sources train the judge, less what is also in source 0.
        n: how many drawn faces, at most one for each test photograph.
        flips: how many seeds the overrides are flipped on.
    """
    started = time.monotonic()
    names = model.config.attributes
    finder = FaceFinder()
    own = data.source == 0
    strangers = np.flatnonzero(~own & ~np.isin(data.numbers, data.numbers[own]))
    judge_rows = np.concatenate([data.rows("validation", source=0), strangers])
    test_rows = data.rows("test", 0.9, source=0)[:n]
    train_rows = data.rows("train", 0.9, source=0)[: len(test_rows)]
    judge = Judge(list(NAMES), features(network, photographs(data, judge_rows))[1], data.attributes[judge_rows])

    asked = data.columns(names)[test_rows]
    test = FaceSet(photographs(data, test_rows)).measure(network, finder)
    train = FaceSet(photographs(data, train_rows)).measure(network, finder)
    drawn = FaceSet(draw(model, asked)).measure(network, finder)

    seen, seen_drawn = judge.probabilities(test.placed), judge.probabilities(drawn.placed)
    accuracy = {
        name: {
            "drawn": balanced_accuracy(asked[:, names.index(name)], seen_drawn[name]),
            "photographs": balanced_accuracy(asked[:, names.index(name)], seen[name]),
        }
        for name in names
        if name in judge.heads
    }
    main = [name for name in MAIN if name in accuracy]
    return {
        "protocol": {
            "drawn": len(asked),
            "test_photographs": len(test_rows),
            "judge_photographs": len(judge_rows),
            "seconds": round(time.monotonic() - started, 1),
        },
        "face_found": {"drawn": float(drawn.found.mean()), "photographs": float(test.found.mean())},
        "accuracy_main": {
            side: float(np.nanmean([accuracy[name][side] for name in main])) for side in ("drawn", "photographs")
        },
        "accuracy": accuracy,
        "distance": distances(drawn, test, train),
        "flips": flip_attributes(model, judge, network, finder, flips),
        "other_people": other_people(test),
    }


def distances(drawn: FaceSet, test: FaceSet, train: FaceSet) -> dict:
    """Frechet and kernel distances to the test photographs in two feature spaces, and their floors."""
    spaces = {"squeezenet": lambda s: s.pooled, "dlib_embedding": FaceSet.embedded}
    table = {}
    for space, get in spaces.items():
        if min(len(get(s)) for s in (drawn, test, train)) < 200:
            continue  # no model for this space, or too few faces found
        half = len(get(test)) // 2
        pairs = {
            "drawn": (get(drawn)[:half], get(test)[:half]),
            "train_photographs": (get(train)[:half], get(test)[:half]),
            "floor": (get(test)[half : 2 * half], get(test)[:half]),  # two halves of the same photographs
        }
        table[space] = {
            "frechet": {k: frechet_distance(a, b) for k, (a, b) in pairs.items()},
            "kernel": {k: kernel_distance(a, b) for k, (a, b) in pairs.items()},
        }
    return table


def flip_attributes(
    model: DeconvGenerator, judge: Judge, network: SqueezeNet, finder: FaceFinder, n: int, first_seed: int = 100_000
) -> dict:
    """Flip one attribute of n people: how far the judge's mean probability moves, and does the person stay?"""
    table = {}
    for name in (f for f in FLIPS if f in model.config.attributes and f in judge.heads):
        sides = {}
        for state in (False, True):
            # A beard is flipped on men: the judge, like the photographs, has no women with beards.
            wanted = {"male": True, name: state} if name == "beard" else {name: state}
            rows = np.tile(encode(wanted, model.config.attributes), (n, 1))
            sides[state] = FaceSet(draw(model, rows, first_seed)).measure(network, finder)
        yes, no = (judge.probabilities(sides[s].placed)[name] for s in (True, False))
        same = cosine(sides[True].embeddings, sides[False].embeddings)
        table[name] = {
            "judged_yes_when_yes": float((yes > 0.5).mean()),
            "judged_yes_when_no": float((no > 0.5).mean()),
            "moved_the_right_way": float((yes > no).mean()),
            "mean_pixel_change": float((sides[True].images - sides[False].images).abs().mean() * 127.5),
            "identity_cosine": float(np.nanmean(same)) if not np.isnan(same).all() else None,
        }
    return table


def other_people(test: FaceSet) -> dict:
    """Cosine of the embeddings of different people's photographs: what "another person" looks like in numbers."""
    known = test.embedded()
    if len(known) < 2:
        return {}
    return {"identity_cosine": float(cosine(known, np.roll(known, 1, 0)).mean())}
