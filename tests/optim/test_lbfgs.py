"""LBFGS: its closure, its line search, its memory, and how it says no."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optim_params import param, with_grad

from pellucid import Tensor, nn, optim
from pellucid.errors import DtypeError, FormatError, OptionError, ShapeError
from pellucid.optim.strong_wolfe import Point, cubic_minimum, strong_wolfe

Loss = Callable[..., Any]
RECORD = Path(__file__).parent / "torch" / "line_searches.json"
SEARCHES = json.loads(RECORD.read_text())["line_searches"]


def rosenbrock(w: Tensor) -> Any:
    """A bent valley, whose bottom is at (1, 1)."""
    return 100 * (w[1] - w[0] ** 2) ** 2 + (1 - w[0]) ** 2


def minimised(loss: Loss, start: list[float], steps: int, **options: Any) -> tuple[Any, Any, int]:
    """The place where it ends, the optimizer, and how often the loss was asked for."""
    w, calls = param(start), [0]
    lbfgs = optim.LBFGS([w], **options)

    def closure() -> Any:
        calls[0] += 1
        lbfgs.zero_grad()
        value = loss(w)
        value.backward()
        return value

    for _ in range(steps):
        lbfgs.step(closure)
    return w.data, lbfgs, calls[0]


def test_a_bent_valley_is_followed_to_its_bottom() -> None:
    w, lbfgs, calls = minimised(rosenbrock, [-1.2, 1.0], 3, line_search_fn="strong_wolfe")
    np.testing.assert_allclose(w, [1.0, 1.0], atol=1e-4)
    assert lbfgs.state_dict()["state"][0]["func_evals"] == calls


def test_a_square_is_solved_in_as_many_moves_as_it_has_directions() -> None:
    """With exact steps, Newton's direction is known after one move along each direction."""
    curved = np.diag([1.0, 3.0, 10.0])
    start = np.array([1.0, 1.0, 1.0])
    w, *_ = minimised(
        lambda w: 0.5 * (w * (w @ curved)).sum(),
        start.tolist(),
        1,
        max_iter=12,
        max_eval=100,
        line_search_fn="strong_wolfe",
    )
    np.testing.assert_allclose(w, 0.0, atol=1e-6)


def test_a_step_returns_the_loss_of_before_and_counts() -> None:
    w = param([3.0])
    lbfgs = optim.LBFGS([w], max_iter=1)

    def closure() -> Any:
        lbfgs.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    assert float(lbfgs.step(closure)) == 9.0
    assert w.data.tolist() == [2.0]  # the first move is 1 long: lr / |gradient| times the gradient
    saved = lbfgs.state_dict()["state"][0]
    assert (saved["func_evals"], saved["n_iter"], saved["old_dirs"]) == (1, 1, [])


def test_at_the_bottom_it_looks_once_and_stays() -> None:
    w, lbfgs, calls = minimised(lambda w: (w**2).sum(), [0.0, 0.0], 2)
    assert (w.tolist(), calls) == ([0.0, 0.0], 2)
    assert lbfgs.state_dict()["state"][0]["n_iter"] == 0


@pytest.mark.parametrize("size", [1, 3])
def test_the_history_is_no_longer_than_asked_for(size: int) -> None:
    _, lbfgs, _ = minimised(rosenbrock, [-1.2, 1.0], 2, max_iter=4, lr=1e-3, history_size=size)
    assert [len(lbfgs.state[0][name]) for name in ("old_dirs", "old_stps", "ro")] == [size] * 3


@pytest.mark.parametrize("max_eval", [1, 2, 7])
def test_the_loss_is_asked_for_no_more_than_max_eval_times(max_eval: int) -> None:
    *_, calls = minimised(rosenbrock, [-1.2, 1.0], 1, max_iter=50, max_eval=max_eval, lr=1e-4)
    assert calls == max(2, max_eval)  # it looks, moves and looks again, as torch does


def test_parameters_without_a_gradient_take_no_part() -> None:
    moved, still = param([1.0, 2.0]), param([5.0])
    lbfgs = optim.LBFGS([("w", moved), ("b", still)])

    def closure() -> Any:
        lbfgs.zero_grad()
        loss = ((moved - 3.0) ** 2).sum()
        loss.backward()
        return loss

    lbfgs.step(closure)
    np.testing.assert_allclose(moved.data, [3.0, 3.0], atol=1e-4)
    assert still.data.tolist() == [5.0]


def test_a_loss_that_is_infinite_further_on_is_not_stepped_into() -> None:
    """A NaN on the way counts as too high: the search turns back."""
    w, *_ = minimised(
        lambda w: (w - np.log(w)).sum(),  # NaN below zero, lowest at 1
        [0.2],
        3,
        lr=10.0,
        max_eval=60,
        line_search_fn="strong_wolfe",
    )
    np.testing.assert_allclose(w, [1.0], atol=1e-4)


# -- the line search ---------------------------------------------------------------------------


@pytest.mark.parametrize("first", [1e-3, 0.1, 1.0, 7.0, 100.0])
@pytest.mark.parametrize(
    ("f", "df"),
    [
        (lambda t: (t - 2) ** 2, lambda t: 2 * (t - 2)),
        (lambda t: math.cos(t), lambda t: -math.sin(t)),
        (lambda t: (t - 1) ** 4 - t, lambda t: 4 * (t - 1) ** 3 - 1),
    ],
)
def test_the_place_found_is_low_and_flat_enough(first: float, f: Any, df: Any) -> None:
    start = 0.1  # where all three fall
    begin = Point(0.0, f(start), None, df(start))

    def at(t: float) -> tuple[float, Any]:
        return f(start + t), np.array([df(start + t)])

    point, looks = strong_wolfe(at, np.ones(1), begin, first, most=50)
    assert point.loss <= begin.loss + 1e-4 * point.t * begin.slope
    assert abs(point.slope) <= 0.9 * abs(begin.slope)
    assert looks <= 15


LINES: dict[str, tuple[Any, Any]] = {
    "square": (lambda t: (t - 2) ** 2, lambda t: 2 * (t - 2)),
    "quartic": (lambda t: (t - 1) ** 4 - t, lambda t: 4 * (t - 1) ** 3 - 1),
    "wiggles": (
        lambda t: 0.1 * (t - 4) ** 2 + math.sin(5 * t),
        lambda t: 0.2 * (t - 4) + 5 * math.cos(5 * t),
    ),
    "ripples": (
        lambda t: -t + 0.02 * t**2 + 0.3 * math.cos(3 * t),
        lambda t: -1 + 0.04 * t - 0.9 * math.sin(3 * t),
    ),
    "saturating": (lambda t: -math.tanh(t) - 0.01 * t, lambda t: math.tanh(t) ** 2 - 1.01),
    "wall": (lambda t: math.exp(3 * t) - 4 * t, lambda t: 3 * math.exp(3 * t) - 4),
    "valley": (
        lambda t: -t / (t * t + 2),
        lambda t: (t * t - 2) / (t * t + 2) ** 2,
    ),
}


def line_of(name: str) -> tuple[Any, Any]:
    """Loss and slope of a line; of "waves", the numbers of its formula stand in the name."""
    if not name.startswith("waves"):
        return LINES[name]
    a, b, c, w, s = map(float, name.split()[1:])
    return (
        lambda t: -a * t + b * t**2 + c * math.cos(w * t + s),
        lambda t: -a + 2 * b * t - c * w * math.sin(w * t + s),
    )


@pytest.mark.parametrize("run", SEARCHES, ids=lambda r: " ".join(map(str, list(r.values())[:4])))
def test_a_search_goes_the_way_that_torchs_goes(run: dict[str, Any]) -> None:
    """scripts/record_torch_optim.py holds the same lines and recorded where torch ends."""
    f, df = line_of(run["name"])
    begin = run["begin"]

    def at(t: float) -> tuple[float, Any]:
        return f(begin + t), np.array([df(begin + t)])

    start = Point(0.0, f(begin), None, df(begin))
    point, looks = strong_wolfe(at, np.ones(1), start, run["first"], run["most"])
    assert looks == run["looks"]
    found = [point.t, point.loss, point.slope if point.gradient is not None else run["slope"]]
    expected = [run["t"], run["loss"], run["slope"]]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


def test_the_lowest_point_of_a_cubic() -> None:
    def cubic(t: float) -> Point:
        return Point(t, t**3 - 3 * t, None, 3 * t**2 - 3)

    assert cubic_minimum(cubic(0.0), cubic(4.0)) == pytest.approx(1.0)
    assert cubic_minimum(cubic(4.0), cubic(0.0)) == pytest.approx(1.0)
    assert cubic_minimum(cubic(0.0), cubic(4.0), (2.0, 3.0)) == 2.0
    rising = Point(0.0, 0.0, None, 1.0), Point(2.0, 4 / 3, None, 1.0)  # it has no lowest point
    assert cubic_minimum(*rising) == 1.0
    line = Point(0.0, 0.0, None, 1.0), Point(2.0, 2.0, None, 1.0)
    assert 0.0 <= cubic_minimum(*line) <= 2.0
    assert cubic_minimum(line[0], line[0]) == 0.0
    assert cubic_minimum(line[0], Point(2.0, math.nan, None, math.nan)) == 1.0


# -- refused -----------------------------------------------------------------------------------


def test_it_needs_a_closure() -> None:
    with pytest.raises(OptionError) as error:
        optim.LBFGS([with_grad([1.0], [1.0])]).step()
    assert str(error.value) == (
        "OptionError in LBFGS.step\n"
        "  got:    no closure\n"
        "  needs:  a function that computes loss and gradients anew and returns the loss\n"
        "  try:    def closure(): opt.zero_grad(); loss = ...; loss.backward(); return loss"
    )


def test_a_closure_must_return_the_loss() -> None:
    with pytest.raises(OptionError, match=r"a closure that returns nothing\n(.*\n)+.*return loss"):
        optim.LBFGS([with_grad([1.0], [1.0])]).step(lambda: None)


def test_it_has_one_group() -> None:
    with pytest.raises(OptionError, match="LBFGS\n  got:    a second group of parameters"):
        optim.LBFGS([{"params": [param([1.0])]}, {"params": [param([1.0])], "lr": 0.1}])
    lbfgs = optim.LBFGS([param([1.0])])
    with pytest.raises(OptionError, match="they move as one vector"):
        lbfgs.add_param_group({"params": [param([1.0])]})


def test_a_gradient_of_another_shape_or_dtype_is_refused() -> None:
    lbfgs = optim.LBFGS([("w", p := param([1.0, 2.0]))])
    for grad, error in ((np.ones(1), ShapeError), (np.ones(2, np.float32), DtypeError)):

        def closure(grad: Any = grad) -> float:
            p.grad = Tensor(grad)
            return 1.0

        with pytest.raises(error, match=r"parameter 0 \(w\)"):
            lbfgs.step(closure)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_iter": 0}, "max_iter=0\n  needs:  max_iter: a whole number, 1 or more"),
        ({"max_eval": 2.5}, "max_eval=2.5"),
        ({"history_size": -1}, "history_size=-1"),
        ({"tolerance_grad": -1}, "tolerance_grad: a finite number, 0 or more"),
        ({"tolerance_change": math.nan}, "tolerance_change=nan"),
        ({"line_search_fn": "strong_wolf"}, "did you mean 'strong_wolfe'"),
        ({"lr": -1}, "lr=-1"),
    ],
)
def test_an_option_out_of_range_is_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(OptionError, match=text):
        optim.LBFGS([param([1.0])], **options)


def test_a_state_that_does_not_fit_is_refused() -> None:
    _, lbfgs, _ = minimised(rosenbrock, [-1.2, 1.0], 2, lr=1e-3)

    def spoiled(change: Any) -> Any:
        saved = lbfgs.state_dict()
        change(saved["state"])
        return saved

    for change, error, text in (
        (lambda s: s[0].pop("n_iter"), FormatError, "no n_iter"),
        (lambda s: s[0].update(d=np.ones(3)), ShapeError, r"d of shape \(3,\)\n.*\(2,\)"),
        (lambda s: s[0]["old_dirs"].append(np.ones(3)), ShapeError, "old_dirs of shape"),
        (lambda s: s.update({1: s[0]}), FormatError, "state for parameter 1"),
    ):
        with pytest.raises(error, match=text):
            lbfgs.load_state_dict(spoiled(change))


def test_a_saved_state_is_a_copy() -> None:
    _, lbfgs, _ = minimised(rosenbrock, [-1.2, 1.0], 2, lr=1e-3)
    saved = lbfgs.state_dict()
    kept = saved["state"][0]["old_dirs"][0].copy()
    lbfgs.state[0]["old_dirs"][0][...] = 7.0
    assert saved["state"][0]["old_dirs"][0].tolist() == kept.tolist()


def test_a_layer_is_fitted() -> None:
    layer = nn.Linear(2, 1, generator=np.random.default_rng(0))
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    y = x @ np.array([[2.0], [-3.0]], np.float32) + 1
    lbfgs = optim.LBFGS(layer.parameters(), line_search_fn="strong_wolfe")

    def closure() -> Any:
        lbfgs.zero_grad()
        loss = nn.functional.mse_loss(layer(x), Tensor(y))
        loss.backward()
        return loss

    lbfgs.step(closure)
    np.testing.assert_allclose(layer.weight.data, [[2.0, -3.0]], atol=1e-3)
