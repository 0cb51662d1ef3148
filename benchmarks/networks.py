"""Networks of other projects' sizes, with random weights: time doesn't depend on the weights."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Deconv(nn.Module):
    """Flynn's deconvfaces: 6.1 M parameters, five upsampling + conv blocks, 320 x 256."""

    def __init__(self, people: int = 57, emotions: int = 8):
        super().__init__()
        self.person, self.emotion = nn.Linear(people, 512), nn.Linear(emotions, 512)
        self.mix, self.dense = nn.Linear(1024, 1024), nn.Linear(1024, 32 * 10 * 8)
        layers: list[nn.Module] = []
        for a, b in zip((32, 160, 160, 128, 96), (160, 160, 128, 96, 32), strict=True):
            layers += [nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 5, padding=2), nn.LeakyReLU(0.1)]
            layers += [nn.Conv2d(b, b, 3, padding=1), nn.LeakyReLU(0.1)]
        self.blocks = nn.Sequential(*layers, nn.Conv2d(32, 3, 3, padding=1))

    def forward(self, i: int) -> Tensor:
        """One picture (1, 3, 320, 256)."""
        person, emotion = torch.eye(57)[i % 57][None], torch.eye(8)[i % 8][None]
        h = torch.cat([self.person(person), self.emotion(emotion)], 1).relu()
        return self.blocks(self.dense(self.mix(h).relu()).relu().view(-1, 32, 10, 8))


class Modulated(nn.Module):
    """StyleGAN2's convolution: weights scaled by the style and demodulated (Karras et al. 2020, section 2.2)."""

    def __init__(self, c_in: int, c_out: int, kernel: int = 3, up: bool = False, demodulate: bool = True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(c_out, c_in, kernel, kernel) / (c_in * kernel**2) ** 0.5)
        self.style = nn.Linear(512, c_in)
        self.bias = nn.Parameter(torch.zeros(c_out))
        self.up, self.demodulate = up, demodulate
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
        self.register_buffer("blur", (taps[:, None] * taps / 16)[None, None].expand(c_out, 1, 4, 4).contiguous())

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """(1, c_in, s, s), style (1, 512) -> (1, c_out, s, s), or twice the size where `up`."""
        weight = self.weight * (1 + self.style(w)[0])[None, :, None, None]
        if self.demodulate:
            weight = weight * weight.square().sum((1, 2, 3), keepdim=True).add(1e-8).rsqrt()
        if not self.up:
            return F.conv2d(x, weight, self.bias, padding=weight.shape[-1] // 2)
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        return F.conv2d(F.pad(x, (1, 1, 1, 1)), self.blur, self.bias, groups=len(self.bias))


class StyleGAN2(nn.Module):
    """StyleGAN2's generator at 256 px, configuration F: 8 mapping layers, 512 channels to 64 px, then 256 and 128."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.Sequential(*[m for _ in range(8) for m in (nn.Linear(512, 512), nn.LeakyReLU(0.2))])
        c = [512, 512, 512, 512, 512, 256, 128]  # at 4, 8, .. 256 px
        self.start = nn.Parameter(torch.randn(1, 512, 4, 4))
        self.first = nn.ModuleList([Modulated(512, 512), Modulated(512, 3, 1, demodulate=False)])
        self.blocks = nn.ModuleList(
            nn.ModuleList([Modulated(a, b, up=True), Modulated(b, b), Modulated(b, 3, 1, demodulate=False)])
            for a, b in zip(c[:-1], c[1:], strict=True)
        )

    def forward(self, i: int) -> Tensor:
        """One picture (1, 3, 256, 256)."""
        w = self.mapping(torch.full((1, 512), i / 100))

        def noisy(x: Tensor) -> Tensor:
            return F.leaky_relu(x + 0.1 * torch.randn(1, 1, *x.shape[2:]), 0.2)

        x = noisy(self.first[0](self.start, w))
        rgb = self.first[1](x, w)
        for up, conv, to_rgb in self.blocks:  # type: ignore[misc]
            x = noisy(conv(noisy(up(x, w)), w))
            rgb = F.interpolate(rgb, scale_factor=2.0, mode="bilinear") + to_rgb(x, w)
        return rgb


class Diffusion(nn.Module):
    """One step of a UNet of Stable Diffusion Turbo's size and the tiny decoder, 512 px; needs `diffusers`."""

    def __init__(self) -> None:
        super().__init__()
        from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

        heads = {"attention_head_dim": (5, 10, 20, 20), "cross_attention_dim": 1024}
        self.unet = UNet2DConditionModel(sample_size=64, use_linear_projection=True, **heads)
        self.decoder = AutoencoderTiny()

    def forward(self, i: int) -> Tensor:
        """One picture (1, 3, 512, 512); the text encoder is left out."""
        noise, words = torch.randn(1, 4, 64, 64), torch.randn(1, 77, 1024)
        return self.decoder.decode(noise - self.unet(noise, 999, words).sample).sample


class DCGAN(nn.Module):
    """The generator of the package gan-face-generate at its own size, 64 px."""

    def __init__(self) -> None:
        super().__init__()
        from gan_face_generate.models import Generator

        self.network = Generator(0, 3, 100, 64)

    def forward(self, i: int) -> Tensor:
        """One picture (1, 3, 64, 64)."""
        return self.network(torch.randn(1, 100, 1, 1))


def peers(diffusion: bool) -> dict[str, nn.Module]:
    """By name, those that can be had: the last two need packages of others."""
    wanted: dict[str, tuple[Callable[[], nn.Module], bool]] = {
        "deconvfaces' size, 320 x 256": (Deconv, True),
        "StyleGAN2's size, 256 px": (StyleGAN2, True),
        "gan-face-generate (DCGAN), 64 px": (DCGAN, find_spec("gan_face_generate") is not None),
        "one step of SD Turbo's size, 512 px": (Diffusion, diffusion and find_spec("diffusers") is not None),
    }
    torch.manual_seed(0)
    made = {name: make().eval().requires_grad_(False) for name, (make, there) in wanted.items() if there}
    return {name: network.to(memory_format=torch.channels_last) for name, network in made.items()}
