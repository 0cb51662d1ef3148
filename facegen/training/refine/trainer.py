"""Train a published generator's flow anew: on codes of faces that it drew, and on what is seen in those faces.

1. The generator draws codes of what people say of labelled photographs, and some of these faces whole.
2. Photographs teach what is seen in the whole ones (sight.py); a network learns to tell it from a code (choosing.py).
3. Codes that don't show what was said, or are far from photographs, are left out (as in RAFT, Dong et al. 2023). Of
   the rest more is told than was said: degrees of age and of the length of hair, and ethnicity where it is plain.
4. The flow learns to carry noise to these codes (flow matching), and then to do so in a few steps, guided or not.

No gradient of what sees comes to the flow, and the decoder stays as it is but for the spread of its codes: there is
nothing that they could fool.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from facegen import registry
from facegen.data.pack import supported
from facegen.drawing.deconv.config import GeneratorConfig
from facegen.drawing.deconv.generator import DeconvGenerator
from facegen.drawing.layers import yes_no
from facegen.drawing.sheets import grid
from facegen.networks.squeezenet import SqueezeNet
from facegen.picture import to_image
from facegen.training.batches import rarity
from facegen.training.default.distillation import knots
from facegen.training.default.losses import flow_matching
from facegen.training.default.settings import DataSettings
from facegen.training.default.words import Words
from facegen.training.optim import anneal, update_average
from facegen.training.refine.choosing import Chosen, FromCodes, choose
from facegen.training.refine.sight import Sight
from facegen.training.refine.weights import respread, widened
from facegen.training.run import TrainingError
from facegen.training.trainer import ModelTrainer, batches

# Shares of a batch: drawn for a kind that is named; of the others, those whose kind is named, or another one denied;
# those of which nothing is said.
KINDS, NAMED, DENIED, SILENT = 0.25, 0.1, 0.1, 0.08
REFRESH, SETS = 150, 8  # steps that learn from one set of paths; batches in it


@dataclass
class RefineTraining:
    """What it learns from, and how fast.

    Args:
        model: the attributes to draw besides the published generator's; the rest becomes that generator's.
        source: the generator: a folder or a Hub repository; the embedded one if left out.
        feature_weights: SqueezeNet's, a file (`--feature-weights`).
        photographs: of each data set, so many teach what is seen.
        faces, codes: how many the generator draws whole; how many codes in all.
        plain: attribute -> share of the codes that are told of it, though nothing was said: those where it is plainest.
        left_out: share of the codes that are left out for being far from photographs.
        words: how much is said.
        matching: of the `steps`, those of flow matching; the rest are of distillation.
        strongest: guidance in distillation is drawn evenly between 1 and this for half of a batch, and 1 for the rest.
        teacher_steps: small steps for each large one.
    """

    model: GeneratorConfig = field(default_factory=lambda: GeneratorConfig(["asian", "black", "white", "hispanic"]))
    source: str = ""
    feature_weights: str = ""
    photographs: int = 4500
    faces: int = 6000
    codes: int = 70_000
    plain: dict[str, float] = field(
        default_factory=lambda: {"asian": 0.012, "black": 0.015, "white": 0.3, "hispanic": 0.02}
    )
    left_out: float = 0.22
    words: DataSettings = field(default_factory=DataSettings)
    matching: int = 1500
    steps: int = 2700
    batch: int = 512
    learning_rate: float = 4e-4
    code_noise: float = 0.05
    strongest: float = 4.0
    teacher_steps: int = 3
    average: float = 0.998
    seed: int = 0

    @property
    def image_size(self) -> int:
        """Side in px of the photographs: the decoder's."""
        return self.model.decoder_size


class RefineTrainer(ModelTrainer):
    """See the module's docstring."""

    stage = "refine"
    model: DeconvGenerator
    config: RefineTraining

    def build(self) -> None:
        """The published generator with a flow that knows more words. Raises `TrainingError`."""
        config = self.config
        if not config.feature_weights:
            raise TrainingError("what is seen in faces is told from features: give --feature-weights")
        self.published = registry.load(config.source or None, kinds=("facegen-deconv",))
        known = self.published.config.attributes
        strange = {*config.plain} - {*known, *config.model.attributes}
        if strange:
            raise TrainingError(f"plain names {min(strange)!r}, which isn't among model.attributes")
        if self.published.config.decoder_size != config.image_size:
            raise TrainingError(
                f"model.channels mean {config.image_size} px, the generator's {self.published.config.decoder_size} px"
            )
        if not (0 <= config.left_out < 1 and all(0 < share < 1 for share in config.plain.values())):
            raise TrainingError(
                f"left_out {config.left_out} and plain {config.plain} are shares: 0 to below 1 is needed"
            )
        if not 0 < config.matching < config.steps:
            raise TrainingError(f"matching {config.matching} is of the {config.steps} steps: 1 to below that is needed")
        names = [*known, *(name for name in config.model.attributes if name not in known)]
        config.model = replace(self.published.config, attributes=names)
        self.taught = self.photographs()
        untold = {*config.plain} - {*self.taught[1]}
        if untold:
            raise TrainingError(f"too few photographs of --data are labelled {min(untold)!r}: plain can't name it")
        self.model = DeconvGenerator(config.model).requires_grad_(False).eval()
        self.model.load_state_dict(widened(self.published.state_dict(), self.model.state_dict(), known, names))
        self.flow = copy.deepcopy(self.model.flow).to(self.device).requires_grad_(True).train()
        self.teacher = copy.deepcopy(self.model.flow).to(self.device)
        self.model.flow.to(self.device)
        self.optimizer = self.prepare(torch.optim.Adam(self.flow.parameters()))
        self.words = Words(known, config.words, torch.device("cpu"))
        self.chosen = self.choose()
        self.paths: list[tuple[Tensor, Tensor, Tensor]] = []

    @property
    def modules(self) -> dict[str, nn.Module]:
        """The flow, its moving average (in the model), and the flow that is distilled."""
        return {"flow": self.flow, "average": self.model.flow, "teacher": self.teacher}

    def choose(self) -> Chosen:
        """The codes to learn from. What was drawn and seen is kept in the run's folder."""
        config, known, path = self.config, self.published.config.attributes, self.run.folder / "codes.safetensors"
        if not path.is_file():
            codes, said = self.draw()
            scores = self.see(codes, said)
            save_file({"codes": codes, "said": said, **{f"seen.{k}": v for k, v in scores.items()}}, path)
        kept = load_file(path)
        scores = {name.removeprefix("seen."): value for name, value in kept.items() if name.startswith("seen.")}
        said = F.pad(kept["said"], (0, len(config.model.attributes) - len(known)))
        return choose(kept["codes"], said, scores, config.model.attributes, config.plain, config.left_out)

    def draw(self) -> tuple[Tensor, Tensor]:
        """Codes (n, d) of the published flow, and what was said, (n, a): some of a photograph's labels."""
        config, model = self.config, self.published
        labels = torch.from_numpy(self.data.columns(model.config.attributes)[self.rows].astype(np.float32))
        weights = rarity(labels.numpy().astype(np.int8), model.config.attributes) ** config.words.rarity
        weights = torch.from_numpy(weights) * (labels != 0).any(1)  # not all photographs have labels
        if not weights.any():
            raise TrainingError("no photograph of --data is labelled: nothing tells what is said of faces")
        labels, _ = self.words.mirrored(labels[torch.multinomial(weights, config.codes, replacement=True)])
        said = self.words.said(labels)
        graded = torch.tensor([name in model.config.graded for name in model.config.attributes])
        degrees = 1 + 0.25 * torch.randint(-2, 3, said.shape)
        said = torch.where(graded & (said > 0) & (torch.rand(len(said), 1) < 0.5), degrees, said)
        noise = torch.randn(config.codes, model.config.identity_dim)
        pairs = zip(noise.split(256), said.split(256), strict=True)
        return torch.cat([model.appearance(*pair) for pair in tqdm(pairs, "codes", -(-config.codes // 256))]), said

    def see(self, codes: Tensor, said: Tensor) -> dict[str, Tensor]:
        """What is seen in the codes' faces: name -> (n,)."""
        config, some = self.config, min(self.config.faces, len(codes))
        drawn = np.concatenate(
            [
                ((self.published.small(codes[b], said[b]) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
                for b in tqdm(batches(np.arange(some), 16), "faces")
            ]
        )
        rows, names, labels = self.taught
        squeezenet, every = SqueezeNet(Path(config.feature_weights)), max(some // 1500, 1)
        sight = Sight(squeezenet, self.data.images[rows], labels, names, drawn[::every])
        known = torch.cat([codes, said], 1)
        network = FromCodes(known.shape[1], len(sight.names))
        close = network.learn(known[:some], sight.scores(drawn))
        self.run.log(0, {f"refine/told_{n}": round(float(r), 3) for n, r in zip(sight.names, close, strict=True)})
        return dict(zip(sight.names, network(known).T.contiguous(), strict=True))

    def photographs(self) -> tuple[np.ndarray, list[str], np.ndarray]:
        """Those that teach what is seen: rows (n,), and labels int8 (n, k) of the names that they support."""
        sources = [self.rows[self.data.source[self.rows] == source] for source in np.unique(self.data.source)]
        rows = np.concatenate([np.sort(self.rng.permutation(r)[: self.config.photographs]) for r in sources])
        enough = min(80, len(rows) // 4)
        names = [n for n in supported(self.data.attributes[rows], enough) if n in self.config.model.attributes]
        return rows, names, self.data.columns(names)[rows]

    def batch(self) -> tuple[Tensor, Tensor]:
        """Codes (n, d), and what is told of them, (n, a)."""
        n, chosen = self.config.batch, self.chosen
        kinds = [torch.where(column)[0] for column in chosen.plainly.T if column.any()]
        picked = torch.randint(len(chosen.codes), (n,))
        first = int(n * KINDS) if kinds else 0
        which = torch.randint(max(len(kinds), 1), (first,)).tolist()
        picked[:first] = torch.tensor(
            [int(kinds[k][torch.randint(len(kinds[k]), ())]) for k in which], dtype=torch.long
        )
        plainly, told = chosen.plainly[picked], chosen.told[picked].clone()
        named = plainly & ((torch.arange(n)[:, None] < first) | (torch.rand(n, 1) < NAMED))
        denied = ~plainly & plainly.any(1, keepdim=True) & (torch.rand(plainly.shape) < DENIED / max(len(kinds), 1))
        columns = [self.config.model.attributes.index(kind) for kind in chosen.kinds]
        told[:, columns] = torch.where(
            named, 1.0, torch.where(denied & (told[:, columns] == 0), -1.0, told[:, columns])
        )
        told[torch.rand(n) < SILENT] = 0
        return chosen.codes[picked], told

    def step(self, i: int) -> Mapping[str, float]:
        """One update of the flow: flow matching, then distillation of what came of it."""
        config = self.config
        if i == config.matching:
            for network in (self.teacher, self.flow):
                network.load_state_dict(self.model.flow.state_dict())
            self.optimizer.state.clear()
        first = i < config.matching
        done, total = (i, config.matching) if first else (i - config.matching, config.steps - config.matching)
        anneal(self.optimizer, config.learning_rate * (1 if first else 0.75), done, total, 100)
        loss = self.matched() if first else self.distilled(done)
        self.update(loss, self.flow.parameters())
        update_average(self.model.flow, self.flow, done, config.average)
        return {"matching" if first else "distillation": loss.item()}

    @torch.no_grad()
    def save_product(self) -> None:
        """Write the checkpoint: the decoder takes codes as widely spread as those that the flow learned from.

        A flow that is not trained to the end draws codes too close to their mean. The decoder's first layers are linear
        in the code, so that they can take what scales each of its numbers to the mean and spread that it should have.
        """
        n = min(4096, len(self.chosen.codes))
        rows = torch.randint(len(self.chosen.codes), (n,))
        wanted, told = self.chosen.codes[rows], self.chosen.told[rows]
        noise = torch.randn(n, self.config.model.identity_dim)
        product = copy.deepcopy(self.model).cpu()
        drawn = torch.cat([product.appearance(*pair) for pair in zip(noise.split(256), told.split(256), strict=True)])
        scale = wanted.std(0) / drawn.std(0).clamp(min=1e-6)
        respread(product.decoder, scale, wanted.mean(0) - scale * drawn.mean(0))
        registry.save(product, self.product)

    def matched(self) -> Tensor:
        """Flow matching's loss."""
        codes, told = self.batch()
        codes = (codes + self.config.code_noise * torch.randn_like(codes)).to(self.device)
        with self.accelerator.autocast():
            return flow_matching(self.flow, codes, yes_no(told).to(self.device))

    def distilled(self, i: int) -> Tensor:
        """How far one large step is from the teacher's small ones."""
        if i % REFRESH == 0 or not self.paths:
            self.paths = [self.path() for _ in range(SETS)]
        path, told, strength = self.paths[i % SETS]
        large, n = self.config.model.flow_steps, self.config.batch
        at, each = torch.randint(0, large, (n,), device=self.device), torch.arange(n, device=self.device)
        now, after = path[at, each], path[at + 1, each]
        with self.accelerator.autocast():
            velocity = self.flow(now, at / large, told, strength)
        return F.mse_loss(velocity.float(), (after - now) * large)

    @torch.no_grad()
    def path(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where large steps should lead, (steps + 1, n, d); what was told, (n, conditions), and guidance, (n,)."""
        n, model = self.config.batch, self.config.model
        told = yes_no(self.batch()[1]).to(self.device)
        strength = 1 + (self.config.strongest - 1) * torch.rand(n, device=self.device)
        strength[: n // 2] = 1.0
        noise = torch.randn(n, model.identity_dim, device=self.device)
        with self.accelerator.autocast():
            path = knots(
                self.teacher, noise, told, torch.zeros_like(told), strength, model.flow_steps, self.config.teacher_steps
            )
        return path, told, strength

    @torch.no_grad()
    def picture(self, i: int) -> None:
        """Eight people, as the flow draws them now: nothing said, and each kind."""
        if self.run.main:
            said = torch.zeros(1 + len(self.chosen.kinds), len(self.config.model.attributes))
            for row, kind in enumerate(self.chosen.kinds):
                said[row + 1, self.config.model.attributes.index(kind)] = 1.0
            noise = self.model.identity(range(8))
            faces = [self.model.sketch(noise, row.expand(8, -1)) for row in said]
            grid([to_image(face) for row in faces for face in row], 8).save(
                self.run.folder / f"refine-{i:06d}.jpg", quality=92
            )
