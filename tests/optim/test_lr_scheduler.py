"""Schedules: by hand, resumed with the same bits, and how they say no."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from optim_params import param, with_grad

from pellucid import optim
from pellucid.errors import DtypeError, FormatError, OptionError
from pellucid.optim import lr_scheduler

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 3}),
    ("MultiStepLR", {"milestones": (2, 5)}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("CosineAnnealingLR", {"T_max": 12}),
    ("LinearLR", {}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 20}),
    ("ReduceLROnPlateau", {"patience": 1, "cooldown": 1}),
]


def sgd(lr: float = 1.0, **options: Any) -> Any:
    return optim.SGD([with_grad([1.0], [1.0])], lr=lr, **options)


def made(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    optimizer = sgd(0.3, momentum=0.9)
    return optimizer, getattr(lr_scheduler, name)(optimizer, **options)


def advance(schedule: Any, steps: int) -> list[tuple[float, float]]:
    """The learning rate and momentum after each of some steps."""
    seen = []
    for t in range(steps):
        plateau = isinstance(schedule, optim.ReduceLROnPlateau)
        schedule.step(*([math.cos(t / 3)] if plateau else []))
        group = schedule.optimizer.param_groups[0]
        seen.append((group["lr"], group["momentum"]))
    return seen


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_a_resumed_schedule_gives_the_same_bits(name: str, options: dict[str, Any]) -> None:
    _, schedule = made(name, options)
    advance(schedule, 7)
    saved = json.dumps(schedule.state_dict(), allow_nan=False)
    whole = advance(schedule, 9)
    optimizer, again = made(name, options)
    again.load_state_dict(json.loads(saved))
    assert again.state_dict() == json.loads(saved)
    assert optimizer.param_groups[0]["lr"] == again.get_last_lr()[0]
    assert advance(again, 9) == whole


@pytest.mark.parametrize(("name", "options"), SCHEDULES[:-1])
def test_the_value_is_a_function_of_the_step_count(name: str, options: dict[str, Any]) -> None:
    _, schedule = made(name, options)
    planned = [schedule.lr_at(t, 0) for t in range(1, 13)]
    assert [lr for lr, _ in advance(schedule, 12)] == planned
    assert {type(lr) for lr in planned} == {float}


def test_a_schedule_moves_the_steps_of_its_optimizer() -> None:
    p = with_grad([1.0], [1.0])
    optimizer = optim.SGD([p], lr=0.5)
    schedule = optim.StepLR(optimizer, step_size=1, gamma=0.5)
    for expected in (0.5, 0.25, 0.125):
        optimizer.step()
        schedule.step()
        assert p.data.tolist() == [expected]


def test_last_epoch_goes_on_where_an_earlier_schedule_stood() -> None:
    optimizer, schedule = made("ExponentialLR", {"gamma": 0.5})
    advance(schedule, 3)
    again = optim.ExponentialLR(optimizer, gamma=0.5, last_epoch=3)
    assert (again.last_epoch, again.get_last_lr()) == (4, [0.3 * 0.5**4])


def test_warm_up_then_the_schedule() -> None:
    optimizer = sgd(1.0)
    inner = optim.CosineAnnealingLR(optimizer, T_max=4)
    schedule = optim.with_warmup(optimizer, inner, 3)
    lrs = schedule.get_last_lr()
    for _ in range(7):
        schedule.step()
        lrs += schedule.get_last_lr()
    expected = [0.25, 0.5, 0.75] + [(1 + math.cos(math.pi * t / 4)) / 2 for t in range(5)]
    np.testing.assert_allclose(lrs, expected, atol=1e-15)


def test_warm_up_alone_ends_at_the_base() -> None:
    schedule = optim.with_warmup(sgd(2.0), None, 1)
    assert [schedule.lr_at(t, 0) for t in range(4)] == [1.0, 2.0, 2.0, 2.0]
    assert optim.with_warmup(sgd(2.0), None, 0).get_last_lr() == [2.0]


@pytest.mark.parametrize("inner", [None, ("StepLR", {"step_size": 2})])
def test_a_resumed_warm_up_gives_the_same_bits(inner: Any) -> None:
    def warmed() -> Any:
        optimizer = sgd(0.3, momentum=0.9)
        schedule = getattr(optim, inner[0])(optimizer, **inner[1]) if inner else None
        return optim.with_warmup(optimizer, schedule, 4)

    schedule, again = warmed(), warmed()
    advance(schedule, 6)
    again.load_state_dict(json.loads(json.dumps(schedule.state_dict())))
    assert again.optimizer.param_groups[0]["lr"] == schedule.get_last_lr()[0]
    assert advance(again, 5) == advance(schedule, 5)


def test_one_cycle_moves_the_momentum_the_other_way() -> None:
    adam = optim.Adam([param([1.0])])
    schedule = optim.OneCycleLR(adam, max_lr=0.1, total_steps=12, pct_start=0.5)
    seen = [(*schedule.get_last_lr(), adam.param_groups[0]["betas"])]
    for _ in range(11):
        schedule.step()
        seen.append((*schedule.get_last_lr(), adam.param_groups[0]["betas"]))
    lrs, beta1 = [s[0] for s in seen], [s[1][0] for s in seen]
    assert (lrs.index(max(lrs)), beta1.index(min(beta1))) == (5, 5)
    assert (beta1[0], beta1[-1], {s[1][1] for s in seen}) == (0.95, 0.95, {0.999})
    assert (lrs[0], lrs[-1]) == pytest.approx((0.004, 4e-7))


def test_one_cycle_stays_at_its_end_and_refuses_to_go_on() -> None:
    """torch runs past its end at step total_steps: with a line, below zero."""
    optimizer = sgd()
    schedule = optim.OneCycleLR(optimizer, 1.0, total_steps=3, anneal_strategy="linear")
    for _ in range(3):
        schedule.step()
    assert schedule.get_last_lr() == [pytest.approx(4e-6)]
    with pytest.raises(OptionError, match="step 4\n  needs:  at most the 3 steps of the cycle"):
        schedule.step()
    assert (schedule.last_epoch, schedule.get_last_lr()) == (3, [pytest.approx(4e-6)])


@pytest.mark.parametrize(("total", "share"), [(10, 0.1), (1, 0.3), (5, 0.0), (5, 1.0), (2, 0.5)])
def test_one_cycle_with_an_empty_phase(total: int, share: float) -> None:
    """torch divides by zero where a phase is one step long."""
    schedule = optim.OneCycleLR(sgd(), 1.0, total_steps=total, pct_start=share)
    lrs = [schedule.lr_at(t, 0) for t in range(total + 1)]
    assert all(0 < lr <= 1 for lr in lrs) and lrs[-1] == pytest.approx(4e-6)


def test_a_plateau_by_hand() -> None:
    optimizer = sgd(1.0)
    schedule = optim.ReduceLROnPlateau(optimizer, patience=1, factor=0.5, cooldown=2)
    lrs = []
    for loss in (1.0, 1.0, 1.0, math.nan, 1.0, 1.0, 1.0, 0.5, 1.0):
        schedule.step(loss)
        lrs += schedule.get_last_lr()
    # Two bad steps halve it; the next two only cool down; two more halve it again.
    assert lrs == [1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


BAD = [
    ("StepLR", {"step_size": 0}, "step_size: a whole number, 1 or more"),
    ("StepLR", {"step_size": 2.5}, "step_size=2.5"),
    ("StepLR", {"step_size": 2, "gamma": -1}, "gamma: a finite number, 0 or more"),
    ("MultiStepLR", {"milestones": [3, -1]}, "milestones=-1"),
    ("ExponentialLR", {"gamma": math.nan}, "gamma=nan"),
    ("CosineAnnealingLR", {"T_max": 0}, "T_max=0"),
    ("CosineAnnealingLR", {"T_max": 5, "eta_min": -1}, "eta_min=-1"),
    ("LinearLR", {"start_factor": 0}, r"start_factor=0, end_factor=1.0\n  needs:  start_factor in"),
    ("LinearLR", {"end_factor": 1.5}, "end_factor=1.5"),
    ("LinearLR", {"total_iters": 0}, "total_iters=0"),
    ("OneCycleLR", {"max_lr": 1.0}, "no length of the cycle\n  needs:  total_steps, or epochs"),
    ("OneCycleLR", {"max_lr": 1.0, "epochs": 3}, "no length of the cycle"),
    ("OneCycleLR", {"max_lr": [1.0, 2.0], "total_steps": 5}, "2 values for max_lr\n.* 1 param"),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 5, "pct_start": 1.5}, "pct_start=1.5"),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 5, "div_factor": 0}, "div_factor: above 0"),
    (
        "OneCycleLR",
        {"max_lr": 1.0, "total_steps": 5, "anneal_strategy": "lineer"},
        "did you mean 'linear'",
    ),
    ("ReduceLROnPlateau", {"factor": 1.0}, r"factor: a number in \[0, 1\)"),
    ("ReduceLROnPlateau", {"mode": "mim"}, "did you mean 'min'"),
    ("ReduceLROnPlateau", {"patience": -1}, "patience=-1"),
    ("ReduceLROnPlateau", {"threshold_mode": "relative"}, "one of rel, abs"),
    ("StepLR", {"step_size": 2, "last_epoch": 4}, "last_epoch=4 for groups without initial_lr"),
]


@pytest.mark.parametrize(("name", "options", "text"), BAD)
def test_bad_arguments_are_refused(name: str, options: dict[str, Any], text: str) -> None:
    with pytest.raises(OptionError, match=text) as error:
        getattr(optim, name)(sgd(), **options)
    assert str(error.value).startswith(f"OptionError in {name}\n")


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_what_is_no_optimizer_is_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(DtypeError, match=f"{name}\n  got:    a list\n  needs:  an optimizer"):
        getattr(optim, name)([param([1.0])], **options)


@pytest.mark.parametrize(("name", "options"), SCHEDULES)
def test_a_group_added_afterwards_is_refused(name: str, options: dict[str, Any]) -> None:
    optimizer, schedule = made(name, options)
    optimizer.add_param_group({"params": [param([1.0])]})
    with pytest.raises(OptionError, match="that now has 2 parameter groups\n  needs:  the 1 that"):
        advance(schedule, 8)


def test_a_saved_state_is_a_copy_and_brings_its_options() -> None:
    _, schedule = made("MultiStepLR", {"milestones": [2, 5], "gamma": 0.5})
    saved = schedule.state_dict()
    _, again = made("MultiStepLR", {"milestones": [9]})
    again.load_state_dict(saved)
    assert advance(again, 6) == advance(schedule, 6)
    saved["milestones"].append(7)
    assert again.milestones == schedule.milestones == [2, 5]


def test_a_loaded_warm_up_brings_the_options_of_its_schedule() -> None:
    def warmed(gamma: float) -> Any:
        optimizer = sgd(0.3, momentum=0.9)
        return optim.with_warmup(optimizer, optim.ExponentialLR(optimizer, gamma=gamma), 2)

    schedule, again = warmed(0.5), warmed(0.9)
    again.load_state_dict(schedule.state_dict())
    assert advance(again, 5) == advance(schedule, 5)


def test_a_state_of_another_schedule_is_refused() -> None:
    _, schedule = made(*SCHEDULES[0])
    with pytest.raises(FormatError, match=r"StepLR.load_state_dict\n  got:    the names max_lrs"):
        schedule.load_state_dict({"max_lrs": [1.0]})


def test_momentum_cannot_cycle_where_there_is_none() -> None:
    adagrad = optim.Adagrad([param([1.0])])
    with pytest.raises(OptionError, match=r"for Adagrad, which has no momentum(\n.*)+cycle_mom"):
        optim.OneCycleLR(adagrad, 0.1, total_steps=5)
    optim.OneCycleLR(adagrad, 0.1, total_steps=5, cycle_momentum=False)


def test_warm_up_refuses_what_it_cannot_come_before() -> None:
    optimizer = sgd()
    with pytest.raises(OptionError, match="a ReduceLROnPlateau\n  needs:  a schedule that depends"):
        optim.with_warmup(optimizer, optim.ReduceLROnPlateau(optimizer), 3)
    with pytest.raises(OptionError, match=r"a OneCycleLR\n(.*\n)+.*OneCycleLR's own pct_st"):
        optim.with_warmup(optimizer, optim.OneCycleLR(optimizer, 1.0, total_steps=5), 3)
    with pytest.raises(OptionError, match="a StepLR of another optimizer"):
        optim.with_warmup(optimizer, optim.StepLR(sgd(), 3), 3)
    with pytest.raises(OptionError, match="steps=-1"):
        optim.with_warmup(optimizer, optim.StepLR(optimizer, 3), -1)
