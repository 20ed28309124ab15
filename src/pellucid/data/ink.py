"""Finds the ink in a picture: what stands out from paper of uneven light, without dust."""

from __future__ import annotations

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import DataError

__all__ = ["crop", "find_ink"]

FAINT = 16.0  # grey levels of 255: less contrast is no drawing
SPECK = 0.1  # of the largest stroke's area: smaller pieces are dust


def find_ink(grey: Array, who: str) -> Array:
    """How much ink each pixel has, 0 to 1, whatever the colour of ink and paper."""
    paper, noise = _paper(grey)
    difference = grey - paper
    dark_ink = (difference**3).sum() < 0  # the cube lets few strong pixels outweigh much noise
    ink = np.maximum(-difference if dark_ink else difference, 0)
    strong = ink[ink > _otsu(ink)]
    top = float(np.quantile(strong, 0.75)) if len(strong) else 0.0
    if top < max(FAINT, 5 * noise):
        raise DataError(who, got="a blank picture", needs="a digit that stands out from the paper")
    floor = min(3 * noise, top / 2)
    share: Array = np.clip((ink - floor) / (top - floor), 0, 1)
    return share


def _paper(grey: Array) -> tuple[Array, float]:
    """The paper's grey level at each pixel, a smooth surface through all but ink, and its noise.

    It starts from the border's median and is fitted again and again to the pixels close to it.
    """
    height, width = grey.shape
    y, x = (axis.ravel() for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)  # (H W, 6)
    level = grey.ravel()
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper = np.full_like(level, np.median(border))
    reach = max(FAINT, 2 * float(np.quantile(np.abs(border - np.median(border)), 0.75)))
    for _ in range(8):
        near = np.abs(level - paper) <= reach
        if near.mean() < 0.3:
            break  # too little paper in view to tell how the light falls
        known = terms[near]
        paper = terms @ np.linalg.lstsq(known.T @ known, known.T @ level[near], rcond=None)[0]
        reach = max(FAINT, reach / 2)
    rest = (level - paper)[np.abs(level - paper) <= reach]
    return paper.reshape(grey.shape), float(rest.std()) if len(rest) else 0.0


def _otsu(ink: Array) -> float:
    """The threshold that best parts the levels in two groups (Otsu 1979, equation 18)."""
    counts, edges = np.histogram(ink, bins=128)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    above = ink.size - below
    sums = np.cumsum(counts * centres)
    apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][np.argmax(below * above * apart**2)])


def crop(ink: Array) -> Array:
    """The part with ink, without dust."""
    ink = np.where(_strokes(ink > 0.3), ink, 0)
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _strokes(mask: Array) -> Array:
    """The connected pieces that are large enough, grown by two pixels for their soft edges."""
    labels = _label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    keep = np.pad(sizes[labels] >= SPECK * sizes.max(), 2)
    around = np.lib.stride_tricks.sliding_window_view(keep, (5, 5)).any(axis=(2, 3))
    others = (labels > 0) & ~keep[2:-2, 2:-2]
    strokes: Array = around & ~others
    return strokes


def _label(mask: Array) -> Array:
    """Number the connected pieces: each pixel takes its neighbours' largest number until all agree.

    (H, W) of 0 outside and any whole number, the same within a piece.
    """
    labels = np.arange(1, mask.size + 1).reshape(mask.shape) * mask
    while True:
        padded = np.pad(labels, 1)
        taller = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
        wider = np.maximum(np.maximum(taller[:, :-2], taller[:, 1:-1]), taller[:, 2:])
        grown = wider * mask
        if np.array_equal(grown, labels):
            return labels
        labels = grown
