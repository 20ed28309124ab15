"""A batch in two halves: the same training within rounding, where every row goes its own way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import classes, mlp, numbers

import pellucid
from pellucid import nn, optim
from pellucid.program import program as programs
from pellucid.program.halves import Worker, can_be_halved

pytest.importorskip("numba", reason="the fused form needs Numba, an extra")
X, Y = numbers((9, 5)), classes(9, 3)
CE = nn.CrossEntropyLoss()


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, lr=0.1), optim.Adam])
def test_two_halves_train_as_the_whole_does(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    monkeypatch.setattr(programs, "LEAST", 0)
    model, twin = mlp(5, 8, 3), mlp(5, 8, 3)
    options = {"form": "fused", "threads": 2}
    halves = pellucid.write(model, CE, make(model.parameters()), (X, Y), **options)
    eager = make(twin.parameters())
    for n in (9, 8, 1, 2, 9):
        loss = CE(twin(X[:n]), Y[:n])
        eager.zero_grad()
        loss.backward()
        eager.step()
        assert halves(X[:n], Y[:n]) == pytest.approx(loss.item(), rel=1e-5)
        assert halves.output is not None
        assert halves.output.shape == (n, 3)
    for p, q in zip(model.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-3, atol=1e-5)


def test_a_bad_number_in_either_half_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LEAST", 0)
    model = mlp(5, 8, 3)
    make = optim.SGD(model.parameters(), lr=0.1)
    program = pellucid.write(model, CE, make, (X, Y), form="fused", threads=2)
    before = model.state_dict()
    for row in (0, 8):
        bad = X.copy()
        bad[row] = np.inf
        assert program(bad, Y) is None
    for name, array in model.state_dict().items():
        assert array.tobytes() == before[name].tobytes()


def test_small_batches_stay_whole() -> None:
    model = mlp(5, 8, 3)
    make = optim.SGD(model.parameters(), lr=0.1)
    program = pellucid.write(model, CE, make, (X, Y), form="fused", threads=2)
    program(X, Y)
    assert program._halves is not None
    assert program._steps[9].__module__ == program._module.__name__


class OverTheBatch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(5, 3)

    def forward(self, x: Any) -> Any:
        z = self.a(x)
        return z - z.mean(axis=0)


@pytest.mark.parametrize(
    ("model", "loss", "changes", "can"),
    [
        (mlp(5, 8, 3, activation="gelu"), CE, {}, True),
        (mlp(5, 8, 3, dropout=0.5), CE, {}, False),
        (mlp(5, 8, 3, batch_norm=True), CE, {}, False),
        (mlp(5, 8, 3), nn.CrossEntropyLoss(reduction="sum"), {}, False),
        (mlp(5, 8, 3), nn.CrossEntropyLoss(weight=np.ones(3, np.float32)), {}, False),
        (mlp(5, 8, 3), CE, {"clip_norm": 1.0}, False),
        (OverTheBatch(), CE, {}, False),
    ],
)
def test_what_can_be_halved(model: nn.Module, loss: Any, changes: Any, can: bool) -> None:
    make = optim.SGD(model.parameters(), lr=0.1)
    program = pellucid.write(model, loss, make, (X, Y), **changes)
    assert can_be_halved(program.step, loss) is can


def test_an_error_on_the_other_thread_comes_back() -> None:
    def fail() -> None:
        raise ValueError("there")

    worker = Worker()
    worker.start(fail)
    with pytest.raises(ValueError, match="there"):
        worker.wait()
    worker.start(lambda: 3)
    assert worker.wait() == 3
