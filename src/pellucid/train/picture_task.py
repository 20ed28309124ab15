"""Tasks whose answers are pictures: to give one back, to model them all, to make new ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor
from pellucid.models.latent import decoded, drawn
from pellucid.nn import Module
from pellucid.nn import functional as F
from pellucid.train.measure import Meter, outputs_of
from pellucid.train.parts import Part, Problem
from pellucid.train.picture_loss import (
    AdversarialLoss,
    NegativeELBO,
    PixelBCE,
    PixelMSE,
    parts_of,
    pixels_of,
)
from pellucid.train.task import TASKS, Task

__all__ = ["PICTURE_LOSSES", "Adversarial", "Pictures", "Variational", "kl_of"]

Array = NDArray[Any]
PICTURE_LOSSES: dict[str, Callable[[], Module]] = {
    "pixel_bce": PixelBCE,
    "pixel_mse": PixelMSE,
    "elbo": NegativeELBO,
    "adversarial": AdversarialLoss,
}


class Pictures(Task):
    """A picture for each picture: outputs are the logits of its pixels, targets its pixels."""

    name, title, score = "pictures", "a reconstruction of pictures", "rmse"
    losses: ClassVar[tuple[str, ...]] = ("pixel_bce", "pixel_mse")
    pictures = True

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        meter.squares += _squares(self.logits(outputs, y), y)

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        return {"rmse": math.sqrt(meter.squares / max(meter.count, 1))}

    def said(self, found: Mapping[str, Any]) -> str:
        return f"loss {found['loss']:.4g} nats a picture, pixels off by {found['rmse']:.4g}"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        loss = PICTURE_LOSSES[self.losses[0]]()(Tensor(outputs), Tensor(y)).item()
        rmse = math.sqrt(_squares(self.logits(outputs, y), y) / len(y))
        return {"loss": loss, "rmse": rmse, "samples": len(y)}

    def shown(self, outputs: Array, problem: Problem) -> Array:
        """The pictures that the outputs stand for, numbers from 0 to 1, in the shape of x."""
        assert problem.preparation is not None
        shape = problem.preparation.shape
        y = np.empty((len(outputs), *shape), outputs.dtype)
        return F.sigmoid(self.logits(outputs, y)).data.reshape(y.shape)

    def logits(self, outputs: Array, y: Array) -> Array:
        """What of the outputs are the logits of the pixels, (N, pixels)."""
        return outputs.reshape(len(outputs), -1)


class Variational(Pictures):
    """A model of all pictures, by the variational bound: logits | mean | log variance."""

    name, title = "variational", "a variational model of pictures"
    losses = ("elbo",)

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        super().add(meter, outputs, y)
        meter.extra += kl_of(outputs, y)

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        return super().scores(meter, problem) | {"kl": meter.extra / max(meter.count, 1)}

    def said(self, found: Mapping[str, Any]) -> str:
        return f"{super().said(found)}, KL {found['kl']:.4g}"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        kl = kl_of(outputs, y) / len(y)
        found = super().report(outputs, y, problem)
        return found | {"reconstruction": found["loss"] - kl, "kl": kl}

    def logits(self, outputs: Array, y: Array) -> Array:
        found: Array = parts_of(outputs, y)[0]
        return found


class Adversarial(Task):
    """New pictures, by a generator and its critic: outputs are three opinions, (N, 3)."""

    name, title, score = "adversarial", "a generator of pictures with a critic", "deceived"
    losses, rows = ("adversarial",), 128
    pictures = True

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        meter.right += int((outputs[:, 0] > 0).sum())
        meter.extra += float((outputs[:, 1] > 0).sum())

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        n = max(meter.count, 1)
        return {"recognised": meter.right / n, "deceived": meter.extra / n}

    def said(self, found: Mapping[str, Any]) -> str:
        made = f", {100 * found['deceived']:.2f} % of made ones" if "deceived" in found else ""
        return f"the critic calls {100 * found['recognised']:.2f} % of real pictures real{made}"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        """Of the real pictures alone: made ones are not part of any data."""
        return {"recognised": float((outputs[:, 0] > 0).mean()), "samples": len(y)}

    def beside(self, model: Module, count: int) -> dict[str, Any]:
        """Of as many made pictures, the same ones each time, shown to the critic as real ones."""
        made = decoded(model, drawn(model, count, "evaluate"))
        opinions = outputs_of(model, Part(made, made), self)[:, 0]
        return {"deceived": float((opinions > 0).mean())}


def kl_of(outputs: Array, y: Array) -> float:
    """The sum over the batch of KL(q(h | x) || N(0, 1)), in nats."""
    _, mean, v = (part.astype(np.float64) for part in parts_of(outputs, y))
    return float(-0.5 * (1 + v - mean**2 - np.exp(v)).sum())


def _squares(logits: Array, y: Array) -> float:
    """The mean squared difference of each picture's pixels, summed over the pictures."""
    off = F.sigmoid(logits).data - y.reshape(len(y), -1)
    return float(np.square(off, dtype=np.float64).sum()) / pixels_of(y)


TASKS |= {task.name: task for task in (Pictures(), Variational(), Adversarial())}
