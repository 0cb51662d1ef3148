"""`evaluate faces`: every figure beside the same figure for photographs, so that it can be read.

Protocol. The yardstick is the test part of the data (image number modulo 10 = 1), which nothing trained on. Drawn faces
are asked for with the attributes of those photographs, one after the other and again from the first, from seeds 0, 1, 2, ..
The judge (see judge.py) is trained on the validation part and on extra photographs that the generator never saw.
All is compared at the size of the packed photographs; a model that draws at another size is resized, antialiased.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from facegen.data.pack import Pack
from facegen.evaluation.faces.flips import all_cosines, flip_alone, flip_people, mirror_noise
from facegen.evaluation.faces.memorisation import THUMB, closest_pairs, compare, nearest, nearest_pixels
from facegen.evaluation.faces.sameness import identity, people_pairs, strangers
from facegen.evaluation.faces.typed import typed
from facegen.evaluation.instruments.cache import Arrays
from facegen.evaluation.instruments.distances import distances, distances_of_all, diversity
from facegen.evaluation.instruments.faceid import FaceFinder, cosine
from facegen.evaluation.instruments.judge import Judge, judge_rows, trained_judge
from facegen.evaluation.instruments.lenses import (
    CHUNK,
    Embedding,
    Finding,
    Lens,
    Mirrored,
    Objects,
    Pixels,
    Reading,
    draw_batches,
    measure,
    measure_photographs,
    to_pixels,
)
from facegen.evaluation.instruments.metrics import MAIN, balanced_accuracy
from facegen.evaluation.reader import EvaluationError
from facegen.networks.squeezenet import SqueezeNet

PEOPLE, FEW_PEOPLE = 100, 16  # whose attributes are flipped; quick
TYPISTS, FEW_TYPISTS = 24, 12  # seeds of each description that is rare; quick


@dataclass
class Options:
    """What is measured.

    Args:
        n: faces to draw; None for one for each test photograph.
        quick: half as many, few flips, and only 2,000 training faces for memorisation. `distance` is as in full.
        flips: whether attributes are flipped, and people compared; without, only the first distance, accuracy and
            found faces are measured: a score to choose among checkpoints by.
        pairs: whether the nearest training photographs themselves are handed back, for a picture.
        cache: where what doesn't depend on the model is kept; None for nowhere.
    """

    n: int | None = None
    quick: bool = False
    flips: bool = True
    pairs: bool = False
    cache: Path | None = None


@dataclass
class Evidence:
    """What the page's pictures are of.

    Args:
        histograms: name -> {side: values (n,)}.
        pairs: the drawn faces nearest to a training photograph, and those: uint8 (s, s, 3) each. Photographs!
    """

    histograms: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    pairs: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)


def evaluate(model: nn.Module, data: Pack, weights: Path, options: Options | None = None) -> tuple[dict, Evidence]:
    """Measure a generator.

    Args:
        data: source 0 is the generator's own data set; sources below 0 are what else it learned from (see `beside`); sources above
            0 train the judge, less what is also in one of those.
        weights: SqueezeNet's file.

    Returns:
        The figures, of JSON's types (None where there is none), and what their pictures are of.

    Raises:
        EvaluationError: too few photographs.
    """
    started = time.monotonic()
    work = _Evaluation(model, data, weights, options or Options())
    work.everything() if work.options.flips else work.score_only()
    work.result["protocol"]["seconds"] = round(time.monotonic() - started, 1)
    return _plain(work.result), work.evidence


class _Evaluation:
    """One evaluation: `result` and `evidence` are filled in as it goes on."""

    def __init__(self, model: nn.Module, data: Pack, weights: Path, options: Options):
        self.model, self.data, self.options = model, data, options
        self.names, self.size = list(model.config.attributes), data.images.shape[1]
        self.test_rows = data.rows("test", 0.9, source=0)
        good, every = data.rows("train", 0.9, source=0), data.rows("train", source=0)
        more = np.setdiff1d(data.rows("train"), np.flatnonzero(data.source >= 0))
        self.train_rows = np.concatenate([good, np.setdiff1d(every, good), more])  # distances take the first of them
        for_judge = len(judge_rows(data))
        if len(self.test_rows) < 2 or for_judge < 40:
            raise EvaluationError(
                f"{len(self.test_rows)} test photographs and {for_judge} for the judge are too few: 2 and 40 are needed"
            )
        self.n = options.n or (len(self.test_rows) // 2 if options.quick else len(self.test_rows))
        network = SqueezeNet(weights)
        self.judge, key = trained_judge(data, network, weights, options.cache)
        self.reading = Reading(network, self.judge, key)
        self.evidence = Evidence()
        self.result: dict = {
            "protocol": {
                "drawn": self.n,
                "test_photographs": len(self.test_rows),
                "judge_photographs": for_judge,
                "image_size": model.config.image_size,
                "compared_at": self.size,
            }
        }

    def photographs(self, rows: np.ndarray, *lenses: Lens) -> Arrays:
        return measure_photographs(self.data, rows, lenses, self.options.cache) if len(rows) else {}

    def asked(self, n: int) -> np.ndarray:
        """The labels (n, a) of test photographs, from the first on, and again."""
        return self.data.columns(self.names)[self.test_rows[np.arange(n) % len(self.test_rows)]]

    def score_only(self) -> None:
        self.score([self.reading, Finding(FaceFinder())])

    def score(self, lenses: Sequence[Lens], drawn_lenses: Sequence[Lens] = ()) -> tuple[Arrays, Arrays, Arrays]:
        """Found faces, attribute accuracy and distances; returns what was seen in drawn faces, test and training photographs.

        Args:
            drawn_lenses: to look at drawn faces with as well.
        """
        n = self.n
        test = self.photographs(self.test_rows, *lenses)
        train = self.photographs(self.train_rows[: CHUNK * -(-n // CHUNK)], *lenses)  # whole chunks: they are kept
        asked = self.asked(n)
        drawn = measure(draw_batches(self.model, asked, range(n), self.size), [*lenses, *drawn_lenses])
        labels = self.data.columns(self.names)[self.test_rows[:n]]
        accuracy = accuracies(self.judge, self.names, asked, drawn["verdicts"], labels, test["verdicts"][:n])
        main = [accuracy[name] for name in MAIN if name in accuracy]
        sides = ("drawn", "photographs")
        self.result["face_found"] = {"drawn": float(drawn["found"].mean()), "photographs": float(test["found"].mean())}
        self.result["accuracy_main"] = {side: _mean([a[side] for a in main]) for side in sides}
        self.result["accuracy"] = accuracy
        self.result["distance"] = distances(drawn, test, train)
        return drawn, test, train

    def everything(self) -> None:
        """The whole protocol."""
        embedding, thumbs = Embedding(), Pixels(THUMB, "thumbs")
        objects = [Objects()] if Objects.installed() else []
        drawn, test, train = self.score([self.reading, embedding, *objects], [thumbs])
        if not self.options.quick:
            self.result["distance_all"] = distances_of_all(drawn, test, train)
        self.result["diversity"], every = diversity(drawn, test)
        self.evidence.histograms["diversity"] = every.get("dlib_embedding", {})
        self.result["typed"] = typed(self.model, self.reading, FEW_TYPISTS if self.options.quick else TYPISTS, self.size)
        self.flips(embedding, test)
        self.memorisation(embedding, thumbs, drawn, test)

    def flips(self, embedding: Embedding, test: Arrays) -> None:
        lenses, people = [self.reading, embedding], FEW_PEOPLE if self.options.quick else PEOPLE
        mirrored = self.photographs(self.test_rows, Mirrored(self.reading))["mirrored_verdicts"]
        noise = mirror_noise(self.judge, test["verdicts"], mirrored)
        leakage, cosines = flip_people(self.model, self.judge, lenses, self.asked(people), noise, self.size)
        known = people_pairs(self.data, embedding, self.options.cache)
        self.result["leakage"], self.result["identity"] = leakage, identity(cosines, known)
        self.evidence.histograms["identity"] = {"flips": all_cosines(cosines), **known}
        self.result["flips"] = flip_alone(self.model, self.judge, lenses, people, self.size)
        self.result["other_people"] = other_people(test["embeddings"])

    def memorisation(self, embedding: Embedding, thumbs: Pixels, drawn: Arrays, test: Arrays) -> None:
        """The nearest training face, by pixels among all of them, by dlib's embedding among 2,000 in a quick evaluation."""
        if not len(self.train_rows):
            return
        some = self.train_rows[:CHUNK] if self.options.quick else self.train_rows
        bank = {
            "dlib_embedding": self.photographs(some, embedding)["embeddings"],
            "pixels": self.photographs(self.train_rows, thumbs)["thumbs"],
        }
        others = strangers(self.data)
        sides = {
            "drawn": drawn,
            "held_out": {**test, **self.photographs(self.test_rows, thumbs)},
            "strangers": self.photographs(others, embedding, thumbs),
        }
        table, found = {}, {}
        for space, array, search in (("dlib_embedding", "embeddings", nearest), ("pixels", "thumbs", nearest_pixels)):
            found[space] = {side: search(seen[array], bank[space]) for side, seen in sides.items() if seen}
            table[space] = {"training_faces": len(bank[space]), **compare(found[space])}
            self.evidence.histograms[f"nearest_{space}"] = {side: x.distances for side, x in found[space].items()}
        by_person = closest_pairs(found["dlib_embedding"]["drawn"])
        space, closest = ("dlib_embedding", by_person) if by_person else ("pixels", closest_pairs(found["pixels"]["drawn"]))
        numbers = self.data.numbers[self.train_rows]
        table["closest"] = [
            {"space": space, "seed": seed, "training_image": int(numbers[place]), "distance": distance}
            for seed, place, distance in closest
        ]
        self.result["memorisation"] = table
        for seed, place, _ in closest if self.options.pairs else ():
            (face,) = draw_batches(self.model, self.asked(seed + 1)[-1:], [seed], self.size)
            self.evidence.pairs.append((to_pixels(face)[0], self.data.images[self.train_rows[place]]))


def beside(data: Pack, last: int) -> Pack:
    """The pack, its last sources counted as what the generator learned from beside source 0: -1, -2, .. in place of their numbers."""
    learned = data.source > data.source.max() - last if last else np.zeros(len(data), bool)
    return replace(data, source=np.where(learned, data.source.max() - last - data.source, data.source))


def accuracies(
    judge: Judge, names: list[str], asked: np.ndarray, drawn: np.ndarray, labels: np.ndarray, seen: np.ndarray
) -> dict:
    """Balanced accuracy of each attribute, by the judge.

    Args:
        names: a, the columns of `asked` (n, a), what drawn faces were asked for, and of `labels` (m, a), the photographs'.
        drawn, seen: the judge's probabilities of them, (n, h) and (m, h).
    """
    table = {}
    for name in (a for a in names if a in judge.heads):
        j, k = names.index(name), judge.heads.index(name)
        table[name] = {
            "drawn": balanced_accuracy(asked[:, j], drawn[:, k]),
            "photographs": balanced_accuracy(labels[:, j], seen[:, k]),
        }
    return table


def other_people(embeddings: np.ndarray) -> dict:
    """Cosine of the embeddings (n, 128) of different photographs, each and the next: nearly always two people."""
    known = embeddings[~np.isnan(embeddings).any(1)]
    return {"identity_cosine": float(cosine(known, np.roll(known, 1, 0)).mean())} if len(known) > 1 else {}


def _mean(values: list[float]) -> float:
    there = [v for v in values if not np.isnan(v)]
    return float(np.mean(there)) if there else float("nan")


def _plain(value: Any) -> Any:
    """JSON has no NaN: None in its place."""
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
