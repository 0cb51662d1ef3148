"""What `annotate` knows: subjects, proposals, and the bag of words of each, saved at every step."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegen.attributes import NAMES, complete, members, rivals
from facegen.data.bag_of_words import read_words, subject_of, write_words
from facegen.data.base import DataError, FaceDataset, attribute_table
from facegen.data.derived import face_shape_scores
from facegen.files import write_atomic
from facegen.picture import to_array

# What stays the same from picture to picture of a person; expressions don't.
GROUPS = ("gender", "age", "face_shape", "hair_color", "hair", "eyewear", "facial_hair")
DEFAULT_NAMES = tuple(name for group in GROUPS for name in members(group))
SHOWN = 6  # pictures of a subject on the page
SURE = 0.9  # a classifier's probability above which, or below 1 - SURE, it makes a proposal

Classifier = Callable[[np.ndarray], tuple[Sequence[str], np.ndarray]]
"""uint8 (n, s, s, 3) RGB -> names, and probabilities (n, len(names)) of yes."""


@dataclass(frozen=True)
class Subject:
    """A person of a data set, and the rows of their pictures."""

    id: str
    rows: tuple[int, ...]


class Annotation:
    """A data set under annotation.

    Args:
        dataset: what to describe.
        path: the bag-of-words CSV; an existing one is gone on with, and rows of unknown subjects are kept.
        names: the attributes to ask for.
        classifier: makes proposals; None for proposals from labels and jaw geometry alone.

    Raises:
        DataError: the CSV is malformed, or the data set is empty.
    """

    def __init__(
        self,
        dataset: FaceDataset,
        path: str | Path,
        names: Sequence[str] = DEFAULT_NAMES,
        classifier: Classifier | None = None,
    ) -> None:
        self.dataset, self.path, self.names, self.classifier = dataset, Path(path), tuple(names), classifier
        rows: dict[str, list[int]] = {}
        for i in range(len(dataset)):
            rows.setdefault(subject_of(dataset, i), []).append(i)
        if not rows:
            raise DataError("the data set holds no image to annotate")
        self.subjects = [Subject(id, tuple(numbers)) for id, numbers in rows.items()]
        self.bags = read_words(self.path) if self.path.is_file() else {}
        self._proposals: dict[int, dict[str, bool]] = {}

    @property
    def place(self) -> Path:
        """The file that remembers which subject was looked at last."""
        return self.path.with_name(self.path.name + ".place")

    def start(self) -> int:
        """The subject to open at: the one looked at last, else the first that isn't described."""
        try:
            last = json.loads(self.place.read_text(encoding="utf-8"))["subject"]
        except (OSError, ValueError, KeyError, TypeError):
            last = None
        for k, subject in enumerate(self.subjects):
            if subject.id == last:
                return k
        return next((k for k, subject in enumerate(self.subjects) if subject.id not in self.bags), 0)

    def described(self) -> int:
        """How many of the subjects have a bag of words."""
        return sum(subject.id in self.bags for subject in self.subjects)

    def labels(self, k: int) -> dict[str, bool]:
        """What is said of subject `k`: their bag of words, or before there is one the proposals."""
        bag = self.bags.get(self.subjects[k].id)
        return self.proposals(k) if bag is None else {n: v for n, v in bag.items() if n in self.names}

    def proposals(self, k: int) -> dict[str, bool]:
        """Proposals for subject `k`: its labels where the pictures agree, then the jaw, then the classifier."""
        if k not in self._proposals:
            rows = self.subjects[k].rows
            found = [self._by_labels(rows), self._by_jaw(rows), self._by_classifier(rows)]
            merged: dict[str, bool] = {}
            for proposals in found:
                for name, value in proposals.items():
                    contradicts = value and any(merged.get(rival) for rival in rivals(name))
                    if name in self.names and name not in merged and not contradicts:
                        merged[name] = value
            self._proposals[k] = {name: merged[name] for name in self.names if name in merged}
        return self._proposals[k]

    def _by_labels(self, rows: Sequence[int]) -> dict[str, bool]:
        said = [self.dataset[i].attributes for i in rows]
        names = {name for attributes in said for name in attributes}
        votes = {name: {a[name] for a in said if name in a} for name in names}
        # A no that only follows from a rival's yes is as much in doubt as that yes is.
        doubtful = {rival for name, vote in votes.items() if len(vote) == 2 for rival in rivals(name)}
        return {name: True in vote for name, vote in votes.items() if len(vote) == 1 and name not in doubtful}

    def _by_jaw(self, rows: Sequence[int]) -> dict[str, bool]:
        landmarks = [p for p in (self.dataset[i].landmarks for i in rows) if p is not None]
        if not landmarks:
            return {}
        scores = {name: s[~np.isnan(s)] for name, s in face_shape_scores(np.stack(landmarks)).items()}
        means = {name: float(s.mean()) for name, s in scores.items() if len(s)}
        if not means:
            return {}
        best = max(means, key=means.__getitem__)
        return complete({best: True}) if means[best] >= 1.0 else {}

    def _by_classifier(self, rows: Sequence[int]) -> dict[str, bool]:
        if self.classifier is None:
            return {}
        names, probabilities = self.classifier(np.stack([self.dataset.load(i, 128) for i in rows[:SHOWN]]))
        mean = dict(zip(names, probabilities.mean(axis=0), strict=True))
        sure = {name: bool(p > 0.5) for name, p in mean.items() if p >= SURE or p <= 1 - SURE}
        for name in sorted((n for n, v in sure.items() if v), key=lambda n: -mean[n]):
            if any(sure.get(rival) and mean[rival] > mean[name] for rival in rivals(name)):
                del sure[name]
        return sure

    def save(self, k: int, said: Mapping[str, bool]) -> dict[str, bool]:
        """Keep what is said of subject `k`, on disk before this returns; returns it with rivals' noes.

        Of two yeses in an exclusive group the one that is new wins.
        """
        subject = self.subjects[k]
        before = self.labels(k)
        settled = dict(said)
        for name in [n for n, v in said.items() if v and not before.get(n)]:
            settled.update({rival: False for rival in rivals(name) if rival in self.names})
        others = {n: v for n, v in self.bags.get(subject.id, {}).items() if n not in self.names}
        self.bags[subject.id] = others | settled
        write_words(self.path, self.bags)
        self.look(k)
        return settled

    def look(self, k: int) -> None:
        """Remember that subject `k` is on the page."""
        write_atomic(self.place, json.dumps({"subject": self.subjects[k].id}).encode())

    def picture(self, k: int, size: int = 224) -> np.ndarray:
        """Some pictures of subject `k` in a row: uint8 (size, m * size, 3)."""
        rows = self.subjects[k].rows
        chosen = [rows[int(j)] for j in np.linspace(0, len(rows) - 1, min(SHOWN, len(rows)))]
        return np.concatenate([self.dataset.load(i, size) for i in chosen], axis=1)

    def export(self, path: str | Path) -> int:
        """Write the annotations as .json (subject -> attributes) or .csv (labels.csv of folder.py: a row an image).

        Returns:
            How many subjects or images were written.

        Raises:
            DataError: the file exists, or ends in something else.
        """
        path = Path(path)
        if path.exists():
            raise DataError(f"{path}: exists already; give another name")
        if path.suffix == ".json":
            write_atomic(path, (json.dumps(self.bags, indent=2, ensure_ascii=False) + "\n").encode("utf-8"))
            return len(self.bags)
        if path.suffix != ".csv":
            raise DataError(f"{path}: expected a name that ends in .csv or .json")
        table = attribute_table(self.dataset, NAMES).copy()
        ids = [subject_of(self.dataset, i) for i in range(len(self.dataset))]
        for i, id in enumerate(ids):
            for name, value in complete(self.bags.get(id, {})).items():
                table[i, NAMES.index(name)] = 1 if value else -1
        used = [j for j in range(len(NAMES)) if table[:, j].any()]
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["image", "subject", *(NAMES[j] for j in used)])
        for i, id in enumerate(ids):
            cells = ({-1: "no", 0: "", 1: "yes"}[int(table[i, j])] for j in used)
            writer.writerow([self.dataset[i].path.name, id, *cells])
        write_atomic(path, buffer.getvalue().encode("utf-8"))
        return len(ids)


def pretrained_classifier(source: str | None = None) -> Classifier:
    """The project's own classifier (None: the embedded one). Raises `hub.CheckpointError`."""
    import torch

    from facegen import registry

    model = registry.load_classifier(source)

    def classify(images: np.ndarray) -> tuple[Sequence[str], np.ndarray]:
        batch = torch.from_numpy(to_array(images))
        return model.attributes, model.probabilities(batch).numpy()

    return classify
