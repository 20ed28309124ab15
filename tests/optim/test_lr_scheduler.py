"""Schedules: by hand, resumed with the same bits, and how they say no."""

from __future__ import annotations

import json
import math
from collections import Counter
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
    ("ConstantLR", {"factor": 0.3, "total_iters": 4}),
    ("PolynomialLR", {"total_iters": 9, "power": 2.0}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.01}),
    ("LambdaLR", {"lr_lambda": lambda t: 1 / (1 + t)}),
    ("MultiplicativeLR", {"lr_lambda": lambda t: 0.9 + 0.1 / t}),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 3, "mode": "triangular2"}),
    ("OneCycleLR", {"max_lr": 1.0, "total_steps": 20}),
    ("ReduceLROnPlateau", {"patience": 1, "cooldown": 1}),
]
COMBINED: list[tuple[str, dict[str, Any]]] = [
    ("SequentialLR", {"members": [SCHEDULES[7], SCHEDULES[2]], "milestones": [5]}),
    ("SequentialLR", {"members": [SCHEDULES[5], SCHEDULES[10]], "milestones": [4]}),
    ("ChainedScheduler", {"members": [SCHEDULES[0], SCHEDULES[3], SCHEDULES[9]]}),
    ("ChainedScheduler", {"members": [SCHEDULES[11], SCHEDULES[2]]}),
]
EVERY = [*COMBINED, *SCHEDULES]


def sgd(lr: float = 1.0, **options: Any) -> Any:
    return optim.SGD([with_grad([1.0], [1.0])], lr=lr, **options)


def made(name: str, options: dict[str, Any]) -> tuple[Any, Any]:
    optimizer = sgd(0.3, momentum=0.9)
    if name not in ("SequentialLR", "ChainedScheduler"):
        return optimizer, getattr(lr_scheduler, name)(optimizer, **options)
    members = [getattr(lr_scheduler, m)(optimizer, **o) for m, o in options["members"]]
    if name == "ChainedScheduler":
        return optimizer, optim.ChainedScheduler(members)
    return optimizer, optim.SequentialLR(optimizer, members, options["milestones"])


def advance(schedule: Any, steps: int) -> list[tuple[float, float]]:
    """The learning rate and momentum after each of some steps."""
    seen = []
    for t in range(steps):
        plateau = isinstance(schedule, optim.ReduceLROnPlateau)
        schedule.step(*([math.cos(t / 3)] if plateau else []))
        group = schedule.optimizer.param_groups[0]
        seen.append((group["lr"], group["momentum"]))
    return seen


@pytest.mark.parametrize(("name", "options"), EVERY)
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


@pytest.mark.parametrize(("name", "options"), EVERY[:-1])
def test_the_value_is_a_function_of_the_step_count(name: str, options: dict[str, Any]) -> None:
    _, schedule = made(name, options)
    planned = [schedule.lr_at(t, 0) for t in range(1, 13)]
    assert [lr for lr, _ in advance(schedule, 12)] == planned
    assert {type(lr) for lr in planned} == {float}
    assert [schedule.lr_at(t, 0) for t in (9, 4, 12)] == [planned[t - 1] for t in (9, 4, 12)]


@pytest.mark.parametrize(("name", "options"), EVERY[:-1])
def test_a_jump_to_a_step(name: str, options: dict[str, Any]) -> None:
    _, schedule = made(name, options)
    _, jumping = made(name, options)
    steps = advance(schedule, 7)
    jumping.step(7)
    assert (jumping.get_last_lr(), jumping.last_epoch) == (schedule.get_last_lr(), 7)
    group = jumping.optimizer.param_groups[0]
    assert (group["lr"], group["momentum"]) == steps[-1]
    with pytest.raises(OptionError, match="epoch=-1"):
        jumping.step(-1)


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


# -- in company: of a hand, and of other schedules -----------------------------------------------


def test_a_learning_rate_written_by_hand_is_kept_by_what_multiplies() -> None:
    optimizer, schedule = made("StepLR", {"step_size": 2, "gamma": 0.5})
    advance(schedule, 1)
    optimizer.param_groups[0]["lr"] = 8.0
    assert [lr for lr, _ in advance(schedule, 4)] == [4.0, 4.0, 2.0, 2.0]
    optimizer, schedule = made("LambdaLR", {"lr_lambda": lambda t: 0.5})
    optimizer.param_groups[0]["lr"] = 8.0
    assert [lr for lr, _ in advance(schedule, 1)] == [0.15]


def test_two_schedules_of_one_optimizer_multiply() -> None:
    optimizer = sgd(1.0)
    halves = optim.ExponentialLR(optimizer, gamma=0.5)
    tenths = optim.MultiStepLR(optimizer, milestones=[2], gamma=0.1)
    seen = []
    for _ in range(3):
        halves.step()
        tenths.step()
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == pytest.approx([0.5, 0.25 * 0.1, 0.125 * 0.1])


def test_two_schedules_of_one_optimizer_are_resumed_with_it() -> None:
    def together() -> tuple[Any, Any, Any]:
        optimizer = sgd(1.0)
        return (
            optimizer,
            optim.LinearLR(optimizer, start_factor=0.5, total_iters=6),
            optim.CosineAnnealingLR(optimizer, T_max=4, eta_min=0.1),
        )

    def walk(parts: tuple[Any, Any, Any], steps: int) -> list[float]:
        seen = []
        for _ in range(steps):
            parts[1].step()
            parts[2].step()
            seen.append(parts[0].param_groups[0]["lr"])
        return seen

    parts, again = together(), together()
    walk(parts, 5)
    for part, other in zip(parts, again, strict=True):
        other.load_state_dict(json.loads(json.dumps(part.state_dict())))
    assert walk(again, 6) == walk(parts, 6)


def test_a_factor_of_zero_is_left_again_at_the_base() -> None:
    """Beside another schedule, torch divides by zero here."""
    optimizer = sgd(1.0)
    members = [optim.ConstantLR(optimizer, 0.0, total_iters=2), optim.ExponentialLR(optimizer, 0.5)]
    schedule = optim.ChainedScheduler(members)
    assert [lr for lr, _ in [(schedule.lr_at(t, 0), t) for t in range(4)]] == [0.0, 0.0, 0.5, 0.25]


def test_a_sequence_starts_its_schedules_from_the_base() -> None:
    """In torch a polynomial in a sequence starts from base^power."""
    optimizer = sgd(0.5)
    members = [optim.ConstantLR(optimizer, 0.5), optim.PolynomialLR(optimizer, 4, power=2.0)]
    schedule = optim.SequentialLR(optimizer, members, milestones=[2])
    expected = [0.25, 0.25, 0.5, 0.5 * 0.75**2, 0.5 * 0.25]
    assert [schedule.lr_at(t, 0) for t in range(5)] == pytest.approx(expected)


def test_schedules_made_of_schedules_may_be_nested_and_warmed_up() -> None:
    optimizer = sgd(1.0)
    chain = optim.ChainedScheduler(
        [optim.ExponentialLR(optimizer, 0.5), optim.ConstantLR(optimizer, 0.5, 1)]
    )
    sequence = optim.SequentialLR(optimizer, [chain, optim.StepLR(optimizer, 1)], milestones=[2])
    schedule = optim.with_warmup(optimizer, sequence, 1)
    expected = [0.25, 0.5, 0.5, 1.0, 0.1]
    assert [schedule.lr_at(t, 0) for t in range(5)] == pytest.approx(expected)
    assert [lr for lr, _ in advance(schedule, 4)] == pytest.approx(expected[1:])


def test_a_chain_goes_on_where_its_schedules_stand() -> None:
    optimizer = sgd(1.0)
    members = [optim.ExponentialLR(optimizer, 0.5), optim.StepLR(optimizer, 2)]
    for _ in range(3):
        for schedule in members:
            schedule.step()
    chain = optim.ChainedScheduler(members)
    assert (chain.last_epoch, chain.get_last_lr()) == (3, [pytest.approx(0.1 / 8)])
    members[0].step()
    with pytest.raises(OptionError, match="schedules that have done 4, 3 steps"):
        optim.ChainedScheduler(members)


def test_a_sequence_moves_the_momentum_of_the_schedule_whose_turn_it_is() -> None:
    optimizer = sgd(0.3, momentum=0.9)
    cycle = optim.CyclicLR(optimizer, 0.1, 0.3, step_size_up=2, base_momentum=0.5, max_momentum=0.8)
    schedule = optim.SequentialLR(optimizer, [optim.ConstantLR(optimizer), cycle], milestones=[2])
    assert [m for _, m in advance(schedule, 4)][1:] == pytest.approx([0.8, 0.65, 0.5])


def test_a_cycle_inside_a_sequence_ends() -> None:
    optimizer = sgd(0.3, momentum=0.9)
    cycle = optim.OneCycleLR(optimizer, 1.0, total_steps=3)
    schedule = optim.SequentialLR(optimizer, [optim.ConstantLR(optimizer), cycle], milestones=[2])
    advance(schedule, 5)
    with pytest.raises(OptionError, match="OneCycleLR\n  got:    step 4"):
        schedule.step()
    assert schedule.last_epoch == 5


class Falling:
    """A function that remembers something."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def __call__(self, t: int) -> float:
        return self.rate**t


@pytest.mark.parametrize("kind", [optim.LambdaLR, optim.MultiplicativeLR])
def test_what_a_callable_object_remembers_is_saved(kind: Any) -> None:
    schedule, again = kind(sgd(), Falling(0.5)), kind(sgd(), Falling(0.9))
    advance(schedule, 3)
    saved = schedule.state_dict()
    assert saved["lr_lambdas"] == [{"rate": 0.5}]
    again.load_state_dict(json.loads(json.dumps(saved)))
    assert advance(again, 3) == advance(schedule, 3)


def test_one_function_for_each_group() -> None:
    optimizer = optim.SGD([{"params": [param([1.0])]}, {"params": [param([1.0])], "lr": 2.0}], lr=1)
    schedule = optim.LambdaLR(optimizer, [lambda t: 0.5**t, lambda t: 1.0])
    schedule.step()
    assert schedule.get_last_lr() == [0.5, 2.0]


def test_torchs_state_is_understood() -> None:
    _, schedule = made("MultiStepLR", {"milestones": [2]})
    notes = {"_step_count": 4, "_is_initial": False, "_get_lr_called_within_step": False}
    torchs = {"milestones": Counter({2: 1, 5: 2}), "gamma": 0.5, "base_lrs": [0.3]}
    schedule.load_state_dict({**torchs, "last_epoch": 3, "_last_lr": [0.15], **notes})
    assert schedule.milestones == [2, 5, 5]
    assert [lr for lr, _ in advance(schedule, 2)] == pytest.approx([0.15, 0.3 / 8])


def test_warm_restarts_go_on_from_a_fraction() -> None:
    _, schedule = made("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2})
    schedule.step(4.5)
    assert (schedule.last_epoch, schedule.T_cur, schedule.T_i) == (4, 1.5, 6)
    _, again = made("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2})
    again.load_state_dict(json.loads(json.dumps(schedule.state_dict())))
    assert again.get_last_lr() == schedule.get_last_lr()
    assert advance(again, 5) == advance(schedule, 5)
    with pytest.raises(OptionError, match=r"epoch=-0\.5"):
        schedule.step(-0.5)


def test_a_cycle_moves_adams_beta() -> None:
    adam = optim.Adam([param([1.0])])
    schedule = optim.CyclicLR(adam, 0.1, 0.3, step_size_up=2)
    schedule.step()
    assert adam.param_groups[0]["betas"] == (pytest.approx(0.85), 0.999)


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
    ("ConstantLR", {"factor": 1.5}, r"factor: a number in \[0, 1\]"),
    ("ConstantLR", {"total_iters": -1}, "total_iters=-1"),
    ("PolynomialLR", {"total_iters": 0}, "total_iters=0"),
    ("PolynomialLR", {"power": -1}, "power: a finite number, 0 or more"),
    ("CosineAnnealingWarmRestarts", {"T_0": 0}, "T_0=0"),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "T_mult": 1.5}, "T_mult=1.5"),
    ("CosineAnnealingWarmRestarts", {"T_0": 2, "eta_min": math.inf}, "eta_min=inf"),
    ("LambdaLR", {"lr_lambda": [abs, abs]}, "2 functions as lr_lambda\n.*one for each of the opt"),
    (
        "LambdaLR",
        {"lr_lambda": lambda t: -1},
        r"lr_lambda\(0\)=-1\n  needs:  lr_lambda\(0\): a fin",
    ),
    ("LambdaLR", {"lr_lambda": lambda t: None}, r"lr_lambda\(0\)=None"),
    ("CyclicLR", {"base_lr": -1, "max_lr": 1.0}, "base_lr=-1"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": [1.0, 2.0]}, "2 values for max_lr"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_up": 0}, "step_size_up=0"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "step_size_down": 0}, "step_size_down=0"),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "mode": "exp"}, "did you mean 'exp_range'"),
    (
        "CyclicLR",
        {"base_lr": 0.1, "max_lr": 1.0, "scale_mode": "steps"},
        "one of cycle, iterations",
    ),
    ("CyclicLR", {"base_lr": 0.1, "max_lr": 1.0, "gamma": -1}, "gamma=-1"),
    ("SequentialLR", {"schedulers": [], "milestones": []}, "an empty list of schedules"),
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


@pytest.mark.parametrize(("name", "options"), EVERY)
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


def test_what_is_no_function_is_refused() -> None:
    for kind in (optim.LambdaLR, optim.MultiplicativeLR):
        with pytest.raises(DtypeError, match=r"lr_lambda: a float\n(.*\n)+  try:    lambda t: 0.5"):
            kind(sgd(), 0.5)  # type: ignore[arg-type]
    with pytest.raises(DtypeError, match="scale_fn: a float\n  needs:  a function, or None"):
        optim.CyclicLR(sgd(), 0.1, 1.0, scale_fn=0.5)  # type: ignore[arg-type]


def test_schedules_made_of_schedules_refuse_what_they_cannot_take() -> None:
    optimizer = sgd()
    step, plateau = optim.StepLR(optimizer, 3), optim.ReduceLROnPlateau(optimizer)
    for make in (
        lambda members: optim.SequentialLR(optimizer, members, [2]),
        lambda members: optim.ChainedScheduler(members, optimizer),
    ):
        with pytest.raises(OptionError, match=r"a ReduceLROnPlateau as schedule 1\n.*step count"):
            make([step, plateau])
        with pytest.raises(OptionError, match="schedule 1, a StepLR, of another optimizer"):
            make([step, optim.StepLR(sgd(), 3)])
        with pytest.raises(DtypeError, match="a float as schedule 1\n  needs:  schedules"):
            make([step, 0.5])
    with pytest.raises(OptionError, match="ChainedScheduler\n  got:    an empty list"):
        optim.ChainedScheduler([])
    for milestones in ([], [1, 2], [-1]):
        with pytest.raises(OptionError, match=r"milestones"):
            optim.SequentialLR(optimizer, [step, step], milestones)
    with pytest.raises(OptionError, match=r"milestones=\[5, 2\] for 3 schedules\n.*in their order"):
        optim.SequentialLR(optimizer, [step, step, step], [5, 2])


def test_states_that_do_not_fit_are_refused() -> None:
    _, schedule = made(*COMBINED[2])
    saved = schedule.state_dict()
    with pytest.raises(FormatError, match="the states of 1 schedules\n  needs:  those of 3"):
        schedule.load_state_dict({**saved, "_schedulers": saved["_schedulers"][:1]})
    _, by_function = made("LambdaLR", {"lr_lambda": lambda t: 1.0})
    saved = by_function.state_dict()
    with pytest.raises(FormatError, match="2 functions\n  needs:  the 1 that"):
        by_function.load_state_dict({**saved, "lr_lambdas": [None, None]})


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
