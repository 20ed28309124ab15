"""Sheets of pictures: originals beside what a network made of them, and pictures it made itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.record import Record
from pellucid.report.markup import fold, picture, section

__all__ = ["as_bytes", "encoded_sheet", "over_the_epochs", "png", "sheet", "sheet_figure"]

Array = NDArray[Any]
GAP, PAPER = 2, 128  # pixels between pictures, and their grey
SHOWN = 5  # epochs that are open; the others are folded away


def as_bytes(pictures: Array, maximum: float = 1.0) -> Array:
    """Pictures from 0 to ``maximum`` as uint8 from 0 to 255."""
    return np.rint(np.clip(pictures / maximum, 0, 1) * 255).astype(np.uint8)


def sheet(pictures: Array, columns: int) -> Array:
    """uint8 pictures (N, H, W) or (N, H, W, C) in rows of ``columns``, a gap between them.

    >>> sheet(np.zeros((4, 8, 8), np.uint8), 2).shape
    (18, 18)
    """
    if pictures.ndim == 4 and pictures.shape[3] == 1:
        pictures = pictures[..., 0]
    count, height, width = pictures.shape[:3]
    rows = -(-count // columns)
    whole = np.full(
        (
            rows * height + (rows - 1) * GAP,
            columns * width + (columns - 1) * GAP,
            *pictures.shape[3:],
        ),
        PAPER,
        np.uint8,
    )
    for k, one in enumerate(pictures):
        top, left = (k // columns) * (height + GAP), (k % columns) * (width + GAP)
        whole[top : top + height, left : left + width] = one
    return whole


def png(pixels: Array, zoom: int = 1) -> bytes:
    """uint8 pixels, (H, W) or (H, W, 3), as a PNG file, each pixel ``zoom`` wide."""
    from PIL import Image

    large = pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    file = io.BytesIO()
    Image.fromarray(large).save(file, format="PNG", optimize=True)
    return file.getvalue()


def sheet_figure(sheets: Sequence[Array], columns: int, title: str, words: str) -> str:
    """Sheets of uint8 pictures one below the other, their title and what they show."""
    body = "\n".join(_sheet(png(sheet(one, columns)), title) for one in sheets)
    return f"<figure>\n<h3>{title}</h3>\n{body}\n<figcaption>{words}</figcaption>\n</figure>"


def _sheet(file: bytes, alt: str) -> str:
    return f'<div class="sheet">{picture(file, alt)}</div>'


def over_the_epochs(record: Record, words: str) -> str:
    """The sheets that the record holds: of the first, some, and the last epoch; others folded."""
    sheets = [(e["epoch"], e["pictures"]) for e in record.epochs() if e.get("pictures")]
    if not sheets:
        return ""
    places = np.unique(np.geomspace(1, len(sheets), min(SHOWN, len(sheets))).round().astype(int))
    shown = [sheets[k - 1] for k in places]
    rest = [s for s in sheets if s not in shown]
    parts = [f"<p>{words}</p>", *(_epoch(*s) for s in shown)]
    if rest:
        parts.append(fold("The other epochs", "\n".join(_epoch(*s) for s in rest)))
    return section("epochs", "Over the epochs", *parts)


def _epoch(epoch: int, content: Any) -> str:
    try:
        file = base64.b64decode(str(content), validate=True)
    except ValueError:
        return ""
    return f"<h3>Epoch {epoch}</h3>\n{_sheet(file, f'after epoch {epoch}')}"


def encoded_sheet(pictures: Array, columns: int) -> str:
    """A sheet as text, for the record."""
    return base64.b64encode(png(sheet(pictures, columns))).decode()
