"""Networks that make pictures: autoencoder, variational autoencoder, and a generator with a critic.

All take pictures x, (N, H, W) or (N, H, W, C), with numbers from 0 to 1. ``decode`` turns points of
the latent space, (N, latent), into pictures.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid import nn, ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import init
from pellucid.random import default_generator

__all__ = ["GAN", "VAE", "Autoencoder"]


class Autoencoder(nn.Module):
    """Pictures through ``latent`` numbers and back: the logits of the pixels, in the shape of x.

    The encoder's hidden layers are ``hidden``, the decoder has them the other way round. A
    denoising one is the same network, given noisy pictures and asked for the clean ones.
    Source: Hinton & Salakhutdinov 2006; Vincent et al. 2008.

    >>> Autoencoder([4, 4], latent=2, hidden=[8])(np.zeros((3, 4, 4), np.float32)).shape
    (3, 4, 4)
    """

    def __init__(
        self, shape: Sequence[int], latent: int = 32, hidden: Sequence[int] = (512, 256)
    ) -> None:
        super().__init__()
        self.shape, self.latent = _shape(shape), _latent(latent)
        sizes = [math.prod(self.shape), *hidden]
        self.encoder = nn.Sequential(*_dense([*sizes, latent]))
        self.decoder = nn.Sequential(*_dense([latent, *reversed(sizes)]))

    def forward(self, x: Tensor) -> Tensor:
        """The logits of the pixels, each picture from its own latent numbers."""
        z: Tensor = self.decoder(self.encoder(_flat(x, self.shape)))
        return z.reshape(x.shape)

    def encode(self, x: Tensor) -> Tensor:
        """Pictures to points of the latent space, (N, latent)."""
        h: Tensor = self.encoder(_flat(x, self.shape))
        return h

    def decode(self, h: Tensor) -> Tensor:
        """Points of the latent space to pictures, numbers from 0 to 1."""
        return _pictures(self.decoder(h), self.shape)


class VAE(nn.Module):
    """Variational autoencoder: pictures to logits | mean | log variance, (N, pixels + 2 latent).

    The encoder gives the mean m and the log variance v of q(h | x); the decoder is given
    h = m + e^(v/2) e, e from N(0, 1), drawn anew in each training step; in eval mode h = m.
    Source: Kingma & Welling 2014, section 2.4 and appendix B, C.

    >>> VAE([4, 4], latent=2, hidden=[8])(np.zeros((3, 4, 4), np.float32)).shape
    (3, 20)
    """

    def __init__(
        self, shape: Sequence[int], latent: int = 16, hidden: Sequence[int] = (512, 256)
    ) -> None:
        super().__init__()
        self.shape, self.latent = _shape(shape), _latent(latent)
        sizes = [math.prod(self.shape), *hidden]
        self.encoder = nn.Sequential(*_dense(sizes), nn.ReLU(), nn.Linear(sizes[-1], 2 * latent))
        self.decoder = nn.Sequential(*_dense([latent, *reversed(sizes)]))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruction, mean and log variance in one array; the loss takes them apart."""
        code = self.encoder(_flat(x, self.shape))
        mean, v = code[:, : self.latent], code[:, self.latent :]
        h = _drawn(mean, v) if self.training else mean
        packed: Tensor = np.concatenate([self.decoder(h), code], axis=1)  # type: ignore[assignment]
        return packed

    def encode(self, x: Tensor) -> Tensor:
        """Pictures to the means of their points in the latent space, (N, latent)."""
        code: Tensor = self.encoder(_flat(x, self.shape))
        return code[:, : self.latent]

    def decode(self, h: Tensor) -> Tensor:
        """Points of the latent space to pictures, numbers from 0 to 1."""
        return _pictures(self.decoder(h), self.shape)


class GAN(nn.Module):
    """A generator and the critic that it has to deceive: pictures to three opinions, (N, 3).

    Opinions are logits, above 0 for "real": of the real pictures, of as many made ones, and of the
    made ones once more. The first two move the critic alone, the third moves the generator alone:
    there the critic's weights are held, and in the second the made pictures are. So one gradient
    holds the steps of both players, and one optimizer makes them at the same time (Nowozin et al.
    2016, algorithm 1, the single-step form of Goodfellow et al. 2014, algorithm 1).

    ``channels`` are those of the critic's two convolutions of stride 2, the generator has them the
    other way round; weights start from N(0, 0.02), and both have batch norm, the critic's over real
    and over made pictures apart (Radford et al. 2016, sections 3 and 4). [] for picture sizes that
    4 does not divide: then both are made of Linear layers. In eval mode pictures are made from
    h = 0.

    >>> GAN([8, 8], latent=2, channels=[2, 4])(np.zeros((3, 8, 8), np.float32)).shape
    (3, 3)
    """

    def __init__(
        self, shape: Sequence[int], latent: int = 8, channels: Sequence[int] = (16, 128)
    ) -> None:
        super().__init__()
        self.shape, self.latent = _shape(shape), _latent(latent)
        self.generator = _generator(self.shape, latent, list(channels))
        self.critic = _critic(self.shape, list(channels))
        for p in self.parameters():
            if p.ndim >= 2:
                init.normal_(p, 0.0, 0.02)

    def forward(self, x: Tensor) -> Tensor:
        """What the critic thinks of real pictures, of made ones, and of those again."""
        h = Tensor(np.zeros((x.shape[0], self.latent), x.dtype))
        if self.training:
            h = _drawn(h, h)
        made = self.generator(h).tanh()  # from -1 to 1
        real = self.critic(_channels_first(x * 2 - 1, self.shape))
        taken = self.critic(made.detach())
        with _held(self.critic):
            again = self.critic(made)
        packed: Tensor = np.concatenate([real, taken, again], axis=1)  # type: ignore[assignment]
        return packed

    def decode(self, h: Tensor) -> Tensor:
        """Points of the latent space to pictures, numbers from 0 to 1."""
        z: Tensor = self.drawer()(h)
        return z

    def drawer(self) -> Drawer:
        """The generator alone, as a network of its own."""
        return Drawer(self.generator, self.shape)


class Drawer(nn.Module):
    """A generator alone: points of the latent space to pictures, numbers from 0 to 1."""

    def __init__(self, generator: nn.Module, shape: Sequence[int]) -> None:
        super().__init__()
        self.generator, self.shape = generator, tuple(shape)
        self.train(generator.training)

    def forward(self, h: Tensor) -> Tensor:
        """The pictures."""
        z = self.generator(h).tanh() * 0.5 + 0.5  # (N, C, H, W)
        if len(self.shape) == 2:
            flat: Tensor = z.reshape((z.shape[0], *self.shape))
            return flat
        last: Tensor = z.transpose(0, 2, 3, 1)
        return last


# -- what they share --


def _dense(sizes: list[int]) -> list[nn.Module]:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return layers[:-1]


def _generator(shape: tuple[int, ...], latent: int, channels: list[int]) -> nn.Sequential:
    height, width, colours = (*shape, 1)[:3]
    if not channels:
        return nn.Sequential(
            *_dense([latent, 256, 512, math.prod(shape)]), nn.Unflatten(1, (colours, height, width))
        )
    few, many = channels
    h, w = height // 4, width // 4
    return nn.Sequential(
        nn.Linear(latent, many * h * w, bias=False),
        nn.Unflatten(1, (many, h, w)),
        nn.BatchNorm2d(many),
        nn.ReLU(),
        nn.ConvTranspose2d(many, few, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(few),
        nn.ReLU(),
        nn.ConvTranspose2d(few, colours, 4, stride=2, padding=1),
    )


def _critic(shape: tuple[int, ...], channels: list[int]) -> nn.Sequential:
    height, width, colours = (*shape, 1)[:3]
    if not channels:
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(shape), 512),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(512, 256),
            nn.LeakyReLU(0.2),
            nn.Dropout(0.3),
            nn.Linear(256, 1),
        )
    few, many = channels
    return nn.Sequential(
        nn.Conv2d(colours, few, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(few, many, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(many),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(many * (height // 4) * (width // 4), 1),
    )


def _drawn(mean: Tensor, v: Tensor) -> Tensor:
    """A draw from N(mean, e^v), by the generator of the step."""
    return apply(ops.Gaussian, mean, v, default_generator())


@contextlib.contextmanager
def _held(module: nn.Module) -> Iterator[None]:
    """Inside, what the module computes asks for no gradient of its own weights."""
    learning = [p for p in module.parameters() if p.requires_grad]
    for p in learning:
        p.requires_grad = False
    try:
        yield
    finally:
        for p in learning:
            p.requires_grad = True


def _flat(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    if x.shape[1:] != shape:
        raise ShapeError(
            "pictures", got=f"an array of shape {x.shape}", needs=f"pictures, {('N', *shape)}"
        )
    return x.reshape(x.shape[0], -1)


def _pictures(logits: Tensor, shape: tuple[int, ...]) -> Tensor:
    return nn.functional.sigmoid(logits).reshape((logits.shape[0], *shape))


def _channels_first(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    if x.shape[1:] != shape:
        raise ShapeError(
            "pictures", got=f"an array of shape {x.shape}", needs=f"pictures, {('N', *shape)}"
        )
    if len(shape) == 2:
        return x.reshape(x.shape[0], 1, *shape)
    return x.transpose(0, 3, 1, 2)


def _latent(latent: Any) -> int:
    if not isinstance(latent, int) or latent < 1:
        raise OptionError("latent space", got=f"{latent!r} numbers", needs="a whole number from 1")
    return latent


def _shape(shape: Sequence[int]) -> tuple[int, ...]:
    if len(shape) not in (2, 3):
        raise ShapeError(
            "pictures", got=f"samples of shape {tuple(shape)}", needs="(H, W) or (H, W, C)"
        )
    return tuple(int(n) for n in shape)
