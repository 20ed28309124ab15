"""Records what torch's optimizers, schedules and clipping compute: tests/optim/torch/*.json.

Run it where torch is installed (recorded with 2.13.0), from the repository's root:

    python scripts/record_torch_optim.py

Parameters and gradients come from formulas, so that the test makes the same ones without torch.
"""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim import lr_scheduler
from torch.optim.lbfgs import _strong_wolfe

OUT = Path(__file__).parent.parent / "tests" / "optim" / "torch"
STEPS, KEPT = 20, (1, 2, 5, 20)
SHAPES = [(2, 3), (3,), (2,)]  # a weight; in the second group a bias and one that learns late

OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.01, "momentum": 0.9, "dampening": -0.5, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.01, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.01, "maximize": True},
    ],
    "RMSprop": [
        {},
        {"lr": 0.1, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.05},
        {"momentum": 0.9},
        {"centered": True, "eps": 1e-3},
        {"centered": True, "momentum": 0.9, "eps": 1e-3, "weight_decay": 0.05},
        {"maximize": True},
        {"maximize": True, "momentum": 0.5, "weight_decay": 0.05},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.05, "initial_accumulator_value": 0.5},
        {"lr": 0.1, "eps": 1e-2, "maximize": True},
        {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.05, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "amsgrad": True, "betas": (0.9, 0.8)},
        {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.01, "maximize": True},
        {"lr": 0.01, "amsgrad": True, "betas": (0.9, 0.8), "weight_decay": 0.05, "maximize": True},
    ],
    "AdamW": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1},
        {"lr": 0.1, "amsgrad": True, "betas": (0.9, 0.8)},
        {"lr": 0.1, "amsgrad": True, "eps": 1e-3, "maximize": True},
    ],
    "Adadelta": [
        {},
        {"lr": 0.5, "rho": 0.8},
        {"eps": 1e-3, "weight_decay": 0.05},
        {"lr": 0.1, "maximize": True, "weight_decay": 0.05},
    ],
    "Adamax": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.01, "maximize": True, "weight_decay": 0.05},
    ],
    "NAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3},
        {"lr": 0.1, "momentum_decay": 0.1},
        {"lr": 0.1, "momentum_decay": 0, "weight_decay": 0.05},
        {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.01, "maximize": True, "weight_decay": 0.05},
        {"maximize": True, "weight_decay": 0.05, "decoupled_weight_decay": True},
    ],
    "RAdam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3},
        {"lr": 0.1, "betas": (0.9, 0.6)},  # rho is below 5: never rectified
        {"lr": 0.01, "weight_decay": 0.05},
        {"lr": 0.01, "weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.01, "maximize": True, "weight_decay": 0.05},
        {"maximize": True, "weight_decay": 0.05, "decoupled_weight_decay": True},
    ],
    "Rprop": [
        {},
        {"lr": 0.1, "etas": (0.7, 1.1)},
        {"lr": 0.1, "step_sizes": (0.05, 0.3)},
        {"lr": 0.01, "maximize": True, "etas": (0.3, 1.5)},
    ],
    "ASGD": [
        {},
        {"lr": 0.1, "lambd": 0.01},
        {"lr": 0.1, "alpha": 0.5, "t0": 5, "lambd": 0.1},
        {"lr": 0.1, "t0": 0.5, "weight_decay": 0.05},
        {"lr": 0.01, "t0": 3, "lambd": 0, "maximize": True, "weight_decay": 0.05},
    ],
    "LBFGS": [
        {},
        {"lr": 0.4, "max_iter": 2},
        {"lr": 0.5, "max_iter": 3, "max_eval": 2},
        {"lr": 0.3, "max_iter": 1, "history_size": 3},
        {"lr": 0.5, "max_iter": 5, "history_size": 2, "tolerance_grad": 1e-3},
        {"lr": 0.5, "max_iter": 5, "tolerance_change": 1e-2},
        {"line_search_fn": "strong_wolfe"},
        {"lr": 0.8, "max_iter": 2, "max_eval": 6, "line_search_fn": "strong_wolfe"},
        {
            "lr": 30,
            "max_iter": 3,
            "max_eval": 40,
            "history_size": 2,
            "line_search_fn": "strong_wolfe",
        },
    ],
}

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 10, "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [30, 12, 12], "gamma": 0.3}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 20}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.0, "total_iters": 40}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 12}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 40, "power": 2.5}),
    ("LambdaLR", {"lr_lambda": "falling"}),
    ("LambdaLR", {"lr_lambda": ["steps", "wave"]}),
    ("MultiplicativeLR", {"lr_lambda": "wave"}),
    ("MultiplicativeLR", {"lr_lambda": ["wave", "steps"]}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10}),
    ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 3}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.5, "step_size_up": 10}),
    (
        "CyclicLR",
        {
            "base_lr": [0.01, 0.02],
            "max_lr": [0.5, 0.3],
            "step_size_up": 5,
            "step_size_down": 8,
            "mode": "triangular2",
            "base_momentum": 0.5,
            "max_momentum": 0.95,
        },
    ),
    (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.5,
            "step_size_up": 6,
            "mode": "exp_range",
            "gamma": 0.97,
            "base_momentum": [0.7, 0.75],
            "max_momentum": [0.9, 0.85],
        },
    ),
    (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.5,
            "step_size_up": 6,
            "scale_fn": "falling",
            "cycle_momentum": False,
        },
    ),
    (
        "CyclicLR",
        {
            "base_lr": 0.01,
            "max_lr": 0.5,
            "step_size_up": 6,
            "scale_fn": "steps",
            "scale_mode": "iterations",
        },
    ),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 60}),
    ("OneCycleLR", {"max_lr": [1.0, 0.5], "epochs": 6, "steps_per_epoch": 9, "pct_start": 0.45}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 51, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 55, "three_phase": True, "div_factor": 10.0}),
    (
        "OneCycleLR",
        {
            "max_lr": 1.0,
            "total_steps": 51,
            "three_phase": True,
            "anneal_strategy": "linear",
            "base_momentum": 0.7,
            "max_momentum": [0.9, 0.8],
            "final_div_factor": 100.0,
        },
    ),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 51, "cycle_momentum": False}),
    ("ReduceLROnPlateau", {"patience": 2, "factor": 0.5}),
    ("ReduceLROnPlateau", {"mode": "max", "patience": 3, "cooldown": 4, "factor": 0.5}),
    ("ReduceLROnPlateau", {"patience": 1, "threshold": 0.05, "threshold_mode": "abs"}),
    ("ReduceLROnPlateau", {"patience": 0, "min_lr": [0.02, 0.001], "threshold": 0.1}),
    ("ReduceLROnPlateau", {"patience": 0, "factor": 0.5, "eps": 0.01, "mode": "max"}),
]

LAMBDAS: dict[str, Any] = {  # by name, since a record holds no functions
    "falling": lambda t: 1 / (1 + 0.1 * t),
    "steps": lambda t: 0.9 ** (t // 5),
    "wave": lambda t: 0.75 + 0.25 * math.cos(t),
}

# Schedules made of schedules: (name, its members, its other arguments).
COMBINED: list[tuple[str, list[tuple[str, dict[str, Any]]], dict[str, Any]]] = [
    (
        "SequentialLR",
        [("ConstantLR", {"factor": 0.1, "total_iters": 5}), ("ExponentialLR", {"gamma": 0.9})],
        {"milestones": [20]},
    ),
    (
        "SequentialLR",
        [
            ("LinearLR", {"total_iters": 10}),
            ("CosineAnnealingLR", {"T_max": 20, "eta_min": 0.01}),
            ("StepLR", {"step_size": 4, "gamma": 0.5}),
        ],
        {"milestones": [10, 35]},
    ),
    (
        "SequentialLR",
        [
            ("ExponentialLR", {"gamma": 0.9}),
            ("MultiplicativeLR", {"lr_lambda": "wave"}),
            ("LambdaLR", {"lr_lambda": "falling"}),
            ("CosineAnnealingWarmRestarts", {"T_0": 4, "T_mult": 2}),
        ],
        {"milestones": [5, 15, 15 + 10]},
    ),
    (
        "SequentialLR",
        [
            ("MultiStepLR", {"milestones": [3, 6]}),
            ("CyclicLR", {"base_lr": 0.05, "max_lr": 0.4, "step_size_up": 4}),
            ("PolynomialLR", {"total_iters": 12}),
        ],
        {"milestones": [9, 30]},
    ),
    (
        "ChainedScheduler",
        [("ConstantLR", {"factor": 0.1, "total_iters": 20}), ("ExponentialLR", {"gamma": 0.9})],
        {},
    ),
    (
        "ChainedScheduler",
        [
            ("StepLR", {"step_size": 9, "gamma": 0.5}),
            ("LinearLR", {"start_factor": 0.5, "total_iters": 15}),
            ("MultiStepLR", {"milestones": [20, 40], "gamma": 0.3}),
            ("PolynomialLR", {"total_iters": 45, "power": 2.0}),
            ("MultiplicativeLR", {"lr_lambda": "wave"}),
        ],
        {},
    ),
    (
        "ChainedScheduler",
        [
            ("CosineAnnealingLR", {"T_max": 12, "eta_min": 0.05}),
            ("ExponentialLR", {"gamma": 0.95}),
        ],
        {},
    ),
    (
        "ChainedScheduler",
        [("LambdaLR", {"lr_lambda": "falling"}), ("ExponentialLR", {"gamma": 0.9})],
        {},
    ),
    (
        "ChainedScheduler",
        [
            ("OneCycleLR", {"max_lr": 1.0, "total_steps": 60}),
            ("StepLR", {"step_size": 10}),
        ],
        {},
    ),
]

# Loss and slope along a line, by name: easy, flat, wiggly, with a wall.
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

WAVES = [  # where every branch of the search decides something
    ("waves 1.81 0.01 1.03 1.44 2.63", 30.0),
    ("waves 1.55 0.01 1.52 0.99 5.15", 30.0),
    ("waves 1.91 0.001 1.04 2.49 3.56", 5.0),
    ("waves -0.28 0 1.78 5.19 3.06", 5.0),
    ("waves 1.43 0.001 0.38 3.47 4.6", 0.001),
    ("waves 1.68 0.1 1.02 2.56 5.82", 0.01),
    ("waves 1.31 0.1 0.27 4.88 5.48", 30.0),
]

CLIPS = [(1.0, 2.0), (100.0, 2.0), (1.0, 1.0), (0.5, math.inf), (2.0, 3.0)]


def start(shape: tuple[int, ...], index: int) -> np.ndarray:
    """A parameter's first value."""
    return np.cos(np.arange(math.prod(shape)) + index).reshape(shape)


def gradient(W: np.ndarray, index: int, step: int) -> np.ndarray | None:
    """A gradient that depends on W and on the step; the last parameter's is absent at times."""
    if index == 2 and (step < 3 or step == 10):
        return None
    push = np.sin(1.3 * step + np.arange(W.size) + index).reshape(W.shape)
    return 0.5 * W + push.astype(W.dtype)


def metric(step: int) -> float:
    """What ReduceLROnPlateau watches: it falls, with bumps."""
    return round(2 + math.cos(step / 4) * math.exp(-step / 25) - step / 100, 6)


def groups(name: str, params: list[Any]) -> list[dict[str, Any]]:
    """Two groups, the second with options of its own; LBFGS has one."""
    if name == "LBFGS":
        return [{"params": params}]
    own = {"etas": (0.4, 1.3)} if name == "Rprop" else {"weight_decay": 0.02}
    return [{"params": params[:1]}, {"params": params[1:], "lr": 0.05, **own}]


def bowl(params: list[Any], library: Any) -> Any:
    """The loss that LBFGS minimises: curved by other amounts in each direction, not a square."""
    total: Any = 0.0
    for i, p in enumerate(params):
        scale = library.asarray(1.0 + np.arange(math.prod(p.shape)).reshape(p.shape), dtype=p.dtype)
        away = p - library.asarray(start(p.shape, i + 3).astype("float64"), dtype=p.dtype)
        total = total + (scale * away**2).sum() + 0.5 * (away**4).sum()
    return total


def rounded(array: Any) -> list[Any]:
    """Enough digits for the dtype, and no more, so that the file stays small."""
    digits = 9 if array.dtype == np.float32 else 15
    return [float(f"{x:.{digits}g}") for x in array.ravel().tolist()]


def optimizer_run(name: str, options: dict[str, Any], dtype: Any) -> dict[str, Any]:
    # torch keeps NAdam's and ASGD's numbers in its default dtype
    torch.set_default_dtype(torch.float64 if dtype is np.float64 else torch.float32)
    params = [
        torch.nn.Parameter(torch.tensor(start(s, i).astype(dtype))) for i, s in enumerate(SHAPES)
    ]
    optimizer = getattr(torch.optim, name)(groups(name, params), **options)
    kept = {}
    for step in range(1, STEPS + 1):
        (with_closure if name == "LBFGS" else without_closure)(optimizer, params, step)
        if step in KEPT:
            kept[str(step)] = [rounded(p.detach().numpy()) for p in params]
    state = optimizer.state_dict()["state"]
    # "al" is where torch's LBFGS computes, not what it remembers
    slots = {str(i): {k: _plain(v) for k, v in s.items() if k != "al"} for i, s in state.items()}
    return {"params": kept, "state": slots}


def without_closure(optimizer: Any, params: list[Any], step: int) -> None:
    for i, p in enumerate(params):
        g = gradient(p.detach().numpy(), i, step)
        p.grad = None if g is None else torch.tensor(g)
    optimizer.step()


def with_closure(optimizer: Any, params: list[Any], step: int) -> None:
    def closure() -> Any:
        optimizer.zero_grad()
        loss = bowl(params, torch)
        loss.backward()
        return loss

    optimizer.step(closure)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if not isinstance(value, torch.Tensor):
        return value
    return rounded(value.numpy()) if value.ndim else value.item()


def called(options: dict[str, Any]) -> dict[str, Any]:
    """The options with functions in the place of their names."""
    made = dict(options)
    for key in {"lr_lambda", "scale_fn"} & set(made):
        names = made[key]
        made[key] = LAMBDAS[names] if isinstance(names, str) else [LAMBDAS[n] for n in names]
    return made


def two_groups() -> Any:
    params = [torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))]
    return torch.optim.SGD(
        [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}], lr=0.3, momentum=0.9
    )


def combined(optimizer: Any, name: str, members: list[Any], options: dict[str, Any]) -> Any:
    made = [getattr(lr_scheduler, m)(optimizer, **called(o)) for m, o in members]
    if name == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(made, **options)
    return getattr(lr_scheduler, name)(optimizer, made, **options)


def combined_run(name: str, members: list[Any], options: dict[str, Any]) -> dict[str, Any]:
    optimizer = two_groups()
    run = {"name": name, "options": options, "members": members}
    return run | followed(optimizer, [combined(optimizer, name, members, options)])


def back_to_back_run(members: list[Any]) -> dict[str, Any]:
    """Schedules of one optimizer that are stepped one after the other, without a chain."""
    optimizer = two_groups()
    made = [getattr(lr_scheduler, m)(optimizer, **called(o)) for m, o in members]
    return {"members": members} | followed(optimizer, made)


def schedule_run(name: str, options: dict[str, Any]) -> dict[str, Any]:
    optimizer = two_groups()
    schedule = getattr(lr_scheduler, name)(optimizer, **called(options))
    return {"name": name, "options": options} | followed(optimizer, [schedule])


def followed(optimizer: Any, schedules: list[Any]) -> dict[str, Any]:
    """The learning rates, and the momentums if they move, over 50 steps."""
    lrs, momentums = [], []
    for step in range(51):
        lrs.append([float(f"{g['lr']:.14g}") for g in optimizer.param_groups])
        momentums.append([float(f"{g['momentum']:.14g}") for g in optimizer.param_groups])
        optimizer.step()
        for schedule in schedules if step < 50 else ():
            plateau = isinstance(schedule, lr_scheduler.ReduceLROnPlateau)
            schedule.step(*([metric(step)] if plateau else []))
    run = {"lrs": _thinned(lrs)}
    if any(m != momentums[0] for m in momentums):
        run["momentums"] = _thinned(momentums)
    return run


def fractions_run() -> dict[str, Any]:
    """Warm restarts by fractions of an epoch, then by whole steps again."""
    optimizer = two_groups()
    options = {"T_0": 3, "T_mult": 2, "eta_min": 0.01}
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, **options)
    epochs = [k / 4 for k in range(40)] + [None] * 8 + [2.5, None, None]
    lrs = []
    for epoch in epochs:
        schedule.step(epoch)
        lrs.append(float(f"{optimizer.param_groups[0]['lr']:.14g}"))
    return {"options": options, "epochs": epochs, "lrs": lrs}


def _thinned(rows: list[list[float]]) -> dict[str, list[float]]:
    """The first group at every step; the second at every tenth, which tells the groups apart."""
    return {"first": [a for a, _ in rows], "second": [b for _, b in rows[::10]]}


def clip_run(max_norm: float, norm_type: float) -> dict[str, Any]:
    params = [torch.nn.Parameter(torch.zeros(s, dtype=torch.float64)) for s in SHAPES]
    for i, p in enumerate(params):
        p.grad = torch.tensor(start(SHAPES[i], i) * 2)
    norm = torch.nn.utils.clip_grad_norm_(params, max_norm, norm_type).item()
    return {
        "max_norm": max_norm,
        "norm_type": str(norm_type),
        "norm": norm,
        "grads": [rounded(p.grad.numpy()) for p in params if p.grad is not None],
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


def line_run(name: str, begin: float, first: float, most: int) -> dict[str, Any]:
    """Where torch's line search ends, and how often it looks."""
    f, df = line_of(name)

    def at(x: Any, t: Any, d: Any) -> tuple[float, Any]:
        return f(begin + float(t)), torch.tensor([df(begin + float(t))], dtype=torch.float64)

    one = torch.ones(1, dtype=torch.float64)
    loss, g = at(None, 0.0, one)
    loss, g, t, looks = _strong_wolfe(at, None, first, one, loss, g, g.dot(one), max_ls=most)
    found = {"t": float(t), "loss": float(loss), "slope": float(g.dot(one)), "looks": looks}
    return {"name": name, "begin": begin, "first": first, "most": most} | found


def signature(cls: type) -> list[list[Any]]:
    """Names, defaults and whether an argument goes by position, to compare the classes by."""
    found = list(inspect.signature(cls).parameters.values())[1:]
    empty = inspect.Parameter.empty
    return [
        [p.name, "required" if p.default is empty else p.default, p.kind != p.KEYWORD_ONLY]
        for p in found
    ]


BACK_TO_BACK = [case[1] for case in COMBINED if case[0] == "ChainedScheduler"]


def main() -> None:
    simple = list(dict.fromkeys(name for name, _ in SCHEDULES))
    made_of = list(dict.fromkeys(name for name, _, _ in COMBINED))
    write(
        "optimizers",
        {
            "signatures": {name: signature(getattr(torch.optim, name)) for name in OPTIMIZERS},
            "optimizers": [
                {
                    "name": name,
                    "options": options,
                    "float32": optimizer_run(name, options, np.float32),
                    "float64": optimizer_run(name, options, np.float64),
                }
                for name, grid in OPTIMIZERS.items()
                for options in grid
            ],
        },
    )
    searches = [
        line_run(name, begin, first, most)
        for name in LINES
        for begin in (0.0, 0.1)
        for first in (1e-3, 0.1, 0.6, 1.0, 3.0, 10.0, 60.0)
        for most in (25, 3)
        if LINES[name][1](begin) < 0
    ]
    searches += [line_run(name, 0.0, first, 25) for name, first in WAVES]
    write("line_searches", {"line_searches": searches})
    torch.set_default_dtype(torch.float32)
    write(
        "schedules",
        {
            "signatures": {n: signature(getattr(lr_scheduler, n)) for n in (*simple, *made_of)},
            "schedules": [schedule_run(name, options) for name, options in SCHEDULES],
            "combined": [combined_run(*case) for case in COMBINED],
            "back_to_back": [back_to_back_run(members) for members in BACK_TO_BACK],
            "fractions": [fractions_run()],
        },
    )
    write("clips", {"clips": [clip_run(*clip) for clip in CLIPS]})


def write(family: str, record: dict[str, Any]) -> None:
    record = {"torch": torch.__version__.split("+")[0], **record}
    lines = [f"{json.dumps(k)}: {_lines(v)}" for k, v in record.items()]
    out = OUT / f"{family}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{out}: {out.stat().st_size} bytes, torch {record['torch']}")


def _lines(value: Any) -> str:
    """A list with one entry on each line, so that a change shows where it is."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "\n]"


if __name__ == "__main__":
    main()
