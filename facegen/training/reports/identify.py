"""Train VGG-Face's topology as VGG-Face was: to tell people apart (Parkhi et al. 2015).

What it leaves, weights.safetensors in VGG's own names, is what `train vggface --set weights=FILE` fine-tunes. VGG-Face
saw 2.6 million photographs of 2,622 people; with a few thousand of some hundred this is a stand-in for who has not its
weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

from facegen.files import write_atomic
from facegen.networks.vggface import LAYERS, VGGFace, VGGFaceConfig
from facegen.training.batches import to_tensor
from facegen.training.jitter import jitter, other_view
from facegen.training.optim import anneal
from facegen.training.run import TrainingError
from facegen.training.trainer import ModelTrainer, batches

DEVIATION = (
    64.0  # of the input's 0..255: VGG-Face's own, 1, would start a network from nothing with activations of order 100
)
STRANGERS = 600  # photographs of them that are compared


@dataclass
class IdentifyConfig:
    """What is trained, and how.

    Args:
        model: the network, whose attributes stay empty.
        strangers: share of the people who are kept apart, to verify persons on.
        learning_rate: AdamW's peak.
    """

    model: VGGFaceConfig = field(default_factory=VGGFaceConfig)
    batch: int = 32
    steps: int = 4000
    learning_rate: float = 3e-4
    weight_decay: float = 5e-4
    strangers: float = 0.1
    seed: int = 0


class IdentifyTrainer(ModelTrainer):
    """Cross-entropy over the data set's subjects.

    Watched by how many held-out photographs are told right, and by how well two photographs of a stranger are told
    from those of two strangers (person verification, as LFW is used), by the cosine of fc7.
    """

    stage = "identify"
    model: VGGFace

    def build(self) -> None:
        """Make the network, its last layer and AdamW. Raises `TrainingError` for fewer than two subjects."""
        config, data = self.config, self.data
        people, subject = np.unique(data.subjects, return_inverse=True)
        self.subject = torch.from_numpy(subject)
        known = np.flatnonzero(data.subjects != "")
        strange = self.rng.permutation(np.unique(subject[known]))
        strange = strange[: round(config.strangers * len(strange))]
        self.strangers = known[np.isin(subject[known], strange)][:STRANGERS]
        known = known[~np.isin(subject[known], strange)]
        self.rows = np.intersect1d(self.rows, known)
        self.watched = np.intersect1d(data.rows("validation"), known)[:256]
        if len(np.unique(subject[self.rows])) < 2:
            raise TrainingError("the data set names fewer than two subjects to tell apart (CelebA: identity.txt)")
        config.model.std = [DEVIATION] * 3
        self.model = VGGFace(config.model).to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.people = nn.Linear(config.model.hidden, len(people)).to(self.device)
        parameters = [*self.model.parameters(), *self.people.parameters()]
        adam = torch.optim.AdamW(parameters, config.learning_rate, weight_decay=config.weight_decay)
        self.optimizer = self.prepare(adam)

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The network, and the last layer that tells people apart."""
        return {"model": self.model, "people": self.people}

    @property
    def product(self) -> Path:
        """What `train vggface --set weights=` takes: full precision, unlike a checkpoint."""
        return self.run.folder / "weights.safetensors"

    def save_product(self) -> None:
        """Write the weights, the people's layer as fc8."""
        tensors = {k: v for k, v in self.model.state_dict().items() if k.split(".")[0] in LAYERS}
        tensors |= {f"fc8.{k}": v for k, v in self.people.state_dict().items()}
        tensors = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
        write_atomic(self.product, lambda partial: save_file(tensors, partial, {"std": str(DEVIATION)}))

    def logits(self, images: Tensor) -> Tensor:
        """Photographs (n, 3, s, s) in -1..1 -> (n, people)."""
        images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        with self.accelerator.autocast():
            return self.people(self.model.dropout(self.model.features(images))).float()

    def step(self, i: int) -> dict[str, float]:
        """One update; the loss, at times the share of held-out photographs that are told right."""
        anneal(self.optimizer, self.config.learning_rate, i, self.config.steps)
        rows = self.rng.choice(self.rows, self.config.batch)
        images = to_tensor(self.data.images[rows])
        mirrored = torch.from_numpy(self.rng.random(len(rows)) < 0.5)
        images[mirrored] = images[mirrored].flip(3)
        self.model.train()
        logits = self.logits(jitter(other_view(images)))
        loss = F.cross_entropy(logits, self.subject[rows].to(logits.device))
        self.update(loss, [*self.model.parameters(), *self.people.parameters()])
        values = {"loss": loss.item()}
        if len(self.watched) and i % 200 == 199:
            values["right_validation"] = self.validate()
        if len(np.unique(self.subject[self.strangers])) > 1 and i % 200 == 199:
            values["verification_validation"] = self.verify()
        return values

    @torch.no_grad()
    def verify(self) -> float:
        """ROC area (0..1) of the cosine of fc7 between two photographs of strangers: is it one person?"""
        self.model.eval()
        seen = []
        for rows in batches(self.strangers):
            images = to_tensor(self.data.images[rows]).to(self.device)
            with self.accelerator.autocast():
                seen.append(self.model.features(images.contiguous(memory_format=torch.channels_last)).float().cpu())
        features = F.normalize(torch.cat(seen))
        first, second = np.triu_indices(len(features), 1)
        who = self.subject[self.strangers].numpy()
        return float(roc_auc_score(who[first] == who[second], (features @ features.T)[first, second].numpy()))

    @torch.no_grad()
    def validate(self) -> float:
        """Share (0..1) of held-out photographs of the same people that are told right."""
        self.model.eval()
        right = [
            (self.logits(to_tensor(self.data.images[rows])).argmax(1).cpu() == self.subject[rows]).float()
            for rows in batches(self.watched)
        ]
        return float(torch.cat(right).mean())
