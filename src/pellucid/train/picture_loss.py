"""Losses of networks that make pictures: reconstructions, the variational bound, a critic's."""

from __future__ import annotations

import math
from typing import Any

from pellucid.autograd import Tensor
from pellucid.nn import Module
from pellucid.nn import functional as F

__all__ = ["AdversarialLoss", "NegativeELBO", "PixelBCE", "PixelMSE", "parts_of", "pixels_of"]


class PixelBCE(Module):
    """Binary cross-entropy of each pixel, summed over a picture; the mean over the batch.

    z: logits, y: pixels from 0 to 1, both (B, ...).

    >>> import numpy as np
    >>> PixelBCE()(np.zeros((1, 2, 2)), np.ones((1, 2, 2))).item() == 4 * math.log(2)
    True
    """

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return F.binary_cross_entropy_with_logits(z, y, reduction="sum") / y.shape[0]


class PixelMSE(Module):
    """Squared differences of the pixels, summed over a picture; the mean over the batch.

    z: logits, y: pixels from 0 to 1, both (B, ...).

    >>> import numpy as np
    >>> PixelMSE()(np.zeros((1, 2, 2)), np.ones((1, 2, 2))).item()
    1.0
    """

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        return F.mse_loss(F.sigmoid(z), y, reduction="sum") / y.shape[0]


class NegativeELBO(Module):
    """What a variational autoencoder makes small: reconstruction + KL(q(h | x) || N(0, 1)).

    z: logits | mean m | log variance v, (B, pixels + 2 latent); y: pixels from 0 to 1, (B, ...).
    KL = -1/2 sum (1 + v - m^2 - e^v). Source: Kingma & Welling 2014, equation 10.

    >>> import numpy as np
    >>> NegativeELBO()(np.zeros((1, 8)), np.ones((1, 2, 2))).item() == 4 * math.log(2)
    True
    """

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """The loss."""
        logits, mean, v = parts_of(z, y)
        wrong = F.binary_cross_entropy_with_logits(
            logits, y.reshape(y.shape[0], -1), reduction="sum"
        )
        kl = (1 + v - mean * mean - v.exp()).sum() * -0.5
        loss: Tensor = (wrong + kl) / y.shape[0]
        return loss


class AdversarialLoss(Module):
    """What critic and generator make small, each with its own weights; see pellucid.models.GAN.

    z: the critic's logits of real pictures, of made ones, and of these again, (B, 3). The critic
    calls the first real (1 - ``label_smoothing`` sure) and the second made; the generator wants
    the third to be called real, the form of its loss that does not saturate.
    Source: Goodfellow et al. 2014, section 3; Salimans et al. 2016, section 3.4 (smoothing).

    >>> import numpy as np
    >>> AdversarialLoss()(np.zeros((2, 3)), np.zeros((2, 4, 4))).item() == 3 * math.log(2)
    True
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """The sum of both; ``y``, the real pictures, was part of the network's input."""
        real, made, again = (z[:, k] for k in range(3))
        sure = 1.0 - self.label_smoothing
        return _called(real, sure) + _called(made, 0.0) + _called(again, 1.0)


def _called(z: Tensor, p: float) -> Tensor:
    """Cross-entropy of logits (B,) where each should be real with probability p, its mean."""
    return (F.softplus(z) - z * p).mean() if p else F.softplus(z).mean()


def pixels_of(y: Any) -> int:
    """How many numbers one picture has."""
    return math.prod(y.shape[1:])


def parts_of(z: Any, y: Any) -> tuple[Any, Any, Any]:
    """The logits, the mean and the log variance that a variational autoencoder packs into one."""
    d = pixels_of(y)
    latent = (z.shape[1] - d) // 2
    return z[:, :d], z[:, d : d + latent], z[:, d + latent :]
