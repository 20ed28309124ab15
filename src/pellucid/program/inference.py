"""A network's prediction as a NumPy program: to read, to run, to save."""

from __future__ import annotations

import base64
import io
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid import __version__, durable
from pellucid.errors import DataError, DtypeError, GradientError, ShapeError
from pellucid.nn import Module
from pellucid.program.blocks import find_stack
from pellucid.program.helpers import imports, joined
from pellucid.program.label import label
from pellucid.program.load import load
from pellucid.program.name import GIVEN, Line
from pellucid.program.one_sample import OneSample, file_of
from pellucid.program.page import in_brackets
from pellucid.program.plan import plan
from pellucid.program.reading import Reading, layer_name, read_out
from pellucid.program.running import Running
from pellucid.program.tidy import aligned, lift_constants, shorten
from pellucid.program.trace import Trace, trace_inference

__all__ = ["Inference", "Prediction", "described", "forward_source", "weights_text"]

Array = NDArray[Any]
INSIDE = 150_000  # bytes of weights that may stand in the source itself
SIZES = 4  # batch sizes whose buffers are kept


@dataclass
class Prediction:
    """A traced and tidied forward pass: the lines, what is given to them, what comes out."""

    trace: Trace
    lines: list[Line]
    instead: dict[int, Line]

    @classmethod
    def of(cls, model: Module, x: Array, n: int, input_name: str = "x") -> Prediction:
        """Trace the forward pass in eval mode for batches of ``n`` that look like ``x``."""
        sizes = (n, n + 3) if n > 1 else (1,)
        traces = [trace_inference(model, np.resize(x, (m, *x.shape[1:]))) for m in sizes]
        for trace in traces:
            trace.inputs["x"].line.label = input_name
        trace = traces[0]
        aligned(trace.script.lines, traces[-1].script.lines, n, sizes[-1])
        lift_constants(trace.script)
        lines, instead = shorten(trace.script.lines, trace.results)
        label(trace, model, instead)
        made = cls(trace, lines, instead)
        if made.output.kind not in GIVEN and not made.output.label:
            made.output.label = "y"
        return made

    @property
    def input(self) -> Line:
        """The line of the batch."""
        return self.trace.inputs["x"].line

    @property
    def output(self) -> Line:
        """The line that gives the network's outputs."""
        return self.instead.get(id(self.trace.output.line), self.trace.output.line)

    @property
    def weights(self) -> dict[str, Line]:
        """The parameters and buffers that are read, by their paths in the network."""
        read = {id(line) for line in self.lines}
        given = {**self.trace.parameters, **self.trace.buffers}
        return {path: name.line for path, name in given.items() if id(name.line) in read}


class Inference:
    """The prediction of a network, ready to run: ``inference(x)`` gives the network's outputs.

    ``source`` is the reading form. What runs are the same lines with buffers; for a batch of one
    the matrices are multiplied by vectors, which is quicker. The bits are those of the network in
    eval mode. The network's arrays are used as they are now and written to later; where one was
    replaced, the program takes the new one.

    >>> from pellucid import nn
    >>> inference = Inference(nn.MLP([4, 8, 3]), np.zeros((1, 4), np.float32))
    >>> inference(np.ones((5, 4), np.float32)).shape
    (5, 3)
    """

    def __init__(self, model: Module, example: ArrayLike) -> None:
        self.model, self.example = model, np.asarray(example)
        if self.example.ndim < 1 or not len(self.example):
            raise ShapeError(
                "program",
                got=f"an example of shape {self.example.shape}",
                needs="a batch: at least one row",
            )
        self.prediction = Prediction.of(model, self.example, 2)
        if self.prediction.output.kind in GIVEN:
            raise GradientError(
                f"program of {type(model).__name__}",
                got="a network that gives its input back",
                needs="a network that computes something",
            )
        self.running_source = _running_source(self.prediction)
        self._not_one: DataError | None = None  # why one example alone cannot be predicted
        try:
            self.one_source = OneSample.source(Prediction.of(model, self.example, 1))
        except DataError as error:  # statistics over the batch
            self.one_source, self._not_one = "", error
        name = type(model).__name__.lower()
        self._module = load(self.running_source, f"{name}_predict")
        self._one_module = load(self.one_source, f"{name}_predict_one") if self.one_source else None
        tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
        self._tensors = [(tensors[path], path) for path in self.prediction.weights]
        self._one_shape = (1, *self.example.shape[1:])
        self._take()

    def _take(self) -> None:
        """Use the arrays that the network has now."""
        self._arrays = [(t, t.data) for t, _ in self._tensors]
        self._steps: dict[int, Callable[..., Array]] = {}
        if self._one_module is not None:
            self._one = self._one_module.make(*(t.data for t, _ in self._tensors))

    def __call__(self, x: ArrayLike) -> Array:
        """The network's outputs for a batch (n, ...), a new array.

        Raises ShapeError and DtypeError for a batch that is not like the example.
        """
        for t, array in self._arrays:
            if t.data is not array:
                self._take()
                break
        if type(x) is not np.ndarray or x.dtype != self.example.dtype:
            x = self._fitting(x)
        if x.shape == self._one_shape:
            if self._not_one is not None:
                raise self._not_one
            return self._one(x)  # type: ignore[no-any-return]
        x = self._fitting(x)
        step = self._steps.get(len(x)) or self._make(len(x))
        return step(x)

    def _make(self, n: int) -> Callable[..., Array]:
        """The program for batches of ``n``, with buffers of its own; the oldest one goes."""
        if len(self._steps) >= SIZES:
            del self._steps[next(iter(self._steps))]
        self._steps[n] = self._module.make(n, *(t.data for t, _ in self._tensors))
        return self._steps[n]

    def _fitting(self, x: ArrayLike) -> Array:
        array = np.asarray(x)
        if array.shape[1:] != self.example.shape[1:] or not array.ndim:
            expected = ", ".join(["n", *map(str, self.example.shape[1:])])
            raise ShapeError(
                "program", got=f"x of shape {array.shape}", needs=f"shape ({expected})"
            )
        if array.dtype != self.example.dtype:
            raise DtypeError(
                "program",
                got=f"x of dtype {array.dtype}",
                needs=f"{self.example.dtype}, as in the example that it was written for",
                try_=f"x.astype(np.{self.example.dtype})",
            )
        return np.ascontiguousarray(array)

    @property
    def source(self) -> str:
        """The reading form: ``forward(weights, x)`` as a careful person would have written it."""
        functions = self.functions()
        parts = [_header(self.model), "\n".join(imports(functions)), *functions]
        return "\n\n\n".join(parts).replace('"""\n\n\nimport', '"""\n\nimport') + "\n"

    def functions(self) -> list[str]:
        """The helpers, large constants and ``forward``, one text each."""
        return _functions(self.prediction, self.model, "forward")

    def weights(self) -> dict[str, Array]:
        """The arrays that ``forward`` takes, by the names that it gives them, in its order."""
        lines = self.prediction.weights.values()
        return {x.label: t.data for x, (t, _) in zip(lines, self._tensors, strict=True)}

    def save(self, path: str | Path) -> None:
        """Write a file whose ``predict(x)`` gives the outputs, with nothing but NumPy.

        The weights stand in the file itself where they are few, else beside it, as
        ``<name>_weights.npz``.
        """
        path = Path(path)
        more, text = weights_text(self.weights(), path)
        predict = [
            "def predict(x):",
            '    """The network\'s outputs for a batch of inputs."""',
            "    return forward(WEIGHTS, x)",
        ]
        functions = self.functions()
        head = "\n".join([_header(self.model), "", *joined(more, imports(functions))])
        durable.write_text(path, "\n\n\n".join([head, text, *functions, "\n".join(predict)]) + "\n")


def forward_source(module: Module, x: Array, name: str, input_name: str) -> list[str]:
    """A module without weights as the function ``name(input_name)``, after its helpers."""
    return _functions(Prediction.of(module, x, 2, input_name), module, name)


def weights_text(weights: Mapping[str, Array], path: Path) -> tuple[list[str], str]:
    """Imports and source that give ``WEIGHTS``, a tuple of arrays, to the file at ``path``.

    Many weights are written to ``<name>_weights.npz`` beside it.
    """
    if not weights:
        return [], "WEIGHTS = ()"
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **{n: np.ascontiguousarray(w) for n, w in weights.items()})
    if sum(w.nbytes for w in weights.values()) > INSIDE:
        beside = path.with_name(f"{path.stem}_weights.npz")
        durable.write_bytes(beside, stream.getvalue())
        text = f'with np.load(Path(__file__).with_name("{beside.name}")) as saved:\n'
        return ["from pathlib import Path"], text + "    WEIGHTS = tuple(saved.values())"
    lines = textwrap.wrap(base64.b64encode(stream.getvalue()).decode(), 98)
    text = 'NPZ = """\n' + "\n".join(lines) + '\n"""  # the weights: an .npz file in base64\n'
    text += "with np.load(io.BytesIO(base64.b64decode(NPZ))) as saved:\n"
    return ["import base64", "import io"], text + "    WEIGHTS = tuple(saved.values())"


def described(model: Module) -> str:
    """The layers in a line: Linear 784 -> 128, ReLU, ... and how many parameters they have."""
    count = sum(p.size for p in model.parameters())
    return f"{', '.join(_layers(model))} ({count:,} parameters)"


def _layers(module: Module) -> list[str]:
    """The layers by name; equal blocks that follow each other as 2 x (...)."""
    found: list[list[str]] = [[]]  # the layers of each child
    times = [0]
    for child in module.children():
        own = _layers(child)
        if own == found[-1] and len(own) > 1:
            times[-1] += 1
        else:
            found.append(own)
            times.append(1)
    own_weights = any(True for _ in module.parameters(recurse=False))
    if len(found) == 1 or (own_weights and type(module).__module__.startswith("pellucid.nn")):
        return [layer_name(module)]  # such as attention, whose projection is part of it
    texts = [
        own if n == 1 else [f"{n} x ({', '.join(own)})"]
        for own, n in zip(found[1:], times[1:], strict=True)
    ]
    return [name for own in texts for name in own]


def _header(model: Module) -> str:
    told = textwrap.fill(
        f"network  {described(model)}", 100, subsequent_indent=" " * 9, break_long_words=False
    )
    first = f'"""A network\'s prediction, written out by Pellucid {__version__}.'
    end = "n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone."
    return "\n".join([first, "", told, "", end, '"""'])


def _read(prediction: Prediction, model: Module) -> Reading:
    stack = find_stack(prediction.trace, prediction.lines, model, prediction.instead)
    if stack is not None:
        stack.name_ends(prediction.lines)
    return read_out(prediction.trace, prediction.lines, model, ("forward",), stack)


def _functions(prediction: Prediction, model: Module, name: str) -> list[str]:
    """What stands above it, and the function of the reading form."""
    body = _read(prediction, model)
    return [*body.above, _forward(prediction, body, name)]


def _forward(prediction: Prediction, body: Reading, name: str) -> str:
    labels = {path: line.label for path, line in prediction.weights.items()}
    x, names = prediction.input.label, body.weights(labels)
    ends = "(n, ...)" if not prediction.output.shape else _shape(prediction.output)
    weights = "weights, " if names else "_, " if name == "forward" else ""
    out = [f"def {name}({weights}{x}):"]
    out.append(f'    """{_shape(prediction.input)} to {ends}."""')
    if names:
        out += [f"    {text}" for text in in_brackets("", names, " = weights")]
    out += [f"    n = len({x})"] if _needs_n(body) else []
    texts = body.lines if name == "forward" else [t for t in body.lines if t and t[0] != "#"]
    last = f"{prediction.output.label} = "
    if texts[-1].startswith(last):
        formula, _, shape = texts[-1].removeprefix(last).rpartition("# ")
        texts = [*texts[:-1], f"return {formula.rstrip()}  # {shape}"]
    else:
        texts = [*texts, f"return {prediction.output.label}"]
    out += [""] if name == "forward" else []
    return "\n".join([*out, *(f"    {text}" if text else "" for text in texts)])


def _needs_n(body: Reading) -> bool:
    words = " ".join(text.partition("  # ")[0] for text in body.lines if text[:2] != "# ")
    return "n" in "".join(c if c.isalnum() or c == "_" else " " for c in words).split()


def _shape(line: Line) -> str:
    return "(" + ", ".join(getattr(k, "text", str(k)) for k in line.shape) + ")"


def _running_source(prediction: Prediction) -> str:
    """``make(n, weights...)`` gives the function for batches of n, with its buffers."""
    placed = plan(prediction.lines, {}, [prediction.output])
    names = {id(line): line.label for line in prediction.weights.values()}
    names[id(prediction.input)] = "x"
    running = Running(prediction.lines, placed, names, {})
    body = running.write({id(prediction.input)})
    return file_of(
        body.helpers,
        f"make({', '.join(['n', *(x.label for x in prediction.weights.values())])})",
        body.setup,
        [text for text, _ in body.steps],
        running.known(prediction.output),
    )
