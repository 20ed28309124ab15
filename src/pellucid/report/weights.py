"""What the first layer looks for: the weights of its units as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.report.findings import Findings
from pellucid.report.markup import key, picture, section
from pellucid.report.raster import NEGATIVE, POSITIVE, diverging

__all__ = ["weights"]

UNITS = 64


def weights(findings: Findings) -> str:
    """The section with one picture a unit, where the inputs are grey images."""
    shape = findings.image_shape
    if findings.first_weights is None or shape is None or len(shape) != 2:
        return ""
    all_units = np.asarray(findings.first_weights, dtype=np.float64)
    if not np.isfinite(all_units).all():
        return ""
    chosen = _strongest(all_units)
    limit = float(np.quantile(np.abs(all_units[chosen]), 0.995))
    items = "\n".join(
        f"<li>{picture(diverging(all_units[u].reshape(shape), limit), f'weights of unit {u}')}</li>"
        for u in chosen
    )
    legend = key(
        (_css(POSITIVE), f"ink here excites (up to +{limit:.2g})"),
        (_css(NEGATIVE), f"ink here inhibits (down to -{limit:.2g})"),
    )
    return section(
        "weights",
        "What the first layer looks for",
        f"<p>{_words(len(all_units), len(chosen))}</p>",
        f"<p>{legend}</p>",
        f'<ul class="units">\n{items}\n</ul>',
    )


def _strongest(all_units: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The units with the longest weight vectors, in the layer's order."""
    norms = np.sqrt(np.square(all_units).sum(axis=1))
    return np.sort(np.argsort(-norms, kind="stable")[:UNITS])


def _words(units: int, shown: int) -> str:
    which = f"the {shown} strongest of {units:,} units" if shown < units else f"all {units} units"
    return (
        f"Each picture holds the weights of one unit of the first layer ({which}), laid out as the "
        "image they look at; strokes and edges are something it has learnt, even noise is not."
    )


def _css(colour: tuple[int, int, int]) -> str:
    return f"rgb({', '.join(str(part) for part in colour)})"
