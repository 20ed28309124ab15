"""Finds a stack of equal blocks in a step: N layers of a Transformer, each the same lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pellucid.nn import Module
from pellucid.program.name import GIVEN, Line, Name
from pellucid.program.tidy import frozen
from pellucid.program.trace import Trace

__all__ = ["Stack", "find_stack"]

LEAST = 10  # lines of a block, below which a function of its own reads no better


@dataclass
class Stack:
    """Blocks that follow each other, each of which computes the same from the last one's value.

    ``values`` are what goes into each block and what the last one gives; ``totals`` the gradients
    of these; ``forward`` and ``backward`` the lines of each block, ``weights`` its parameters by
    their paths, ``gradients`` theirs. ``draws``: how many generators a block takes, the first
    block from the one of number ``site`` on.
    """

    path: str  # of the module that holds them
    block: Module  # the first of them
    first: str  # its path
    values: list[Line]
    weights: list[dict[str, Line]]
    forward: list[list[Line]]
    totals: list[Line] = field(default_factory=list)
    backward: list[list[Line]] = field(default_factory=list)
    gradients: list[list[Line]] = field(default_factory=list)
    draws: int = 0
    site: int = 0

    def __len__(self) -> int:
        return len(self.weights)

    def name_ends(self, lines: list[Line]) -> None:
        """Call what the last block gives after the stack, and its gradient too: h_layers."""
        used = {line.label for line in lines}
        own = self.path.rpartition(".")[2] or "blocks"
        for letters, line in zip(("h", "dh"), (self.values[-1], *self.totals[-1:]), strict=False):
            name = f"{letters}_{own}"
            if name not in used and line.label != "loss":
                line.label, line.suffix = name, f"_{own}"

    @property
    def inside(self) -> set[int]:
        """The lines of all blocks, by their ids."""
        return {id(x) for lines in (*self.forward, *self.backward) for x in lines}


def find_stack(
    trace: Trace, lines: list[Line], model: Module, instead: dict[int, Line]
) -> Stack | None:
    """The largest stack of equal blocks that can be written as functions; None without one."""
    finder = _Finder(trace, lines, instead)
    found = [stack for run in _runs(model) if (stack := finder.stack(*run)) is not None]
    return max(found, key=lambda s: len(s) * len(s.forward[0]), default=None)


def _runs(model: Module) -> Iterator[tuple[str, list[tuple[str, Module]]]]:
    """Numbered children of one module that follow each other and are built alike."""
    for path, module in model.named_modules():
        run: list[tuple[str, Module]] = []
        for name, child in (*module.named_children(), ("", None)):
            if run and (child is None or _built(child) != _built(run[-1][1])):
                if len(run) > 1:
                    yield path, run
                run = []
            if child is not None and name.isdigit():
                run.append((f"{path}.{name}" if path else name, child))


def _built(module: Module) -> Any:
    """The same for modules with the same parameters of the same shapes, and no statistics."""
    shapes = [(name, p.shape) for name, p in module.named_parameters()]
    kinds = [type(m) for m in module.modules()]
    alone = any(True for _ in module.buffers()) or not shapes
    return id(module) if alone else (kinds, shapes)


class _Finder:
    def __init__(self, trace: Trace, lines: list[Line], instead: dict[int, Line]) -> None:
        self.trace, self.lines, self.instead = trace, lines, instead
        self.place = {id(line): i for i, line in enumerate(lines)}
        self.readers: dict[int, list[Line]] = {}
        for line in lines:
            for name in line.names():
                self.readers.setdefault(id(name.line), []).append(line)
        self.totals = {
            id(self.final(line)): self.final(trace.totals[id(line)])
            for _, line, _ in trace.values
            if id(line) in trace.totals
        }

    def final(self, line: Line) -> Line:
        return self.instead.get(id(line), line)

    def stack(self, path: str, run: list[tuple[str, Module]]) -> Stack | None:
        """The stack of these blocks; None where one of them goes another way."""
        paths = [p for p, _ in run]
        values = self.chain(paths)
        if values is None:
            return None
        named = self.trace.parameters
        weights = [
            {p: name.line for p, name in named.items() if p.startswith(f"{b}.")} for b in paths
        ]
        together = [p for own in weights for p in own]
        start = list(named).index(together[0])
        if together != list(named)[start : start + len(together)]:
            return None
        forward = [self.forward(b) for b in paths]
        made = Stack(path, run[0][1], paths[0], values, weights, forward)
        if self.trace.loss is not None:
            totals = [self.totals.get(id(v)) for v in values]
            if any(t is None for t in totals):
                return None
            if any(path not in self.trace.moved for path in together):
                return None
            made.totals = [t for t in totals if t is not None]
            made.backward = self.backward(paths, made.totals)
            raw = self.trace.gradients
            made.gradients = [[self.final(raw[p].line) for p in own] for own in weights]
        fits = len(forward[0]) >= LEAST and self.alike(made) and self.closed(made)
        return made if fits else None

    def chain(self, paths: list[str]) -> list[Line] | None:
        """What goes into each block and comes out of the last, if each takes the last one's."""
        calls = [self.trace.calls.get(path, []) for path in paths]
        if any(len(call) != 1 for call in calls):
            return None
        given, gave = ([getattr(c[0], side) for c in calls] for side in ("given", "gave"))
        if any(line is None for line in (*given, *gave)):
            return None
        ins, outs = ([self.final(line) for line in side] for side in (given, gave))
        return [ins[0], *outs] if ins[1:] == outs[:-1] else None

    def forward(self, path: str) -> list[Line]:
        """The lines of a block that depend on it or on what goes into it."""
        call = self.trace.calls[path][0]
        assert call.given is not None
        own = [n.line for p, n in self.trace.parameters.items() if p.startswith(f"{path}.")]
        mine = {id(self.final(call.given)), *(id(line) for line in own)}
        found = []
        for line in call.lines:
            inside = line.kind == "generator" or any(id(n.line) in mine for n in line.names())
            if inside and id(line) in self.place and line.kind not in GIVEN:
                mine.add(id(line))
                found.append(line)
        return found

    def backward(self, paths: list[str], totals: list[Line]) -> list[list[Line]]:
        """The lines of each block's backward pass, up to the whole gradient of what went in."""
        owner: dict[int, int] = {}
        for line in self.lines:
            for k, path in enumerate(paths):
                if line.stage == "backward" and f"{line.layer}.".startswith(f"{path}."):
                    owner[id(line)] = k
        for k, total in enumerate(totals):
            waiting = [total] if k < len(paths) else []
            owner.pop(id(total), None)
            while waiting:  # sums are made on the way to the next layer, and noted as its own
                line = waiting.pop()
                if owner.get(id(line)) != k and (line is total or line.call == "+"):
                    owner[id(line)] = k
                    waiting += [n.line for n in line.names() if n.line.stage == "backward"]
        return [[x for x in self.lines if owner.get(id(x)) == k] for k in range(len(paths))]

    def alike(self, stack: Stack) -> bool:
        """Whether every block is the first one with other names."""
        generators = [[x for x in f if x.kind == "generator"] for f in stack.forward]
        if any(len(self.readers.get(id(x), [])) != 1 for part in generators for x in part):
            return False  # a generator with a name of its own
        sites = [[x.inputs[0] for x in part] for part in generators]
        stack.draws, stack.site = len(sites[0]), sites[0][0] if sites[0] else 0
        for k in range(1, len(stack)):
            pairs = {id(stack.values[0]): stack.values[k]}
            own = zip(stack.weights[0].values(), stack.weights[k].values(), strict=True)
            pairs.update((id(one), other) for one, other in own)
            if [s + k * stack.draws for s in sites[0]] != sites[k]:
                return False
            if not _same(stack.forward[0], stack.forward[k], pairs):
                return False
            found = [(stack.values[1], stack.values[k + 1])]
            if stack.backward:
                pairs[id(stack.totals[1])] = stack.totals[k + 1]
                if not _same(stack.backward[0], stack.backward[k], pairs):
                    return False
                found.append((stack.totals[0], stack.totals[k]))
                found += zip(stack.gradients[0], stack.gradients[k], strict=True)
            if any(pairs.get(id(one)) is not other for one, other in found):
                return False
        return True

    def closed(self, stack: Stack) -> bool:
        """Whether the blocks give others only what the last gives, and gradients of the first."""
        gradients = [line for own in stack.gradients for line in own]
        return self.reaches(stack, [stack.values[-1], *stack.totals[:1], *gradients])

    def reaches(self, stack: Stack, leaving: list[Line]) -> bool:
        """Whether the blocks give only ``leaving`` to others, and find what they need before."""
        inside, free = stack.inside, {id(line) for line in leaving}
        output = id(self.final(self.trace.output.line))
        for lines in (*stack.forward, *stack.backward):
            for line in lines:
                readers = self.readers.get(id(line), [])
                out = id(line) == output or any(id(r) not in inside for r in readers)
                if out and id(line) not in free:
                    return False
        first = [stack.forward[0], *stack.backward[-1:]]
        pairs = zip(first, self.outside(stack), strict=False)
        return all(self.ready(lines, read) for lines, read in pairs)

    def outside(self, stack: Stack) -> list[list[Line]]:
        """What all blocks together read from outside, forward and backward."""
        inside = stack.inside
        return [
            [n.line for x in lines for n in x.names() if id(n.line) not in inside]
            for lines in (
                [x for part in stack.forward for x in part],
                [x for part in stack.backward for x in part],
            )
        ]

    def ready(self, lines: list[Line], read: list[Line]) -> bool:
        """Whether what is read is there before the first of the lines."""
        start = min(self.place[id(line)] for line in lines)
        return all(self.place.get(id(x), -1) < start or x.kind in GIVEN for x in read)


def _same(ours: list[Line], theirs: list[Line], pairs: dict[int, Line]) -> bool:
    """Whether the lines are equal but for ``pairs``, which learns the pairs of their values."""
    if len(ours) != len(theirs):
        return False
    for a, b in zip(ours, theirs, strict=True):
        same = (a.kind, a.call, repr(a.shape)) == (b.kind, b.call, repr(b.shape))
        same = same and (a.function is b.function or a.kind != "helper")
        if not same or (a.kind != "generator" and not _equal((a.inputs, a.options), b, pairs)):
            return False
        pairs[id(a)] = b
    return True


def _equal(parts: Any, other: Line, pairs: dict[int, Line]) -> bool:
    def swapped(value: Any) -> Any:
        if isinstance(value, Name):
            return Name(value.script, pairs.get(id(value.line), value.line))
        if isinstance(value, tuple | list):
            return type(value)(swapped(part) for part in value)
        if isinstance(value, dict):
            return {key: swapped(part) for key, part in value.items()}
        return value

    return bool(frozen(swapped(parts)) == frozen((other.inputs, other.options)))
