"""Records what torch's optimizers, schedules and clipping compute: tests/optim/torch_optim.json.

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

OUT = Path(__file__).parent.parent / "tests" / "optim" / "torch_optim.json"
STEPS, KEPT = 20, (1, 2, 5, 20)
SHAPES = [(2, 3), (3,), (2,)]  # a weight; in the second group a bias and one that learns late

OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.5},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.01, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05, "maximize": True},
        {"lr": 0.01, "maximize": True},
    ],
    "RMSprop": [
        {},
        {"alpha": 0.9, "eps": 1e-3, "weight_decay": 0.05},
        {"momentum": 0.9},
        {"centered": True, "eps": 1e-3},
        {"centered": True, "momentum": 0.9, "eps": 1e-3, "weight_decay": 0.05},
        {"maximize": True},
    ],
    "Adagrad": [
        {},
        {"lr": 0.1, "lr_decay": 0.1},
        {"lr": 0.1, "weight_decay": 0.05, "initial_accumulator_value": 0.5},
        {"lr": 0.1, "eps": 1e-2, "maximize": True},
    ],
    "Adam": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "eps": 1e-3},
        {"lr": 0.1, "weight_decay": 0.05},
        {"lr": 0.1, "amsgrad": True, "betas": (0.9, 0.8)},
        {"lr": 0.1, "weight_decay": 0.05, "decoupled_weight_decay": True},
        {"lr": 0.01, "maximize": True},
    ],
    "AdamW": [
        {},
        {"lr": 0.1, "betas": (0.8, 0.9), "weight_decay": 0.1},
        {"lr": 0.1, "amsgrad": True, "eps": 1e-3, "maximize": True},
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


def groups(params: list[Any]) -> list[dict[str, Any]]:
    return [{"params": params[:1]}, {"params": params[1:], "lr": 0.05, "weight_decay": 0.02}]


def rounded(array: Any) -> list[Any]:
    """Enough digits for the dtype, and no more, so that the file stays small."""
    digits = 9 if array.dtype == np.float32 else 15
    return [float(f"{x:.{digits}g}") for x in array.ravel().tolist()]


def optimizer_run(name: str, options: dict[str, Any], dtype: Any) -> dict[str, Any]:
    params = [
        torch.nn.Parameter(torch.tensor(start(s, i).astype(dtype))) for i, s in enumerate(SHAPES)
    ]
    optimizer = getattr(torch.optim, name)(groups(params), **options)
    kept = {}
    for step in range(1, STEPS + 1):
        for i, p in enumerate(params):
            g = gradient(p.detach().numpy(), i, step)
            p.grad = None if g is None else torch.tensor(g)
        optimizer.step()
        if step in KEPT:
            kept[str(step)] = [rounded(p.detach().numpy()) for p in params]
    state = optimizer.state_dict()["state"]
    slots = {str(i): {k: _plain(v) for k, v in s.items()} for i, s in state.items()}
    return {"params": kept, "state": slots}


def _plain(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    return rounded(value.numpy()) if value.ndim else value.item()


def schedule_run(name: str, options: dict[str, Any]) -> dict[str, Any]:
    params = [torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.zeros(1))]
    optimizer = torch.optim.SGD(
        [{"params": params[:1]}, {"params": params[1:], "lr": 0.03}], lr=0.3, momentum=0.9
    )
    schedule = getattr(lr_scheduler, name)(optimizer, **options)
    lrs, momentums = [], []
    for step in range(51):
        lrs.append([float(f"{g['lr']:.14g}") for g in optimizer.param_groups])
        momentums.append([float(f"{g['momentum']:.14g}") for g in optimizer.param_groups])
        optimizer.step()
        if step < 50:
            schedule.step(*([metric(step)] if name == "ReduceLROnPlateau" else []))
    run = {"name": name, "options": options, "lrs": _thinned(lrs)}
    if any(m != momentums[0] for m in momentums):
        run["momentums"] = _thinned(momentums)
    return run


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


def signature(cls: type) -> list[list[Any]]:
    """Names, defaults and whether an argument goes by position, to compare the classes by."""
    found = list(inspect.signature(cls).parameters.values())[1:]
    empty = inspect.Parameter.empty
    return [
        [p.name, "required" if p.default is empty else p.default, p.kind != p.KEYWORD_ONLY]
        for p in found
    ]


def main() -> None:
    schedules = list(dict.fromkeys(name for name, _ in SCHEDULES))
    record = {
        "torch": torch.__version__.split("+")[0],
        "signatures": {
            **{name: signature(getattr(torch.optim, name)) for name in OPTIMIZERS},
            **{name: signature(getattr(lr_scheduler, name)) for name in schedules},
        },
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
        "schedules": [schedule_run(name, options) for name, options in SCHEDULES],
        "clips": [clip_run(*clip) for clip in CLIPS],
    }
    lines = [f"{json.dumps(k)}: {_lines(v)}" for k, v in record.items()]
    OUT.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{OUT}: {OUT.stat().st_size} bytes, torch {record['torch']}")


def _lines(value: Any) -> str:
    """A list with one entry on each line, so that a change shows where it is."""
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(entry) for entry in value) + "\n]"


if __name__ == "__main__":
    main()
