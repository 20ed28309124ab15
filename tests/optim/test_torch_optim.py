"""The same 20 steps and 50 schedule steps as torch, from numbers that torch computed.

scripts/record_torch_optim.py recorded them and holds the same formulas.
"""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optim_params import param

from pellucid import Tensor, optim
from pellucid.optim import lr_scheduler

RECORD = json.loads((Path(__file__).parent / "torch_optim.json").read_text())
SHAPES = [(2, 3), (3,), (2,)]
# Far from zero float32 agrees to its rounding; near it, to the rounding of what was subtracted.
NEAR = {"float32": {"rtol": 1e-5, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}


def start(shape: tuple[int, ...], index: int) -> np.ndarray:
    return np.cos(np.arange(math.prod(shape)) + index).reshape(shape)


def gradient(W: np.ndarray, index: int, step: int) -> np.ndarray | None:
    if index == 2 and (step < 3 or step == 10):
        return None
    push = np.sin(1.3 * step + np.arange(W.size) + index).reshape(W.shape)
    return 0.5 * W + push.astype(W.dtype)


def metric(step: int) -> float:
    return round(2 + math.cos(step / 4) * math.exp(-step / 25) - step / 100, 6)


def label(run: dict[str, Any]) -> str:
    return f"{run['name']} {run['options']}"


def made(name: str, options: dict[str, Any], dtype: str) -> tuple[Any, list[Tensor]]:
    params = [param(start(s, i).astype(dtype)) for i, s in enumerate(SHAPES)]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.05, "weight_decay": 0.02}]
    return getattr(optim, name)(groups, **options), params


def one_step(optimizer: Any, params: list[Tensor], step: int) -> None:
    for i, p in enumerate(params):
        g = gradient(p.data, i, step)
        p.grad = None if g is None else Tensor(g)
    optimizer.step()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("run", RECORD["optimizers"], ids=label)
def test_twenty_steps(run: dict[str, Any], dtype: str) -> None:
    optimizer, params = made(run["name"], run["options"], dtype)
    for step in range(1, 21):
        one_step(optimizer, params, step)
        for p, expected in zip(params, run[dtype]["params"].get(str(step), []), strict=False):
            np.testing.assert_allclose(p.data.ravel(), expected, **NEAR[dtype])
    assert {p.data.dtype for p in params} == {np.dtype(dtype)}
    same_state(optimizer.state_dict()["state"], run[dtype]["state"], dtype)


def same_state(state: dict[int, Any], recorded: dict[str, Any], dtype: str) -> None:
    assert {str(i): set(s) for i, s in state.items()} == {i: set(s) for i, s in recorded.items()}
    for i, slots in recorded.items():
        for name, expected in slots.items():
            value = state[int(i)][name]
            np.testing.assert_allclose(np.ravel(value), np.ravel(expected), **NEAR[dtype])
            assert isinstance(value, int) if name == "step" else value.dtype == dtype


@pytest.mark.parametrize("run", RECORD["optimizers"], ids=label)
def test_saved_midway_and_loaded_goes_on_with_the_same_bits(run: dict[str, Any]) -> None:
    optimizer, params = made(run["name"], run["options"], "float32")
    for step in range(1, 6):
        one_step(optimizer, params, step)
    saved = optimizer.state_dict()
    again, copies = made(run["name"], {}, "float32")
    again.load_state_dict(saved)
    for p, copy in zip(params, copies, strict=True):
        copy.data[...] = p.data
    for step in range(6, 21):
        one_step(optimizer, params, step)
        one_step(again, copies, step)
    assert [p.data.tobytes() for p in params] == [p.data.tobytes() for p in copies]
    assert again.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    assert saved["state"].keys() <= again.state.keys()


@pytest.mark.parametrize("run", RECORD["schedules"], ids=label)
def test_fifty_steps_of_a_schedule(run: dict[str, Any]) -> None:
    optimizer = two_groups()
    schedule = getattr(lr_scheduler, run["name"])(optimizer, **run["options"])
    lrs, momentums = [], []
    for step in range(51):
        lrs.append(schedule.get_last_lr())
        momentums.append([g["momentum"] for g in optimizer.param_groups])
        assert lrs[-1] == [g["lr"] for g in optimizer.param_groups]
        if step < 50:
            schedule.step(*([metric(step)] if run["name"] == "ReduceLROnPlateau" else []))
    same_rows(lrs, run["lrs"])
    same_rows(momentums, run.get("momentums", {"first": [0.9] * 51, "second": [0.9] * 6}))


def two_groups() -> Any:
    params = [param(np.zeros(1)), param(np.zeros(1))]
    groups = [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}]
    return optim.SGD(groups, lr=0.3, momentum=0.9)


def same_rows(rows: list[list[float]], recorded: dict[str, list[float]]) -> None:
    near = {"rtol": 1e-12, "atol": 1e-15}
    np.testing.assert_allclose([a for a, _ in rows], recorded["first"], **near)
    np.testing.assert_allclose([b for _, b in rows[::10]], recorded["second"], **near)


@pytest.mark.parametrize("run", RECORD["clips"], ids=lambda r: f"{r['max_norm']} {r['norm_type']}")
def test_clipping_by_norm(run: dict[str, Any]) -> None:
    params = [param(np.zeros(s)) for s in SHAPES]
    for i, p in enumerate(params):
        p.grad = Tensor(start(SHAPES[i], i) * 2)
    norm = optim.clip_grad_norm_(params, run["max_norm"], float(run["norm_type"]))
    assert norm == pytest.approx(run["norm"], rel=1e-12)
    for p, expected in zip(params, run["grads"], strict=True):
        np.testing.assert_allclose(p.grad.data.ravel(), expected, **NEAR["float64"])


@pytest.mark.parametrize("name", RECORD["signatures"])
def test_arguments_are_torchs_in_its_order_with_its_defaults(name: str) -> None:
    found = list(inspect.signature(getattr(optim, name)).parameters.values())
    own = [
        (p.name, "required" if p.default is p.empty else p.default, p.kind != p.KEYWORD_ONLY)
        for p in found
    ]
    recorded = [
        (n, tuple(default) if isinstance(default, list) else default, positional)
        for n, default, positional in RECORD["signatures"][name]
    ]
    assert own[0][0] == ("optimizer" if name.endswith(("LR", "Plateau")) else "params")
    expected = [argument for argument in recorded if argument[0] not in ("params", "optimizer")]
    by_position = [argument for argument in expected if argument[2]]
    assert [argument for argument in own[1:] if argument[2]] == by_position
    assert sorted(own[1:]) == sorted(expected)
