"""Pictures for a terminal: an image in half blocks, probabilities as bars; or as a PNG file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from pellucid.cli.screen import percent

__all__ = ["bars", "half_blocks", "save_picture", "show_beside"]

Array = NDArray[Any]
BAR = 30  # columns of a full bar
BLOCKS = " ▏▎▍▌▋▊▉█"
LARGEST = 320  # pixels of a saved picture's side, about


def half_blocks(image: Array, console: Console) -> list[Text]:
    """Levels 0 to 255, (H, W) or (H, W, 3), as lines of text, two rows of pixels in each.

    With colours each character has its two pixels' own; without, ink is where the level is
    above a third of the brightest.
    """
    image = image if image.ndim == 3 else image[..., np.newaxis].repeat(3, axis=2)
    image = image if image.shape[0] % 2 == 0 else np.pad(image, ((0, 1), (0, 0), (0, 0)))
    if console.color_system is None:
        image = image.mean(axis=2)
    pairs = zip(image[0::2], image[1::2], strict=True)
    if console.color_system is not None:
        return [_colours(upper, lower) for upper, lower in pairs]
    marks = " ▀▄█" if _can(console, "▀") else " ':#"
    ink = image > max(float(image.max()), 1.0) / 3
    lines = zip(ink[0::2], ink[1::2], strict=True)
    return [
        Text("".join(marks[int(u) + 2 * int(v)] for u, v in zip(a, b, strict=True)))
        for a, b in lines
    ]


def _colours(upper: Array, lower: Array) -> Text:
    line = Text()
    for a, b in zip(upper.tolist(), lower.tolist(), strict=True):
        line.append("▀", Style(color=Color.from_rgb(*a), bgcolor=Color.from_rgb(*b)))
    return line


def bars(names: Sequence[str], shares: Sequence[float], console: Console) -> list[Text]:
    """A line a name: the name, a bar as long as its share of 1, the percentage."""
    width = max(len(name) for name in names)
    fine = _can(console, BLOCKS)
    top = max(shares)
    lines = []
    for name, share in zip(names, shares, strict=True):
        text = f"{name:>{width}}  {_bar(share, fine):<{BAR}} {percent(share, 1):>7}"
        lines.append(Text(text, style="bold" if share == top else "dim"))
    return lines


def _bar(share: float, fine: bool) -> str:
    if not fine:
        return "#" * round(share * BAR)
    whole, rest = divmod(round(share * BAR * 8), 8)
    return "█" * whole + (BLOCKS[rest] if rest else "")


def _can(console: Console, text: str) -> bool:
    try:
        text.encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def show_beside(console: Console, left: list[Text], right: list[Text]) -> None:
    """Two blocks of lines side by side, the lower one in the middle; below each other if narrow."""
    width = max(len(text) for text in left) + 3 + max(len(text) for text in right)
    if console.is_terminal and width > console.width:
        for text in [*left, Text(), *right]:
            console.print(text, soft_wrap=True)
        return
    height = max(len(left), len(right))
    blank = Text(" " * len(left[0]))
    for a, b in zip(_middle(left, height, blank), _middle(right, height, Text()), strict=True):
        both = Text.assemble(a, "   ", b)
        both.rstrip()
        console.print(both, soft_wrap=True)


def _middle(lines: list[Text], height: int, blank: Text) -> list[Text]:
    above = (height - len(lines)) // 2
    return [blank] * above + lines + [blank] * (height - len(lines) - above)


def save_picture(image: Array, path: Path) -> None:
    """Write uint8 pixels, (H, W) or (H, W, 3), as a picture large enough to look at."""
    factor = max(1, LARGEST // max(image.shape[:2]))
    large = image.repeat(factor, axis=0).repeat(factor, axis=1)
    Image.fromarray(large).save(path)
