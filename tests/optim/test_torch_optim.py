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

FOLDER = Path(__file__).parent / "torch"
OPTIMIZERS = json.loads((FOLDER / "optimizers.json").read_text())
SCHEDULES = json.loads((FOLDER / "schedules.json").read_text())
CLIPS = json.loads((FOLDER / "clips.json").read_text())["clips"]
SIGNATURES = OPTIMIZERS["signatures"] | SCHEDULES["signatures"]
SHAPES = [(2, 3), (3,), (2,)]
# Far from zero float32 agrees to its rounding; near it, to the rounding of what was subtracted.
NEAR = {"float32": {"rtol": 1e-5, "atol": 2e-6}, "float64": {"rtol": 1e-12, "atol": 1e-13}}
# LBFGS remembers differences of gradients that are nearly equal, and their quotients.
OF_DIFFERENCES = {"float32": {"rtol": 1e-2, "atol": 1e-4}, "float64": {"rtol": 1e-9, "atol": 1e-9}}
LAMBDAS: dict[str, Any] = {
    "falling": lambda t: 1 / (1 + 0.1 * t),
    "steps": lambda t: 0.9 ** (t // 5),
    "wave": lambda t: 0.75 + 0.25 * math.cos(t),
}


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


def groups(name: str, params: list[Any]) -> list[dict[str, Any]]:
    if name == "LBFGS":
        return [{"params": params}]
    own: dict[str, Any] = {"etas": (0.4, 1.3)} if name == "Rprop" else {"weight_decay": 0.02}
    return [{"params": params[:1]}, {"params": params[1:], "lr": 0.05, **own}]


def bowl(params: list[Any]) -> Any:
    total: Any = 0.0
    for i, p in enumerate(params):
        scale = 1.0 + np.arange(p.size, dtype=p.dtype).reshape(p.shape)
        away = p - start(p.shape, i + 3).astype(p.dtype)
        total = total + (scale * away**2).sum() + 0.5 * (away**4).sum()
    return total


def made(name: str, options: dict[str, Any], dtype: str) -> tuple[Any, list[Tensor]]:
    params: list[Tensor] = [param(start(s, i).astype(dtype)) for i, s in enumerate(SHAPES)]
    return getattr(optim, name)(groups(name, params), **options), params


def one_step(optimizer: Any, params: list[Tensor], step: int) -> None:
    if optimizer.needs_closure:
        optimizer.step(lambda: with_gradients(optimizer, params))
        return
    for i, p in enumerate(params):
        g = gradient(p.data, i, step)
        p.grad = None if g is None else Tensor(g)
    optimizer.step()


def with_gradients(optimizer: Any, params: list[Tensor]) -> Tensor:
    optimizer.zero_grad()
    loss = bowl(params)
    loss.backward()
    return loss  # type: ignore[no-any-return]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("run", OPTIMIZERS["optimizers"], ids=label)
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
        near = (OF_DIFFERENCES if "old_dirs" in slots else NEAR)[dtype]
        for name, expected in slots.items():
            value = state[int(i)][name]
            np.testing.assert_allclose(np.ravel(value), np.ravel(expected), **near)
            assert isinstance(value, int) if name == "step" else kept_dtype(value, dtype)


def kept_dtype(value: Any, dtype: str) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(type(part) in (int, float) or part.dtype == dtype for part in parts)


@pytest.mark.parametrize("run", OPTIMIZERS["optimizers"], ids=label)
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


def test_every_optimizer_and_every_option_is_recorded() -> None:
    kinds = {
        name
        for name in optim.__all__
        if inspect.isclass(kind := getattr(optim, name)) and issubclass(kind, optim.Optimizer)
    }
    assert kinds - {"Optimizer"} == {run["name"] for run in OPTIMIZERS["optimizers"]}
    for name in kinds - {"Optimizer"}:
        runs = [run["options"] for run in OPTIMIZERS["optimizers"] if run["name"] == name]
        options = set(getattr(optim, name)([param([1.0])]).defaults) - {"lr"}
        fixed = {"decoupled_weight_decay"} if name == "AdamW" else set()
        assert options - fixed <= {option for run in runs for option in run}


@pytest.mark.parametrize("run", SCHEDULES["schedules"], ids=label)
def test_fifty_steps_of_a_schedule(run: dict[str, Any]) -> None:
    optimizer = two_groups()
    same_steps(optimizer, [scheduled(optimizer, run["name"], run["options"])], run)


@pytest.mark.parametrize("run", SCHEDULES["combined"], ids=lambda r: f"{r['name']} {r['members']}")
def test_fifty_steps_of_schedules_made_of_schedules(run: dict[str, Any]) -> None:
    optimizer = two_groups()
    members = [scheduled(optimizer, *member) for member in run["members"]]
    if run["name"] == "ChainedScheduler":
        schedule: Any = optim.ChainedScheduler(members)
    else:
        schedule = optim.SequentialLR(optimizer, members, **run["options"])
    same_steps(optimizer, [schedule], run)


@pytest.mark.parametrize("run", SCHEDULES["back_to_back"], ids=lambda r: str(r["members"]))
def test_fifty_steps_of_several_schedules_of_one_optimizer(run: dict[str, Any]) -> None:
    optimizer = two_groups()
    same_steps(optimizer, [scheduled(optimizer, *member) for member in run["members"]], run)


def test_warm_restarts_by_fractions_of_an_epoch() -> None:
    (run,) = SCHEDULES["fractions"]
    optimizer = two_groups()
    schedule = optim.CosineAnnealingWarmRestarts(optimizer, **run["options"])
    for epoch, expected in zip(run["epochs"], run["lrs"], strict=True):
        schedule.step(epoch)
        assert schedule.get_last_lr()[0] == pytest.approx(expected, rel=1e-12)


def scheduled(optimizer: Any, name: str, options: dict[str, Any]) -> Any:
    made = dict(options)
    for key in {"lr_lambda", "scale_fn"} & set(made):
        names = made[key]
        made[key] = LAMBDAS[names] if isinstance(names, str) else [LAMBDAS[n] for n in names]
    return getattr(lr_scheduler, name)(optimizer, **made)


def same_steps(optimizer: Any, schedules: list[Any], run: dict[str, Any]) -> None:
    lrs, momentums = [], []
    for step in range(51):
        lrs.append([g["lr"] for g in optimizer.param_groups])
        momentums.append([g["momentum"] for g in optimizer.param_groups])
        assert schedules[-1].get_last_lr() == lrs[-1]
        for schedule in schedules if step < 50 else ():
            plateau = isinstance(schedule, optim.ReduceLROnPlateau)
            schedule.step(*([metric(step)] if plateau else []))
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


@pytest.mark.parametrize("run", CLIPS, ids=lambda r: f"{r['max_norm']} {r['norm_type']}")
def test_clipping_by_norm(run: dict[str, Any]) -> None:
    params = [param(np.zeros(s)) for s in SHAPES]
    for i, p in enumerate(params):
        p.grad = Tensor(start(SHAPES[i], i) * 2)
    norm = optim.clip_grad_norm_(params, run["max_norm"], float(run["norm_type"]))
    assert norm == pytest.approx(run["norm"], rel=1e-12)
    for p, expected in zip(params, run["grads"], strict=True):
        np.testing.assert_allclose(p.grad.data.ravel(), expected, **NEAR["float64"])


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_are_torchs_in_its_order_with_its_defaults(name: str) -> None:
    found = list(inspect.signature(getattr(optim, name)).parameters.values())
    own = [
        (p.name, "required" if p.default is p.empty else p.default, p.kind != p.KEYWORD_ONLY)
        for p in found
    ]
    recorded = [
        (n, tuple(default) if isinstance(default, list) else default, positional)
        for n, default, positional in SIGNATURES[name]
    ]
    first = "optimizer" if name in SCHEDULES["signatures"] else "params"
    assert own[0][0] == ("schedulers" if name == "ChainedScheduler" else first)
    expected = [argument for argument in recorded if argument[0] != own[0][0]]
    by_position = [argument for argument in expected if argument[2]]
    assert [argument for argument in own[1:] if argument[2]] == by_position
    assert sorted(own[1:]) == sorted(expected)
