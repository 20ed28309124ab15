"""Helpers in a program: their sources, their several results, and the memory they are given."""

from __future__ import annotations

import inspect
import math
import re
from typing import Any

import numpy as np
import pytest
import toys
from alone import trains_alone
from networks import classes, numbers
from toys import Conv, ConvNet, Largest, RecurrentNet, gate, recurrent_forward

import pellucid
from pellucid import nn, op, optim
from pellucid.errors import GradientError
from pellucid.ops import helper
from pellucid.program import Program
from pellucid.program.helpers import called, needed, source_of

Y = classes(9, 3)
CE = nn.CrossEntropyLoss()
NETS: dict[str, tuple[Any, Any]] = {
    "convolution": (ConvNet, numbers((9, 2, 8))),
    "recurrent": (RecurrentNet, numbers((9, 5, 4))),
}


def write(model: nn.Module, x: Any, y: Any = Y, **changes: Any) -> Program:
    return pellucid.write(model, CE, optim.Adam(model.parameters(), lr=0.01), (x, y), **changes)


def step_of(program: Program) -> str:
    return program.running_source.partition("    def step(")[2]


class Through(nn.Module):
    """An operation between two Linears."""

    def __init__(self, operation: Any, columns: int = 3, images: bool = False) -> None:
        super().__init__()
        g = np.random.default_rng(0)
        self.a, self.b = nn.Linear(5, 6, generator=g), nn.Linear(columns, 3, generator=g)
        self.operation = operation

    def forward(self, x: Any) -> Any:
        return self.b(self.operation(self.a(x)))


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_the_bits_are_eagers(name: str, clip_norm: float | None) -> None:
    make, x = NETS[name]
    write(make(), x, clip_norm=clip_norm).verify()


@pytest.mark.parametrize("name", NETS)
def test_nothing_large_is_allocated_in_the_step(name: str) -> None:
    make, x = NETS[name]
    step = step_of(write(make(), x))
    new = re.findall(r"^ +[\w, ]+ = (\w[\w.]*\(.*)$", step, re.MULTILINE)
    views_and_numbers = re.compile(r"x\.reshape|y\[|losses\.mean")
    assert [text for text in new if not views_and_numbers.match(text)] == []


def test_the_reading_form_unpacks_and_shows_no_memory() -> None:
    text = write(RecurrentNet(), NETS["recurrent"][1]).source
    step = text.partition("def step(")[2]
    assert "out=" not in step
    assert "    states1, recurrent1 = recurrent_forward(z_inner, W1, U1) " in step
    assert re.search(r"recurrent_forward\(.*# \(6, n, 6\), \(n, 6\)$", step, re.MULTILINE)
    assert max(map(len, text.splitlines())) <= 100


def test_the_running_form_gives_a_tuple_of_buffers() -> None:
    step = step_of(write(RecurrentNet(), NETS["recurrent"][1]))
    assert "recurrent_forward(z_inner, W1, U1, out=(states1, recurrent1))\n" in step
    assert "out=(dx1, dW1, dU1, count1_box))\n        count1 = count1_box[()]\n" in step


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("form", ["source", "running_source"])
def test_every_helper_stands_once_behind_those_that_it_needs(name: str, form: str) -> None:
    make, x = NETS[name]
    found = re.findall(r"^def (\w+)\(", getattr(write(make(), x), form), re.MULTILINE)
    wanted = {
        "convolution": ["windows", "im2col", "col2im"],
        "recurrent": ["gate", "recurrent_forward", "recurrent_backward"],
    }[name]
    assert found[: len(wanted)] == wanted
    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", NETS)
def test_the_reading_form_trains_alone(name: str) -> None:
    make, x = NETS[name]
    trains_alone(write(make(), x))


def test_results_that_nobody_reads_and_a_helper_without_memory() -> None:
    class Net(Through):
        def forward(self, x: Any) -> Any:
            h = self.a(x)
            return self.b(h[:, :3] * Largest(h).reshape(-1, 1))

    program = write(Net(None), numbers((9, 5)))
    program.verify()
    line = next(t for t in program.source.splitlines() if "largest(" in t and "=" in t)
    assert re.match(r" +largest_a, where_a, _ = largest\(z_a\) ", line)
    assert re.search(r"largest_a, where_a, _\w* = largest\(z_a\)\n", step_of(program))
    assert "import math\n\nimport numpy as np\n" in program.source  # place() wants it


@helper
def doubled_beside(x, out=None):
    """Twice x, and whatever else was asked for."""
    twice, rest = (np.empty_like(x), np.empty_like(x)) if out is None else out
    np.multiply(x, 2, out=twice)
    np.multiply(x, 3, out=rest)
    return twice, rest


@op
class Doubled:
    """y = 2 x."""

    def forward(x: Any) -> Any:
        return doubled_beside(x)[0]

    def backward(g: Any, y: Any, x: Any) -> Any:
        return (doubled_beside(g)[0],)


def test_memory_of_results_that_nobody_reads_is_used_again() -> None:
    program = write(Through(Doubled, 6), numbers((9, 5)))
    program.verify()
    setup = program.running_source.partition("    def step(")[0]
    assert "_, " not in step_of(program)
    assert len(re.findall(r"np\.empty\(\(n, 6\), np\.float32\)", setup)) == 3
    assert re.search(r"doubled_a, _ = doubled_beside\(z_a\)", program.source)


@helper
def halves(x):
    """The left and the right half of x, which are views."""
    k = x.shape[1] // 2
    return x[:, :k], x[:, k:]


@helper
def turned(x):
    """x with its columns in reverse order, a view."""
    return x[:, ::-1]


@op
class Gated:
    """y = left * right, turned."""

    def forward(x: Any) -> Any:
        left, right = halves(x)
        return turned(left * right)

    def backward(g: Any, y: Any, x: Any) -> Any:
        left, right = halves(x)
        g = turned(g)
        return (np.concatenate([g * right, g * left], axis=1),)


def test_results_that_are_views_keep_the_memory_that_they_look_at() -> None:
    program = write(Through(Gated), numbers((9, 5)))
    program.verify()
    assert "np.concatenate([" in step_of(program)
    assert ", axis=1, out=" in step_of(program)


@helper
def with_gradients(g: Any, x: Any, *, wanted: tuple[bool, bool]) -> tuple[Any, Any]:
    """One gradient, or two."""
    return (g if wanted[0] else None), (g * x if wanted[1] else None)


@op
class Scaled:
    """y = x * w."""

    def forward(x: Any, w: Any) -> Any:
        return x * w

    def backward(g: Any, y: Any, x: Any, w: Any, *, needs: Any) -> Any:
        dx, product = with_gradients(g, x, wanted=needs)
        return (None if dx is None else dx * w), product.sum(axis=0)


def test_a_result_may_be_none_and_types_are_left_out() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(np.ones(5, np.float32))
            self.b = nn.Linear(5, 3, generator=np.random.default_rng(0))

        def forward(self, x: Any) -> Any:
            return self.b(Scaled(x, self.w))

    program = write(Net(), numbers((9, 5)))
    program.verify()
    assert "def with_gradients(g, x, *, wanted):" in program.source
    assert "_, product1 = with_gradients(dscaled1, x, wanted=(False, True))" in program.source


def test_helpers_are_found_through_each_other() -> None:
    assert [f.__name__ for f in needed([recurrent_forward])] == ["gate", "recurrent_forward"]
    assert called(inspect.unwrap(gate)) == ()
    assert source_of(gate).startswith("def gate(z):\n")


OUTSIDE = 3.0


@helper
def uses_a_constant(x):
    return x * OUTSIDE


@helper
def uses_another_module(x):
    return np.asarray(re.sub("a", "b", "a") and x * 1)


@helper
def uses_math(x):
    return x * math.pi


@helper
def gives_a_number(x):
    return float(x.sum())


def of(function: Any, another: Any = None) -> Any:
    """An operation from a helper."""

    class Own:
        "y = f(x)."

        def forward(x: Any) -> Any:
            return function(x)

        def backward(g: Any, y: Any, x: Any) -> Any:
            return (another(g) if another else g,)

    return op(Own)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (uses_a_constant, "the name 'OUTSIDE', which is not there in a program"),
        (uses_another_module, "the name 're', which is not there"),
        (gives_a_number, "gives something that is not an array"),
    ],
)
def test_a_helper_that_does_not_stand_alone_is_refused(function: Any, text: str) -> None:
    with pytest.raises(GradientError, match=text):
        write(Through(of(function), 6), numbers((9, 5)))


def test_two_helpers_of_one_name_are_refused() -> None:
    def another() -> Any:
        @helper
        def uses_math(x):
            return x * 2

        return uses_math

    with pytest.raises(GradientError, match="another helper of the same name"):
        write(Through(of(uses_math, another()), 6), numbers((9, 5)))


def test_a_value_is_not_called_as_a_helper_is() -> None:
    @op
    class Sigmoid2:
        "y = sigmoid(x)."

        def forward(x: Any) -> Any:
            gate = toys.gate(x)  # the same name
            return gate * 1.5

        def backward(g: Any, y: Any, x: Any) -> Any:
            weights = toys.gate(x)
            return (g * 1.5 * weights * (1 - weights),)

    program = write(Through(Sigmoid2, 6), numbers((9, 5)))
    program.verify()
    assert " gate = " not in program.source
    assert " weights = gate" not in program.source


def test_convolutions_keep_their_memory_order() -> None:
    h = Conv(numbers((3, 2, 8)), numbers((4, 6)), k=3)
    assert h.data.transpose(0, 2, 1).flags.c_contiguous
    setup = write(ConvNet(), NETS["convolution"][1]).running_source
    assert "np.empty((n, 6, 4), np.float32).transpose(0, 2, 1)" in setup


@pytest.mark.parametrize("name", NETS)
def test_one_row_and_many(name: str) -> None:
    """A batch of one is written from the memory order of larger ones."""
    make, x = NETS[name]
    model, eager = make(), make()
    if name == "convolution":
        model.norm, eager.norm = nn.Identity(), nn.Identity()
    program = write(model, x[:1], Y[:1])
    adam = optim.Adam(eager.parameters(), lr=0.01)
    for n in (1, 4, 9, 1):
        loss = CE(eager(x[:n]), Y[:n])
        adam.zero_grad()
        loss.backward()
        adam.step()
        assert program(x[:n], Y[:n]) == loss.item()
    for p, q in zip(model.parameters(), eager.parameters(), strict=True):
        assert p.data.tobytes() == q.data.tobytes()
