"""The fused form: loops that stay within rounding of the eager network, compiled or not."""

from __future__ import annotations

import copy
import logging
import math
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from networks import GOLDEN, classes, mlp, numbers
from test_program import CHANGES, LOSSES, OPTIMIZERS

import pellucid
from pellucid import nn, optim
from pellucid.errors import OptionError
from pellucid.program import Changes, Program
from pellucid.program.fused_math import exp32, row_max, row_min, row_sum
from pellucid.program.program import eager_step
from pellucid.random import generator

X, Y = numbers((9, 5)), classes(9, 3)
CE = nn.CrossEntropyLoss()
EPS = float(np.finfo(np.float32).eps)


def distance(
    model: nn.Module,
    loss: Any = CE,
    make: Any = lambda p: optim.SGD(p, lr=0.1),
    y: Any = Y,
    x: Any = X,
    **changes: Any,
) -> float:
    """How far the fused form is from eager after 10 steps, in units of the dtype's rounding.

    The batch cannot be written to, and every third time it lacks its last rows.
    """
    twin = copy.deepcopy(model)
    optimizers = make(model.parameters()), make(twin.parameters())
    changed = Changes(**changes)
    program = Program(twin, loss, optimizers[1], x, y, changed, form="fused")
    far = 0.0
    for k in range(10):
        rows = slice(0, len(x) - len(x) // 3 * (k % 3 == 2))
        batch = x[rows].copy(), y[rows].copy()
        for array in batch:
            array.flags.writeable = False
        expected = eager_step(model, optimizers[0], loss, *batch, changed, k)
        given = program(*batch, lambda site, k=k: generator(0, "step", 0, k, site))
        assert given is not None
        far = max(far, abs(given - expected) / max(1.0, abs(expected)))
    for name, value in model.state_dict().items():
        far = max(far, float(np.abs(value - twin.state_dict()[name]).max(initial=0)))
    return far / float(np.finfo(x.dtype if x.dtype.kind == "f" else np.float32).eps)


LIMIT = 16  # in units of rounding; without fusing anything it would be 0


@pytest.mark.parametrize("activation", nn.ACTIVATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_activations(activation: str, batch_norm: bool, uncompiled: None) -> None:
    net = mlp(5, 8, 6, 3, activation=activation, batch_norm=batch_norm, dropout=0.2)
    assert distance(net) < LIMIT


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str, uncompiled: None) -> None:
    # a centred RMSprop divides by the root of a small difference, which magnifies rounding
    limit = 64 if "centred" in name else LIMIT
    assert distance(mlp(5, 6, 3), make=OPTIMIZERS[name]) < limit


@pytest.mark.parametrize("changes", CHANGES, ids=lambda c: "+".join(c) or "plain")
def test_changes_of_the_gradients(changes: dict[str, float], uncompiled: None) -> None:
    assert distance(mlp(5, 6, 3), **changes) < LIMIT


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str, uncompiled: None) -> None:
    loss, y = LOSSES[name]
    assert distance(mlp(5, 6, 3), loss, y=y) < LIMIT


@pytest.mark.parametrize(
    "layer",
    [
        nn.LayerNorm(6),
        nn.BatchNorm1d(6, momentum=None),
        nn.Softmax(dim=1),
        nn.LogSoftmax(dim=1),
        nn.GELU(approximate="tanh"),
        nn.Softplus(beta=2.0),
    ],
    ids=repr,
)
def test_other_layers(layer: nn.Module, uncompiled: None) -> None:
    assert distance(nn.Sequential(nn.Linear(5, 6), layer, nn.Linear(6, 3))) < LIMIT


@pytest.mark.parametrize("name", [name for name in GOLDEN if name != "mlp_sgd"])
def test_the_ten_networks(name: str, uncompiled: None) -> None:
    made = GOLDEN[name]()
    x, y = made.example
    assert distance(made.model, made.loss, lambda p: _again(made.optimizer, p), y, x) < LIMIT


def _again(optimizer: optim.Optimizer, params: Any) -> optim.Optimizer:
    """An optimizer with the settings of another one."""
    settings = {k: v for k, v in optimizer.param_groups[0].items() if k != "params"}
    made = type(optimizer)(params)
    made.param_groups[0].update(settings)
    return made


def test_float64_and_one_class_per_row(uncompiled: None) -> None:
    net = mlp(5, 6, 1, dtype=np.float64)
    y = classes(9, 2).astype(np.float64)[:, None]
    assert distance(net, nn.BCEWithLogitsLoss(), y=y, x=X.astype(np.float64)) < LIMIT


def test_bad_numbers_move_nothing(uncompiled: None) -> None:
    net = mlp(5, 6, 3)
    sgd = optim.SGD(net.parameters(), lr=0.1)
    program = pellucid.write(net, CE, sgd, (X, Y), form="fused")
    before = {name: value.copy() for name, value in net.state_dict().items()}
    bad = X.copy()
    bad[3, 2] = np.nan
    assert program(bad, Y) is None
    for name, value in net.state_dict().items():
        assert value.tobytes() == before[name].tobytes()


def test_a_bad_weight_is_not_hidden_by_a_loop(uncompiled: None) -> None:
    net = mlp(5, 6, 3)
    program = pellucid.write(net, CE, optim.SGD(net.parameters(), lr=0.1), (X, Y), form="fused")
    next(iter(net.parameters())).data[2, 1] = np.nan  # max(nan, 0) is nan
    assert program(X, Y) is None


class Scaled(nn.Module):
    """A layer whose gradient overflows in an element-wise line."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(numbers((3, 5)) * np.float32(1e-37))

    def forward(self, x: Any) -> Any:
        return (x[:, np.newaxis, :] * (self.weight * np.float32(1e37))).sum(axis=2)


def test_gradients_are_tested_before_they_are_clipped(uncompiled: None) -> None:
    net, x = Scaled(), X * np.float32(1000)
    before = net.weight.data.copy()
    sgd = optim.SGD(net.parameters(), lr=0.1)
    program = pellucid.write(net, CE, sgd, (X, Y), clip_value=1e-38, form="fused")
    with np.errstate(over="ignore"):
        assert program(x, Y) is None
    assert net.weight.data.tobytes() == before.tobytes()


class TwoPasses(nn.Module):
    """One result is there after the first pass over a row, the other reads the input again."""

    def __init__(self) -> None:
        super().__init__()
        g = np.random.default_rng(0)
        self.inner = nn.Linear(5, 6, bias=False, generator=g)
        self.left, self.right = nn.Linear(6, 3, generator=g), nn.Linear(6, 3, generator=g)

    def forward(self, x: Any) -> Any:
        m = self.inner(x)
        return self.left(m.relu()) + self.right(m - (m * 2).mean(axis=1, keepdims=True))


def test_results_are_not_written_over_what_is_read_later(uncompiled: None) -> None:
    assert distance(TwoPasses()) < LIMIT


def test_what_is_fused(uncompiled: None) -> None:
    net = mlp(5, 6, 4, 3)
    adam = optim.Adam(net.parameters())
    text = pellucid.write(net, CE, adam, (X, Y), form="fused").fused_source
    step = text.split("    def step(")[1]
    calls = [line.split("(")[0].strip() for line in step.split("\n") if " loop_" in line]
    assert calls == [
        "loop_linear_relu",
        "loop_linear_relu",
        "loop_linear_crossentropy",
        "loop_relu_linear",
        "loop_relu_linear",
        "loop_adam",
    ]
    assert step.count("product_nt(") == 3
    assert step.count("product_nn(") == 2
    assert step.count("product_tn(") == 3
    assert "np.matmul" not in step
    assert "np.add" not in step
    assert "np.exp" not in step
    assert "np.float32(s" in text  # a setting in double precision would make all of Adam double
    assert (
        re.search(r"[-+*/<>=] [\\d.]+\\n", text.split("def make")[0].split("def loop_")[1]) is None
    )
    assert text.count("def loop_") == 4  # layers of one kind share their loops


def test_the_source_is_the_same_every_time(uncompiled: None) -> None:
    made = [
        pellucid.write(net, CE, optim.SGD(net.parameters(), lr=0.1), (X, Y), form="fused")
        for net in (mlp(5, 6, 3), mlp(5, 6, 3))
    ]
    assert made[0].fused_source == made[1].fused_source


def test_compiled(caplog: pytest.LogCaptureFixture) -> None:
    """With Numba: layers that need every kind of loop; the second time nothing is compiled."""
    caplog.set_level(logging.INFO, "pellucid")

    def net() -> nn.Module:
        made = mlp(5, 8, 6, 3, activation="sigmoid", dropout=0.2)
        return nn.Sequential(*made[:2], nn.LayerNorm(8), *made[2:])

    assert distance(net(), make=optim.Adam) < LIMIT
    assert [r.message.split(" of ")[0] for r in caplog.records] == ["compiling the loops"]
    assert "once, for some seconds" in caplog.text
    caplog.clear()
    assert distance(net(), make=optim.Adam) < LIMIT
    assert not caplog.records


def test_compiled_on_the_network_of_the_benchmark() -> None:
    net = mlp(784, 128, 64, 10)
    x, y = np.abs(numbers((32, 784))) / 4, classes(32, 10)
    assert distance(net, y=y, x=x) < LIMIT


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, lr=0.1), optim.Adam])
def test_two_threads_train_to_the_same_bits(make: Any) -> None:
    x, y = np.abs(numbers((60, 784))) / 4, classes(60, 10)
    results = []
    for threads in (1, 2):
        net = mlp(784, 128, 64, 10)
        options = {"form": "fused", "threads": threads}
        program = pellucid.write(net, CE, make(net.parameters()), (x, y), **options)
        losses = [program(x[:n], y[:n]) for n in (60, 60, 7, 1, 60)]
        results.append((losses, {k: v.tobytes() for k, v in net.state_dict().items()}))
    assert results[0] == results[1]
    assert "prange(2)" in program.fused_source


def test_no_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    net = mlp(5, 6, 3)
    sgd = optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(OptionError) as caught:
        pellucid.write(net, CE, sgd, (X, Y), form="fused")
    assert str(caught.value) == (
        "OptionError in program, the fused form\n"
        "  got:    no Numba that can be imported (import of numba halted; "
        "None in sys.modules)\n"
        "  needs:  a Numba that fits this Python and this NumPy, to compile the loops\n"
        "  try:    pip install 'pellucid[fast]'"
    )
    program = pellucid.write(net, CE, sgd, (X, Y))
    assert program(X, Y) is not None


def test_a_numba_of_the_wrong_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise SystemError('built for another NumPy')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [m for m in sys.modules if m == "numba" or m.startswith("numba.")]:
        monkeypatch.delitem(sys.modules, name)
    net = mlp(5, 6, 3)
    with pytest.raises(OptionError, match=r"no Numba that can be imported \(built for another"):
        pellucid.write(net, CE, optim.SGD(net.parameters(), lr=0.1), (X, Y), form="fused")


def test_loops_that_do_not_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*signature: Any, **options: Any) -> Any:
        raise TypeError("no such option")

    monkeypatch.setitem(sys.modules, "numba", SimpleNamespace(njit=refuse))
    net = mlp(5, 7, 3)
    with pytest.raises(OptionError, match=r"loops that Numba cannot compile \(no such option\)"):
        pellucid.write(net, CE, optim.SGD(net.parameters(), lr=0.1), (X, Y), form="fused")


def test_an_unknown_form() -> None:
    net = mlp(5, 6, 3)
    with pytest.raises(OptionError, match="did you mean 'fused'"):
        pellucid.write(net, CE, optim.SGD(net.parameters(), lr=0.1), (X, Y), form="fusd")


def test_exp_is_exact_to_one_unit() -> None:
    worst = 0.0
    for x in np.linspace(-87, 88.7, 4001, dtype=np.float32):
        expected = math.exp(float(x))
        worst = max(
            worst, abs(float(exp32(x)) - expected) / float(np.spacing(np.float32(expected)))
        )
    assert worst < 1.01


@pytest.mark.filterwarnings("ignore:overflow")
def test_exp_at_the_ends() -> None:
    f = np.float32
    assert [exp32(f(x)) for x in (0, -np.inf, -200, 89, np.inf)] == [1, 0, 0, np.inf, np.inf]
    assert np.isnan(exp32(f(np.nan)))
    assert exp32(f(-100)) == pytest.approx(math.exp(-100), rel=0.1)  # below the normal numbers


def test_rows() -> None:
    row = np.array([1, 4, -2], np.float32)
    assert (row_sum(row), row_max(row), row_min(row)) == (3, 4, -2)
    for k in range(3):
        bad = row.copy()
        bad[k] = np.nan
        assert np.isnan(row_max(bad))
        assert np.isnan(row_min(bad))
