"""What a network with convolutions looks for and sees: its first filters, maps of one example."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid import nn
from pellucid.autograd import Tensor, no_grad
from pellucid.data import Data
from pellucid.report.markup import escape, picture, section
from pellucid.report.raster import diverging, grey
from pellucid.train import Run

__all__ = ["feature_maps", "maps_of"]

Array = npt.NDArray[Any]
FILTERS, MAPS, LAYERS = 64, 16, 6


def feature_maps(run: Run, part: Data) -> str:
    """The section with the first layer's filters and with the maps of the part's first example."""
    layer = next((m for m in run.model.modules() if isinstance(m, nn.Conv2d)), None)
    preparation = run.problem.preparation
    if layer is None or preparation is None:
        return ""
    filters = layer.weight.data
    if not np.isfinite(filters).all():
        return ""
    example, label = part.x[:1], int(part.y[0])
    found = maps_of(run.model, preparation.transform(example, run.problem.dtype))
    levels = np.rint(example[0] * (255.0 / part.maximum)).astype(np.uint8)
    name = escape(part.classes[label])
    seen = "\n".join(_layer(path, maps) for path, maps in found)
    return section(
        "filters",
        "Filters and feature maps",
        f"<p>{_about_filters(filters)}</p>",
        _filters(filters),
        f"<h3>What the layers make of one example ({name})</h3>",
        f"<p>{_ABOUT_MAPS}{_ABOUT_DEPTH if len(found) > 1 else ''}</p>",
        f'<ul class="units"><li>{picture(grey(_single(levels)), f"the example, {name}")}</li></ul>',
        seen,
    )


_ABOUT_MAPS = (
    "A map says where in the image its filter finds what it looks for: the brighter, the more."
)
_ABOUT_DEPTH = (
    " Early maps follow edges and colours; later ones are coarser and answer to larger shapes."
)


def maps_of(model: nn.Module, x: Array) -> list[tuple[str, Array]]:
    """For each size of map, the last layer of that size: its path and its maps (C, H, W).

    x (1, C, H, W), prepared. The network stays in the mode in which it is.
    """
    seen: dict[tuple[int, ...], tuple[str, Array]] = {}

    def note(path: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.ndim == 4 and min(output.shape[2:]) > 1:
                seen.pop(output.shape[2:], None)  # so that the order is that of the last ones
                seen[output.shape[2:]] = (path, output.data[0])

        return hook

    removers = [
        module.register_forward_hook(note(path))
        for path, module in model.named_modules()
        if path and not isinstance(module, nn.Sequential)
    ]
    training = model.training
    try:
        with no_grad():
            model.eval()(Tensor(x))
    finally:
        model.train(training)
        for remove in removers:
            remove()
    return list(seen.values())[:LAYERS]


def _about_filters(filters: Array) -> str:
    count, channels, height, width = filters.shape
    colour = "in the colours they look for" if channels == 3 else "orange excites, blue inhibits"
    which = f"{FILTERS} of {count}" if count > FILTERS else f"all {count}"
    told = (
        f"The filters of the first convolution ({which}), {height}x{width} pixels each, {colour}."
    )
    if height * width == 1:
        return f"{told} Each looks at one pixel alone: it can weigh it, and see no shape."
    return f"{told} Edges, blobs and colours are something that was learnt; even noise is not."


def _filters(filters: Array) -> str:
    limit = float(np.abs(filters).max()) or 1.0
    items = []
    for k, weights in enumerate(filters[:FILTERS]):
        if filters.shape[1] == 3:
            levels = np.rint(127.5 * (1 + weights / limit)).astype(np.uint8).transpose(1, 2, 0)
            shown = grey(_large(levels))
        else:
            shown = diverging(_large(weights.mean(axis=0)), limit)
        items.append(f"<li>{picture(shown, f'filter {k}')}</li>")
    return '<ul class="units">\n' + "\n".join(items) + "\n</ul>"


def _layer(path: str, maps: Array) -> str:
    """The strongest maps of a layer as grey pictures, each from its least to its greatest value."""
    strongest = np.sort(np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:MAPS])
    items = [
        f"<li>{picture(grey(_large(_stretched(maps[c]))), f'map {c} of {escape(path)}')}</li>"
        for c in strongest
    ]
    count, height, width = maps.shape
    shown = f", the {len(items)} liveliest" if len(items) < count else ""
    head = f"<p><code>{escape(path)}</code>: {count} maps of {width}x{height}{shown}</p>"
    return f'{head}\n<ul class="units">\n' + "\n".join(items) + "\n</ul>"


def _stretched(values: Array) -> Array:
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255 / ((high - low) or 1.0))).astype(np.uint8)


def _large(pixels: Array) -> Array:
    """Repeated until a pixel can be seen as a square."""
    times = max(1, 56 // max(pixels.shape[:2]))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def _single(levels: Array) -> Array:
    return _large(levels[..., 0] if levels.ndim == 3 and levels.shape[2] == 1 else levels)
