"""The reading form: the step as the source that a careful person would have written."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from pellucid.nn import Module, Sequential
from pellucid.program.helpers import sources
from pellucid.program.name import GIVEN, Line, is_several
from pellucid.program.spell import constant, expression
from pellucid.program.tidy import SizedArray
from pellucid.program.trace import Trace

__all__ = ["Reading", "headings", "layer_name", "read_out"]

WIDTH = 100
LONG = 60  # letters of a constant array that may stand inside a line


@dataclass
class Reading:
    """The body of a step as text, and what stands above the function: helpers, large constants."""

    lines: list[str]
    above: list[str]


def read_out(trace: Trace, lines: list[Line], model: Module, stages: tuple[str, ...]) -> Reading:
    """Write the lines of ``stages``, a heading for each layer."""
    return _Writer(trace, lines, model).write(stages)


class _Writer:
    """Decides which lines stand alone, and writes them under their headings."""

    def __init__(self, trace: Trace, lines: list[Line], model: Module) -> None:
        self.trace, self.lines = trace, lines
        self.headings = headings(model)
        self.uses: dict[int, int] = {}
        self.parts: dict[int, list[Line]] = {}
        for line in lines:
            for name in line.names():
                self.uses[id(name.line)] = self.uses.get(id(name.line), 0) + 1
            if line.kind == "part":
                self.parts.setdefault(id(line.names()[0].line), []).append(line)
        self.names = {line.label for line in lines if line.label}
        self.name_shared()

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
        out: list[tuple[str, str]] = []  # texts, and the shapes behind them
        heading = ""
        for line in self.lines:
            text = "" if line.kind in GIVEN or line.stage not in stages else self.statement(line)
            if not text:
                continue
            new = self.heading(line)
            if new != heading:
                out += [("", "")] if out else []
                out.append((f"# {new}", ""))
                heading = new
            results = [x for x in self.parts.get(id(line), [line]) if x.label]
            out.append((text, ", ".join(map(_shape, results))))
        helpers = [x.function for x in self.lines if x.kind == "helper" and x.function]
        large = [x for x in self.lines if x.kind == "constant" and x.label]
        above = [*sources(helpers), *(_large(x) for x in large)]
        return Reading(_with_shapes(out), above)

    def statement(self, line: Line) -> str:
        """The line as a statement of its own; nothing where it stands inside another."""
        if is_several(line):
            targets = ["_"] * len(line.value)
            for part in self.parts.get(id(line), []):
                targets[part.inputs[1]] = part.label or "_"
            comma = "," if len(targets) == 1 else ""
            return f"{', '.join(targets)}{comma} = {expression(line, self.known)}"
        if not line.label or line.kind == "part":
            return ""
        return f"{line.label} = {expression(line, self.known)}"

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


def _shape(line: Line) -> str:
    return constant(tuple(line.shape)) if line.shape else "a number"


def _with_shapes(out: list[tuple[str, str]]) -> list[str]:
    """The shape at the end of each line, in one column where lines are of a length."""
    width = max((len(text) for text, shape in out if shape), default=0)
    column = min(width + 2, 60)
    texts = []
    for text, shape in out:
        if not shape:
            texts.append(text)
            continue
        end = max(len(text) + 2, column) + len(shape) + 6
        *before, text = _broken(text, end > WIDTH and "), " in shape)
        texts += before
        fits = len(text) < column and 4 + column + 2 + len(shape) <= WIDTH
        padded = text.ljust(column) if fits else text + "  "
        texts.append(f"{padded}# {shape}")
    return texts


def _broken(text: str, wide: bool) -> list[str]:
    """The statement in several lines where it is too long for one, or ``wide`` with its shapes."""
    if len(text) + 6 < WIDTH - 4 and not wide:
        return [text]
    name, _, formula = text.partition(" = ")
    parts = textwrap.wrap(formula, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"{name} = (", *(f"    {part}" for part in parts), ")"]
