"""The reading form: the step as the source that a careful person would have written."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pellucid.nn import Module
from pellucid.program.name import GIVEN, Line
from pellucid.program.spell import constant, expression
from pellucid.program.trace import Trace

__all__ = ["Reading", "block_of", "layer_name", "read_out"]

WIDTH = 100


@dataclass
class Reading:
    """The body of a step as text, and the helpers that it calls."""

    lines: list[str]
    helpers: list[Callable[..., Any]]


def read_out(trace: Trace, lines: list[Line], model: Module, stages: tuple[str, ...]) -> Reading:
    """Write the lines of ``stages``, a heading for each layer."""
    return _Writer(trace, lines, model).write(stages)


class _Writer:
    """Decides which lines stand alone, and writes them under their headings."""

    def __init__(self, trace: Trace, lines: list[Line], model: Module) -> None:
        self.trace, self.lines, self.model = trace, lines, model
        self.uses: dict[int, int] = {}
        for line in lines:
            for name in line.names():
                self.uses[id(name.line)] = self.uses.get(id(name.line), 0) + 1
        self.names = {line.label for line in lines if line.label}
        self.name_shared()

    def name_shared(self) -> None:
        """A value that is used more than once needs a name, if it is more than a view."""
        for line in self.lines:
            cheap = line.kind == "attribute" or (line.kind == "index" and not line.names()[1:])
            if self.uses.get(id(line), 0) > 1 and not line.label and not cheap:
                base = f"{line.rule.lower() or 'value'}_part{line.suffix}"
                line.label = base
                k = 2
                while line.label in self.names:
                    line.label, k = f"{base}_{k}", k + 1
                self.names.add(line.label)

    def write(self, stages: tuple[str, ...]) -> Reading:
        out: list[tuple[str, Line | None]] = []
        heading = ""
        for line in self.lines:
            if line.kind in GIVEN or line.stage not in stages or not line.label:
                continue
            new = self.heading(line)
            if new != heading:
                out += [("", None)] if out else []
                out.append((f"# {new}", None))
                heading = new
            out.append((f"{line.label} = {expression(line, self.known)}", line))
        helpers = [x.function for x in self.lines if x.kind == "helper" and x.function]
        unique = list(dict.fromkeys(helpers))
        texts = _with_shapes(out)
        return Reading(texts, unique)

    def known(self, line: Line) -> str | None:
        """The name by which other lines refer to this one, if it has one."""
        return line.label or None

    def heading(self, line: Line) -> str:
        """The layer that a line belongs to: its weights' layer and what follows it."""
        block = block_of(self.model, line.layer)
        back = "backward: " if line.stage == "backward" else ""
        if line.stage == "change":
            return "the gradients, changed"
        return back + block


def block_of(model: Module, path: str) -> str:
    """The heading of a layer: its path, what it is, and the layers without weights behind it."""
    if path == "loss":
        return "loss"
    leaves = [(p, m) for p, m in model.named_modules() if not list(m.children())]
    blocks: dict[str, list[str]] = {}
    current = ""
    heads: dict[str, str] = {}
    for p, m in leaves:
        if any(True for _ in m.parameters()) or not current:
            current = p
        blocks.setdefault(current, []).append(layer_name(m))
        heads[p] = current
    head = heads.get(path)
    if head is None:
        return path or type(model).__name__
    title = ", ".join(blocks[head])
    return f"layer {head}: {title}" if head else title


def layer_name(module: Module) -> str:
    """What a layer is, in a word or two: Linear 784 -> 128."""
    name = type(module).__name__
    sizes = getattr(module, "in_features", None), getattr(module, "out_features", None)
    return f"{name} {sizes[0]} -> {sizes[1]}" if sizes[0] else name


def _with_shapes(out: list[tuple[str, Line | None]]) -> list[str]:
    """The shape at the end of each line, in one column where lines are of a length."""
    width = max((len(text) for text, line in out if line is not None), default=0)
    column = min(width + 2, 60)
    texts = []
    for text, line in out:
        if line is None:
            texts.append(text)
            continue
        shape = f"# {constant(tuple(line.shape))}" if line.shape else "# a number"
        *before, text = _broken(text)
        texts += before
        padded = text.ljust(column) if len(text) < column else text + "  "
        texts.append(padded + shape)
    return texts


def _broken(text: str) -> list[str]:
    """The statement in several lines where it is too long for one."""
    if len(text) + 6 < WIDTH - 4:
        return [text]
    name, _, formula = text.partition(" = ")
    parts = textwrap.wrap(formula, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{name} = (", *(f"    {part}" for part in parts), ")"]
