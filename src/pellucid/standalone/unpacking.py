"""What a data file holds of the training part, and the source that makes x and y of it again."""

from __future__ import annotations

import inspect
from typing import Any

from numpy.typing import NDArray

from pellucid.data.hidden import Hidden, hide
from pellucid.data.text import IGNORED, Lines, Windows
from pellucid.train.parts import Part, Source

__all__ = ["change_source", "packed"]

Array = NDArray[Any]

WINDOWS = '''
def unpacked(data):
    """The windows over the text, and what follows each of their characters: views, no copies."""
    both = np.lib.stride_tricks.sliding_window_view(data["text"], {width})
    return both[:, :-1], both[:, 1:]
'''.strip()

WHOLE = '''
def unpacked(data):
    """The windows over the text, as inputs and as what is asked for: views, no copies."""
    x = np.lib.stride_tricks.sliding_window_view(data["text"], {width})
    return x, x
'''.strip()

CHANGE = '''
def change(x, y, rng):
    """A batch with tokens hidden, {vocabulary} the mask, and what they were."""
    return hide(x, y, rng, {vocabulary})
'''.strip()

LINES = '''
def unpacked(data):
    """The lines, each from the end of a line before it, and what follows each character."""
    y = data["y"]  # {ignored} behind the end of a line
    x = np.full(y.shape, {end}, np.{dtype})  # {end}: the end of a line
    x[:, 1:] = np.where(y[:, :-1] == {ignored}, {end}, y[:, :-1])
    return x, y
'''.strip()


def packed(train: Source, part: Part) -> tuple[dict[str, Array], str]:
    """The arrays to save, each number once, and the source of ``unpacked(data)``.

    The source is empty where the arrays are x and y themselves.
    """
    if isinstance(train, Windows):
        return {"text": train.tokens}, WINDOWS.format(width=train.x.shape[1] + 1)
    if isinstance(train, Lines):
        end, dtype = int(train.x[0, 0]), train.x.dtype.name
        return {"y": train.y}, LINES.format(end=end, dtype=dtype, ignored=IGNORED)
    if isinstance(train, Hidden) and (tokens := train.tokens) is not None:
        return {"text": tokens}, WHOLE.format(width=train.x.shape[1])
    return {"x": part.x, "y": part.y}, ""


def change_source(train: Source) -> str:
    """The source of ``change(x, y, rng)``; empty where batches stay as they are."""
    if not isinstance(train, Hidden):
        return ""
    source = inspect.getsource(hide).rstrip()
    called = CHANGE.format(vocabulary=train.vocabulary)
    return f"Array = np.ndarray\n\n\n{source}\n\n\n{called}"
