"""What is seen while a network learns or a file comes: a bar, the time left, a line an epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
)

from pellucid.cli.screen import line, percent
from pellucid.train import Listener, Trainer

__all__ = ["EpochLines", "downloading"]

EVERY = 0.1  # seconds between two looks at the bar, so that it costs nothing
HEADS = ("epoch", "train loss", "valid. loss", "accuracy", "learning rate", "samples/s")
WIDTHS = (7, 12, 13, 10, 15, 11)


class EpochLines(Listener):
    """One line an epoch, and on a terminal a bar below them."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30, style="bright_black", complete_style="default"),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            transient=True,
            refresh_per_second=8,
        )
        self.task: TaskID | None = None
        self.looked = 0.0

    def on_begin(self, trainer: Trainer) -> None:
        self.validates = trainer.validation is not None
        score = trainer.problem.kind.score
        heads = [score if head == "accuracy" else head for head in HEADS]
        if not self.validates:
            heads[2] = ""
        line(self.console)
        line(self.console, _row(heads), "dim")
        total = trainer.settings.epochs * len(trainer.loader)
        self.began, self.done_before = time.monotonic(), _done(trainer)
        self.task = self.bar.add_task("", total=total, completed=self.done_before, left="")
        if self.console.is_terminal:
            self.bar.start()
        self.look(trainer)

    def on_step(self, trainer: Trainer) -> None:
        if time.monotonic() - self.looked >= EVERY:
            self.look(trainer)

    def look(self, trainer: Trainer) -> None:
        """Move the bar to where the training is."""
        self.looked = time.monotonic()
        if self.task is not None:
            epochs = trainer.settings.epochs
            self.bar.update(
                self.task,
                completed=_done(trainer),
                description=f"epoch {min(trainer.epoch + 1, epochs)} of {epochs}",
                left=self.time_left(_done(trainer), epochs * len(trainer.loader)),
            )

    def time_left(self, done: int, total: int) -> str:
        """At the pace of this sitting; nothing before there is one."""
        seconds = time.monotonic() - self.began
        if done == self.done_before or seconds < 2 * EVERY:
            return ""
        left = seconds / (done - self.done_before) * (total - done)
        return f"{left:.0f} s left" if left < 100 else f"{left / 60:.0f} min left"

    def on_epoch(self, trainer: Trainer, event: dict[str, Any]) -> None:
        best = trainer.best is not None and trainer.best["epoch"] == trainer.epoch
        line(self.console, _row(_cells(event)) + ("  best" if best else ""))

    def on_end(self, trainer: Trainer) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar down, whatever happened."""
        if self.console.is_terminal:
            self.bar.stop()


def _done(trainer: Trainer) -> int:
    return trainer.epoch * len(trainer.loader) + trainer.step


def _cells(event: dict[str, Any]) -> list[str]:
    part = "validation" if "validation_loss" in event else "train"
    accuracy = event.get(f"{part}_accuracy")
    score = f"{event[f'{part}_rmse']:.4g}" if accuracy is None else percent(accuracy)
    return [
        str(event["epoch"]),
        _loss(event["train_loss"]),
        _loss(event["validation_loss"]) if part == "validation" else "",
        score,
        f"{event['lr']:.3g}",
        f"{event['samples_per_second']:,.0f}",
    ]


def _row(cells: list[str]) -> str:
    return "".join(cell.rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))


@contextmanager
def downloading(console: Console) -> Iterator[Callable[[str, int, int | None], None]]:
    """Gives the function that a download reports to; a bar for each file on a terminal."""
    if not console.is_terminal:
        seen: list[str] = []
        yield lambda name, done, total: _announce(console, seen, name)
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24, style="bright_black", complete_style="default"),
        DownloadColumn(),
        console=console,
        transient=True,
    )
    tasks: dict[str, TaskID] = {}

    def report(name: str, done: int, total: int | None) -> None:
        if name not in tasks:
            tasks[name] = bar.add_task(name, total=total)
        bar.update(tasks[name], completed=done)

    with bar:
        yield report


def _announce(console: Console, seen: list[str], name: str) -> None:
    if name not in seen:
        seen.append(name)
        line(console, name if " " in name else f"fetching {name}")


def _loss(value: Any) -> str:
    """Four decimals, or powers of ten where they would not fit the column."""
    loss = float(value)
    return f"{loss:.4f}" if abs(loss) < 1e4 else f"{loss:.3g}"
