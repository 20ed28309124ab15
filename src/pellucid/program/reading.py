"""The reading form: the step as the source that a careful person would have written."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass

from pellucid.nn import Module, Sequential
from pellucid.program.block_text import BlockText
from pellucid.program.blocks import Stack
from pellucid.program.helpers import needed, sources
from pellucid.program.name import GIVEN, Line, is_several
from pellucid.program.page import WIDTH, Page
from pellucid.program.spell import constant, expression
from pellucid.program.tidy import SizedArray
from pellucid.program.trace import Trace

__all__ = ["Reading", "headings", "layer_name", "read_out"]

LONG = 60  # letters of a constant array that may stand inside a line


@dataclass
class Reading:
    """The body of a step as text, and what stands above the function: helpers, large constants.

    ``blocks``: a stack of equal blocks, whose functions stand above it too.
    """

    lines: list[str]
    above: list[str]
    blocks: BlockText | None = None
    split: bool = False  # whether the gradients of the blocks are read one by one

    def weights(self, labels: dict[str, str]) -> list[str]:
        """The names that the weights are unpacked to; ``labels``: theirs, by their paths."""
        found = self.blocks.starred(labels, self.blocks.layers) if self.blocks else labels.values()
        return list(found)

    def gradients(self, labels: dict[str, str]) -> list[str]:
        """The names of all gradients, in the same way."""
        if self.blocks is None or self.split:
            return [*labels.values()]
        return self.blocks.starred(labels, self.blocks.gradients)

    def where(self, label: str) -> tuple[str, str]:
        """The function that computes a value, "" for the step itself, and its name in there."""
        return self.blocks.where.get(label, ("", label)) if self.blocks else ("", label)


def read_out(
    trace: Trace,
    lines: list[Line],
    model: Module,
    stages: tuple[str, ...],
    stack: Stack | None = None,
) -> Reading:
    """Write the lines of ``stages``, a heading for each layer; those of ``stack`` once."""
    return _Writer(trace, lines, model, stack).write(stages)


class _Writer:
    """Decides which lines stand alone, and writes them under their headings."""

    def __init__(self, trace: Trace, lines: list[Line], model: Module, stack: Stack | None) -> None:
        self.trace, self.lines = trace, lines
        self.headings = headings(model)
        self.uses: dict[int, int] = {}
        self.parts: dict[int, list[Line]] = {}
        for line in lines:
            for name in line.names():
                self.uses[id(name.line)] = self.uses.get(id(name.line), 0) + 1
            if line.kind == "part":
                self.parts.setdefault(id(line.names()[0].line), []).append(line)
        named = [*trace.results, *trace.gradients.values(), trace.output]
        self.results = {id(name.line) for name in named} | {id(x) for _, x in trace.rebound}
        self.names = {line.label for line in lines if line.label}
        self.name_shared()
        self.helpers = [x.function for x in lines if x.kind == "helper" and x.function]
        self.blocks: BlockText | None = None
        if stack is not None:
            taken = {*self.names, *(f.__name__ for f in needed(self.helpers))}
            self.blocks = BlockText(stack, self.statement, headings(stack.block), taken)

    def name_shared(self) -> None:
        """A value that is used more than once needs a name, if it is more than a view."""
        for line in self.lines:
            uses = self.uses.get(id(line), 0)
            if line.label or is_several(line):
                continue
            if line.kind == "constant":
                if not isinstance(line.value, SizedArray) and len(constant(line.value)) > LONG:
                    line.label = self.free("constant")
                continue
            cheap = line.kind == "attribute" or (line.kind == "index" and not line.names()[1:])
            if uses > (line.kind != "part") and not cheap:
                word = "rng" if line.kind == "generator" else f"{line.rule.lower() or 'value'}_part"
                line.label = self.free(f"{word}{line.suffix}")

    def free(self, base: str) -> str:
        """``base``, with a number behind it where the name is in use."""
        name, k = base, 2
        while name in self.names:
            name, k = f"{base}_{k}", k + 1
        self.names.add(name)
        return name

    def write(self, stages: tuple[str, ...]) -> Reading:
        page = Page()
        inside = self.blocks.stack.inside if self.blocks else set()
        looped: set[str] = set()
        split = any(line.stage == "change" for line in self.lines)
        for line in self.lines:
            if line.kind in GIVEN or line.stage not in stages:
                continue
            if id(line) not in inside:
                self.put(page, line)
            elif line.stage not in looped:
                looped.add(line.stage)
                self.loop(page, line.stage, split)
        large = [x for x in self.lines if x.kind == "constant" and x.label]
        above = [*sources(self.helpers, reading=True), *(_large(x) for x in large)]
        above += self.blocks.functions if self.blocks else []
        return Reading(page.texts(), above, self.blocks, split)

    def put(self, page: Page, line: Line) -> None:
        """The line as a statement under its heading, if it is one."""
        text, results = self.statement(line, self.known)
        if text:
            page.head(self.heading(line))
            page.add(text, results)

    def loop(self, page: Page, stage: str, split: bool) -> None:
        """The loop over the blocks, forward or backward."""
        assert self.blocks is not None
        stack = self.blocks.stack
        if stage == "forward":
            self.blocks.forward_loop(page, self.spelled(stack.values[0]))
            return
        every = [line.label for own in stack.gradients for line in own]
        self.blocks.backward_loop(page, self.spelled(stack.totals[-1]), every if split else [])

    def spelled(self, line: Line) -> str:
        return self.known(line) or expression(line, self.known)

    def statement(self, line: Line, known: Callable[[Line], str | None]) -> tuple[str, list[Line]]:
        """The line as a statement, and the results that it names; "" where it stands in another."""
        if is_several(line):
            parts = self.parts.get(id(line), [])
            targets = ["_"] * len(line.value)
            parts = [part for part in parts if self.uses.get(id(part)) or id(part) in self.results]
            for part in parts:
                targets[part.inputs[1]] = (known(part) if part.label else None) or "_"
            comma = "," if len(targets) == 1 else ""
            text = f"{', '.join(targets)}{comma} = {expression(line, known)}"
            return text, [part for part in parts if part.label]
        if not line.label or line.kind == "part":
            return "", []
        return f"{known(line)} = {expression(line, known)}", [line]

    def known(self, line: Line) -> str | None:
        """The name by which other lines refer to this one, if it has one."""
        return line.label or None

    def heading(self, line: Line) -> str:
        """The layer that a line belongs to: its weights' layer and what follows it."""
        back = "backward: " if line.stage == "backward" else ""
        if line.stage == "change":
            return "the gradients, changed"
        return back + self.headings.get(line.layer, line.layer)


def _large(line: Line) -> str:
    """A large constant array as a statement of its own, above the function."""
    text = f"{line.label} = {constant(line.value)}"
    return "\n".join(textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_long_words=False))


def headings(model: Module) -> dict[str, str]:
    """By path: the heading of a layer, what it is and the layers without weights behind it.

    Behind it is what follows in the same ``Sequential``: elsewhere the order is not known.
    """
    found = {"loss": "loss"}
    for path, module in model.named_modules():
        found.setdefault(path, _heading(path, [module]))
        if type(module).forward is Sequential.forward:
            for row in _rows(dict(module.named_children())):
                paths = [f"{path}.{name}" if path else name for name in row]
                heading = _heading(paths[0], list(row.values()))
                found.update(dict.fromkeys(paths, heading))
    return found


def _heading(path: str, row: list[Module]) -> str:
    title = ", ".join(map(layer_name, row))
    numbered = "." not in path or path[0].isdigit()
    return f"{'layer ' if numbered else ''}{path}: {title}" if path else title


def _rows(children: dict[str, Module]) -> list[dict[str, Module]]:
    """Children that stand under one heading: one with weights, and the weightless behind it."""
    rows: list[dict[str, Module]] = []
    last = False
    for name, module in children.items():
        inner = any(True for _ in module.children())
        if not rows or inner or last or any(True for _ in module.parameters()):
            rows.append({})
        rows[-1][name] = module
        last = inner  # what follows a block of layers does not belong to its last one
    return rows


def layer_name(module: Module) -> str:
    """What a layer is, in a word or two: Linear 784 -> 128; Conv2d 1 -> 32; 4 heads."""
    name = type(module).__name__
    for sizes in _SIZES:
        a, b = (getattr(module, size, None) for size in sizes)
        if isinstance(a, int) and isinstance(b, int):
            name += f" {a} -> {b}"
            break
    heads = getattr(module, "num_heads", None)
    return f"{name}, {heads} heads" if isinstance(heads, int) else name


_SIZES = [
    ("in_features", "out_features"),
    ("in_channels", "out_channels"),
    ("input_size", "hidden_size"),
    ("num_embeddings", "embedding_dim"),
]
