"""What the report shows of a network that makes pictures, by its task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data import Split
from pellucid.models.latent import between, decoded, drawn, encoded, plane
from pellucid.nn import Module
from pellucid.report.critic import critic_chart
from pellucid.report.markup import section
from pellucid.report.pictures import (
    as_bytes,
    encoded_sheet,
    over_the_epochs,
    sheet_figure,
)
from pellucid.train import Run
from pellucid.train.measure import outputs_of
from pellucid.train.parts import Part, Problem
from pellucid.train.picture_task import Pictures

__all__ = ["drawing", "picture_sections", "reconstructed"]

Array = NDArray[Any]
COLUMNS, ROWS, WALKS = 16, 3, 6
SIDE = 16  # of the plane of a latent space of two numbers


def drawing(model: Module, problem: Problem, x: Array) -> str:
    """A sheet for the record: x given back, or new pictures from the same points each time."""
    if problem.task == "pictures":
        made = as_bytes(reconstructed(model, problem, x[:COLUMNS]))
    else:
        made = as_bytes(decoded(model, drawn(model, 2 * COLUMNS, "pictures")))
    return encoded_sheet(made, COLUMNS)


def reconstructed(model: Module, problem: Problem, x: Array) -> Array:
    """What an autoencoder makes of raw pictures, numbers from 0 to 1."""
    kind, preparation = problem.kind, problem.preparation
    assert isinstance(kind, Pictures) and preparation is not None
    part = Part(x, x, lambda raw: preparation.transform(raw, problem.dtype))
    return kind.shown(outputs_of(model, part, kind), problem)


def picture_sections(run: Run, parts: Split) -> list[str]:
    """Reconstructions, new pictures, ways through the latent space, and all that in its making."""
    shown = parts.test or parts.validation or parts.train
    found = []
    if isinstance(run.problem.kind, Pictures):
        found.append(_reconstructions(run, shown))
    if run.task != "pictures":
        found.append(_samples(run))
    found += [_walk(run, shown), over_the_epochs(run.record, _EPOCHS[run.task])]
    if run.task == "adversarial":
        found.append(section("critic", "The two players", critic_chart(run.record)))
    return [part for part in found if part]


_EPOCHS = {
    "pictures": "The same pictures of the validation part, as the network gave them back after "
    "each epoch.",
    "variational": "Pictures from the same points of the latent space, after each epoch.",
    "adversarial": "Pictures from the same points of the latent space, after each epoch.",
}


def _reconstructions(run: Run, shown: Any) -> str:
    """Rows of originals (noisy ones first), each with what became of it below."""
    assert run.problem.preparation is not None
    maximum = run.problem.preparation.maximum
    noisy = shown.x is not shown.y
    sheets = []
    for start in range(0, min(COLUMNS * ROWS, len(shown)), COLUMNS):
        x, y = (part[start : start + COLUMNS] for part in (shown.x, shown.y))
        if len(x) < COLUMNS and start:
            break
        rows = [as_bytes(reconstructed(run.model, run.problem, x)), as_bytes(y, maximum)]
        rows = [as_bytes(x, maximum), *rows] if noisy else rows[::-1]
        sheets.append(np.concatenate(rows))
    words = (
        "First row: with noise; second: as the network cleaned it; third: as it was."
        if noisy
        else "Upper row: the original; lower row: what came back."
    )
    title = "Cleaned" if noisy else "Given back"
    columns = min(COLUMNS, len(shown))
    body = sheet_figure(sheets, columns, "Pictures that it did not learn from", words)
    return section("reconstructions", title, body)


def _samples(run: Run) -> str:
    made = as_bytes(decoded(run.model, drawn(run.model, COLUMNS * 8, "report")))
    words = (
        "Each is made from a point drawn from N(0, 1) in each direction of the latent space; "
        "nothing was chosen. <code>pellucid generate</code> makes more."
    )
    return section(
        "samples", "New pictures", sheet_figure([made], COLUMNS, "Drawn by chance", words)
    )


def _walk(run: Run, shown: Any) -> str:
    """Ways from one point of the latent space to another."""
    latent: int = run.model.latent
    if run.task == "adversarial":
        a, b = np.split(drawn(run.model, 2 * WALKS, "walk"), 2)
        words = "Each row goes from one drawn point to another along an arc, in equal steps."
    else:
        preparation = run.problem.preparation
        assert preparation is not None
        ends = preparation.transform(shown.y[: 2 * WALKS], run.problem.dtype)
        if len(ends) < 2:
            return ""
        a, b = np.split(encoded(run.model, ends[: len(ends) // 2 * 2]), 2)
        words = (
            "Each row goes in a straight line from the point of one picture to that of another; "
            "the pictures in between are in no data."
        )
    points = between(a, b, COLUMNS, round_=run.task == "adversarial").reshape(-1, latent)
    made = as_bytes(decoded(run.model, points))
    parts = [sheet_figure([made], COLUMNS, "Ways through it", words)]
    if latent == 2 and run.task == "variational":
        grid = as_bytes(decoded(run.model, plane(SIDE)))
        parts.append(
            sheet_figure([grid], SIDE, "All of it", "The whole plane, from -2 to 2 both ways.")
        )
    return section("latent", "The latent space", *parts)
