"""What runs a step: the network's written program, or the network itself, eagerly."""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad
from pellucid.errors import GradientError, OptionError, PellucidError
from pellucid.nn import Module
from pellucid.program import Program
from pellucid.random import generator, step_key
from pellucid.train.task import Tokens

if TYPE_CHECKING:
    from pellucid.train.trainer import Trainer

__all__ = ["ENGINES", "Eager", "Engine", "Written", "make_engine"]

Array = NDArray[Any]
ENGINES = ("program", "eager", "fused")


class Engine:
    """Runs one step of training; eager and program give the same bits, fused within rounding."""

    name = ""

    def step(self, trainer: Trainer, x: Array, y: Array) -> tuple[float, Array]:
        """Move the weights once; the loss and the network's outputs.

        Raises NonFiniteError, with nothing moved, where a number is not finite.
        """
        raise NotImplementedError


class Eager(Engine):
    """Forward, backward, penalties, clip and update, one operation after the other."""

    name = "eager"

    def __init__(self, trainer: Trainer) -> None:
        self.changes = trainer.settings.changes

    def step(self, trainer: Trainer, x: Array, y: Array) -> tuple[float, Array]:
        prediction, loss = gradients(trainer, x, y)
        value = loss.item()
        params = list(trainer.model.parameters())
        if not (math.isfinite(value) and all(map(_is_finite, params))):
            raise trainer.find_bad_number(x, y)
        self.changes.apply(params)
        if trainer.optimizer.needs_closure:
            trainer.optimizer.step(lambda: self.again(trainer, params, x, y))
        else:
            trainer.optimizer.step()
        return value, prediction.data

    def again(self, trainer: Trainer, params: Sequence[Tensor], x: Array, y: Array) -> Tensor:
        """The loss of the same batch, with the same draws, where the weights are now."""
        _, loss = gradients(trainer, x, y)
        self.changes.apply(params)
        return loss


class Written(Engine):
    """The step as a NumPy program."""

    def __init__(self, trainer: Trainer, x: Array, y: Array) -> None:
        self.name = trainer.settings.engine
        self.write(trainer, x, y)
        if isinstance(trainer.losses.train, Module):
            self.check_targets(trainer)

    def write(self, trainer: Trainer, x: Array, y: Array) -> None:
        """Write the program for the network as it is now."""
        made = trainer.settings.changes
        form = "fused" if trainer.settings.engine == "fused" else "running"
        loss, optimizer = trainer.losses.train, trainer.optimizer
        self.program = Program(trainer.model, loss, optimizer, x, y, made, form, trainer.threads)

    def line_of(self, layer: str, rule: str, stage: str) -> tuple[int, str] | None:
        """The number and text of the line in the reading form that runs this rule."""
        return self.program.line_of(layer, rule, stage)

    def check_targets(self, trainer: Trainer) -> None:
        """Let the loss look at all targets once: a program does not look at values.

        Tokens are looked at by themselves: a million windows with logits would fill the memory.
        """
        targets = trainer.loader.y
        outputs = self.program.step.trace.output
        seen = targets[:1] if isinstance(trainer.problem.kind, Tokens) else targets
        with no_grad():
            zeros = np.zeros((len(seen), *outputs.shape[1:]), outputs.dtype)
            trainer.losses.train(Tensor(zeros), Tensor(seen))
        self.program.check_labels(targets)

    def step(self, trainer: Trainer, x: Array, y: Array) -> tuple[float, Array]:
        key = (trainer.settings.seed, "step", trainer.epoch, trainer.step)
        draws = functools.partial(generator, *key)
        try:
            loss = self.program.run(x, y, draws)
        except OptionError:  # a listener has changed the network since: nothing has moved yet
            self.write(trainer, x, y)
            loss = self.program.run(x, y, draws)
        if loss is None:
            raise trainer.find_bad_number(x, y)
        assert self.program.output is not None
        return loss, self.program.output


def make_engine(trainer: Trainer, x: Array, y: Array) -> Engine:
    """The engine that the settings ask for; the eager one, said once, where no program can be."""
    if trainer.settings.engine == "eager":
        return Eager(trainer)
    try:
        if any(module._hooks for module in trainer.model.modules()):
            raise GradientError(
                "program of the step",
                got="a network with hooks",
                needs="a network without: a program has no place to call them",
            )
        return Written(trainer, x, y)
    except GradientError as error:
        reason = str(error)
    except PellucidError:  # a wrong shape or label: the eager step says it in its place
        return Eager(trainer)
    except (TypeError, AttributeError, ValueError) as error:  # code that knows arrays only
        reason = f"{type(error).__name__}: {error}"
    warnings.warn(f"the step runs eagerly, since it cannot be written.\n{reason}", stacklevel=2)
    return Eager(trainer)


def gradients(trainer: Trainer, x: Array, y: Array) -> tuple[Tensor, Tensor]:
    """Forward and backward for one batch: the prediction, the loss, every gradient in place."""
    with step_key(trainer.settings.seed, trainer.epoch, trainer.step):
        prediction = trainer.model(Tensor(x))
        loss = trainer.losses.train(prediction, Tensor(y))
    trainer.optimizer.zero_grad()
    loss.backward()
    return prediction, loss


def _is_finite(p: Tensor) -> bool:
    """Whether every number of the gradient is, quickly where it can be."""
    if p.grad is None:
        return True
    g = p.grad.data.ravel()
    # the dot product is quick but may overflow; then the numbers are looked at
    return math.isfinite(np.vdot(g, g)) or bool(np.isfinite(g).all())
