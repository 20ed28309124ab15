"""The network and its training step as a picture: values go down, gradients come back up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike

from pellucid.explain.table import LayerRow, Summary, batch_shape, summary
from pellucid.nn import Module
from pellucid.program.inference import Prediction

__all__ = ["graph"]

WIDTH, LEFT, BOX = 760, 190, 360  # of the picture; where boxes begin; how wide they are
DOWN, UP = LEFT + 90, LEFT + BOX - 90  # where the arrows run
GAP = 46

STYLE = """
svg { --paper: #ffffff; --box: #f4f3ef; --line: #c9c6bd; --ink: #1f2630; --muted: #667080;
  --value: #2f6fba; --gradient: #c8561b; }
@media (prefers-color-scheme: dark) { svg { --paper: #14171c; --box: #20252d; --line: #3d4550;
  --ink: #e6e8ec; --muted: #98a2b1; --value: #6aa6ee; --gradient: #f08a4b; } }
text { font: 14px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  fill: var(--ink); }
.mono { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: 13px; }
.title { font-weight: 600; }
.muted { fill: var(--muted); font-size: 12.5px; }
.value { fill: var(--value); } .gradient { fill: var(--gradient); }
.paper { fill: var(--paper); }
.box { fill: var(--box); stroke: var(--line); }
.loss { fill: var(--box); stroke: var(--gradient); stroke-width: 1.5; }
.down { stroke: var(--value); stroke-width: 1.6; fill: none; }
.up { stroke: var(--gradient); stroke-width: 1.6; fill: none; }
.headdown { fill: var(--value); } .headup { fill: var(--gradient); }
"""


@dataclass
class _Box:
    """A layer, with what goes out of it."""

    title: str
    right: str  # at the right end of the title
    below: str  # a second line, in small letters
    value: str  # the name of its output
    shape: str
    weights: tuple[str, ...] = ()


def graph(
    model: Module, x_like: ArrayLike, loss: str = "loss", optimizer: str = "the optimizer"
) -> str:
    """The network and its step as an SVG picture, the same bytes for the same network.

    Boxes are layers with their parameters; on the left the values go down, on the right the
    gradients come up from the loss. The picture needs no other file and follows the reader's
    choice of a light or a dark page.

    >>> from pellucid import nn
    >>> picture = graph(nn.MLP([4, 8, 3]), np.zeros((1, 4), np.float32), "CrossEntropyLoss")
    >>> picture.startswith("<svg"), "W1 (8, 4)" in picture
    (True, True)
    """
    x = np.asarray(x_like)
    table = summary(model, x)
    prediction = Prediction.of(model, x, 2)
    return _drawing(table, list(_boxes(model, table, prediction)), loss, optimizer)


def _boxes(model: Module, table: Summary, prediction: Prediction) -> Iterable[_Box]:
    """The layers in the order in which they run."""
    last = "x"
    final = {id(line): prediction.instead.get(id(line), line) for line in prediction.lines}
    named: dict[str, str] = {}
    for _, line, _ in prediction.trace.values:
        line = prediction.instead.get(id(line), line)
        if line.label and id(line) in final:
            named[line.layer] = line.label
    for row in table.rows:
        own = [
            (p, line) for p, line in prediction.weights.items() if p.rpartition(".")[0] == row.path
        ]
        parameters = [line for p, line in own if p in prediction.trace.parameters]
        last = named.get(row.path, last)
        yield _Box(
            row.name,
            f"{row.parameters:,} parameters" if row.parameters else "",
            ", ".join(f"{line.label} {_size(line.value.shape)}" for line in parameters),
            last,
            _shape(row),
            tuple(f"d{line.label}" for line in parameters),
        )


def _shape(row: LayerRow) -> str:
    return batch_shape(row.shape)


def _size(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"


class _Pen:
    """Collects the elements of the picture."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> None:
        at = f' text-anchor="{anchor}"' if anchor != "start" else ""
        name = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text x="{x:g}" y="{y:g}"{name}{at}>{escape(text)}</text>')

    def box(self, y: float, height: float, kind: str = "box") -> None:
        self.parts.append(
            f'<rect class="{kind}" x="{LEFT}" y="{y:g}" width="{BOX}" height="{height:g}" rx="9"/>'
        )

    def arrow(self, x: float, start: float, end: float, kind: str) -> None:
        tip = 8 if end > start else -8
        self.parts.append(f'<path class="{kind}" d="M{x:g} {start:g}V{end - tip:g}"/>')
        self.parts.append(
            f'<path class="head{kind}" d="M{x - 4.5:g} {end - tip:g}h9L{x:g} {end:g}z"/>'
        )

    def link(self, y: float, value: str, shape: str, *, back: bool) -> float:
        """The arrows between two boxes; ``back``: whether a gradient comes up."""
        self.arrow(DOWN, y + 2, y + GAP - 2, "down")
        self.text(DOWN - 12, y + GAP / 2 + 5, f"{value} {shape}", "mono value", "end")
        if back:
            self.arrow(UP, y + GAP - 2, y + 2, "up")
            self.text(UP + 12, y + GAP / 2 + 5, f"d{value} {shape}", "mono gradient")
        return y + GAP


def _drawing(table: Summary, boxes: list[_Box], loss: str, optimizer: str) -> str:
    pen, y = _Pen(), 78.0
    pen.text(WIDTH / 2, 34, table.network, "title", "middle")
    about = f"{table.parameters:,} parameters, {table.multiply_adds:,} multiply-adds a sample"
    pen.text(WIDTH / 2, 56, about, "muted", "middle")
    pen.box(y, 36)
    pen.text(LEFT + BOX / 2, y + 23, "input", "", "middle")
    y = pen.link(y + 36, "x", batch_shape(table.input_shape), back=False)
    for k, box in enumerate(boxes):
        y = _layer(pen, y, box)
        y = pen.link(y, box.value, box.shape, back=_learns(boxes[: k + 1]))
    pen.box(y, 56, "loss")
    pen.text(LEFT + BOX / 2, y + 24, loss, "title", "middle")
    pen.text(LEFT + BOX / 2, y + 44, "one number: the mean over the batch", "muted", "middle")
    pen.text(LEFT - 14, y + 33, "y", "mono value", "end")
    pen.parts.append(f'<path class="headdown" d="M{LEFT - 9} {y + 23.5:g}v9l8 -4.5z"/>')
    end = y + 92
    pen.text(WIDTH / 2, end, f"then {optimizer} moves the weights along", "muted", "middle")
    moved = [name for box in boxes for name in box.weights]
    y = end
    for row in _rows(moved):
        y += 20
        pen.text(WIDTH / 2, y, row, "mono gradient", "middle")
    return _svg(pen, y + 24, f"{table.network}: {about}")


def _learns(boxes: list[_Box]) -> bool:
    return any(box.weights for box in boxes)


def _layer(pen: _Pen, y: float, box: _Box) -> float:
    height = 58 if box.below else 36
    pen.box(y, height)
    pen.text(LEFT + 16, y + 23, box.title, "title" if box.below else "")
    pen.text(LEFT + BOX - 16, y + 23, box.right, "muted", "end")
    if box.below:
        pen.text(LEFT + 16, y + 45, box.below, "mono value")
        names = ", ".join(box.weights)
        pen.text(LEFT + BOX + 14, y + 45, names, "mono gradient")
    return y + height


def _rows(names: list[str]) -> list[str]:
    rows: list[str] = []
    for name in names:
        if rows and len(rows[-1]) + len(name) < 70:
            rows[-1] += f", {name}"
        else:
            rows.append(name)
    return rows


def _svg(pen: _Pen, height: float, title: str) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}" role="img">'
    )
    paper = f'<rect class="paper" width="{WIDTH}" height="{height:g}"/>'
    body = "\n".join(pen.parts)
    return (
        f"{head}\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{paper}\n{body}\n</svg>\n"
    )
