"""Gives the lines of a trace the names that a person would: W1, z1, h1, dz1, dW_hidden."""

from __future__ import annotations

import keyword
from collections import Counter

from pellucid.nn import Module
from pellucid.program.helpers import needed
from pellucid.program.name import GIVEN, Line
from pellucid.program.trace import Trace

__all__ = ["WORDS", "label", "slot_letter", "suffixes"]

# What the values of a rule are called, before the layer's suffix; h for every activation.
_LETTERS = {
    **dict.fromkeys(("Linear", "Bilinear", "MatMul"), "z"),
    **dict.fromkeys(("Conv", "ConvTranspose", "DepthwiseConv", "DepthwiseConvTranspose"), "z"),
    **dict.fromkeys(("BatchNorm", "BatchNormInference", "LayerNorm", "GroupNorm"), "normed"),
    **dict.fromkeys(("RMSNorm", "LocalResponseNorm"), "normed"),
    **dict.fromkeys(("Dropout", "AlphaDropout"), "kept"),
    **dict.fromkeys(("MaxPool", "AvgPool", "LPPool", "AdaptiveAvgPool"), "pooled"),
    **dict.fromkeys(("Pad", "PadConstant", "PadImage", "PadEdges"), "padded"),
    **dict.fromkeys(("Embedding", "RNN", "LSTM", "GRU"), "h"),
    **dict.fromkeys(("Attention", "SelfAttention"), "mixed"),
    "AttentionWeights": "shares",
    "Reshape": "flat",
    "Add": "sum",
    "Softmax": "p",
    "LogSoftmax": "log_p",
}
_ACTIVATIONS = ("pellucid.ops.activation", "pellucid.ops.piecewise")
_SLOTS = {  # what the optimizer's memories are called
    "momentum_buffer": "v",
    "exp_avg": "m",
    "exp_avg_sq": "v",
    "max_exp_avg_sq": "v_max",
    "square_avg": "s",
    "grad_avg": "a",
    "sum": "s",
    "step": "t",
}


# What a program itself calls things.
WORDS = (
    *("W", "dW", "n", "t", "lr", "rng", "np", "math", "x", "y", "loss", "weights", "memory"),
    *("buffers", "gradients", "moved", "step", "forward", "predict", "make"),
)


def slot_letter(slot: str) -> str:
    """The short name of an optimizer's memory: m for exp_avg, as in the papers."""
    return _SLOTS.get(slot, slot)


def label(trace: Trace, model: Module, instead: dict[int, Line]) -> None:
    """Set ``label`` on every line that deserves a name of its own; the others stay nameless."""
    Labels(model, instead).run(trace)


class Labels:
    """The names in use, and the suffixes of the layers."""

    def __init__(self, model: Module, instead: dict[int, Line]) -> None:
        self.used = set(WORDS)
        self.count: dict[str, int] = {}  # by name: where to look for a free one
        self.instead = instead
        self.suffixes = suffixes(model)

    def run(self, trace: Trace) -> None:
        """Label sources, then values in the order they are made, then their gradients."""
        self.reserve(trace)
        for path, name in (*trace.parameters.items(), *trace.buffers.items()):
            owner, _, own = path.rpartition(".")
            name.line.suffix = self.suffixes.get(owner, "")
            name.line.label = self.free(_own(own) + name.line.suffix)
        self.values(trace)
        self.gradients(trace)
        for line in trace.script.lines:
            if line.local and not line.label and line.stage != "update":
                line.label = self.free(line.local + line.suffix)

    def reserve(self, trace: Trace) -> None:
        """Keep the words of the program itself: its settings and its helpers."""
        for line in trace.script.lines:
            if line.kind in GIVEN and line.stage == "update":
                self.used.add(line.label)
            elif line.kind == "helper" and line.function is not None:
                self.used.update(f.__name__ for f in needed([line.function]))
        for slots in trace.state.values():
            self.used.update(slot_letter(slot) for slot in slots)

    def values(self, trace: Trace) -> None:
        """What the rules of the forward pass give."""
        for rule, line, given in trace.values:
            line = self.instead.get(id(line), line)
            given = [self.instead.get(id(x), x) for x in given]
            line.suffix = self.suffix_of(rule.name, given)
            if trace.loss is not None and line is self.final(trace.loss.line):
                line.label = "loss"
            elif not line.label:
                letter = _LETTERS.get(rule.name)
                if letter is None and rule.forward.__module__ in _ACTIVATIONS:
                    letter = "h"
                line.label = self.free((letter or rule.name.lower()) + line.suffix)
        self.spreadsuffixes(trace)

    def suffix_of(self, rule: str, given: list[Line]) -> str:
        """The suffix of the layer's weights where there are any, else of what comes in."""
        weights = [x for x in given if x.kind in GIVEN and x.suffix]
        others = [x for x in given if x.suffix]
        return (weights or others)[0].suffix if weights or others else ""

    def spreadsuffixes(self, trace: Trace) -> None:
        """Give the lines inside a rule the suffix of the rule's value."""
        by_layer: dict[tuple[str, str], str] = {}
        for rule, line, _ in trace.values:
            by_layer.setdefault((line.layer, rule.name), line.suffix)
        for line in trace.script.lines:
            if not line.suffix and line.kind not in GIVEN and line.layer != "loss":
                line.suffix = by_layer.get((line.layer, line.rule), "")

    def gradients(self, trace: Trace) -> None:
        """dX for the whole gradient of X."""
        for _, value, _ in trace.values:
            total = trace.totals.get(id(value))
            value = self.final(value)
            if total is not None and value.label:
                self.name_gradient(total, value)
        for path, g in trace.gradients.items():
            self.name_gradient(g.line, trace.parameters[path].line)
        for path, line in trace.rebound:  # dW1 = dW1 * clip: the name stays
            self.final(line).label = self.final(trace.gradients[path].line).label

    def name_gradient(self, line: Line, value: Line) -> None:
        """Call the line d and the value's name, unless it has a name already."""
        line = self.final(line)
        if not line.label:
            line.label, line.suffix = self.free(f"d{value.label}"), value.suffix

    def final(self, line: Line) -> Line:
        """The line itself, or what took its place."""
        return self.instead.get(id(line), line)

    def free(self, name: str) -> str:
        """``name``, made a word of Python that is not in use yet."""
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
        name = f"_{name}" if name[:1].isdigit() or keyword.iskeyword(name) else name
        tried, k = name, self.count.get(name, 2)
        while tried in self.used:
            tried, k = f"{name}_{k}", k + 1
        self.count[name] = k
        self.used.add(tried)
        return tried


def _own(name: str) -> str:
    """What a network's own array is called: W for weight, b_ih for bias_ih, W_in for in_weight."""
    for word, letter in (("weight", "W"), ("bias", "b")):
        if name.startswith(word):
            return letter + name.removeprefix(word)
        if name.endswith(f"_{word}"):
            return f"{letter}_{name.removesuffix(f'_{word}')}"
    return "batches" if name == "num_batches_tracked" else name


def suffixes(model: Module) -> dict[str, str]:
    """What stands behind the letters of each layer with arrays of its own.

    Its number among the numbered; else its last name and the numbers on the way to it, with as
    many names before that as tell it from the others: _hidden, _norm1_0, _encoder_norm1_0.
    """
    owners = [
        path
        for path, module in model.named_modules()
        if any(True for _ in module.named_parameters(recurse=False))
        or any(True for _ in module.named_buffers(recurse=False))
    ]
    numbered = [path for path in owners if path and path.replace(".", "").isdigit()]
    found = {path: str(k) for k, path in enumerate(numbered, start=1)}
    words = {
        path: [word for word in path.split(".") if not word.isdigit()] or ["1"]
        for path in owners
        if path not in found
    }
    count = dict.fromkeys(words, 1)
    while True:
        made = {path: _suffix(path, names[-count[path] :]) for path, names in words.items()}
        times = Counter(made.values())
        shared = [path for path, text in made.items() if times[text] > 1]
        longer = [p for p in shared if count[p] < len(words[p])]
        for path in longer:
            count[path] += 1
        if not longer:
            return {**found, **made}


def _suffix(path: str, names: list[str]) -> str:
    numbers = [word for word in path.split(".") if word.isdigit()]
    return "_".join(["", *names, *numbers]) if path else "1"
