"""Runs one training step on names instead of arrays, and keeps what they wrote down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.autograd import Tensor, watch
from pellucid.autograd.memory import walk
from pellucid.errors import GradientError
from pellucid.nn import Module
from pellucid.ops import Rule
from pellucid.optim import Optimizer, clip, penalty
from pellucid.program.name import GIVEN, Line, Name, Script
from pellucid.program.settings import PAIRS, label_of, numbers_of, suffix_of
from pellucid.random import draw_from, generator

__all__ = ["Changes", "Trace", "trace_inference", "trace_step"]


NOTES = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")
ONE = "1"  # the gradient of the loss with respect to itself


@dataclass(frozen=True)
class Changes:
    """What happens to the gradients between backward and update."""

    l1: float = 0.0
    l2: float = 0.0
    clip_norm: float | None = None
    clip_value: float | None = None

    def apply(self, params: Sequence[Any]) -> None:
        """Change the gradients of ``params``, as an eager step does."""
        for strength, kind in ((self.l1, penalty.L1), (self.l2, penalty.L2)):
            if strength:
                kind(strength).apply(params)
        if self.clip_norm is not None:
            clip.clip_grad_norm_(params, self.clip_norm)
        if self.clip_value is not None:
            clip.clip_grad_value_(params, self.clip_value)


@dataclass
class Call:
    """A run of a numbered module: what it was given first, what it gave, the lines between."""

    given: Line | None
    gave: Line | None
    lines: list[Line]


@dataclass
class Trace:
    """The lines of a step and which of them come out.

    ``parameters`` and ``buffers`` go from their paths in the network to the names that stand for
    them; ``gradients``, ``moved`` and ``new_buffers`` are what the step makes of them. ``state``
    and ``new_state`` are the optimizer's, by parameter and slot.
    """

    script: Script
    inputs: dict[str, Name]
    parameters: dict[str, Name]
    buffers: dict[str, Name]
    output: Name
    loss: Name | None = None
    gradients: dict[str, Name] = field(default_factory=dict)
    rebound: list[tuple[str, Line]] = field(default_factory=list)  # gradients, changed
    moved: dict[str, Name] = field(default_factory=dict)
    state: dict[str, dict[str, Name]] = field(default_factory=dict)
    new_state: dict[str, dict[str, Name]] = field(default_factory=dict)
    group: dict[str, int] = field(default_factory=dict)  # which group a moved parameter is in
    new_buffers: dict[str, Name] = field(default_factory=dict)
    sites: int = 0  # how many generators the step draws from
    values: list[tuple[Rule, Line, list[Line]]] = field(default_factory=list)
    totals: dict[int, Line] = field(default_factory=dict)
    calls: dict[str, list[Call]] = field(default_factory=dict)  # of numbered modules, by path

    def rebind(self, path: str, gradient: Name) -> Name:
        """Note that ``gradient`` is what the gradient of a parameter has become."""
        self.rebound.append((path, gradient.line))
        return gradient

    @property
    def results(self) -> list[Name]:
        """Every name that must be computed."""
        found = [self.loss if self.loss is not None else self.output]
        for table in (self.moved, self.new_buffers):
            found += table.values()
        for slots in self.new_state.values():
            found += slots.values()
        return found


def trace_inference(model: Module, x: Any) -> Trace:
    """The lines of one prediction in eval mode."""
    training = model.training
    model.eval()
    try:
        with _tracing(model, {"x": x}) as trace:
            trace.output = _written(_only(model(_tensor(trace.inputs["x"])), model))
        return trace
    finally:
        model.train(training)


def trace_step(
    model: Module, loss: Callable[..., Any], optimizer: Optimizer, x: Any, y: Any, changes: Changes
) -> Trace:
    """The lines of one training step: forward, loss, backward, update."""
    with _tracing(model, {"x": x, "y": y}) as trace:
        script = trace.script
        prediction = _only(model(_tensor(trace.inputs["x"])), model)
        script.layer = "loss"
        result = loss(prediction, _tensor(trace.inputs["y"]))
        trace.output, trace.loss = _written(prediction), _written(result)
        trace.new_buffers = _changed_buffers(model, trace)
        script.stage, script.layer = "backward", "loss"
        one = script.source(ONE, np.ones((), result.dtype))
        one.line.label = f"np.{result.dtype}(1)"  # 1 alone would be a number of any dtype
        walk(result, one, False, _tensor)
        named = dict(model.named_parameters())
        for path, p in named.items():
            if p.grad is not None:
                trace.gradients[path] = _written(p.grad)
                p.grad = None
        script.stage, script.layer, script.rule = "change", "", ""
        gradients = _change(trace, changes)
        script.stage = "update"
        _update(trace, optimizer, named, gradients)
    return trace


def _change(trace: Trace, changes: Changes) -> dict[str, Name]:
    """The gradients after penalties and clipping, by the same pure rules as in eager mode."""
    found = dict(trace.gradients)
    for strength, rule in ((changes.l1, penalty.l1), (changes.l2, penalty.l2)):
        for path, g in found.items() if strength else ():
            W = trace.parameters[path]
            if W.ndim >= 2:
                found[path] = trace.rebind(path, rule(W, g, strength=float(strength)))
    if changes.clip_norm is not None:
        scale = clip.norm_scale(list(found.values()), changes.clip_norm)
        found = {path: trace.rebind(path, g * scale) for path, g in found.items()}
    if changes.clip_value is not None:
        limit = float(changes.clip_value)
        found = {p: trace.rebind(p, clip.by_value(g, limit=limit)) for p, g in found.items()}
    return found


def _update(
    trace: Trace, optimizer: Optimizer, named: dict[str, Any], gradients: dict[str, Name]
) -> None:
    """The optimizer's own update rule, on names."""
    if optimizer.needs_closure:
        raise GradientError(
            f"program of {type(optimizer).__name__}",
            got="an optimizer that looks at the loss several times in one step",
            needs="one that takes one gradient a step",
            try_='engine="eager", which is what fit falls back to',
        )
    paths = {id(p): path for path, p in named.items()}
    for k, group in enumerate(optimizer.param_groups):
        suffix = suffix_of(k)
        named_options = _options(trace, group, suffix)
        numbers = {
            name: trace.script.source(label_of(name) + suffix, value)
            for name, value in numbers_of(optimizer, group).items()
        }
        for p in group["params"]:
            path = paths.get(id(p))
            if path is None or path not in gradients:
                continue
            W, dW = trace.parameters[path], gradients[path]
            trace.script.rule, trace.script.layer = type(optimizer).__name__, path
            slots: dict[str, Any] = {}
            for slot in (s for s in optimizer.slots(group) if s not in optimizer.numbers):
                first = optimizer.first(slot, W.line.value, group)
                if first is None:
                    raise GradientError(
                        f"trace of {type(optimizer).__name__}",
                        got=f"a first step unlike the others: {slot} starts from nothing",
                        needs="one program for every step",
                        try_="dampening=0",
                    )
                slots[slot] = trace.script.source(slot, first)
            moved, new = optimizer.update(W, dW, {**slots, **numbers}, {**group, **named_options})
            trace.state[path], trace.new_state[path], trace.moved[path] = slots, new, moved
            trace.group[path] = k


def _options(trace: Trace, group: dict[str, Any], suffix: str) -> dict[str, Any]:
    """The numbers of a group as names, since a schedule may move them; zeros stay what they are."""
    found: dict[str, Any] = {}
    for name, value in group.items():
        if name in PAIRS:
            parts = zip(PAIRS[name], value, strict=True)
            found[name] = tuple(trace.script.option(label + suffix, v) for label, v in parts)
        elif _is_setting(name, value):
            found[name] = trace.script.option(name + suffix, value)
    return found


def _is_setting(name: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and name not in NOTES and (name == "lr" or bool(value))


# -- the stage: a network whose numbers are names ------------------------------------------------


@contextmanager
def _tracing(model: Module, inputs: dict[str, Any]) -> Iterator[Trace]:
    """Put names in place of the network's numbers, and give the numbers back at the end."""
    script = Script()
    trace = Trace(script, {}, {}, {}, None)  # type: ignore[arg-type]
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    kept = {path: (t.data, t.grad) for path, t in tensors.items()}
    with ExitStack() as stack:
        stack.callback(_give_back, tensors, kept)
        script.stage = "given"
        for label, value in inputs.items():
            trace.inputs[label] = script.source(label, value)
        for path, p in model.named_parameters():
            trace.parameters[path] = script.source(path, p.data)
            p.data, p.grad = trace.parameters[path], None  # type: ignore[assignment]
        for path, b in model.named_buffers():
            trace.buffers[path] = script.source(path, b.data)
            b.data = trace.buffers[path]  # type: ignore[assignment]
        script.stage = "forward"
        _follow(model, trace, stack)
        stack.enter_context(watch(_Watcher(trace)))
        stack.enter_context(_local_names())
        stack.enter_context(draw_from(_generators(trace)))
        yield trace


def _give_back(tensors: dict[str, Any], kept: dict[str, Any]) -> None:
    for path, t in tensors.items():
        t.data, t.grad = kept[path]


def _generators(trace: Trace) -> Callable[[], Any]:
    def draw() -> _Generator:
        trace.sites += 1
        return _Generator(trace.script, trace.sites)

    return draw


class _Generator:
    """A generator that writes down what is drawn from it."""

    def __init__(self, script: Script, site: int) -> None:
        self.script = script
        self.me = script.write(Line("generator", "rng", (site,), {}, None))

    def random(self, size: Any = None, dtype: Any = np.float64) -> Any:
        """Uniform numbers from 0 to 1."""
        return self._draw("random", size, dtype=np.dtype(dtype))

    def standard_normal(self, size: Any = None, dtype: Any = np.float64) -> Any:
        """Normally distributed numbers, mean 0 and variance 1."""
        return self._draw("standard_normal", size, dtype=np.dtype(dtype))

    def uniform(self, low: float = 0.0, high: float = 1.0, size: Any = None) -> Any:
        """Uniform numbers from ``low`` to ``high``."""
        return self._draw("uniform", low, high, size)

    def normal(self, loc: float = 0.0, scale: float = 1.0, size: Any = None) -> Any:
        """Normally distributed numbers."""
        return self._draw("normal", loc, scale, size)

    def integers(
        self, low: int, high: int | None = None, size: Any = None, dtype: Any = np.int64
    ) -> Any:
        """Whole numbers from ``low`` to below ``high``; from 0 to below ``low`` without it."""
        return self._draw("integers", low, high, size, dtype=np.dtype(dtype))

    def _draw(self, call: str, *args: Any, **options: Any) -> Any:
        """A line, with what another generator gives as its example."""
        value = getattr(generator("example"), call)(*args, **options)
        return self.script.write(Line("draw", call, (self.me, *args), options, value))

    def __getattr__(self, name: str) -> Any:
        if not hasattr(np.random.Generator, name):
            raise AttributeError(name)
        raise GradientError(
            "trace of a draw",
            got=f"rng.{name}",
            needs="random, standard_normal, uniform, normal or integers",
        )


def _changed_buffers(model: Module, trace: Trace) -> dict[str, Name]:
    """The buffers that forward gave new values to."""
    now = {path: _written(b) for path, b in model.named_buffers()}
    return {path: name for path, name in now.items() if name is not trace.buffers[path]}


def _only(output: Any, model: Module) -> Tensor:
    """The output of the network, refused where there are several."""
    if isinstance(output, Tensor):
        return output
    many = isinstance(output, tuple | list)
    raise GradientError(
        f"trace of {type(model).__name__}",
        got=f"{len(output)} outputs" if many else f"an output of type {type(output).__name__}",
        needs="one tensor that the loss takes",
        try_="a Module around the layer: def forward(self, x): return self.layer(x)[0]",
    )


def _written(t: Any) -> Name:
    """The name that a tensor of the trace holds in place of an array."""
    assert isinstance(t.data, Name)
    return t.data


def _tensor(name: Any) -> Tensor:
    """A tensor around a name."""
    return Tensor(name)


class _Watcher:
    """Notes on every line the rule, and on every result the layer, that it belongs to."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.script, self.mark = trace, trace.script, 0
        self.layers: dict[int, str] = {}

    def __call__(
        self, stage: str, rule: Rule, inputs: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        new = self.script.lines[self.mark :]
        self.mark = len(self.script.lines)
        if any(isinstance(x, np.random.Generator) for x in inputs):
            raise GradientError(
                f"trace of {self.script.layer or 'the network'}, {rule.name}",
                got="a generator of the layer's own",
                needs="the generator of the step: a program is given its draws",
                try_="the layer without generator=",
            )
        if stage == "forward":
            if isinstance(outputs[0], Name):
                line = outputs[0].line
                self.layers[id(line)] = self.script.layer
                given = [x.line for x in inputs if isinstance(x, Name)]
                self.trace.values.append((rule, line, given))
        elif isinstance(inputs[0], Name) and isinstance(inputs[1], Name):
            self.trace.totals[id(inputs[1].line)] = inputs[0].line
        for line in new:
            if line.kind in GIVEN:
                continue
            line.rule = rule.name
            if stage == "backward" and isinstance(inputs[1], Name):
                line.layer = self.layers.get(id(inputs[1].line), "loss")


def _follow(model: Module, trace: Trace, stack: ExitStack) -> None:
    """Keep ``script.layer`` at the path of the layer that is running; note the numbered ones."""
    script = trace.script
    path: list[tuple[str, int]] = []

    def enter(name: str) -> Callable[..., None]:
        def hook(module: Module, inputs: Any) -> None:
            path.append((name, len(script.lines)))
            script.layer = name

        return hook

    def leave(module: Module, inputs: Any, output: Any) -> None:
        name, start = path.pop()
        script.layer = path[-1][0] if path else ""
        if name.rpartition(".")[2].isdigit():
            given, gave = (_line_of(x) for x in (inputs[0] if inputs else None, output))
            call = Call(given, gave, script.lines[start:])
            trace.calls.setdefault(name, []).append(call)

    for name, module in model.named_modules():
        stack.callback(module.register_forward_pre_hook(enter(name)))
        stack.callback(module.register_forward_hook(leave))


def _line_of(x: Any) -> Line | None:
    """The line of a tensor in the trace; None for anything else."""
    data = getattr(x, "data", None)
    return data.line if isinstance(data, Name) else None


@contextmanager
def _local_names() -> Iterator[None]:
    """While a rule runs, learn what its author called the values: the rule's own local names."""

    def profile(frame: Any, event: str, argument: Any) -> None:
        if event != "return" or not _is_rule(frame):
            return
        given = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        for name, value in frame.f_locals.items():
            fresh = isinstance(value, Name) and name not in (*given, "self", "y", "g", "_")
            if fresh and value.line.kind != "source" and not value.line.local:
                value.line.local = name

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(before)


def _is_rule(frame: Any) -> bool:
    """Whether the frame belongs to a rule of the table or of an optimizer."""
    rule = frame.f_code.co_name in ("forward", "backward") and "self" not in frame.f_locals
    return rule or frame.f_globals.get("__name__", "").startswith("pellucid.optim.")
