"""A number that is not finite stops the run where it first appears: the place, the cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import SPLIT, network, train

import pellucid
from pellucid import nn, op
from pellucid.errors import NonFiniteError
from pellucid.record import Record
from pellucid.train import checkpoint


def test_a_learning_rate_too_large_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    model = nn.MLP([2, 16, 16, 2], generator=np.random.default_rng(0))
    with pytest.raises(NonFiniteError) as caught:
        train(tmp_path, model, optimizer="sgd", lr=1e8, epochs=20, checkpoint_seconds=0.0)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("NonFiniteError in step ")
    assert "(forward)" in lines[1] or "(backward)" in lines[1]
    assert "the learning rate 1e+08 is too large: the loss had grown from" in lines[2]
    assert lines[3] == "  try:    a learning rate of 0.1"
    event = Record.read(tmp_path / "record.jsonl").of("nonfinite")[0]
    saved = checkpoint.read(tmp_path / "checkpoint.safetensors")
    assert event["step"] == saved["total_steps"] + 1
    assert all(np.isfinite(array).all() for array in saved["model"].values())


@op
class LogOfLess:
    """y = log(x - 1), which is not finite for x <= 1."""

    def forward(x: Any) -> Any:
        return np.log(x - 1)

    def backward(g: Any, y: Any, x: Any) -> Any:
        return (g / (x - 1),)


@op
class BadSlope:
    """y = x, with a backward rule that divides by 0."""

    def forward(x: Any) -> Any:
        return x + 0

    def backward(g: Any, y: Any, x: Any) -> Any:
        return (g / 0.0,)


class Broken(nn.Module):
    def __init__(self, operation: Any) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, 4)
        self.out = nn.Linear(4, 2)
        self.operation = operation

    def forward(self, x: Any) -> Any:
        return self.out(self.operation(self.hidden(x)))


@pytest.mark.parametrize(
    ("operation", "place"),
    [
        (LogOfLess, "NaN in Broken, LogOfLess (forward)"),
        (BadSlope, "infinity in Broken, BadSlope (backward)"),
    ],
)
def test_the_operation_and_the_direction_are_named(operation: Any, place: str) -> None:
    with pytest.raises(NonFiniteError) as caught:
        train(model=Broken(operation))
    assert place in str(caught.value).replace(
        "NaN in Broken, BadSlope", "infinity in Broken, BadSlope"
    )
    assert "step 1" in str(caught.value)


def test_the_layer_is_named_by_its_path() -> None:
    model = network()
    model[2].weight.data[0, 0] = 3e38
    model[2].weight.data[1, 0] = -3e38
    model[2].weight.data[:, 1] = 3e38
    with pytest.raises(NonFiniteError) as caught:
        train(model=model)
    text = str(caught.value)
    assert "in 2, Linear (forward), line 32: z2 = h1 @ W2.T + b2\n" in text


def test_the_weights_are_those_before_the_bad_step() -> None:
    model = nn.MLP([2, 16, 16, 2], generator=np.random.default_rng(0))
    before = model.state_dict()
    with pytest.raises(NonFiniteError):
        pellucid.fit(
            model,
            (np.full((8, 2), 3e38, np.float32), np.arange(8) % 2),
            epochs=1,
            batch_size=8,
        )
    for name, array in model.state_dict().items():
        assert np.array_equal(array, before[name])


def test_hooks_used_for_the_search_are_taken_down() -> None:
    model = Broken(LogOfLess)
    with pytest.raises(NonFiniteError):
        train(model=model)
    assert not any(module._hooks for module in model.modules())


def test_a_finite_run_with_huge_gradients_goes_on() -> None:
    """The quick test overflows in float32, the careful one then finds all numbers finite."""
    x = np.full((8, 2), 1e18, np.float32)
    model = nn.Sequential(nn.Linear(2, 2))
    pellucid.fit(model, (x, np.arange(8) % 2), epochs=1, batch_size=8, optimizer="sgd", lr=1e-30)
    assert SPLIT.train is not None


def test_one_update_that_is_far_too_long_is_blamed_on_the_learning_rate() -> None:
    with pytest.raises(NonFiniteError, match=r"1e\+30 is too large: one update was enough"):
        train(model=nn.MLP([2, 8, 2]), optimizer="sgd", lr=1e30)
