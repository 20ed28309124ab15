"""The training loop, to be read aloud: forward, backward, update, and a look at the validation."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from pellucid.data import DataLoader
from pellucid.nn import Module
from pellucid.optim import LRScheduler, Optimizer, ReduceLROnPlateau
from pellucid.train import nonfinite
from pellucid.train.engine import Engine, gradients, make_engine
from pellucid.train.listeners import Listener
from pellucid.train.measure import Meter, measure
from pellucid.train.parts import Part, Problem
from pellucid.train.settings import Losses, Settings

__all__ = ["Trainer"]

Array = NDArray[Any]


class Trainer:
    """A network, what moves it, and where in the training it stands.

    ``epoch`` and ``step`` count what is done: epochs, and steps of the epoch under way.
    """

    def __init__(
        self,
        model: Module,
        losses: Losses,
        optimizer: Optimizer,
        schedule: LRScheduler | None,
        loader: DataLoader,
        validation: Part | None,
        problem: Problem,
        settings: Settings,
        *,
        schedule_each: str = "step",
        listeners: Sequence[Listener] = (),
        threads: int = 1,
    ) -> None:
        self.model, self.losses, self.optimizer = model, losses, optimizer
        self.schedule, self.schedule_each = schedule, schedule_each
        self.loader, self.validation, self.problem = loader, validation, problem
        self.settings, self.listeners, self.threads = settings, list(listeners), threads
        self.engine: Engine | None = None  # made at the first batch
        self.epoch = self.step = self.total_steps = 0
        self.best: dict[str, Any] | None = None  # epoch, value, loss, weights
        self.stop_reason: str | None = None
        self.interrupted = False
        self.meter = Meter()
        self.recent: deque[float] = deque(maxlen=20)  # losses, to explain a bad one
        self.lr = optimizer.param_groups[0]["lr"]

    # -- the loop --

    def run(self) -> None:
        """Train until the last epoch, early stopping, or an interruption between two steps."""
        self.tell("on_begin")
        while not self.finished and not self.interrupted:
            self.train_epoch()
        if self.finished:
            self.restore_best()
        self.tell("on_end")

    def train_epoch(self) -> None:
        """The steps of an epoch that are not done yet, then what follows an epoch."""
        self.model.train()
        started, done_before = time.perf_counter(), self.meter.count
        for x, y in self.loader.batches(self.epoch, start=self.step):
            self.train_step(x, y)
            self.tell("on_step")
            if self.interrupted:
                return
        seconds = time.perf_counter() - started
        self.end_epoch(seconds, (self.meter.count - done_before) / max(seconds, 1e-9))

    def train_step(self, x: Array, y: Array) -> None:
        """One step, by the program of the step or eagerly; then the schedule and the sums."""
        if self.engine is None:
            self.engine = make_engine(self, x, y)
        self.lr = self.optimizer.param_groups[0]["lr"]
        loss, outputs = self.engine.step(self, x, y)
        if self.schedule is not None and self.schedule_each == "step":
            self.schedule.step()
        self.recent.append(loss)
        self.meter.add(self.problem.kind, loss, outputs, y)
        self.step += 1
        self.total_steps += 1

    def end_epoch(self, seconds: float, speed: float) -> None:
        """Measure on the validation part, remember the best weights, decide whether to go on."""
        event: dict[str, Any] = {"epoch": self.epoch + 1, "step": self.total_steps}
        event |= self.results("train", self.meter.loss, self.meter.score(self.problem))
        if self.validation is not None:
            kind = self.problem.kind
            meter = measure(self.model, self.validation, self.losses.measure, kind)
            event |= self.results("validation", meter.loss, meter.score(self.problem))
        event |= {"lr": self.lr, "samples_per_second": speed, "seconds": seconds}
        self.epoch, self.step, self.meter = self.epoch + 1, 0, Meter()
        if self.schedule is not None and self.schedule_each == "epoch":
            self.step_schedule(event)
        event["best"] = self.keep_best(event)
        for listener in self.listeners:
            event |= listener.adds(self)
        self.tell("on_epoch", event)

    # -- what the loop asks --

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.epoch >= self.settings.epochs or self.stop_reason is not None

    def find_bad_number(self, x: Array, y: Array) -> Exception:
        """The error that names the place, found by running the step again."""
        return nonfinite.locate(
            self.model,
            lambda: gradients(self, x, y),
            self.total_steps + 1,
            self.optimizer.param_groups[0]["lr"],
            list(self.recent),
            getattr(self.engine, "line_of", None),
        )

    def results(self, part: str, loss: float, score: dict[str, float]) -> dict[str, float]:
        """Loss and score under the names that the record uses."""
        return {f"{part}_loss": loss, **{f"{part}_{name}": v for name, v in score.items()}}

    def step_schedule(self, event: dict[str, Any]) -> None:
        """Move a schedule that goes by epochs."""
        assert self.schedule is not None
        if isinstance(self.schedule, ReduceLROnPlateau):
            name = "accuracy" if self.schedule.mode == "max" else "loss"
            part = "validation" if self.validation is not None else "train"
            self.schedule.step(event[f"{part}_{name}"])
        else:
            self.schedule.step()

    def keep_best(self, event: dict[str, Any]) -> bool:
        """Remember the weights if the validation result is the best so far."""
        if self.validation is None:
            return False
        value, loss = self.rank(event)
        if self.best is None or (value, loss) < (self.best["value"], self.best["loss"]):
            self.best = {"epoch": self.epoch, "value": value, "loss": loss}
            self.best["weights"] = self.model.state_dict()
            return True
        patience = self.settings.patience
        if patience is not None and self.epoch - self.best["epoch"] >= patience:
            self.stop_reason = f"no better validation result for {patience} epochs"
        return False

    def rank(self, event: dict[str, Any]) -> tuple[float, float]:
        """What is compared, lower is better: errors (then the loss), or the loss alone."""
        loss = event["validation_loss"]
        by_loss = self.settings.monitor == "validation_loss"
        if by_loss or "validation_accuracy" not in event:
            return loss, loss
        return 1 - event["validation_accuracy"], loss

    def restore_best(self) -> None:
        """End with the weights that did best on the validation part."""
        if self.best is not None:
            self.model.load_state_dict(self.best["weights"])

    def tell(self, moment: str, *arguments: Any) -> None:
        """Call every listener."""
        for listener in self.listeners:
            getattr(listener, moment)(self, *arguments)

    # -- going on later --

    def state(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "total_steps": self.total_steps,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": None if self.schedule is None else self.schedule.state_dict(),
            "best": self.best,
            "stop_reason": self.stop_reason,
            "meter": self.meter.state(),
            "recent": list(self.recent),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Stand where :meth:`state` was taken."""
        self.epoch, self.step = state["epoch"], state["step"]
        self.total_steps = state["total_steps"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule is not None and state["schedule"] is not None:
            self.schedule.load_state_dict(state["schedule"])
        self.best, self.stop_reason = state["best"], state["stop_reason"]
        self.meter = Meter(*state["meter"])
        self.recent.extend(state["recent"])
        self.lr = self.optimizer.param_groups[0]["lr"]
