"""Who is told what happens during training: the record, the checkpoints, the screen."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.interop import save_arrays
from pellucid.record import Recorder
from pellucid.train import checkpoint

if TYPE_CHECKING:
    from pellucid.train.trainer import Trainer

__all__ = ["Checkpoints", "Interrupt", "Listener", "Recording"]

BINS = 40


class Listener:
    """Told of every step and epoch; a subclass overrides what it wants to hear.

    >>> class Losses(Listener):
    ...     def on_epoch(self, trainer, event):
    ...         print(event["epoch"], event["train_loss"])
    """

    def on_begin(self, trainer: Trainer) -> None:
        """Before the first step, of a resumed run too."""

    def on_step(self, trainer: Trainer) -> None:
        """After every update."""

    def adds(self, trainer: Trainer) -> dict[str, Any]:
        """What the record of an epoch should hold besides: names and plain values."""
        return {}

    def on_epoch(self, trainer: Trainer, event: dict[str, Any]) -> None:
        """After every epoch, with its losses, scores, learning rate and speed."""

    def on_end(self, trainer: Trainer) -> None:
        """After the last step, or at an interruption."""


class Recording(Listener):
    """Writes epochs, and histograms of weights and gradients, to the record."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def on_epoch(self, trainer: Trainer, event: dict[str, Any]) -> None:
        best = event.pop("best")
        self.recorder.write("epoch", **event)
        for name, p in trainer.model.named_parameters():
            self._histogram(trainer.epoch, name, "weight", p.data)
            if p.grad is not None:
                self._histogram(trainer.epoch, name, "gradient", p.grad.data)
        if best and trainer.best is not None:
            self.recorder.write("best", epoch=trainer.epoch, value=trainer.best["value"])

    def close(self, trainer: Trainer) -> None:
        """Write that the run is at its end, once its weights are saved."""
        if trainer.stop_reason:
            self.recorder.write("stop", reason=trainer.stop_reason)
        if trainer.finished:
            best = None if trainer.best is None else trainer.best["epoch"]
            seconds = sum(e["seconds"] for e in self.recorder.record.epochs())
            self.recorder.write("end", best_epoch=best, seconds=seconds)

    def _histogram(self, epoch: int, name: str, kind: str, values: Any) -> None:
        counts, edges = np.histogram(values, bins=BINS, range=_ends(values))
        self.recorder.write(
            "histogram",
            epoch=epoch,
            name=name,
            kind=kind,
            edges=edges,
            counts=counts,
            mean=float(values.mean()),
            std=float(values.std()),
            norm=float(np.sqrt(np.square(values, dtype=np.float64).sum())),
        )


def _ends(values: Any) -> tuple[float, float] | None:
    """Half a unit to both sides of numbers too near each other for bins; else None: their own."""
    low, high = values.min(), values.max()
    if high - low > 2 * BINS * np.spacing(max(abs(low), abs(high))):
        return None
    return float(low) - 0.5, float(high) + 0.5


class Checkpoints(Listener):
    """Saves the state after every epoch, and every few seconds within one; the best weights too."""

    def __init__(self, folder: Path, recorder: Recorder, seconds: float) -> None:
        self.folder, self.recorder, self.seconds = folder, recorder, seconds
        self.saved_at = time.monotonic()
        self.best_epoch: int | None = None

    def on_step(self, trainer: Trainer) -> None:
        if time.monotonic() - self.saved_at >= self.seconds:
            self.save(trainer)

    def on_epoch(self, trainer: Trainer, event: dict[str, Any]) -> None:
        self.save(trainer)

    def on_end(self, trainer: Trainer) -> None:
        if trainer.finished:
            self.save(trainer)
            save_weights(self.folder, trainer.model.state_dict())
        elif trainer.interrupted:
            self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Write the checkpoint, and the best weights if they are new."""
        checkpoint.write(self.folder / "checkpoint.safetensors", trainer.state())
        if trainer.best is not None and trainer.best["epoch"] != self.best_epoch:
            save_weights(self.folder, trainer.best["weights"])
            self.best_epoch = trainer.best["epoch"]
        self.recorder.write("checkpoint", epoch=trainer.epoch, step=trainer.step)
        self.saved_at = time.monotonic()


def save_weights(folder: Path, weights: dict[str, Any]) -> None:
    """The weights alone, as everybody can read them."""
    save_arrays(weights, folder / "weights.safetensors", {"format": "pellucid weights 1"})


class Interrupt(Listener):
    """Turns the first Ctrl-C into a stop between two steps; the second one stops at once."""

    def on_begin(self, trainer: Trainer) -> None:
        self.before: Any = None
        if threading.current_thread() is threading.main_thread():

            def stop(number: int, frame: Any) -> None:
                trainer.interrupted = True
                signal.signal(signal.SIGINT, signal.default_int_handler)

            self.before = signal.signal(signal.SIGINT, stop)

    def restore(self) -> None:
        """Give Ctrl-C back to whoever had it."""
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
            self.before = None
