"""Photographs that a model is told to redraw: PSNR, DRAW's bound, and the pictures that the two reports show.

The pictures hold what a model drew, never the photograph that it was to draw.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from facegen import hub
from facegen.data.pack import Pack
from facegen.drawing.deconv.generator import DeconvGenerator
from facegen.drawing.sheets import grid
from facegen.evaluation.instruments.pixels import photographs, resized
from facegen.networks.draw import Draw
from facegen.networks.encoder import Encoder
from facegen.networks.subjects import SubjectDeconv
from facegen.picture import to_image

Redrawn = tuple[np.ndarray, Tensor]


@torch.inference_mode()
def redrawn(model: Any, data: Pack, rows: np.ndarray, encoder: Encoder | None = None) -> Redrawn | None:
    """What a model makes of photographs that it is told to redraw: their rows, and images (n, 3, s, s) in -1..1.

    The first report's network redraws its subjects, DRAW what its encoder sees, the default what `encoder` makes of it;
    None for a model without a target.
    """
    labels = torch.from_numpy(data.columns(model.config.attributes)[rows].astype(np.float32))
    if isinstance(model, SubjectDeconv):
        known = {s: i for i, s in enumerate(model.config.subjects)}
        subject = torch.tensor([known.get(s, -1) for s in data.subjects[rows]])
        mine = torch.nonzero(subject >= 0).flatten()
        if not len(mine):
            return None
        hot = F.one_hot(subject[mine], len(known)).float()
        images = [model(h, a) for h, a in zip(hot.split(64), labels[mine].split(64), strict=True)]
        return rows[mine.numpy()], torch.cat(images)
    one: Callable[..., Tensor]
    if isinstance(model, Draw):
        one, size = _seen_by_draw, model.config.image_size
    elif encoder is not None:
        one, size = (lambda m, p, a: m.decoder(encoder(p), a).clamp(-1, 1)), model.config.decoder_size
    else:
        return None
    photos = resized(photographs(data, rows), size)
    batches = zip(photos.split(64), labels.split(64), strict=True)
    return rows, torch.cat([one(model, p, a) for p, a in batches])


def _seen_by_draw(model: Draw, photo: Tensor, attributes: Tensor) -> Tensor:
    """`Draw.elbo`'s pass with the posterior's mean in place of a sample."""
    photo = (photo + 1) / 2
    encoder, decoder, canvas = model.begin(attributes)
    for _ in range(model.config.glimpses):
        seen = model.read(photo, photo - torch.sigmoid(canvas), decoder[0])
        encoder = model.encoder(torch.cat([seen, decoder[0]], 1), encoder)
        decoder = model.decoder(model.posterior(encoder[0]).chunk(2, 1)[0], decoder)
        canvas = model.write(canvas, decoder[0])
    return torch.sigmoid(canvas) * 2 - 1


def encoder_beside(model: nn.Module, folder: Path) -> Encoder | None:
    """The encoder that FOLDER_training holds, if the model was trained with one."""
    beside = folder.with_name(f"{folder.name}_training")
    if not isinstance(model, DeconvGenerator) or not beside.is_dir():
        return None
    tensors = {k.removeprefix("encoder."): v for k, v in hub.read(beside)[1].items() if k.startswith("encoder.")}
    encoder = Encoder(model.config.decoder_size, model.config.identity_dim, model.config.decoder_size // 2)
    encoder.load_state_dict(tensors)
    return encoder.requires_grad_(False).eval()


def quality(pair: Redrawn, data: Pack) -> Tensor:
    """PSNR (n,) in dB of redrawn photographs, at the photographs' size."""
    rows, images = pair
    difference = (resized(images, data.images.shape[1]) - photographs(data, rows)) / 2  # of images in 0..1
    return -10 * difference.square().mean((1, 2, 3)).clamp(min=1e-10).log10()


def good_and_poor(pair: Redrawn, data: Pack, n: int = 8) -> Image.Image:
    """The first report's figures 3 and 4: the `n` best redrawn photographs by PSNR, and below them the `n` poorest."""
    order = quality(pair, data).argsort(descending=True).tolist()
    n = min(n, len(order))
    return grid([to_image(pair[1][k]) for k in order[:n] + order[-n:]], n)


@torch.inference_mode()
def bound(model: Draw, data: Pack, rows: np.ndarray) -> dict[str, float]:
    """Evidence lower bound of photographs, nats an image: its two terms and their sum (Gregor et al. 2015, eq. 12)."""
    torch.manual_seed(0)  # one sample of the posterior a photograph
    terms = []
    for batch in np.array_split(rows, -(-len(rows) // 64)):
        photo = (resized(photographs(data, batch), model.config.image_size) + 1) / 2
        labels = torch.from_numpy(data.columns(model.config.attributes)[batch].astype(np.float32))
        terms.append(torch.stack(model.elbo(photo, labels)).double() * len(batch))
    reconstruction, divergence = (torch.stack(terms).sum(0) / len(rows)).tolist()
    return {"elbo": -reconstruction - divergence, "reconstruction": -reconstruction, "divergence": divergence}


def canvas_over_time(model: Draw, people: int = 6) -> Image.Image:
    """Rows: people, with nothing said of them; columns: DRAW's canvas before the first glimpse and after each."""
    nothing = torch.zeros(people, len(model.config.attributes))
    stages = model.canvases(model.identity(range(people)), nothing)
    return grid([to_image(stage[k]) for k in range(people) for stage in stages], len(stages))
