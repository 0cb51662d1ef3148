"""`evaluate faces`: every figure beside the same figure for photographs, so that it can be read.

Protocol. People are taken from the test part of the data (image number modulo 10 = 1), which nothing trained on, one
photograph after the other and again from the first, with seeds 0, 1, 2, .. What is said of them: few of their labels,
as people say them (said.py), or all. The judge (see judge.py) is trained on the validation part and on extra
photographs that the generator never saw; it looks at faces at the size of the packed photographs. Sets of faces are
compared with the same test photographs, or with held-out photographs of other sets (`reference`), at those photographs'
size. What is made small is antialiased.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from facegen.attributes import MEASURED
from facegen.data.pack import Pack
from facegen.evaluation.faces.flips import all_cosines, flip_alone, flip_people, mirror_noise
from facegen.evaluation.faces.groups import by_group
from facegen.evaluation.faces.memorisation import THUMB, closest_pairs, compare, nearest, nearest_pixels
from facegen.evaluation.faces.said import few_words, seen_as_said
from facegen.evaluation.faces.sameness import identity, people_pairs, strangers
from facegen.evaluation.faces.typed import typed
from facegen.evaluation.instruments.cache import Arrays
from facegen.evaluation.instruments.distances import SPACES, distances, distances_of_all, diversity, precision_recall
from facegen.evaluation.instruments.faceid import FaceFinder, cosine
from facegen.evaluation.instruments.judge import judge_rows, trained_judge
from facegen.evaluation.instruments.lenses import (
    CHUNK,
    Embedding,
    Finding,
    Generator,
    Lens,
    Mirrored,
    Objects,
    Pixels,
    Reading,
    Textures,
    draw_batches,
    measure,
    measure_photographs,
)
from facegen.evaluation.instruments.metrics import balanced_accuracy
from facegen.evaluation.instruments.pixels import to_pixels
from facegen.evaluation.instruments.spectrum import Spectrum, spectrum
from facegen.evaluation.reader import EvaluationError
from facegen.networks.efficientnet import EfficientNet

PEOPLE, FEW_PEOPLE = 100, 16  # whose attributes are flipped, and of each group; quick
TYPISTS, FEW_TYPISTS = 8, 2  # seeds of each typed description; quick


@dataclass
class Options:
    """What is measured.

    Args:
        n: faces to draw; None for one for each test photograph.
        said: "few" or "all": how many of a photograph's labels are said.
        quick: half as many, few flips, and only 2,000 training faces for memorisation. `distance` is as in full.
        flips: whether attributes are flipped, and people compared; without, only what is told by drawing once, typed
            descriptions and groups: a score to choose among checkpoints by.
        pairs: whether the nearest training photographs themselves are handed back, for a picture.
        losses: the feature spaces (of `distances.SPACES`) that a training loss of the model looked through.
        feature_weights: SqueezeNet's file; None leaves its space out.
        cache: where what doesn't depend on the model is kept; None for nowhere.
    """

    n: int | None = None
    said: str = "few"
    quick: bool = False
    flips: bool = True
    pairs: bool = False
    losses: Sequence[str] = ()
    feature_weights: Path | None = None
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


def evaluate(
    model: Generator, data: Pack, options: Options | None = None, reference: Pack | None = None
) -> tuple[dict, Evidence]:
    """Measure a generator.

    Args:
        data: source 0 is labelled photographs, of whose test part people are drawn; sources below 0 are what else the
            generator learned from (see `beside`); sources above 0 train the judge, less what is also in one of those.
        reference: photographs that drawn faces are compared with, as sets: what isn't their training part. `data`'s if
            left out.

    Returns:
        The figures, of JSON's types (None where there is none), and what their pictures are of.

    Raises:
        EvaluationError: too few photographs.
    """
    started = time.monotonic()
    work = _Evaluation(model, data, options or Options(), reference)
    work.crowd()
    work.each()
    if work.options.flips:
        work.flips()
        work.memorisation()
    work.result["protocol"]["seconds"] = round(time.monotonic() - started, 1)
    return _plain(work.result), work.evidence


class _Evaluation:
    """One evaluation: `result` and `evidence` are filled in as it goes on."""

    def __init__(self, model: Generator, data: Pack, options: Options, reference: Pack | None):
        self.model, self.data, self.options = model, data, options
        self.names, self.size = list(model.config.attributes), data.images.shape[1]
        self.test_rows = data.rows("test", 0.9, source=0)
        good, every = data.rows("train", 0.9, source=0), data.rows("train", source=0)
        more = np.setdiff1d(data.rows("train"), np.flatnonzero(data.source >= 0))
        self.train_rows = np.concatenate([good, np.setdiff1d(every, good), more])  # distances take the first of them
        self.yardstick, self.held_out, self.learned = data, self.test_rows, self.train_rows
        if reference is not None:
            self.yardstick = reference
            held_out = np.concatenate([reference.rows(part, 0.9) for part in ("test", "validation")])
            self.held_out, self.learned = (
                np.random.default_rng(0).permutation(rows) for rows in (held_out, reference.rows("train", 0.9))
            )
        for_judge = len(judge_rows(data))
        if min(len(self.test_rows), len(self.held_out)) < 2 or for_judge < 40:
            raise EvaluationError(
                f"{len(self.test_rows)} test photographs, {len(self.held_out)} to compare with and {for_judge} for the "
                "judge are too few: 2, 2 and 40 are needed"
            )
        self.n = options.n or (len(self.test_rows) // 2 if options.quick else len(self.test_rows))
        self.people = FEW_PEOPLE if options.quick else PEOPLE
        network = EfficientNet()
        self.judge, key = trained_judge(data, network, options.cache)
        self.reading, self.finding = Reading(network, self.judge, key, self.size), Finding(FaceFinder())
        self.embedding, self.thumbs = Embedding(), Pixels(THUMB, "thumbs")
        self.labels = data.columns(self.names)[self.test_rows]
        self.evidence = Evidence()
        self.drawn: Arrays = {}
        self.test: Arrays = {}
        self.result: dict = {
            "protocol": {
                "said": options.said,
                "said_on_average": float((self.asked(self.n) != 0).sum(1).mean()),
                "drawn": self.n,
                "test_photographs": len(self.test_rows),
                "compared_with": len(self.held_out),
                "judge_photographs": for_judge,
                "image_size": model.config.image_size,
                "judged_at": self.size,
                "compared_at": self.yardstick.images.shape[1],
            }
        }

    def photographs(self, rows: np.ndarray, *lenses: Lens) -> Arrays:
        return measure_photographs(self.data, rows, lenses, self.options.cache) if len(rows) else {}

    def asked(self, n: int) -> np.ndarray:
        """What is said of n people (n, a): of test photographs, from the first on, and again."""
        labels = self.labels[np.arange(n) % len(self.labels)]
        return few_words(labels, self.names) if self.options.said == "few" else labels

    def crowd(self) -> None:
        """Draw once: what is seen of what was said, found faces, and the drawn faces as a set beside photographs."""
        options, n, side = self.options, self.n, self.yardstick.images.shape[1]
        looking: list[Lens] = [self.embedding if options.flips else self.finding]
        lenses: list[Lens] = [*looking, Objects(self.reading.network), Objects(EfficientNet(2)), Spectrum()]
        if options.feature_weights:
            lenses.append(Textures(options.feature_weights))
        asked = self.asked(n)
        self.drawn = drawn = measure(
            draw_batches(self.model, asked, range(n), side), [*lenses, self.reading, self.thumbs]
        )
        held_out = measure_photographs(self.yardstick, self.held_out, lenses, options.cache)
        learned = measure_photographs(self.yardstick, self.learned[:n], lenses, options.cache)
        self.test = test = self.photographs(self.test_rows, *looking, self.reading)

        self.result["said"] = self.seen(asked, drawn, test)
        self.result["face_found"] = {
            "drawn": float(drawn["found"].mean()),
            "photographs": float(held_out["found"].mean()),
        }
        seen_by_a_loss = {space: space in options.losses for space in SPACES}
        self.result["manifold"] = precision_recall(drawn, held_out)
        self.result["distance"] = distances(drawn, held_out, learned)
        for table in (self.result["manifold"], self.result["distance"]):
            for space, row in table.items():
                row["seen_by_a_loss"] = seen_by_a_loss[space]
        self.result["spectrum"] = spectrum(drawn, held_out)
        if options.flips and not options.quick:
            self.result["distance_all"] = distances_of_all(drawn, held_out, learned)
        self.result["diversity"], every = diversity(drawn, held_out)
        self.evidence.histograms["diversity"] = every.get("dlib_embedding", {})

    def seen(self, asked: np.ndarray, drawn: Arrays, test: Arrays) -> dict:
        """What the judge sees of what was said: in drawn faces, and in the photographs of which it is true."""
        heads, known = self.judge.heads, asked[: len(self.labels)]
        sides = {
            "drawn": seen_as_said(asked, drawn["verdicts"], self.names, heads),
            "photographs": seen_as_said(known, test["verdicts"][: len(known)], self.names, heads),
        }
        main = {side: [row["seen"] for name, row in rows.items() if name in MEASURED] for side, rows in sides.items()}
        verdicts = {"drawn": (asked, drawn["verdicts"]), "photographs": (known, test["verdicts"][: len(known)])}
        self.result["accuracy"] = accuracy = {
            name: {
                side: balanced_accuracy(said[:, self.names.index(name)], seen[:, heads.index(name)])
                for side, (said, seen) in verdicts.items()
            }
            for name in self.names
            if name in heads
        }
        told = [accuracy[name] for name in MEASURED if name in accuracy]
        self.result["accuracy_main"] = {side: _mean([row[side] for row in told]) for side in sides}
        return {
            "seen_main": {side: _mean(shares) for side, shares in main.items()},
            "each": {name: {side: rows.get(name) for side, rows in sides.items()} for name in sides["drawn"]},
        }

    def each(self) -> None:
        """Typed descriptions, and groups of people."""
        typists = FEW_TYPISTS if self.options.quick else TYPISTS
        self.result["typed"] = typed(self.model, self.reading, typists, self.size)
        said = self.asked(self.people)
        held_out = np.concatenate([self.test_rows, self.data.rows("validation", 0.9, source=0)])
        objects = Objects(self.reading.network)
        self.result["groups"] = by_group(
            self.model,
            self.judge,
            [self.reading, self.finding, objects],
            said,
            self.size,
            self.photographs(held_out, objects),
            self.data.columns(self.names)[held_out],
        )

    def flips(self) -> None:
        lenses: list[Lens] = [self.reading, self.embedding]
        mirrored = self.photographs(self.test_rows, Mirrored(self.reading))["mirrored_verdicts"]
        noise = mirror_noise(self.judge, self.test["verdicts"], mirrored)
        people = self.labels[
            np.arange(self.people) % len(self.labels)
        ]  # all is said, so that one word alone is another
        leakage, cosines = flip_people(self.model, self.judge, lenses, people, noise, self.size)
        known = people_pairs(self.data, self.embedding, self.options.cache)
        self.result["leakage"], self.result["identity"] = leakage, identity(cosines, known)
        self.evidence.histograms["identity"] = {"flips": all_cosines(cosines), **known}
        self.result["flips"] = flip_alone(self.model, self.judge, lenses, self.people, self.size)
        self.result["other_people"] = other_people(self.test["embeddings"])

    def memorisation(self) -> None:
        """The nearest training face: by pixels among all, by dlib's embedding among 2,000 in a quick evaluation."""
        if not len(self.train_rows):
            return
        some = self.train_rows[:CHUNK] if self.options.quick else self.train_rows
        bank = {
            "dlib_embedding": self.photographs(some, self.embedding)["embeddings"],
            "pixels": self.photographs(self.train_rows, self.thumbs)["thumbs"],
        }
        sides = {
            "drawn": self.drawn,
            "held_out": {**self.test, **self.photographs(self.test_rows, self.thumbs)},
            "strangers": self.photographs(strangers(self.data), self.embedding, self.thumbs),
        }
        table: dict[str, Any] = {}
        found = {}
        for space, array, search in (("dlib_embedding", "embeddings", nearest), ("pixels", "thumbs", nearest_pixels)):
            found[space] = {side: search(seen[array], bank[space]) for side, seen in sides.items() if seen}
            table[space] = {"training_faces": len(bank[space]), **compare(found[space])}
            self.evidence.histograms[f"nearest_{space}"] = {side: x.distances for side, x in found[space].items()}
        by_person = closest_pairs(found["dlib_embedding"]["drawn"])
        space, closest = (
            ("dlib_embedding", by_person) if by_person else ("pixels", closest_pairs(found["pixels"]["drawn"]))
        )
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
    """The pack, its last sources numbered -1, -2, ..: what the generator learned from beside source 0."""
    learned = data.source > data.source.max() - last if last else np.zeros(len(data), bool)
    return replace(data, source=np.where(learned, data.source.max() - last - data.source, data.source))


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
