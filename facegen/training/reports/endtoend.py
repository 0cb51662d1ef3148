"""Train reader and generator together on (description, face) pairs (networks/endtoend.py).

First an encoder and the decoder learn to redraw photographs. Then both stand still, and the reader's LSTM and the flow
learn together, from descriptions that the grammar writes of each photograph's labels. What they should minimise is the
report's open question; `criterion` answers in three ways:

- pixels: the mean absolute difference between the face drawn for the description and the photograph;
- code: flow matching towards the photograph's appearance code;
- attributes: the same, and what a classifier reads back in the face drawn should be what was said.

Besides, a linear layer that isn't kept has to tell from the reader's state what was said. Without it the state soon
tells men from women and nothing else: one direction of it holds 0.99 of its variance, since of all words those change a
face most.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen import registry
from facegen.attributes import BY_NAME, NAMES
from facegen.drawing.sheets import face_sheet
from facegen.networks.encoder import Encoder, eigenfaces
from facegen.networks.endtoend import EndToEnd, EndToEndConfig
from facegen.training.batches import to_tensor
from facegen.training.default.labels import fill
from facegen.training.default.losses import flow_matching
from facegen.training.optim import anneal
from facegen.training.reports.read_back import ReadBack
from facegen.training.run import TrainingError
from facegen.training.sentences.grammar import write
from facegen.training.trainer import ModelTrainer, batches

CRITERIA = ("pixels", "code", "attributes")
DRAWN = 16  # faces drawn a step, for the criteria that look at one


@dataclass
class EndToEndTraining:
    """What is trained, and how.

    Args:
        autoencoder_steps: the first of `steps`, in which faces are redrawn, in batches of `batch`.
        pairs: (description, face) pairs a step after that.
        criterion: pixels, code or attributes; `read_back`: weight of the classifier's word in the last.
        tell: weight of what was said, as told from the state.
        code_noise: standard deviation of the noise on codes while faces are redrawn; the codes' own is 1.
        silent: share of empty descriptions.
        fill: whether the embedded classifier tells what a data set never labels, where it is sure.
        pretrained: whether the LSTM starts from the embedded reader's.
    """

    model: EndToEndConfig = field(default_factory=EndToEndConfig)
    autoencoder_steps: int = 5000
    steps: int = 13_000
    batch: int = 32
    pairs: int = 96
    learning_rate: float = 1e-3
    criterion: str = "code"
    read_back: float = 0.3
    tell: float = 3.0
    code_noise: float = 0.2
    silent: float = 0.1
    fill: bool = False
    pretrained: bool = True
    seed: int = 0


def picked(rng: random.Random, labels: Mapping[str, bool]) -> dict[str, bool]:
    """What a description says of a face with these labels: few attributes rather than many, yes rather than no."""
    weight = {n: (2.0 if BY_NAME[n].main else 1.0) * (1.0 if yes else 0.15) for n, yes in labels.items() if n != "male"}
    n = min(1 + int(rng.expovariate(0.3)), len(weight), 12)
    # Without replacement (Efraimidis & Spirakis 2006).
    said = sorted(weight, key=lambda name: rng.random() ** (1 / weight[name]), reverse=True)[:n]
    gender = {"male": labels["male"]} if "male" in labels and rng.random() < 0.8 else {}
    return gender | {name: labels[name] for name in said}


class EndToEndTrainer(ModelTrainer):
    """Both stages; watched by a sheet of descriptions."""

    stage = "endtoend"
    model: EndToEnd

    def build(self) -> None:
        """Make the networks. Raises `TrainingError` for an unknown criterion or too few faces."""
        config = self.config
        if config.criterion not in CRITERIA:
            raise TrainingError(f"criterion = {config.criterion!r} is unknown: {', '.join(CRITERIA)}")
        self.rows = self.data.rows("train", 0.9)
        if len(self.rows) <= config.model.identity_dim:
            raise TrainingError(
                f"{len(self.rows)} training faces are too few: more than {config.model.identity_dim} are needed"
            )
        layout = {"device": self.device, "memory_format": torch.channels_last}
        attributes = fill(self.data, registry.load_classifier()) if config.fill else self.data.attributes
        self.said = attributes[:, [NAMES.index(name) for name in config.model.attributes]]
        self.read_back = ReadBack(config.model.attributes, self.device)
        self.model = EndToEnd(config.model).to(**layout)
        self.tell = nn.Linear(config.model.state, 3 * len(config.model.attributes)).to(self.device)
        self.encoder = Encoder(config.model.image_size, config.model.identity_dim, config.model.coarse).to(**layout)
        if config.pretrained:
            known = registry.load(None, "reader", list(registry.READERS)).state_dict()
            own = self.model.reader.state_dict()
            if any(own[key].shape != known[key].shape for key in own):
                raise TrainingError("the embedded reader has other sizes than this model's: set pretrained=false")
            self.model.reader.load_state_dict({key: known[key] for key in own})
        some = self.data.images[np.sort(self.rng.choice(self.rows, min(len(self.rows), 4000), replace=False))]
        eigenfaces(self.encoder, self.model.decoder.eigenfaces, to_tensor(some), config.seed)
        for linear in (self.encoder.eigenfaces, self.model.decoder.eigenfaces):
            linear.requires_grad_(False)
        learning = [p for m in self.modules.values() for p in m.parameters() if p.requires_grad]
        self.optimizer = self.prepare(torch.optim.Adam(learning, config.learning_rate, (0.9, 0.99)))
        self.words = random.Random(config.seed)
        self.codes: Tensor | None = None

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The model, the encoder that it learns its codes from, and the layer that tells what was said."""
        return {"model": self.model, "encoder": self.encoder, "tell": self.tell}

    def step(self, i: int) -> dict[str, float]:
        """One update of either stage."""
        first = self.config.autoencoder_steps
        if i < first:
            anneal(self.optimizer, self.config.learning_rate, i, first)
            return self.redraw()
        anneal(self.optimizer, self.config.learning_rate, i - first, self.config.steps - first)
        return self.pair()

    def redraw(self) -> dict[str, float]:
        """Photographs from their own codes."""
        self.encoder.train()
        self.model.train()
        photos = to_tensor(self.data.images[self.rng.choice(self.rows, self.config.batch)]).to(self.device)
        turned = torch.rand(len(photos), device=self.device) < 0.5
        photos = torch.where(turned[:, None, None, None], photos.flip(3), photos)
        with self.accelerator.autocast():
            code = self.encoder(photos)
            redrawn = self.model.redraw(code + self.config.code_noise * torch.randn_like(code)).float()
        loss = (redrawn - photos).abs().mean()
        self.update(loss, [*self.encoder.parameters(), *self.model.decoder.parameters()])
        return {"l1": loss.item()}

    @torch.no_grad()
    def encoded(self) -> Tensor:
        """Codes (m, identity_dim) of the training photographs, in the order of `rows`."""
        self.encoder.requires_grad_(False).eval()
        self.model.decoder.requires_grad_(False).eval()
        found = []
        for some in batches(self.rows, 128):
            with self.accelerator.autocast():
                found.append(self.encoder(to_tensor(self.data.images[some]).to(self.device)).float())
        return torch.cat(found)

    def describe(self, row: int) -> tuple[str, np.ndarray]:
        """A description of a photograph, and what it says: -1/0/+1 for each of the model's attributes."""
        names, values = self.config.model.attributes, np.zeros(len(self.config.model.attributes), np.float32)
        labels = {name: bool(value > 0) for name, value in zip(names, self.said[row], strict=True) if value}
        if not labels or self.words.random() < self.config.silent:
            return "", values
        text, said = write(self.words, picked(self.words, labels))
        for name, yes in said.items():
            if name in names:
                values[names.index(name)] = 1 if yes else -1
        return text, values

    def pair(self) -> dict[str, float]:
        """Descriptions and faces."""
        if self.codes is None:
            self.codes = self.encoded()
        self.model.train()
        self.model.decoder.eval()
        config, flow = self.config, self.model.flow
        places = self.rng.integers(len(self.rows), size=config.pairs)
        texts, said = zip(*(self.describe(row) for row in self.rows[places]), strict=True)
        told = torch.from_numpy(np.stack(said)).to(self.device)
        with self.accelerator.autocast():
            states = self.model.read(texts).float()
            losses = {
                "tell": F.cross_entropy(
                    self.tell(states).unflatten(1, (-1, 3)).flatten(0, 1), 1 + told.flatten().long()
                )
            }
            if config.criterion != "pixels":
                losses["code"] = flow_matching(flow, self.codes[torch.from_numpy(places)], states)
            if config.criterion != "code":
                noise = torch.randn(min(DRAWN, config.pairs), config.model.identity_dim, device=self.device)
                drawn = self.model.redraw(flow.sample(noise, states[: len(noise)], 1.0)).float()
                if config.criterion == "pixels":
                    photos = to_tensor(self.data.images[self.rows[places[: len(noise)]]]).to(self.device)
                    losses["pixels"] = (drawn - photos).abs().mean()
                else:
                    losses["read_back"] = self.read_back(drawn, told[: len(noise)])
        weights = {"read_back": config.read_back, "tell": config.tell}
        loss = sum(weights.get(name, 1.0) * value for name, value in losses.items())
        learning = [*self.model.parameters(), *self.tell.parameters()]
        self.update(loss, [p for p in learning if p.requires_grad], clip=1.0)
        return {k: v.item() for k, v in losses.items()}

    @torch.no_grad()
    def picture(self, i: int) -> None:
        """Faces for attributes, put into words."""
        if self.run.main:
            self.model.eval()
            face_sheet(self.model).save(self.run.folder / f"{self.stage}-{i:06d}.png")
