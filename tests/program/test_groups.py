"""Groups of parameters with options of their own: written once a group, equal to eager."""

from __future__ import annotations

import ast
import copy
from typing import Any

import numpy as np
import pytest
from networks import classes, mlp, numbers

import pellucid
from pellucid import nn, optim
from pellucid.errors import GradientError
from pellucid.program.program import eager_step

X, Y = numbers((9, 5)), classes(9, 3)
CE = nn.CrossEntropyLoss()


def groups(model: Any, first: dict[str, Any], second: dict[str, Any]) -> list[dict[str, Any]]:
    """The last layer's parameters, and all others, with options of their own."""
    return [
        {"params": list(model[-1].parameters()), **first},
        {"params": [p for layer in list(model)[:-1] for p in layer.parameters()], **second},
    ]


CASES = {
    "sgd": (optim.SGD, {"lr": 0.1}, {}, {"lr": 0.01}),
    "momentum": (optim.SGD, {"lr": 0.1, "momentum": 0.9}, {}, {"lr": 0.01, "momentum": 0.5}),
    "adam": (optim.Adam, {"lr": 0.01}, {}, {"lr": 0.001, "betas": (0.8, 0.99)}),
    "decay": (optim.AdamW, {"lr": 0.01}, {"weight_decay": 0.0}, {"weight_decay": 0.1}),
    "nadam": (optim.NAdam, {"lr": 0.01}, {}, {"lr": 0.003}),
}


@pytest.mark.parametrize("form", ["running", "fused"])
@pytest.mark.parametrize("case", CASES)
def test_written_is_eager(case: str, form: str) -> None:
    make, options, first, second = CASES[case]
    model = mlp(5, 6, 3)
    optimizer = make(groups(model, first, second), **options)
    eager, other = copy.deepcopy((model, optimizer))
    program = pellucid.write(model, CE, optimizer, (X, Y), form=form)
    for k in range(12):
        rows = slice(0, 9 - 3 * (k % 3 == 2))
        if k == 6:  # a schedule, or a hand
            for o in (optimizer, other):
                o.param_groups[1]["lr"] *= 0.5
        loss = eager_step(eager, other, CE, X[rows], Y[rows], program.changes, k)
        found = program(X[rows], Y[rows])
        assert found == loss if form == "running" else found == pytest.approx(loss, rel=1e-5)
    for name, array in eager.state_dict().items():
        if form == "running":
            assert array.tobytes() == model.state_dict()[name].tobytes()
        else:
            assert np.allclose(array, model.state_dict()[name], rtol=1e-4, atol=1e-6)
    assert optimizer.state_dict()["state"].keys() == other.state_dict()["state"].keys()
    program.verify()


def step_of(source: str) -> Any:
    space: dict[str, Any] = {}
    exec(compile(source, "step.py", "exec"), space)
    return space["step"]


@pytest.mark.parametrize("case", ["sgd", "adam", "decay"])
def test_the_reading_form_runs_by_itself(case: str) -> None:
    make, options, first, second = CASES[case]
    model = mlp(5, 6, 3)
    optimizer = make(groups(model, first, second), **options)
    program = pellucid.write(model, CE, optimizer, (X, Y))
    weights = [p.data.copy() for p in model.parameters()]
    arguments = next(
        [a.arg for a in f.args.args]
        for f in ast.parse(program.source).body
        if isinstance(f, ast.FunctionDef) and f.name == "step"
    )
    # memory is in the order in which the groups have the parameters
    order = [p.shape for group in optimizer.param_groups for p in group["params"]]
    slots = len(program.memory.slots)
    memory = [tuple(np.zeros(s, np.float32) for _ in range(slots)) for s in order]
    for t in range(1, 4):
        program(X, Y)
        told = {
            n: (t if n.split("_")[0] == "t" else v) for n, v in program.memory.options().items()
        }
        by_name = {"weights": weights, "memory": memory, "x": X, "y": Y, **told}
        step_of(program.source)(*[by_name[name] for name in arguments])
    for mine, p in zip(weights, model.parameters(), strict=True):
        assert mine.tobytes() == p.data.tobytes()


def test_it_reads_well() -> None:
    model = mlp(5, 6, 3)
    source = pellucid.write(
        model, CE, optim.Adam(groups(model, {}, {"lr": 0.001}), lr=0.01), (X, Y)
    ).source
    assert source.count("def adam(") == 1
    assert "    for W, dW, (m, v) in zip((W2, b2), (dW2, db2), memory[0:2], strict=True):" in source
    assert "        adam(W, dW, m, v, beta1_1, beta2_1, t_1, lr_1, eps_1)" in source
    assert "training  CrossEntropyLoss(), Adam(lr=0.01); of the other groups: lr_1=0.001" in source


def test_groups_that_remember_other_things_are_refused() -> None:
    model = mlp(5, 6, 3)
    sgd = optim.SGD(groups(model, {"momentum": 0.9}, {"momentum": 0}), lr=0.1)
    with pytest.raises(GradientError, match="not all updated alike"):
        pellucid.write(model, CE, sgd, (X, Y))
