"""Source that turns raw samples into a network's inputs, as the run's preparation does."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

import numpy as np

from pellucid.data import Preparation
from pellucid.data import augment as changes_of_images
from pellucid.program.spell import constant

__all__ = ["augment_source", "constants", "prepare_images", "prepare_nothing", "prepare_table"]

WIDTH = 100


def constants(name: str, value: tuple[Any, ...]) -> str:
    """``NAME = (...)``, broken into lines where it is long.

    >>> constants("CLASSES", ("cat", "dog"))
    'CLASSES = ("cat", "dog")'
    """
    parts = [quoted(part) for part in value]
    text = f"{name} = ({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    if len(text) <= WIDTH:
        return text
    rows = [""]
    for part in parts:
        if len(rows[-1]) + len(part) > WIDTH - 6 and rows[-1]:
            rows.append("")
        rows[-1] += f"{', ' if rows[-1] else ''}{part}"
    return "\n".join([f"{name} = (", *(f"    {row}," for row in rows), ")"])


def quoted(value: Any) -> str:
    """As ``repr``, texts in double quotes."""
    if isinstance(value, str) and '"' not in value and "\\" not in repr(value):
        return f'"{value}"'
    if isinstance(value, tuple):
        inner = ", ".join(quoted(part) for part in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def prepare_nothing(dtype: np.dtype[Any]) -> str:
    """For a network that takes its inputs as they are."""
    return "\n".join(
        [
            "def prepare(x):",
            '    """Numbers of the network\'s own type."""',
            f'    return x.astype({constant(dtype)}) if x.dtype.kind == "f" else x',
        ]
    )


def prepare_images(preparation: Preparation, dtype: np.dtype[Any]) -> str:
    """For samples that are scaled as a whole: images."""
    center, spread = (_number_or_row(v) for v in (preparation.center, preparation.spread))
    kind = constant(dtype)
    out = [
        "def prepare(x):",
        f'    """Raw samples (n, {", ".join(map(str, preparation.shape))}) to the inputs."""',
        f'    x = x.astype({kind}, "C")',
    ]
    out += [f"    x -= {_typed(center, kind)}"] if preparation.center.any() else []
    out.append(f"    x /= {_typed(spread, kind)}")
    if preparation.channels_first:
        grey = len(preparation.shape) == 2
        out.append(f"    return x{'[..., np.newaxis]' if grey else ''}.transpose(0, 3, 1, 2)")
        return "\n".join(out)
    out.append("    return x.reshape(len(x), -1)" if preparation.flatten else "    return x")
    return "\n".join(out)


def _number_or_row(values: np.ndarray) -> float | list[float]:
    """One number for all, or one a channel."""
    return float(values[0]) if len(values) == 1 else values.tolist()


def _typed(value: float | list[float], kind: str) -> str:
    return f"np.array({value!r}, {kind})" if isinstance(value, list) else f"{kind}({value!r})"


def prepare_table(preparation: Preparation, dtype: np.dtype[Any]) -> str:
    """For the rows of a table: fillings, one-hot columns, each column scaled."""
    text = any(column.is_text for column in preparation.columns)
    head = [f"CENTER = np.array({preparation.center.tolist()})"]
    head.append(f"SPREAD = np.array({preparation.spread.tolist()})")
    out = ["def prepare(x):", f'    """Raw rows (n, {len(preparation.columns)}) to the inputs."""']
    if preparation.fills is not None:
        head.append(f"FILLS = np.array({preparation.fills.tolist()})  # for missing cells")
        out.append("    x = np.where(np.isnan(x), FILLS, x)")
    if text:
        out += [
            "    pieces = []",
            "    for j, (_, values, seen) in enumerate(COLUMNS):",
            "        column = x[:, j : j + 1]",
            "        if values is not None:  # a text: one column for each value seen in training",
            "            column = (column == np.array(seen)).astype(np.float64)",
            "        pieces.append(column)",
            "    x = np.concatenate(pieces, axis=1)",
        ]
    else:
        out.append("    x = x.astype(np.float64)")
    out.append(f"    return ((x - CENTER) / SPREAD).astype({constant(dtype)})")
    return "\n".join(_wrapped(line) for line in head) + "\n\n\n" + "\n".join(out)


def _wrapped(text: str) -> str:
    if len(text) <= WIDTH:
        return text
    start, _, rest = text.partition("([")
    numbers, _, end = rest.rpartition("])")
    rows = textwrap.wrap(numbers, WIDTH - 8, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return "\n".join([f"{start}(", "    [", *rows, "    ]", f"){end}"])


def augment_source(amounts: dict[str, float], maximum: float | None) -> str:
    """The functions that change images, and ``augment(x, rng)``, which calls them in turn."""
    shift, turned, noise = (amounts.get(name, 0.0) for name in ("shift", "rotate", "noise"))
    wanted, body = [], ["def augment(x, rng):", '    """The batch, each image changed a little."""']
    if amounts.get("flip"):
        wanted.append("flip_some")
        body.append("    x = flip_some(x, rng.random(len(x)) < 0.5)")
    if crop := int(amounts.get("crop", 0)):
        wanted += ["cut", "crop_anew"]
        body.append(f"    x = crop_anew(x, {crop}, rng.integers(0, {2 * crop + 1}, (len(x), 2)))")
    if turned or shift != int(shift):
        wanted += ["turn", "_look_up", "_cast"]
        body += [
            f"    angle = np.deg2rad(rng.uniform({-turned!r}, {turned!r}, len(x)))",
            f"    x = turn(x, angle, rng.uniform({-shift!r}, {shift!r}, (len(x), 2)))",
        ]
    elif shift:
        wanted += [name for name in ("cut", "shift_whole") if name not in wanted]
        most = int(shift)
        body.append(f"    x = shift_whole(x, rng.integers({-most}, {most + 1}, (len(x), 2)))")
    if noise:
        wanted += [] if "_cast" in wanted else ["_cast"]
        top = 255.0 if maximum is None else maximum
        body += [
            "    noise = rng.standard_normal(x.shape, np.float32)"
            f" * np.float32({noise!r} * {top!r})",
            f"    x = _cast(np.clip(x + noise, 0, {top!r}), x.dtype)",
        ]
    functions = [inspect.getsource(getattr(changes_of_images, name)).rstrip() for name in wanted]
    last = body.pop().strip().removeprefix("x = ")
    called = "\n".join([*body, f"    return {last}"])
    return "\n\n\n".join(["Array = np.ndarray", *functions, called])
