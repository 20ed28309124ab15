"""Where a Transformer looks: every head over one stretch of text, every layer over some images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import nn
from pellucid.data import Arrays, Data
from pellucid.models import BERT, GPT, ViT
from pellucid.models.attention import attention_of
from pellucid.report.markup import escape, figure, percent, picture, section, side_by_side
from pellucid.report.raster import diverging, grey
from pellucid.report.translation import alignment
from pellucid.train import Run
from pellucid.train.task import IGNORED, as_text

__all__ = ["heads_over_a_text", "patches_looked_at"]

Array = npt.NDArray[Any]
PLACES = 32  # of a text, that are looked at
IMAGES = 6
WIDTH = 112  # pixels of a picture


def heads_over_a_text(run: Run, held: Arrays) -> str:
    """The section: a map for each head, and the sharpest head of each layer with its letters."""
    model = run.model
    if not isinstance(model, GPT | BERT):
        return ""
    row = held.x[0]
    asked = held.y[0] != IGNORED
    if isinstance(model, GPT) and not asked.all():  # a line: what fills it up is nothing to see
        row = row[: int(asked.sum())]
    row = row[:PLACES]
    letters = [c.replace("\n", "↵") for c in as_text(row, run.classes)]
    weights = attention_of(model, _layers(model), row[np.newaxis].astype(np.int64))[:, 0]
    first = int(isinstance(model, GPT))  # place 0 of a causal map can only look at itself
    sharpness = weights[:, :, first:].max(axis=-1).mean(axis=-1)  # (layers, heads)
    sharpest = sharpness.argmax(axis=1).tolist()
    maps = [
        figure(
            alignment(letters, letters, looks[head] / looks[head].max()),
            f"Layer {k}: head {head + 1}, its sharpest",
            "A row is a character that looks; the darker a square, the more it looks at the one "
            f"above. A row’s greatest weight is {percent(sharpness[k - 1, head])} on average.",
        )
        for k, (looks, head) in enumerate(zip(weights, sharpest, strict=True), start=1)
    ]
    return section(
        "attention", "Where it looks", f"<p>{_TEXT}</p>", _all_heads(weights), side_by_side(*maps)
    )


_TEXT = (
    "Every head of every layer while the network reads the same stretch: a row of a map is a place "
    "that looks, a column one that is looked at, from the beginning on. A line beside the diagonal "
    "looks at the character before; columns look at one place from everywhere."
)


def _layers(model: Any) -> list[nn.MultiheadAttention]:
    return [block.self_attn for block in model.blocks]


def _all_heads(weights: Array) -> str:
    """Small maps of weights (layers, heads, T, T), a row for each layer."""
    shown = [
        (diverging(-_large(head / head.max()), 1.0), f"layer {k}, head {h}")
        for k, layer in enumerate(weights, start=1)
        for h, head in enumerate(layer, start=1)
    ]
    return figure(
        _pictures(shown, weights.shape[1]), "All heads", "A row for each layer, the first on top."
    )


def patches_looked_at(run: Run, part: Data) -> str:
    """The section of a Vision Transformer: how much each patch is looked at, layer by layer."""
    model, preparation = run.model, run.problem.preparation
    if not isinstance(model, ViT) or preparation is None:
        return ""
    _, first = np.unique(part.y, return_index=True)
    rows = first[:IMAGES]
    x = preparation.transform(part.x[rows], run.problem.dtype)
    weights = attention_of(model, _layers(model), x)  # (layers, B, heads, T, T)
    given = weights.mean(axis=(2, 3))[:, :, int(model.token is not None) :]  # to each patch
    side = round(given.shape[2] ** 0.5)
    told = [
        _image(run, part, row, given[:, k].reshape(-1, side, side))
        for k, row in enumerate(rows.tolist())
    ]
    return section("attention", "Where it looks", f"<p>{_IMAGES}</p>", side_by_side(*told))


_IMAGES = (
    "How much of all looking falls on each patch of an image, the mean of a layer’s heads and "
    "places: the image, then one picture for each layer, from the patch that is looked at least "
    "(black) to the one looked at most (white)."
)


def _image(run: Run, part: Data, row: int, layers: Array) -> str:
    name = escape(run.classes[int(part.y[row])])
    levels = np.rint(part.x[row] * (255.0 / part.maximum)).astype(np.uint8)
    levels = levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels
    shown = [(grey(_large(levels)), f"the image, {name}")]
    for k, looks in enumerate(layers, start=1):
        bright = (looks - looks.min()) / ((looks.max() - looks.min()) or 1.0)
        bright = np.rint(255 * bright).astype(np.uint8)
        shown.append((grey(_large(bright)), f"layer {k}, {name}"))
    return figure(_pictures(shown, len(shown)), name, "")


def _pictures(shown: Sequence[tuple[bytes, str]], columns: int) -> str:
    """Pictures and what a screen reader says of them, in rows of so many."""
    items = "\n".join(f"<li>{picture(png, alt)}</li>" for png, alt in shown)
    style = f"grid-template-columns:repeat({columns},minmax(0,7rem))"
    return f'<ul class="units" style="{style}">\n{items}\n</ul>'


def _large(pixels: Array) -> Array:
    """Repeated until a pixel can be seen as a square."""
    times = max(1, WIDTH // max(pixels.shape[:2]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)
