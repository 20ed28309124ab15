"""How surprised a network is by each character of a text that it did not learn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data import Arrays
from pellucid.record import Record
from pellucid.report.chart import FIRST, SECOND, canvas, plain_log, svg, theme
from pellucid.report.markup import escape, figure, key, number, plot, section, side_by_side
from pellucid.train import Run
from pellucid.train.task import IGNORED

__all__ = ["nats_of", "surprise"]

Array = NDArray[Any]
MOST_ROWS = 2000  # of the text, that are looked at
SHOWN = 640  # characters of a passage
STEPS = 6  # of colour
FULL = 6.0  # nats at which the colour is full


def surprise(run: Run, held: Arrays) -> str:
    """The section: perplexity over the epochs, and passages coloured by surprise.

    ``held``: windows of text, or lines, that were not trained on.
    """
    held = Arrays(held.x[:MOST_ROWS], held.y[:MOST_ROWS], held.name)
    nats = nats_of(run.outputs(held.x), held.y)
    told = "".join(_passages(run, held, nats))
    with theme():
        chart = side_by_side(_perplexity(run.record), _spread(nats[held.y != IGNORED]))
    return section("surprise", "What surprised it", chart, _scale(), told)


def nats_of(z: Array, y: Array) -> Array:
    """-log softmax(z)_y at each place, z (N, T, V), y (N, T); 0 where nothing is asked.

    >>> nats_of(np.zeros((1, 2, 4)), np.array([[3, IGNORED]])).round(3).tolist()
    [[1.386, 0.0]]
    """
    found = np.zeros(y.shape)
    for i in range(0, len(z), 64):
        part, asked = z[i : i + 64].astype(np.float64), y[i : i + 64]
        top = part.max(axis=-1, keepdims=True)
        log_sum = np.log(np.exp(part - top).sum(axis=-1)) + top[..., 0]
        right = np.take_along_axis(part, np.maximum(asked, 0)[..., np.newaxis], axis=-1)[..., 0]
        found[i : i + 64] = np.where(asked == IGNORED, 0.0, log_sum - right)
    return found


# -- charts --


def _perplexity(record: Record) -> str:
    """exp(loss) over the epochs: among how many characters the network hesitates."""
    from matplotlib.ticker import MaxNLocator

    drawing, axes = canvas(above=0.3)
    lines = []
    for part, colour in (("train", FIRST), ("validation", SECOND)):
        epochs, values = record.series(f"{part}_loss")
        if len(epochs):
            shown = np.exp(np.minimum(np.asarray(values, np.float64), 50.0))
            axes.plot(epochs, shown, color=colour, linewidth=2)
            lines.append(f"{part} from {number(float(shown[0]))} to {number(float(shown[-1]))}")
    if not lines:
        return ""
    plain_log(axes)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend = key(("var(--first)", "training"), ("var(--second)", "validation"))
    words = (
        "e to the power of the loss: among how many equally likely characters the network "
        "hesitates, on average. Guessing without looking it would be all of them."
    )
    alt = f"perplexity over the epochs: {'; '.join(lines)}"
    return figure(plot(svg(drawing, "chart-perplexity"), alt), "Perplexity", words, legend)


def _spread(nats: Array) -> str:
    """How many characters surprise how much."""
    drawing, axes = canvas(above=0.3)
    counts, edges = np.histogram(np.minimum(nats, 8.0), bins=32, range=(0, 8))
    shares = 100 * counts / max(len(nats), 1)
    axes.bar(edges[:-1], shares, width=np.diff(edges), align="edge", color=SECOND, alpha=0.8)
    axes.set_xlabel("nats")
    half = float(np.median(nats)) if len(nats) else 0.0
    words = (
        "Share of the characters in percent, by surprise (8 means 8 and more). Half of them "
        f"surprise by less than {half:.2f} nats; the few hard ones, such as the beginnings of "
        "words, make most of the loss."
    )
    alt = f"share of characters by surprise; median {number(half)} nats"
    return figure(plot(svg(drawing, "chart-spread"), alt), "Surprise of a character", words)


# -- passages --


def _scale() -> str:
    """What the colours mean."""
    steps = [FULL * k / STEPS for k in range(STEPS + 1)]
    words = [number(v) for v in steps]
    words[-1] += " or more"
    cells = "".join(
        f'<span style="{_colour(k)}">&nbsp;{text}&nbsp;</span>' for k, text in enumerate(words)
    )
    return (
        '<p style="margin-top:1.2rem">Each character is coloured by its surprise in nats, -log of '
        "the probability that the network gave it from what it saw; ↵ is a line that ends "
        f'unexpectedly. <span class="key">{cells}</span></p>'
    )


def _passages(run: Run, held: Arrays, nats: Array) -> list[str]:
    """The beginning of the part, its most and its least surprising stretch."""
    characters = _shown(held, run.classes)
    if _are_lines(held):
        return _line_passages(characters, nats, held)
    counts = (held.y != IGNORED).sum(axis=1)
    whole = np.flatnonzero(counts >= 0.5 * counts.max())
    means = nats.sum(axis=1) / np.maximum(counts, 1)
    order = whole[np.argsort(means[whole], kind="stable")]
    rows = -(-SHOWN // held.x.shape[1])
    found = [_passage("How the held-back part begins", characters[:rows], nats[:rows])]
    for title, row in (("Most surprising", order[-1]), ("Least surprising", order[0])):
        near = slice(max(0, row - 1), row + 2)
        words = f"{title}: {means[row]:.2f} nats a character in its middle"
        found.append(_passage(words, characters[near], nats[near]))
    return found


def _are_lines(held: Arrays) -> bool:
    """Whether each row is a text of its own: all of them then begin with the same token."""
    return len(held.x) > 1 and bool((held.x[:, 0] == held.x[0, 0]).all())


def _line_passages(characters: list[list[str]], nats: Array, held: Arrays) -> list[str]:
    counts = np.maximum((held.y != IGNORED).sum(axis=1), 1)
    order = np.argsort(nats.sum(axis=1) / counts, kind="stable")
    some = {"Most surprising": order[::-1][:24], "Least surprising": order[:24]}
    return [
        _passage(title, [characters[i] for i in rows], nats[rows], apart=True)
        for title, rows in some.items()
    ]


def _shown(held: Arrays, vocabulary: tuple[str, ...]) -> list[list[str]]:
    """The character at each place: what was asked for, else what stands there."""
    hidden = held.x.shape == held.y.shape and _hides(held)
    tokens = np.where(held.y == IGNORED, held.x, held.y) if hidden else held.y
    known = range(len(vocabulary))
    return [[vocabulary[t] if t in known else "" for t in row] for row in tokens.tolist()]


def _hides(held: Arrays) -> bool:
    """Whether single places are asked for, not all of them up to some end."""
    asked = held.y != IGNORED
    return bool((asked[:, 1:] & ~asked[:, :-1]).any())


def _passage(title: str, characters: list[list[str]], nats: Array, *, apart: bool = False) -> str:
    """Rows of characters as text, runs of the same colour in one element."""
    rows = []
    for letters, row in zip(characters, nats, strict=True):
        levels = np.minimum(np.rint(row * STEPS / FULL), STEPS).astype(int).tolist()
        rows.append(_row([c if c != "\n" or not apart else "" for c in letters], levels))
    told = ("  " if apart else "").join(rows)
    return f'<h3>{escape(title)}</h3>\n<pre class="text">{told}</pre>'


def _row(letters: list[str], levels: list[int]) -> str:
    found, run, level = [], "", 0
    for letter, now in [*zip(letters, levels, strict=True), ("", -1)]:
        if now != level:
            found.append(_span(run, level))
            run, level = "", now
        run += letter
    return "".join(found)


def _span(text: str, level: int) -> str:
    """Characters of one colour; a surprising line end is shown by a mark."""
    if not text or level <= 0:
        return escape(text)
    return f'<span style="{_colour(level)}">{escape(text).replace(chr(10), "↵" + chr(10))}</span>'


def _colour(level: int) -> str:
    return f"background:rgba(var(--wrong),{0.8 * level / STEPS:.2f})" if level else ""
