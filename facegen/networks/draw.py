"""DRAW (Gregor et al. 2015) as a conditional variational autoencoder, as the second report proposes (Cate et al. 2016).

A recurrent encoder looks at the photograph and at what the canvas still lacks through a grid of Gaussian filters; a
recurrent decoder writes to the canvas through another. Their first states, and the canvas, come from a network of the
attributes, so that drawing starts from the wanted face. Colour: one filter grid for the three channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from facegen.drawing.layers import yes_no


@dataclass
class DrawConfig:
    """Sizes of DRAW.

    Args:
        attributes: names in the order of the input.
        image_size: side of the image in px.
        glimpses: steps of reading and writing.
        latent: latent numbers a step.
        hidden: width of both LSTMs.
        read, write: side of the filter grids.
    """

    attributes: list[str] = field(default_factory=list)
    image_size: int = 64
    glimpses: int = 12
    latent: int = 32
    hidden: int = 256
    read: int = 12
    write: int = 12

    @property
    def identity_dim(self) -> int:
        """Length of the identity code: the latents of all glimpses."""
        return self.glimpses * self.latent


def filter_grid(parameters: Tensor, size: int, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """The attention of section 3.2: filters over y and over x, each (b, n, size), and the intensity (b, 1).

    Args:
        parameters: (b, 5): the grid's centre x and y, log variance, log stride and log intensity.
        size: side of the image in px.
        n: side of the grid.
    """
    x, y, log_variance, log_stride, log_intensity = parameters.float().split(1, 1)
    center_x, center_y = (size + 1) / 2 * (x + 1), (size + 1) / 2 * (y + 1)
    stride = (size - 1) / max(n - 1, 1) * log_stride.exp()
    offsets = torch.arange(n, device=x.device) - (n - 1) / 2
    places = torch.arange(size, device=x.device).float()
    variance = log_variance.exp()[:, :, None]

    def filters(center: Tensor) -> Tensor:
        mean = (center + offsets * stride)[:, :, None]
        weights = torch.exp(-(places - mean).square() / (2 * variance))
        return weights / weights.sum(2, keepdim=True).clamp(min=1e-6)

    return filters(center_y), filters(center_x), log_intensity.exp()


class Draw(nn.Module):
    """The network: `elbo` for training, `forward` for drawing, `canvases` for the steps of a drawing."""

    Config = DrawConfig

    def __init__(self, config: DrawConfig):
        super().__init__()
        self.config = config
        c = config
        pixels = 3 * c.image_size**2
        self.start = nn.Sequential(nn.Linear(2 * len(c.attributes), c.hidden), nn.ReLU())
        self.start_states = nn.Linear(c.hidden, 4 * c.hidden)  # h and cell of encoder and decoder
        self.start_canvas = nn.Linear(c.hidden, pixels)
        self.look = nn.Linear(c.hidden, 5)
        self.encoder = nn.LSTMCell(2 * 3 * c.read**2 + c.hidden, c.hidden)
        self.posterior = nn.Linear(c.hidden, 2 * c.latent)
        self.decoder = nn.LSTMCell(c.latent, c.hidden)
        self.place = nn.Linear(c.hidden, 5)
        self.patch = nn.Linear(c.hidden, 3 * c.write**2)

    def begin(self, attributes: Tensor):
        """States and canvas (logits (n, 3, s, s)) that the wanted attributes (n, a) start from."""
        h = self.start(yes_no(attributes))
        h_enc, c_enc, h_dec, c_dec = self.start_states(h).tanh().chunk(4, 1)
        size = self.config.image_size
        return (h_enc, c_enc), (h_dec, c_dec), self.start_canvas(h).view(-1, 3, size, size)

    def write(self, canvas: Tensor, h: Tensor) -> Tensor:
        """Canvas (n, 3, s, s) of logits with a patch added where the decoder's state h (n, hidden) says (eq. 29)."""
        n = self.config.write
        fy, fx, intensity = filter_grid(self.place(h), self.config.image_size, n)
        patch = self.patch(h).view(-1, 3, n, n).float()
        # Normalised filters spread a patch thin when it is stretched: scale by the pixels that a filter covers.
        spread = (self.config.image_size / n) ** 2
        return canvas + spread * torch.einsum("bny,bcnm,bmx->bcyx", fy, patch, fx) / intensity[:, :, None, None]

    def read(self, image: Tensor, error: Tensor, h: Tensor) -> Tensor:
        """Glimpses (n, 6 * read^2) of image and error (n, 3, s, s), placed by the decoder's state h (n, hidden)."""
        fy, fx, intensity = filter_grid(self.look(h), self.config.image_size, self.config.read)
        glimpse = torch.einsum("bny,bcyx,bmx->bcnm", fy, torch.cat([image, error], 1), fx)
        return (glimpse * intensity[:, :, None, None]).flatten(1)

    def elbo(self, photo: Tensor, attributes: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction loss and divergence of photographs (n, 3, s, s) in 0..1, in nats an image.

        Their sum is the bound of eq. 12, with pixels as Bernoulli probabilities.
        """
        encoder, decoder, canvas = self.begin(attributes)
        divergence = torch.zeros(len(photo), device=photo.device)
        for _ in range(self.config.glimpses):
            seen = self.read(photo, photo - torch.sigmoid(canvas.float()), decoder[0])
            encoder = self.encoder(torch.cat([seen, decoder[0]], 1), encoder)
            mean, log_sigma = self.posterior(encoder[0]).float().chunk(2, 1)
            z = mean + log_sigma.exp() * torch.randn_like(mean)
            divergence = divergence + 0.5 * (mean.square() + (2 * log_sigma).exp() - 2 * log_sigma - 1).sum(1)
            decoder = self.decoder(z, decoder)
            canvas = self.write(canvas, decoder[0])
        nll = F.binary_cross_entropy_with_logits(canvas.float(), photo, reduction="none").sum((1, 2, 3))
        return nll.mean(), divergence.mean()

    def identity(self, seeds: Sequence[int]) -> Tensor:
        """The latents of all glimpses (n, glimpses * latent), standard normal."""
        draws = [np.random.Generator(np.random.PCG64(s)).standard_normal(self.config.identity_dim) for s in seeds]
        return torch.from_numpy(np.stack(draws).astype(np.float32))

    def stages(self, identity: Tensor, attributes: Tensor) -> list[Tensor]:
        """The canvas before the first and after each glimpse: glimpses + 1 images (n, 3, s, s) in -1..1."""
        _, decoder, canvas = self.begin(attributes)
        stages = [canvas]
        for z in identity.view(len(identity), self.config.glimpses, -1).unbind(1):
            decoder = self.decoder(z, decoder)
            stages.append(self.write(stages[-1], decoder[0]))
        return [torch.sigmoid(s) * 2 - 1 for s in stages]

    @torch.inference_mode()
    def canvases(self, identity: Tensor, attributes: Tensor) -> list[Tensor]:
        """`stages`, to be looked at."""
        return self.stages(identity, attributes)

    @torch.inference_mode()
    def forward(self, identity: Tensor, attributes: Tensor, guidance: float | None = None) -> Tensor:
        """As `DeconvGenerator.forward`; guidance has no meaning here."""
        return self.canvases(identity, attributes)[-1]
